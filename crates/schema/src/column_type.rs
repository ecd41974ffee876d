//! The types that a column of a stored table can have (domain specification §3.1).
//!
//! Guarantees: each type has exactly one name in TOML and one Arrow type.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};
use serde::Deserialize;

/// Type of a column of a stored table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// Signed 64-bit integer.
    Integer,
    /// 64-bit floating point number.
    Float,
    /// True or false.
    Boolean,
    /// Instant in µs since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Calendar date in days since 1970-01-01.
    Date,
    /// Decimal number of `precision` digits, `scale` of them after the point.
    Decimal {
        /// All digits, 1 to 38.
        precision: u8,
        /// Digits after the point, at most `precision`.
        scale: i8,
    },
    /// List of texts.
    TextList,
    /// UTF-8 text that holds a JSON value.
    Json,
}

impl ColumnType {
    /// The Arrow type in which columns of this type are stored.
    pub fn arrow_type(self) -> DataType {
        match self {
            Self::Text | Self::Json => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Date => DataType::Date32,
            Self::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
            Self::TextList => DataType::List(Arc::new(Field::new("item", DataType::Utf8, true))),
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Integer => f.write_str("integer"),
            Self::Float => f.write_str("float"),
            Self::Boolean => f.write_str("boolean"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Date => f.write_str("date"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::TextList => f.write_str("text_list"),
            Self::Json => f.write_str("json"),
        }
    }
}

impl TryFrom<String> for ColumnType {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let found = match name.as_str() {
            "text" => Some(Self::Text),
            "integer" => Some(Self::Integer),
            "float" => Some(Self::Float),
            "boolean" => Some(Self::Boolean),
            "timestamp" => Some(Self::Timestamp),
            "date" => Some(Self::Date),
            "text_list" => Some(Self::TextList),
            "json" => Some(Self::Json),
            _ => decimal(&name),
        };
        found.ok_or_else(|| {
            let known =
                "text, integer, float, boolean, timestamp, date, decimal(p,s), text_list or json";
            format!("expected one of {known}, found `{name}`")
        })
    }
}

/// Reads `decimal(precision,scale)`.
fn decimal(name: &str) -> Option<ColumnType> {
    let (precision, scale) = name
        .strip_prefix("decimal(")?
        .strip_suffix(')')?
        .split_once(',')?;
    let (precision, scale): (u8, i8) = (precision.parse().ok()?, scale.parse().ok()?);
    let fits =
        (1..=38).contains(&precision) && u8::try_from(scale).is_ok_and(|scale| scale <= precision);
    fits.then_some(ColumnType::Decimal { precision, scale })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_type_agree_both_ways() {
        for name in [
            "text",
            "integer",
            "float",
            "boolean",
            "timestamp",
            "date",
            "decimal(18,2)",
            "text_list",
            "json",
        ] {
            assert_eq!(
                ColumnType::try_from(name.to_owned()).map(|found| found.to_string()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        for name in [
            "",
            "Text",
            "varchar",
            "decimal",
            "decimal(39,2)",
            "decimal(4,5)",
            "decimal(0,0)",
            "decimal(4,-1)",
        ] {
            assert!(ColumnType::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
