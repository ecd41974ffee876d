//! Instants in the auth file: RFC 3339 text there, µs since 1970-01-01T00:00:00Z here.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// µs since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Utc(pub(crate) i64);

impl Utc {
    /// `2026-03-12T16:00:00Z`, with as many digits as it has.
    pub(crate) fn text(self) -> String {
        let instant = DateTime::from_timestamp_micros(self.0).unwrap_or_default();
        instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// Reads RFC 3339 with `Z` or an offset.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self(instant.timestamp_micros()))
    }
}

/// RFC 3339 with `Z` or an offset as µs since 1970-01-01T00:00:00Z.
pub fn instant_micros(text: &str) -> Option<i64> {
    Utc::parse(text).map(|instant| instant.0)
}

impl Serialize for Utc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Utc {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            de::Error::custom(format!(
                "expected an instant such as \"2026-03-12T16:00:00Z\", found \"{}\"",
                crate::text::shortened(&text)
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_trip() {
        for text in ["2026-03-12T16:00:00Z", "2026-03-12T16:00:00.000001Z"] {
            assert_eq!(Utc::parse(text).unwrap().text(), text);
        }
        let offset = Utc::parse("2026-03-12T17:00:00+01:00").unwrap();
        assert_eq!(offset.text(), "2026-03-12T16:00:00Z");
        assert_eq!(Utc::parse("2026-03-12"), None);
        assert_eq!(Utc::parse("2026-03-12T16:00:00"), None);
    }
}
