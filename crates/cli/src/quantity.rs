//! Sizes and durations as people write them: `512MiB`, `2GB`, `30s`, `5min`.
//!
//! Guarantees: a number without a unit is bytes (sizes) or is refused (durations, where seconds and milliseconds are
//! both likely); what does not fit into 64 bits is refused.

use serde::{Deserialize, Deserializer, de};

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteSize {
    /// The size in bytes.
    pub bytes: u64,
}

/// A time limit in ms; 0 means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    /// The limit in ms, 0 for none.
    pub limit_ms: u64,
}

/// Suffixes of sizes and how many bytes each stands for.
const SIZE_UNITS: [(&str, u64); 11] = [
    ("", 1),
    ("b", 1),
    ("kb", 1_000),
    ("mb", 1_000_000),
    ("gb", 1_000_000_000),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("g", 1 << 30),
    ("gib", 1 << 30),
];

/// Suffixes of durations and how many ms each stands for.
const TIME_UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("min", 60_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
];

impl ByteSize {
    /// Reads `1048576`, `512MiB`, `2GB`, `64k`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bytes = parse_with_unit(text, &SIZE_UNITS).ok_or_else(|| {
            format!("expected a size such as `512MiB`, `2GB` or a number of bytes, found `{text}`")
        })?;
        Ok(Self { bytes })
    }
}

impl TimeLimit {
    /// Reads `500ms`, `30s`, `5min`, `1h`, `7d`; `0` and `none` mean no limit.
    pub fn parse(text: &str) -> Result<Self, String> {
        if matches!(text.trim(), "0" | "none") {
            return Ok(Self { limit_ms: 0 });
        }
        let limit_ms = parse_with_unit(text, &TIME_UNITS).ok_or_else(|| {
            format!("expected a duration such as `500ms`, `30s`, `5min` or `none`, found `{text}`")
        })?;
        Ok(Self { limit_ms })
    }
}

fn parse_with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits_end = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(digits_end);
    let factor = units
        .iter()
        .find(|(name, _)| *name == unit.trim())
        .map(|(_, factor)| *factor)?;
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

/// A configuration file may hold the number itself or a text with a unit.
#[derive(Deserialize)]
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
    Text(String),
}

impl NumberOrText {
    fn text(self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = NumberOrText::deserialize(deserializer).map_err(|_| {
            de::Error::custom("expected a size such as \"512MiB\" or a number of bytes")
        })?;
        Self::parse(&value.text()).map_err(de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = NumberOrText::deserialize(deserializer)
            .map_err(|_| de::Error::custom("expected a duration such as \"30s\" or \"none\""))?;
        Self::parse(&value.text()).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [
            ("0", 0),
            ("12", 12),
            ("64k", 65_536),
            ("512 MiB", 512 << 20),
            ("2GB", 2_000_000_000),
        ] {
            assert_eq!(ByteSize::parse(text), Ok(ByteSize { bytes }), "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit_unless_there_is_no_limit() {
        for (text, limit_ms) in [
            ("0", 0),
            ("none", 0),
            ("500ms", 500),
            ("30s", 30_000),
            ("5min", 300_000),
        ] {
            assert_eq!(TimeLimit::parse(text), Ok(TimeLimit { limit_ms }), "{text}");
        }
        assert!(TimeLimit::parse("30").is_err());
    }

    #[test]
    fn what_is_no_quantity_is_refused() {
        for text in [
            "",
            "x",
            "-1",
            "1.5GB",
            "12 parsecs",
            "99999999999999999999",
            "18446744073709551615GiB",
        ] {
            assert!(
                ByteSize::parse(text).is_err() && TimeLimit::parse(text).is_err(),
                "{text}"
            );
        }
    }
}
