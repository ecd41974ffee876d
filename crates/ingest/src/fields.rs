//! The fields of one object of a record, read by the rules of domain specification §2.3.
//!
//! Guarantees: a missing key, `null` and (where the rule says so) `""` mean "not said"; a rule that is broken gives
//! the code of the specification with the field's path; warnings come in the order in which fields are read.

use std::borrow::Cow;

use crate::code::{Reject, Warnings};
use crate::decimal;
use crate::json::{Kind, Object, Value};
use crate::timestamp::{self, TimestampError};

/// Bytes of an id at the most.
pub(crate) const ID_BYTES_MAX: usize = 512;

/// Digits after the point of monthly revenue.
pub(crate) const MONEY_SCALE: u32 = 2;

/// Text of a record: borrowed from the line where it has no escapes.
pub(crate) type Text<'a> = Cow<'a, str>;

/// Without blanks at both ends: Unicode white space and the four separators U+001C to U+001F.
pub(crate) fn trim(text: &str) -> &str {
    let bytes = text.as_bytes();
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_plain(bytes.first()) && is_plain(bytes.last()) {
        return text;
    }
    text.trim_matches(|character: char| {
        character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
    })
}

/// [`trim`] that keeps what is borrowed borrowed.
pub(crate) fn trim_text(text: Text<'_>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(trim(text)),
        Cow::Owned(text) => {
            let trimmed = trim(&text);
            if trimmed.len() == text.len() {
                Cow::Owned(text)
            } else {
                Cow::Owned(trimmed.to_owned())
            }
        }
    }
}

/// The entry of `allowed` that `text` spells, in any case and with blanks around it.
pub(crate) fn choose(text: &str, allowed: &'static [&'static str]) -> Option<&'static str> {
    let exact = |text: &str| allowed.iter().copied().find(|allowed| *allowed == text);
    exact(text).or_else(|| exact(&trim(text).to_lowercase()))
}

/// The fields of an object; of no object at all, none.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    object: Option<Object<'a>>,
    /// What stands before a field's name in codes, e.g. `user.`.
    path: &'static str,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(object: Object<'a>, path: &'static str) -> Self {
        Self {
            object: Some(object),
            path,
        }
    }

    /// The object in the field `name`, whose own fields have the path `path`.
    pub(crate) fn nested(self, name: &str, path: &'static str) -> Result<Self, Reject> {
        match self.said(name) {
            None => Ok(Self { object: None, path }),
            Some(value) => match value.object() {
                None => Err(self.reject("bad_value", name)),
                object => Ok(Self { object, path }),
            },
        }
    }

    /// The value of a key, `null` included.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        self.object?.get(name)
    }

    /// The value of a key unless it is `null`.
    pub(crate) fn said(self, name: &str) -> Option<Value<'a>> {
        self.get(name).filter(|value| value.kind() != Kind::Null)
    }

    /// The value of a key unless it is `null` or `""`.
    fn filled(self, name: &str) -> Option<Value<'a>> {
        self.said(name)
            .filter(|value| !(value.kind() == Kind::Text && value.raw().is_empty()))
    }

    pub(crate) fn reject(self, kind: &str, name: &str) -> Reject {
        Reject::of(kind, format_args!("{}{name}", self.path))
    }

    fn warn(self, warnings: &mut Warnings, kind: &str, name: &str) {
        warnings.of(kind, format_args!("{}{name}", self.path));
    }

    /// Warns of every key that is not in `known`.
    pub(crate) fn warn_unknown(self, known: &[&str], warnings: &mut Warnings) {
        for (key, _) in self.object.into_iter().flat_map(Object::entries) {
            if !known.iter().any(|known| key.is_text(known)) {
                self.warn(warnings, "unknown_field", &key.text().unwrap_or_default());
            }
        }
    }

    /// An id: a string or number, trimmed, at most 512 bytes.
    pub(crate) fn id(self, name: &str) -> Result<Option<Text<'a>>, Reject> {
        let Some(value) = self.said(name) else {
            return Ok(None);
        };
        let id = match value.kind() {
            Kind::Integer => Cow::Borrowed(value.raw()),
            Kind::Float if value.float().is_some_and(f64::is_finite) => Cow::Borrowed(value.raw()),
            Kind::Text | Kind::EscapedText => trim_text(value.text().unwrap_or_default()),
            _ => return Err(self.reject("bad_value", name)),
        };
        if id.len() > ID_BYTES_MAX {
            return Err(self.reject("id_too_long", name));
        }
        Ok(Some(id).filter(|id| !id.is_empty()))
    }

    /// An id that must be there.
    pub(crate) fn required_id(self, name: &str) -> Result<Text<'a>, Reject> {
        self.id(name)?
            .ok_or_else(|| self.reject("missing_field", name))
    }

    /// Optional text, trimmed: blank is "not said", numbers and booleans are taken as they are written.
    pub(crate) fn text(self, name: &str, warnings: &mut Warnings) -> Option<Text<'a>> {
        let value = self.said(name)?;
        if let Kind::Array | Kind::Object = value.kind() {
            self.warn(warnings, "type_mismatch", name);
            return None;
        }
        let text = value.text().unwrap_or_else(|| {
            self.warn(warnings, "coerced", name);
            Cow::Borrowed(value.raw())
        });
        Some(trim_text(text)).filter(|text| !text.is_empty())
    }

    /// One of a few words, in any case.
    pub(crate) fn choice(
        self,
        name: &str,
        allowed: &'static [&'static str],
    ) -> Result<Option<&'static str>, Reject> {
        let Some(value) = self.filled(name) else {
            return Ok(None);
        };
        let chosen = value.text().and_then(|text| choose(&text, allowed));
        chosen
            .map(Some)
            .ok_or_else(|| self.reject("bad_value", name))
    }

    /// One of a few words that must be there.
    pub(crate) fn required_choice(
        self,
        name: &str,
        allowed: &'static [&'static str],
    ) -> Result<&'static str, Reject> {
        self.choice(name, allowed)?
            .ok_or_else(|| self.reject("missing_field", name))
    }

    /// An instant in µs.
    pub(crate) fn timestamp(self, name: &str) -> Result<Option<i64>, Reject> {
        let Some(value) = self.filled(name) else {
            return Ok(None);
        };
        let micros = match value.kind() {
            Kind::Text => timestamp::from_text(value.raw()),
            Kind::EscapedText => timestamp::from_text(&value.text().unwrap_or_default()),
            Kind::Integer => value
                .raw()
                .parse()
                .map_or(Err(TimestampError::Malformed), timestamp::from_millis),
            Kind::Float => timestamp::from_float_millis(value.float().unwrap_or(f64::NAN)),
            _ => Err(TimestampError::Malformed),
        };
        micros
            .map(Some)
            .map_err(|error| self.reject(error.kind(), name))
    }

    /// An instant in µs that must be there.
    pub(crate) fn required_timestamp(self, name: &str) -> Result<i64, Reject> {
        self.timestamp(name)?
            .ok_or_else(|| self.reject("missing_field", name))
    }

    /// An instant in µs, at most `latest` if that is given.
    pub(crate) fn timestamp_until(
        self,
        name: &str,
        latest: Option<i64>,
    ) -> Result<Option<i64>, Reject> {
        let micros = self.timestamp(name)?;
        match (micros, latest) {
            (Some(micros), Some(latest)) if micros > latest => {
                Err(self.reject("timestamp_out_of_range", name))
            }
            _ => Ok(micros),
        }
    }

    /// Monthly revenue in cents, not negative.
    pub(crate) fn money(self, name: &str, warnings: &mut Warnings) -> Option<i64> {
        let value = self.filled(name)?;
        if let Kind::Text | Kind::EscapedText = value.kind() {
            self.warn(warnings, "coerced", name);
        }
        let cents = number_text(value)
            .and_then(|text| decimal::parse(trim(&text), MONEY_SCALE))
            .filter(|decimal| !decimal.is_negative)
            .and_then(|decimal| decimal.units);
        if cents.is_none() {
            self.warn(warnings, "bad_number", name);
        }
        cents
    }
}

/// The text of a number or of a string that may hold one; `None` for numbers too large for a double.
pub(crate) fn number_text(value: Value<'_>) -> Option<Text<'_>> {
    match value.kind() {
        Kind::Integer => Some(Cow::Borrowed(value.raw())),
        Kind::Float if value.float().is_some_and(f64::is_finite) => {
            Some(Cow::Borrowed(value.raw()))
        }
        Kind::Text | Kind::EscapedText => value.text(),
        _ => None,
    }
}
