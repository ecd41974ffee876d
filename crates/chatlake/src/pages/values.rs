//! Values of options: from SQL literals and JSON to typed values.
//!
//! Guarantees: numbers keep their text, so decimals stay exact; a value of another type than the option's is refused with
//! `bad_value:name`, never bent.

use std::collections::BTreeMap;

use arrow::array::timezone::Tz;
use arrow::compute::kernels::cast_utils::{parse_decimal, string_to_datetime};
use arrow::datatypes::{DataType, Decimal128Type, Field};
use chatlake_types::Day;
use chrono::NaiveDate;
use datafusion::common::{ParamValues, ScalarValue};
use datafusion::sql::sqlparser::ast::{Array, Expr, UnaryOperator, Value as SqlValue};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::calls::{Placeholders, shortened};
use crate::catalog::instant;
use crate::{Error, Result};

/// The value of a literal; `None` for a placeholder whose value is not known yet.
pub(super) fn literal(expr: &Expr, placeholders: &mut Placeholders<'_>) -> Result<Option<Value>> {
    let wrong = || {
        Error::Sql(format!(
            "expected literals or placeholders as arguments of a page, found `{}`",
            shortened(&expr.to_string())
        ))
    };
    Ok(Some(match expr {
        Expr::Value(value) => match &value.value {
            SqlValue::Null => Value::Null,
            SqlValue::Boolean(value) => Value::Bool(*value),
            SqlValue::Number(text, _) => number(text).ok_or_else(wrong)?,
            SqlValue::Placeholder(name) => return placeholder(name, placeholders),
            other => match other.clone().into_string() {
                Some(text) => Value::String(text),
                None => return Err(wrong()),
            },
        },
        Expr::UnaryOp {
            op: op @ (UnaryOperator::Minus | UnaryOperator::Plus),
            expr: inner,
        } => match inner.as_ref() {
            Expr::Value(value) => match &value.value {
                SqlValue::Number(text, _) if *op == UnaryOperator::Plus => {
                    number(text).ok_or_else(wrong)?
                }
                SqlValue::Number(text, _) => number(&["-", text].concat()).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            },
            _ => return Err(wrong()),
        },
        Expr::TypedString(typed) => {
            let text = typed.value.value.clone().into_string();
            text.map(Value::String).ok_or_else(wrong)?
        }
        Expr::Nested(inner) => return literal(inner, placeholders),
        Expr::Cast { expr: inner, .. } => return literal(inner, placeholders),
        Expr::Array(Array { elem, .. }) => {
            let mut values = Vec::new();
            for element in elem {
                match literal(element, placeholders)? {
                    Some(value) => values.push(value),
                    None => return Ok(None),
                }
            }
            Value::Array(values)
        }
        _ => return Err(wrong()),
    }))
}

/// Digits that every number of this many keeps in binary.
const FLOAT_DIGITS: usize = 15;

/// A number with the text that was typed: one that JSON numbers would bend is the text of a number.
fn number(text: &str) -> Option<Value> {
    if let Ok(value) = text.parse::<i64>() {
        return Some(Value::Number(value.into()));
    }
    let value = text.parse::<f64>().ok()?;
    let digits = text
        .chars()
        .take_while(|character| !matches!(character, 'e' | 'E'))
        .filter(char::is_ascii_digit);
    if digits.count() > FLOAT_DIGITS && value.is_finite() {
        return Some(Value::String(text.to_owned()));
    }
    Number::from_f64(value).map(Value::Number)
}

/// The members of a JSON object, their numbers as [`number`] reads them; `None` when the text is none.
pub(crate) fn json_object(text: &str) -> Option<Map<String, Value>> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
    members
        .into_iter()
        .map(|(name, value)| Some((name, json_value(value)?)))
        .collect()
}

fn json_value(raw: &RawValue) -> Option<Value> {
    let text = raw.get();
    match text.as_bytes().first()? {
        b'-' | b'0'..=b'9' => number(text),
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            values
                .into_iter()
                .map(json_value)
                .collect::<Option<Vec<_>>>()
                .map(Value::Array)
        }
        _ => serde_json::from_str(text).ok(),
    }
}

fn placeholder(name: &str, placeholders: &mut Placeholders<'_>) -> Result<Option<Value>> {
    let values = match placeholders {
        Placeholders::Unknown(names) => {
            names.push(name.to_owned());
            return Ok(None);
        }
        Placeholders::Values(values) => values,
    };
    let missing = || {
        Error::Sql(format!(
            "expected a value for the placeholder `{name}`, found none"
        ))
    };
    let position = || {
        name.trim_start_matches('$')
            .parse::<usize>()
            .ok()?
            .checked_sub(1)
    };
    let value = match values {
        Some(ParamValues::List(values)) => position().and_then(|at| values.get(at)),
        Some(ParamValues::Map(values)) => values.get(name.trim_start_matches('$')),
        None => None,
    };
    scalar_json(value.ok_or_else(missing)?.value()).map(Some)
}

/// A bound value as JSON.
fn scalar_json(value: &ScalarValue) -> Result<Value> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let unsupported = || {
        Error::Sql(format!(
            "expected text, a number, a boolean or a list as an argument of a page, found a value of type {}",
            value.data_type()
        ))
    };
    Ok(match value {
        ScalarValue::Boolean(Some(value)) => Value::Bool(*value),
        ScalarValue::List(list) => {
            let rows = ScalarValue::convert_array_to_scalar_vec(list.as_ref())?;
            let values = rows.into_iter().flatten().flatten();
            Value::Array(
                values
                    .map(|value| scalar_json(&value))
                    .collect::<Result<_>>()?,
            )
        }
        other if other.data_type().is_numeric() => {
            number(&other.to_string()).unwrap_or_else(|| Value::String(other.to_string()))
        }
        ScalarValue::TimestampSecond(..)
        | ScalarValue::TimestampMillisecond(..)
        | ScalarValue::TimestampMicrosecond(..)
        | ScalarValue::TimestampNanosecond(..) => {
            let utc =
                DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, Some("UTC".into()));
            Value::String(value.cast_to(&utc)?.cast_to(&DataType::Utf8)?.to_string())
        }
        other => match other.cast_to(&DataType::Utf8)? {
            ScalarValue::Utf8(Some(text)) => Value::String(text),
            _ => return Err(unsupported()),
        },
    })
}

/// A wrong value of an option, with what was expected.
pub(super) fn bad_value(name: &str, expected: &str, found: &Value) -> Error {
    let found = match found {
        Value::String(text) => shortened(text),
        other => shortened(&other.to_string()),
    };
    Error::Sql(format!(
        "bad_value:{name}: expected {expected}, found `{found}`"
    ))
}

/// Text; blank and NULL are "not given", a number is its JSON text.
pub(super) fn text(name: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        other => Err(bad_value(name, "a text", other)),
    }
}

/// Text without the blanks around it.
pub(super) fn trimmed(name: &str, value: &Value) -> Result<Option<String>> {
    Ok(text(name, value)?.map(|text| text.trim().to_owned()))
}

/// One value or a list of values as texts; `None` when nothing is chosen. NULL in a list is nothing.
pub(super) fn texts(name: &str, value: &Value) -> Result<Option<Vec<String>>> {
    let values = match value {
        Value::Array(values) => values
            .iter()
            .map(|value| match value {
                Value::Bool(value) => Ok(Some(value.to_string())),
                other => text(name, other),
            })
            .filter_map(Result::transpose)
            .collect::<Result<Vec<_>>>()?,
        Value::Bool(value) => vec![value.to_string()],
        other => text(name, other)?.into_iter().collect(),
    };
    Ok((!values.is_empty()).then_some(values))
}

/// A yes or no.
pub(super) fn boolean(name: &str, value: &Value) -> Result<Option<bool>> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(value) => Ok(Some(*value)),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        other => Err(bad_value(name, "`true` or `false`", other)),
    }
}

/// The text of a number; numbers in quotes are numbers too.
fn number_text(name: &str, value: &Value) -> Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            Ok(Some(text.trim().to_owned()))
        }
        other => Err(bad_value(name, "a number", other)),
    }
}

/// A whole number.
pub(super) fn integer(name: &str, value: &Value) -> Result<Option<i64>> {
    let text = number_text(name, value)?;
    text.map(|text| text.parse::<i64>())
        .transpose()
        .map_err(|_| bad_value(name, "a whole number", value))
}

/// A calendar day `YYYY-MM-DD`.
pub(super) fn day(name: &str, value: &Value) -> Result<Option<Day>> {
    let Some(text) = text(name, value)? else {
        return Ok(None);
    };
    NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d")
        .map(|date| Some(Day(date.to_epoch_days())))
        .map_err(|_| bad_value(name, "a day such as `2026-03-12`", value))
}

/// An instant: RFC 3339 with `Z` or an offset, or epoch milliseconds (domain specification §2.2); in µs.
pub(super) fn instant_micros(name: &str, value: &Value) -> Result<Option<i64>> {
    const EXPECTED: &str = "an instant such as `2026-03-12T16:00:00Z`";
    let wrong = || bad_value(name, EXPECTED, value);
    if let Value::Number(number) = value {
        let millis = number.as_i64().and_then(|millis| millis.checked_mul(1_000));
        return millis.map(Some).ok_or_else(wrong);
    }
    if value.is_boolean() {
        return Err(wrong());
    }
    let Some(text) = trimmed(name, value)? else {
        return Ok(None);
    };
    let has_offset = text
        .get(10..)
        .is_some_and(|rest| rest.contains(['Z', 'z', '+', '-']));
    let utc: Tz = "+00:00".parse().map_err(|_| wrong())?;
    match string_to_datetime(&utc, &text) {
        Ok(instant) if has_offset => Ok(Some(instant.timestamp_micros())),
        _ => Err(wrong()),
    }
}

/// The value of an option of this type; NULL when it is not given.
pub(super) fn typed(name: &str, type_name: &str, value: &Value) -> Result<ScalarValue> {
    Ok(match type_name {
        "BIGINT" => ScalarValue::Int64(integer(name, value)?),
        "BOOLEAN" => ScalarValue::Boolean(boolean(name, value)?),
        "DATE" => ScalarValue::Date32(day(name, value)?.map(|day| day.0)),
        "DOUBLE" => {
            let text = number_text(name, value)?;
            ScalarValue::Float64(text.and_then(|text| text.parse().ok()))
        }
        "TIMESTAMP" => match instant_micros(name, value)? {
            Some(micros) => instant(micros),
            None => ScalarValue::TimestampMicrosecond(None, Some("UTC".into())),
        },
        "TEXT[]" => {
            let values = texts(name, value)?;
            let items = |values: Vec<String>| -> Vec<ScalarValue> {
                values.into_iter().map(ScalarValue::from).collect()
            };
            match values {
                Some(values) => ScalarValue::List(ScalarValue::new_list_nullable(
                    &items(values),
                    &DataType::Utf8,
                )),
                None => ScalarValue::try_from(&DataType::List(std::sync::Arc::new(
                    Field::new_list_field(DataType::Utf8, true),
                )))?,
            }
        }
        decimal if decimal.starts_with("DECIMAL") => decimal_value(name, value)?,
        _ => ScalarValue::Utf8(trimmed(name, value)?),
    })
}

/// Digits of a decimal that a caller may give, before and after the point.
const DECIMAL: (u8, i8) = (38, 12);

/// A decimal with every digit that was given; compared with a column it is exact.
fn decimal_value(name: &str, value: &Value) -> Result<ScalarValue> {
    let (precision, scale) = DECIMAL;
    let digits = match number_text(name, value)? {
        None => None,
        Some(text) => Some(
            parse_decimal::<Decimal128Type>(&text, precision, scale)
                .map_err(|_| bad_value(name, "a decimal number", value))?,
        ),
    };
    Ok(ScalarValue::Decimal128(digits, precision, scale))
}

/// A bound of a range over a column of this type. A bound may have more digits than the column.
pub(super) fn bound(name: &str, type_name: &str, value: &Value) -> Result<Option<ScalarValue>> {
    let bound = match type_name {
        "BIGINT" | "DOUBLE" => typed(name, "DOUBLE", value)?,
        other => typed(name, other, value)?,
    };
    Ok((!bound.is_null()).then_some(bound))
}
