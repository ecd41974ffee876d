//! The variables of a session: `SET chatlake.chatbot_id = 'cb_1'`, `SET chatlake.as_of = '2026-03-12T16:00:00Z'`,
//! `SET chatlake.schema = 'bi'` (the schema of names without one), `SET timezone = 'Europe/Berlin'`.

use std::sync::Arc;

use arrow::compute::kernels::cast_utils::string_to_timestamp_nanos;

use crate::catalog::{DEFAULT_SCHEMA, SCHEMAS};
use crate::{Error, Result};

/// Every variable with what it does, by name.
const NAMES: [&str; 4] = [
    "chatlake.as_of",
    "chatlake.chatbot_id",
    "chatlake.schema",
    "timezone",
];

/// What was set.
#[derive(Clone, Debug)]
pub(super) struct Variables {
    chatbot_id: Option<Arc<str>>,
    as_of: Option<(String, i64)>,
    timezone: String,
    schema: Arc<str>,
}

impl Default for Variables {
    fn default() -> Self {
        Self {
            chatbot_id: None,
            as_of: None,
            timezone: "UTC".to_owned(),
            schema: DEFAULT_SCHEMA.into(),
        }
    }
}

/// The name as it is known here: `time zone` and the engine's own name for it are the same.
fn canonical(name: &str) -> Result<&'static str> {
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "time zone" | "time.zone" | "datafusion.execution.time_zone" => Ok("timezone"),
        other => NAMES
            .into_iter()
            .find(|known| *known == other)
            .ok_or_else(|| {
                Error::Variable(format!(
                    "unknown variable `{name}`: expected one of {}",
                    NAMES.map(|name| format!("`{name}`")).join(", ")
                ))
            }),
    }
}

impl Variables {
    /// Sets a variable; an empty text resets it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let name = canonical(name)?;
        if value.is_empty() {
            return self.reset(name);
        }
        match name {
            "chatlake.chatbot_id" => self.chatbot_id = Some(value.into()),
            "chatlake.as_of" => self.as_of = Some((value.to_owned(), parse_instant(value)?)),
            "chatlake.schema" => self.schema = known_schema(value)?.into(),
            _ => self.timezone = parse_timezone(value)?,
        }
        Ok(())
    }

    /// Back to what it was at the beginning.
    pub(super) fn reset(&mut self, name: &str) -> Result<()> {
        let fresh = Self::default();
        match canonical(name)? {
            "chatlake.chatbot_id" => self.chatbot_id = fresh.chatbot_id,
            "chatlake.as_of" => self.as_of = fresh.as_of,
            "chatlake.schema" => self.schema = fresh.schema,
            _ => self.timezone = fresh.timezone,
        }
        Ok(())
    }

    /// A variable's value as text; `None` when it is not set.
    pub(super) fn get(&self, name: &str) -> Result<Option<String>> {
        Ok(match canonical(name)? {
            "chatlake.chatbot_id" => self.chatbot_id.as_ref().map(ToString::to_string),
            "chatlake.as_of" => self.as_of.as_ref().map(|(text, _)| text.clone()),
            "chatlake.schema" => Some(self.schema.to_string()),
            _ => Some(self.timezone.clone()),
        })
    }

    /// Every variable that is set, with its value.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let value = |name: &str| self.get(name).ok().flatten();
        let set = |name: &&str| Some(((*name).to_owned(), value(name)?));
        NAMES.iter().filter_map(set).collect()
    }

    /// The schema of names without one.
    pub(super) fn schema(&self) -> Arc<str> {
        Arc::clone(&self.schema)
    }

    /// The one chatbot that queries are about.
    pub(super) fn chatbot_id(&self) -> Option<Arc<str>> {
        self.chatbot_id.clone()
    }

    /// The instant at which the lake is looked at, in µs since 1970-01-01T00:00:00Z.
    pub(super) fn as_of_micros(&self) -> Option<i64> {
        self.as_of.as_ref().map(|(_, micros)| *micros)
    }

    /// The zone in which SQL reads and shows instants.
    pub(super) fn timezone(&self) -> &str {
        &self.timezone
    }
}

/// RFC 3339 with `Z` or an offset, as everywhere in the lake.
fn parse_instant(text: &str) -> Result<i64> {
    let wrong = || {
        Error::Variable(format!(
            "`chatlake.as_of`: expected an instant such as `2026-03-12T16:00:00Z`, found `{text}`"
        ))
    };
    let after_date = text.get(10..).unwrap_or_default();
    if !after_date.contains(['Z', 'z', '+', '-']) {
        return Err(wrong());
    }
    string_to_timestamp_nanos(text)
        .map(|nanos| nanos.div_euclid(1_000))
        .map_err(|_| wrong())
}

fn known_schema(name: &str) -> Result<&str> {
    match SCHEMAS.contains(&name) {
        true => Ok(name),
        false => Err(Error::Variable(format!(
            "`chatlake.schema`: expected one of {}, found `{name}`",
            SCHEMAS.map(|name| format!("`{name}`")).join(", ")
        ))),
    }
}

fn parse_timezone(text: &str) -> Result<String> {
    let known = text.parse::<arrow::array::timezone::Tz>();
    known.map(|_| text.to_owned()).map_err(|_| {
        Error::Variable(format!(
            "`timezone`: expected an IANA zone such as `Europe/Berlin` or an offset, found `{text}`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_set_shown_and_reset() {
        let mut variables = Variables::default();
        variables.set("chatlake.chatbot_id", "cb_1").unwrap();
        variables
            .set("CHATLAKE.AS_OF", "2026-03-12T16:00:00+01:00")
            .unwrap();
        assert_eq!(variables.chatbot_id().as_deref(), Some("cb_1"));
        assert_eq!(variables.as_of_micros(), Some(1_773_327_600_000_000));
        assert_eq!(variables.get("timezone").unwrap().as_deref(), Some("UTC"));
        variables.reset("chatlake.as_of").unwrap();
        assert_eq!(variables.as_of_micros(), None);
    }

    #[test]
    fn wrong_names_and_values_say_what_was_expected() {
        let mut variables = Variables::default();
        for (name, value, expected) in [
            ("nope", "x", "unknown variable `nope`: expected one of"),
            (
                "chatlake.as_of",
                "2026-03-12T16:00:00",
                "expected an instant such as",
            ),
            ("chatlake.as_of", "yesterday", "expected an instant such as"),
            ("timezone", "Mars/Base", "expected an IANA zone"),
        ] {
            let error = variables.set(name, value).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
