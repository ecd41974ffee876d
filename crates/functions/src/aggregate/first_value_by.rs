//! `first_value_by(value, order [, tie])`: the value that comes first in an order (domain
//! specification §9.4).
//!
//! Guarantees: the same answer in any order of rows: the smallest order wins; of equal orders the
//! smaller tie; of equal ties, or without a tie, the smaller value. NULL values never win.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::pick::{self, Best, GroupPicks, RowPick};
use crate::arguments::{Kind, coerce};
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> =
    LazyLock::new(|| {
        Entry {
        syntax: "first_value_by(value, order [, tie])",
        description: "The value with the smallest order, among those that are not NULL. Rows \
                      whose order or tie is NULL \
                      are left out. Of equal orders the smaller `tie` wins, of equal ties the \
                      smaller value, so the \
                      order of rows does not matter.",
        arguments: &[
            ("value", "a value of any type"),
            ("order", "its place: a timestamp, a date or a number"),
            ("tie", "a whole number that decides between equal orders, such as `ingest_seq`"),
        ],
        example: "SELECT first_value_by(inbox, at) FROM (VALUES ('web', 2), ('mail', 1), (NULL, \
                  0)) AS v(inbox, at);\n-- mail",
    }
    .aggregate()
    });

/// The function `first_value_by`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FirstValueBy {
    signature: Signature,
}

impl Default for FirstValueBy {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for FirstValueBy {
    fn name(&self) -> &str {
        "first_value_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(
            self.name(),
            &[Kind::Any, Kind::Order, Kind::Integer],
            1,
            found,
        )
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [value, ..] => Ok(value.clone()),
            [] => plan_err!("`first_value_by` expects 2 to 3 arguments, found 0"),
        }
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(pick::state_fields(&arguments))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(RowPick::new(
            Best::Smallest,
            arguments.return_type(),
        )))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GroupPicks::new(
            Best::Smallest,
            arguments.return_type(),
        )))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{first_value, rows};

    fn over(rows: &str) -> String {
        format!("SELECT first_value_by(v, t) FROM (VALUES {rows}) AS x(v, t)")
    }

    #[tokio::test]
    async fn nulls_never_win() {
        assert_eq!(
            first_value(&over("('a', 3), (NULL, 1), ('b', 2), ('c', NULL)")).await,
            "b"
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_first() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("('a', 1)"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_the_first() {
        assert_eq!(first_value(&over("('a', 1)")).await, "a");
    }

    #[tokio::test]
    async fn all_nulls_have_no_first() {
        assert_eq!(first_value(&over("(NULL, 1), (NULL, 2)")).await, "NULL");
    }

    #[tokio::test]
    async fn ties_go_to_the_tie_then_to_the_smaller_value() {
        let values =
            "(VALUES ('b', 1.5, 7), ('c', 1.5, 6), ('a', 1.5, 8), ('z', 2.5, 1)) AS x(v, t, q)";
        let statement =
            format!("SELECT first_value_by(v, t), first_value_by(v, t, q) FROM {values}");
        assert_eq!(rows(&statement).await, [["a", "c"]]);
    }

    #[tokio::test]
    async fn doubles_are_ordered_with_minus_zero_equal_to_zero_and_nan_last() {
        let values = "(VALUES ('nan', CAST('NaN' AS DOUBLE)), ('zero', 0.0), ('a', -0.0), ('inf', \
                      CAST('inf' AS DOUBLE))) AS x(v, t)";
        let statement = format!(
            "SELECT first_value_by(v, t), latest(v, t), first_value_by(v, -t) FROM {values}"
        );
        assert_eq!(rows(&statement).await, [["a", "nan", "inf"]]);
    }

    #[tokio::test]
    async fn groups_and_filters_answer_alike() {
        let values = "(VALUES ('g', 'a', 4), ('h', 'x', 5), ('g', 'b', 3), ('g', NULL, 1), ('h', \
                      'y', 2)) AS x(g, v, t)";
        let grouped = format!(
            "SELECT g, first_value_by(v, t), first_value_by(v, t) FILTER (WHERE t > 3) FROM \
             {values} GROUP BY g ORDER BY g"
        );
        assert_eq!(rows(&grouped).await, [["g", "b", "a"], ["h", "y", "x"]]);
    }
}
