//! The settings of a connection as clients of PostgreSQL know them: what `SET` takes, `SHOW` shows and the server reports.
//!
//! Guarantees: a value that would make the server answer otherwise than it says is refused (`client_encoding`, `DateStyle`, …);
//! settings without an effect here are kept and shown, because clients read back what they set. `timezone` and `chatlake.…` are
//! the engine's and not here.

use std::collections::BTreeMap;
use std::time::Duration;

use pgwire::types::format::FormatOptions;

use crate::error::{Error, Result};

/// The version of PostgreSQL whose protocol and catalog are spoken.
pub(crate) const SERVER_VERSION: &str = "16.6";

/// Size of a setting's value, in bytes.
const VALUE_BYTES_MAX: usize = 1_000;

/// A setting: its name, its default, and what it takes.
struct Setting {
    name: &'static str,
    default: &'static str,
    takes: Takes,
}

/// What a setting takes.
enum Takes {
    /// Nothing: it says how the server is.
    Nothing,
    /// Any text; it has no effect, or only on how values are shown.
    Text,
    /// One of these, whatever the case.
    OneOf(&'static [&'static str]),
    /// A duration: ms, or with a unit.
    Duration,
}

const BOOLEAN_TRUE: &[&str] = &["on", "true", "yes", "1"];

/// All settings, by name.
const SETTINGS: [Setting; 34] = [
    text("application_name", ""),
    one_of("bytea_output", "hex", &["hex"]),
    one_of("client_encoding", "UTF8", &["utf8", "utf-8", "unicode"]),
    text("client_min_messages", "notice"),
    one_of(
        "datestyle",
        "ISO, MDY",
        &["iso", "iso, mdy", "iso,mdy", "iso, ymd", "iso, dmy"],
    ),
    text("default_transaction_isolation", "repeatable read"),
    one_of("default_transaction_read_only", "on", BOOLEAN_TRUE),
    text("escape_string_warning", "on"),
    text("extra_float_digits", "1"),
    text("idle_in_transaction_session_timeout", "0"),
    nothing("in_hot_standby", "off"),
    nothing("integer_datetimes", "on"),
    one_of("intervalstyle", "postgres", &["postgres"]),
    nothing("is_superuser", "off"),
    text("jit", "off"),
    text("lock_timeout", "0"),
    nothing("max_identifier_length", "63"),
    text("row_security", "on"),
    text("search_path", "lake"),
    nothing("server_encoding", "UTF8"),
    nothing("server_version", SERVER_VERSION),
    nothing("server_version_num", "160006"),
    text("session_authorization", ""),
    one_of("standard_conforming_strings", "on", BOOLEAN_TRUE),
    Setting {
        name: "statement_timeout",
        default: "0",
        takes: Takes::Duration,
    },
    text("synchronous_commit", "on"),
    text("tcp_keepalives_idle", "0"),
    text("temp_buffers", "0"),
    text("transaction_deferrable", "off"),
    text("transaction_isolation", "repeatable read"),
    one_of("transaction_read_only", "on", BOOLEAN_TRUE),
    text("transaction_timeout", "0"),
    text("work_mem", "4MB"),
    one_of("xmloption", "content", &["content"]),
];

/// Settings that clients are told at the beginning and after every change, as they write them.
const REPORTED: [(&str, &str); 12] = [
    ("application_name", "application_name"),
    ("client_encoding", "client_encoding"),
    ("datestyle", "DateStyle"),
    (
        "default_transaction_read_only",
        "default_transaction_read_only",
    ),
    ("in_hot_standby", "in_hot_standby"),
    ("integer_datetimes", "integer_datetimes"),
    ("intervalstyle", "IntervalStyle"),
    ("is_superuser", "is_superuser"),
    ("search_path", "search_path"),
    ("server_encoding", "server_encoding"),
    ("server_version", "server_version"),
    ("standard_conforming_strings", "standard_conforming_strings"),
];

const fn text(name: &'static str, default: &'static str) -> Setting {
    Setting {
        name,
        default,
        takes: Takes::Text,
    }
}

const fn nothing(name: &'static str, default: &'static str) -> Setting {
    Setting {
        name,
        default,
        takes: Takes::Nothing,
    }
}

const fn one_of(
    name: &'static str,
    default: &'static str,
    values: &'static [&'static str],
) -> Setting {
    Setting {
        name,
        default,
        takes: Takes::OneOf(values),
    }
}

fn setting(name: &str) -> Option<&'static Setting> {
    let name = match name {
        "transaction isolation level" => "transaction_isolation",
        "names" => "client_encoding",
        name => name,
    };
    SETTINGS
        .iter()
        .find(|setting| setting.name.eq_ignore_ascii_case(name))
}

/// The value of every setting that was changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    changed: BTreeMap<&'static str, String>,
}

impl Settings {
    /// Is there a setting of this name here?
    pub(crate) fn knows(name: &str) -> bool {
        setting(name).is_some()
    }

    /// Its value; `None` when there is no such setting.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let setting = setting(name)?;
        let changed = self.changed.get(setting.name).map(String::as_str);
        Some(changed.unwrap_or(setting.default))
    }

    /// Changes a setting; the name under which clients want to hear of it, if they do.
    ///
    /// # Errors
    /// When it is not there or does not take the value.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<Option<&'static str>> {
        let setting = setting(name).ok_or_else(|| {
            Error::sql(
                "42704",
                format!("unrecognized configuration parameter \"{name}\""),
            )
        })?;
        let refused = |expected: &str| {
            let name = setting.name;
            Error::sql(
                "22023",
                format!("`{name}`: expected {expected}, found `{value}`"),
            )
        };
        let value = value.trim();
        if value.len() > VALUE_BYTES_MAX {
            let name = setting.name;
            let wrong = format!("`{name}`: expected at most {VALUE_BYTES_MAX} bytes");
            return Err(Error::sql("22023", wrong));
        }
        match setting.takes {
            Takes::Nothing => {
                let name = setting.name;
                return Err(Error::sql(
                    "55P02",
                    format!("parameter \"{name}\" cannot be changed"),
                ));
            }
            Takes::Text => {}
            Takes::OneOf(values) => {
                if !values.iter().any(|known| known.eq_ignore_ascii_case(value)) {
                    return Err(refused(&format!("`{}`", setting.default)));
                }
                self.changed.remove(setting.name);
                return Ok(reported(setting.name));
            }
            Takes::Duration => {
                duration_ms(value).ok_or_else(|| refused("a duration such as 500 (ms) or 30s"))?;
            }
        }
        self.changed.insert(setting.name, value.to_owned());
        Ok(reported(setting.name))
    }

    /// Back to what it was; the name under which clients want to hear of it, if they do.
    pub(crate) fn reset(&mut self, name: &str) -> Option<&'static str> {
        let setting = setting(name)?;
        self.changed.remove(setting.name);
        reported(setting.name)
    }

    /// All back to what they were.
    pub(crate) fn reset_all(&mut self) {
        self.changed.clear();
    }

    /// What clients are told when they have logged in.
    pub(crate) fn reports(&self) -> impl Iterator<Item = (&'static str, &str)> {
        REPORTED
            .iter()
            .map(|(name, shown)| (*shown, self.get(name).unwrap_or_default()))
    }

    /// How long a statement may take, if there is a limit.
    pub(crate) fn statement_timeout(&self) -> Option<Duration> {
        let ms = duration_ms(self.get("statement_timeout")?)?;
        (ms > 0).then(|| Duration::from_millis(ms))
    }

    /// How values are written as text.
    pub(crate) fn formats(&self) -> FormatOptions {
        let mut formats = FormatOptions::default();
        formats.date_style = "ISO, MDY".to_owned();
        let digits = self
            .get("extra_float_digits")
            .and_then(|digits| digits.parse().ok());
        formats.extra_float_digits = digits.unwrap_or(formats.extra_float_digits);
        formats
    }
}

fn reported(name: &str) -> Option<&'static str> {
    REPORTED
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, shown)| *shown)
}

/// `500`, `500ms`, `30s`, `5min`, `2h`, `1d` in ms.
fn duration_ms(text: &str) -> Option<u64> {
    let end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_sorted_so_that_each_is_there_once() {
        assert!(SETTINGS.is_sorted_by(|left, right| left.name < right.name));
        assert!(REPORTED.iter().all(|(name, _)| Settings::knows(name)));
    }

    #[test]
    fn values_are_kept_or_refused() {
        let mut settings = Settings::default();
        assert_eq!(
            settings.set("Application_Name", "psql").unwrap(),
            Some("application_name")
        );
        assert_eq!(settings.get("APPLICATION_NAME"), Some("psql"));
        settings.set("names", "utf-8").unwrap();
        assert_eq!(settings.get("client_encoding"), Some("UTF8"));
        for (name, value, state) in [
            (
                "client_encoding",
                "LATIN1",
                "`client_encoding`: expected `UTF8`, found `LATIN1`",
            ),
            ("nope", "1", "unrecognized configuration parameter"),
            ("server_version", "9", "cannot be changed"),
            ("statement_timeout", "soon", "expected a duration"),
            (
                "default_transaction_read_only",
                "off",
                "expected `on`, found `off`",
            ),
        ] {
            let error = settings.set(name, value).unwrap_err().to_string();
            assert!(error.contains(state), "{error}");
        }
    }

    #[test]
    fn durations_have_units() {
        let mut settings = Settings::default();
        for (text, ms) in [
            ("0", None),
            ("250", Some(250)),
            ("2s", Some(2_000)),
            ("1min", Some(60_000)),
        ] {
            settings.set("statement_timeout", text).unwrap();
            assert_eq!(settings.statement_timeout(), ms.map(Duration::from_millis));
        }
    }
}
