//! What the functions accept, and how they read it.
//!
//! Each argument has a [`Kind`]. While planning, [`coerce`] says to which type DataFusion shall
//! cast what it found; while running, [`Call`] hands out the arguments as typed columns, whether
//! they are arrays or constants.
//!
//! Guarantees: text may be Utf8, LargeUtf8, Utf8View or a dictionary of them; timestamps of any
//! unit and zone arrive as µs in UTC (without a zone they are UTC already); numbers of any type
//! arrive as doubles where doubles are asked for.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type, TimeUnit};
use datafusion::common::{Result, plan_err};

use crate::score_sum::SUM_TYPE;

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Anything at all, left as it is (a dictionary as its values).
    Any,
    /// A whole number; arrives as Int64.
    Integer,
    /// An amount of money: decimals of up to 38 digits and whole numbers arrive as Decimal128,
    /// floats as Float64.
    Money,
    /// Any number; arrives as Float64.
    Number,
    /// Something with a place in an order: numbers, dates, timestamps and other spans of time.
    Order,
    /// A sum of scores as `sum_score` gives it: a decimal without fraction, or a whole number.
    ScoreSum,
    /// Text of any of Arrow's string types.
    Text,
    /// A list of texts.
    TextList,
    /// An instant; arrives as Timestamp(µs, UTC). Dates stand for their midnight in UTC, texts are
    /// parsed.
    Timestamp,
}

impl Kind {
    /// What a value of type `found` shall be cast to; `None` when it cannot serve.
    fn coerce(self, found: &DataType) -> Option<DataType> {
        if let DataType::Dictionary(_, values) = found {
            return self.coerce(values);
        }
        match self {
            Self::Any => Some(found.clone()),
            Self::Integer => (found.is_integer() || found.is_null()).then_some(DataType::Int64),
            Self::Money => money(found),
            Self::Number => (found.is_numeric() || found.is_null()).then_some(DataType::Float64),
            Self::Order => order(found),
            Self::ScoreSum => {
                let decimal = matches!(
                    found,
                    DataType::Decimal128(_, 0) | DataType::Decimal256(_, 0)
                );
                (decimal || found.is_integer() || found.is_null()).then_some(SUM_TYPE)
            }
            Self::Text if found.is_null() => Some(DataType::Utf8View),
            Self::Text => is_text(found).then(|| found.clone()),
            Self::TextList => text_list(found),
            Self::Timestamp => {
                let date = matches!(found, DataType::Date32 | DataType::Date64);
                let timestamp = matches!(found, DataType::Timestamp(_, _));
                (date || timestamp || is_text(found) || found.is_null()).then(timestamp_type)
            }
        }
    }

    /// The kind in words, for messages.
    fn noun(self) -> &'static str {
        match self {
            Self::Any => "any value",
            Self::Integer => "a whole number",
            Self::Money => "an amount of money",
            Self::Number => "a number",
            Self::Order => "a number, date or timestamp",
            Self::ScoreSum => "a sum of scores (`sum_score`)",
            Self::Text => "text",
            Self::TextList => "a list of texts",
            Self::Timestamp => "a timestamp",
        }
    }
}

/// The types a call's arguments shall be cast to. The last `optional_count` of `kinds` may be left
/// out.
///
/// # Errors
/// A planning error that names the function, the argument's place and what was expected.
pub fn coerce(
    function: &str,
    kinds: &[Kind],
    optional_count: usize,
    found: &[DataType],
) -> Result<Vec<DataType>> {
    let needed = kinds.len() - optional_count;
    if !(needed..=kinds.len()).contains(&found.len()) {
        let expected = match (needed, optional_count) {
            (1, 0) => "1 argument".to_owned(),
            (_, 0) => format!("{needed} arguments"),
            _ => format!("{needed} to {} arguments", kinds.len()),
        };
        return plan_err!("`{function}` expects {expected}, found {}", found.len());
    }
    let mut coerced = Vec::with_capacity(found.len());
    for (at, (kind, found)) in kinds.iter().zip(found).enumerate() {
        match kind.coerce(found) {
            Some(wanted) => coerced.push(wanted),
            None => {
                let (noun, place) = (kind.noun(), at + 1);
                return plan_err!(
                    "`{function}` expects {noun} as argument {place}, found `{found}`"
                );
            }
        }
    }
    Ok(coerced)
}

/// The type in which instants are handed around.
pub fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC")))
}

fn is_text(found: &DataType) -> bool {
    matches!(
        found,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

fn money(found: &DataType) -> Option<DataType> {
    match found {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => Some(DataType::Decimal128(*precision, *scale)),
        DataType::Decimal256(_, scale) => Some(DataType::Decimal128(38, *scale)),
        DataType::Null => Some(DataType::Decimal128(18, 2)),
        _ if found.is_integer() => Some(DataType::Decimal128(20, 0)),
        _ if found.is_floating() => Some(DataType::Float64),
        _ => None,
    }
}

fn order(found: &DataType) -> Option<DataType> {
    match found {
        DataType::UInt64 => Some(DataType::Decimal128(20, 0)),
        DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal256(..) => {
            money(found)
        }
        DataType::Null => Some(DataType::Int64),
        DataType::Decimal128(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Duration(_)
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..) => Some(found.clone()),
        _ if found.is_integer() => Some(DataType::Int64),
        _ if found.is_floating() => Some(DataType::Float64),
        _ => None,
    }
}

fn text_list(found: &DataType) -> Option<DataType> {
    let of_text = || DataType::List(Arc::new(Field::new_list_field(DataType::Utf8View, true)));
    match found {
        DataType::Null => Some(of_text()),
        DataType::List(item) if is_text(item.data_type()) => Some(found.clone()),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => {
            let text = is_text(item.data_type()) || item.data_type().is_null();
            text.then(of_text)
        }
        _ => None,
    }
}

/// An array as text views; free for Utf8View.
///
/// # Errors
/// When the array holds no text.
pub fn text_array(array: &ArrayRef) -> Result<StringViewArray> {
    Ok(typed(array, &DataType::Utf8View)?.as_string_view().clone())
}

/// An array as doubles; free for Float64.
///
/// # Errors
/// When the array holds no numbers.
pub fn number_array(array: &ArrayRef) -> Result<Float64Array> {
    Ok(typed(array, &DataType::Float64)?
        .as_primitive::<Float64Type>()
        .clone())
}

/// `array` in the type `wanted`: itself, or cast to it.
pub fn typed(array: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    if array.data_type() == wanted {
        return Ok(Arc::clone(array));
    }
    Ok(cast(array, wanted)?)
}

#[cfg(test)]
mod tests;
