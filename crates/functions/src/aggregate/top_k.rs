//! `top_k(value, k)`: the most frequent values (domain specification §8.5, §9.4).
//!
//! Guarantees: exact counts; of equally frequent values the smaller first, so the order of rows
//! does not matter. Memory follows the number of distinct values and is reported, so the session's
//! memory limit holds.

use std::cmp::Reverse;
use std::mem::size_of;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::utils::{SingleRowListArrayBuilder, take_function_args};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, Signature, Volatility,
};
use datafusion::physical_expr::expressions::Literal;

use super::row_keys::RowKeys;
use super::{refuse_distinct, state_field};
use crate::arguments::{Kind, coerce};
use crate::reference::Entry;

/// Most values that may be asked for.
const K_MAX: i64 = 10_000;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "top_k(value, k)",
        description: "The `k` most frequent values as a list, the most frequent first; of equally \
                      frequent values the \
                      smaller first. NULL does not count; NULL when there is no value.",
        arguments: &[
            ("value", "a value of any type that can be sorted"),
            ("k", "how many at most: a constant from 1 to 10000"),
        ],
        example: "SELECT top_k(t, 2) FROM (VALUES ('refund'), ('login'), ('refund'), ('billing')) \
                  AS v(t);\n-- [refund, billing]",
    }
    .aggregate()
});

/// The function `top_k`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct TopK {
    signature: Signature,
}

impl Default for TopK {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for TopK {
    fn name(&self) -> &str {
        "top_k"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Any, Kind::Integer], 0, found)
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [value, ..] => Ok(list_type(value.clone())),
            [] => plan_err!("`top_k` expects 2 arguments, found 0"),
        }
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(vec![
            state_field(&arguments, "values", arguments.return_type().clone()),
            state_field(&arguments, "counts", list_type(DataType::Int64)),
        ])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        let ([value, _], [_, k]) = (arguments.expr_fields, arguments.exprs) else {
            return plan_err!(
                "`top_k` expects 2 arguments, found {}",
                arguments.exprs.len()
            );
        };
        let constant = k.downcast_ref::<Literal>().map(Literal::value);
        let k = match constant {
            Some(ScalarValue::Int64(Some(k @ 1..=K_MAX))) => *k as usize,
            Some(found) => {
                return plan_err!(
                    "bad_value:k: expected a number from 1 to {K_MAX}, found `{found}`"
                );
            }
            None => return plan_err!("bad_value:k: expected a constant, found `{k}`"),
        };
        let value_type = value.data_type().clone();
        let keys = RowKeys::new(&value_type)?;
        Ok(Box::new(Counts {
            k,
            value_type,
            keys,
            counts: Vec::new(),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn list_type(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// How often each value came.
#[derive(Debug)]
struct Counts {
    k: usize,
    value_type: DataType,
    keys: RowKeys,
    /// By number of the value; 0 for NULL.
    counts: Vec<i64>,
}

impl Counts {
    /// Adds `count_of(row)` to the value of each row that is not NULL.
    fn add(&mut self, values: &ArrayRef, count_of: impl Fn(usize) -> i64) -> Result<()> {
        let nulls = values.logical_nulls();
        for (row, number) in self.keys.number(values)?.into_iter().enumerate() {
            let number = number as usize;
            self.counts.resize(self.counts.len().max(number + 1), 0);
            if nulls.as_ref().is_none_or(|nulls| nulls.is_valid(row)) {
                self.counts[number] += count_of(row);
            }
        }
        Ok(())
    }

    /// Values that came at least once, as numbers.
    fn known(&self) -> Vec<u32> {
        (0..self.counts.len() as u32)
            .filter(|&number| self.counts[number as usize] > 0)
            .collect()
    }
}

impl Accumulator for Counts {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let [values, _] = take_function_args("top_k", values)?;
        self.add(values, |_| 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let [values, counts] = take_function_args("top_k", states)?;
        let (values, counts) = (values.as_list::<i32>(), counts.as_list::<i32>());
        for row in (0..values.len()).filter(|&row| values.is_valid(row)) {
            let counts = counts.value(row);
            let counts = counts.as_primitive::<Int64Type>();
            self.add(&values.value(row), |at| counts.value(at))?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let known = self.known();
        let counts = known.iter().map(|&number| self.counts[number as usize]);
        let counts: ArrayRef = Arc::new(Int64Array::from_iter_values(counts));
        let values = self.keys.values(known)?;
        Ok([values, counts]
            .map(|items| SingleRowListArrayBuilder::new(items).build_list_scalar())
            .to_vec())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut known = self.known();
        if known.is_empty() {
            return ScalarValue::try_from(list_type(self.value_type.clone()));
        }
        known.sort_unstable_by_key(|&number| {
            (
                Reverse(self.counts[number as usize]),
                self.keys.bytes(number),
            )
        });
        known.truncate(self.k);
        Ok(SingleRowListArrayBuilder::new(self.keys.values(known)?).build_list_scalar())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.keys.size() + self.counts.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(values: &str) -> String {
        format!("SELECT top_k(t, 2) FROM (VALUES {values}) AS v(t)")
    }

    #[tokio::test]
    async fn nulls_do_not_count() {
        assert_eq!(
            first_value(&over("('a'), (NULL), (NULL), ('b'), ('b')")).await,
            "[b, a]"
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_top() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("('a')"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_the_top() {
        assert_eq!(first_value(&over("('a')")).await, "[a]");
    }

    #[tokio::test]
    async fn all_nulls_have_no_top() {
        assert_eq!(first_value(&over("(NULL), (NULL)")).await, "NULL");
    }

    #[tokio::test]
    async fn equally_frequent_values_come_in_their_order_and_groups_have_their_own() {
        let values = "(VALUES ('x', 'b'), ('x', 'a'), ('y', 'c'), ('x', 'c'), ('y', 'c'), ('y', \
                      'a'), ('y', 'b'), ('y', 'b')) AS v(g, t)";
        let found = rows(&format!(
            "SELECT g, top_k(t, 2) FROM {values} GROUP BY g ORDER BY g"
        ))
        .await;
        assert_eq!(found, [["x", "[a, b]"], ["y", "[b, c]"]]);
    }

    #[tokio::test]
    async fn values_may_be_of_any_type() {
        let values = "(VALUES (10, DATE '2026-01-02', 'a'), (9, DATE '2026-01-02', 'b'), (10, \
                      DATE '2026-01-01', 'b')) AS v(n, d, t)";
        let statement = format!(
            "SELECT top_k(n, 1), top_k(d, 9), top_k(arrow_cast(t, 'Dictionary(Int32, Utf8)'), 1), \
             top_k([t], 1), top_k(t = 'b', 1) FROM {values}"
        );
        assert_eq!(
            rows(&statement).await,
            [["[10]", "[2026-01-02, 2026-01-01]", "[b]", "[[b]]", "[true]"]]
        );
    }

    #[tokio::test]
    async fn k_must_be_a_constant_within_its_limit() {
        for k in ["0", "-1", "10001", "NULL", "n"] {
            let message = failure(&format!(
                "SELECT top_k(n, {k}) FROM (VALUES (1), (2)) AS v(n)"
            ))
            .await;
            assert!(
                message.contains("bad_value:k: expected a "),
                "{k}: {message}"
            );
        }
    }
}
