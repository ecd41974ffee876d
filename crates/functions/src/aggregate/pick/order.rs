//! The rows of a batch and their places in the order.
//!
//! Guarantees: places compare as the column's values do, whatever its type: numbers by value,
//! doubles with both zeros equal and NaN last, dates and times by time.

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Int64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, Int64Type};
use datafusion::common::{Result, exec_datafusion_err};

/// A batch of rows that compete.
pub struct Batch<'a> {
    /// The values of its rows.
    pub values: &'a ArrayRef,
    value_nulls: Option<NullBuffer>,
    orders: Decimal128Array,
    ties: Option<Int64Array>,
}

impl<'a> Batch<'a> {
    /// Value, order and, if there are three columns, tie.
    ///
    /// # Errors
    /// For any other number of columns: a state that is not ours.
    pub fn new(columns: &'a [ArrayRef]) -> Result<Self> {
        let (values, order, tie) = match columns {
            [values, order] => (values, order, None),
            [values, order, tie] => (values, order, Some(tie)),
            _ => {
                return Err(exec_datafusion_err!(
                    "expected 2 or 3 columns, found {}",
                    columns.len()
                ));
            }
        };
        let orders = places_in_order(order)?;
        let ties = tie.map(|tie| tie.as_primitive::<Int64Type>().clone());
        Ok(Self {
            values,
            value_nulls: values.logical_nulls(),
            orders,
            ties,
        })
    }

    /// Order and tie of a row that takes part.
    pub fn standing(&self, row: usize) -> Option<(i128, i64)> {
        let has_value = self
            .value_nulls
            .as_ref()
            .is_none_or(|nulls| nulls.is_valid(row));
        if !has_value || self.orders.is_null(row) {
            return None;
        }
        let tie = match &self.ties {
            Some(ties) if ties.is_null(row) => return None,
            Some(ties) => ties.value(row),
            None => 0,
        };
        Some((self.orders.value(row), tie))
    }
}

/// Whole numbers in the order of the column's values, whatever its type.
fn places_in_order(column: &ArrayRef) -> Result<Decimal128Array> {
    match column.data_type() {
        DataType::Decimal128(_, _) => Ok(column.as_primitive::<Decimal128Type>().clone()),
        DataType::Float64 => {
            let numbers = column.as_primitive::<Float64Type>();
            Ok(numbers
                .iter()
                .map(|number| number.map(place_of_double))
                .collect())
        }
        DataType::Date32 | DataType::Time32(_) => {
            let numbers = cast(&cast(column, &DataType::Int32)?, &DataType::Int64)?;
            Ok(widened(numbers.as_primitive::<Int64Type>()))
        }
        _ => Ok(widened(
            cast(column, &DataType::Int64)?.as_primitive::<Int64Type>(),
        )),
    }
}

fn widened(numbers: &Int64Array) -> Decimal128Array {
    numbers
        .iter()
        .map(|number| number.map(i128::from))
        .collect()
}

/// A whole number that is in the total order of doubles (as [`f64::total_cmp`]); zeros are one, all
/// NaN are one.
fn place_of_double(number: f64) -> i128 {
    let number = if number.is_nan() {
        f64::NAN
    } else {
        number + 0.0
    };
    let bits = number.to_bits() as i64;
    i128::from(bits ^ ((((bits >> 63) as u64) >> 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_keep_their_order_as_whole_numbers() {
        let ordered = [
            f64::NEG_INFINITY,
            -1.5,
            -f64::MIN_POSITIVE,
            0.0,
            1e-300,
            2.0,
            f64::MAX,
        ];
        let places: Vec<i128> = ordered
            .iter()
            .map(|&number| place_of_double(number))
            .collect();
        assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
        assert_eq!(place_of_double(-0.0), place_of_double(0.0));
        assert_eq!(place_of_double(-f64::NAN), place_of_double(f64::NAN));
        assert!(place_of_double(f64::NAN) > place_of_double(f64::INFINITY));
    }
}
