//! `latest(value, version_at [, tie])`: the newest value that is not NULL (domain specification
//! §3.2, §9.4).
//!
//! Guarantees: the same answer in any order of rows: the newest version wins; of equal versions the
//! larger tie (give it `ingest_seq`); of equal ties, or without a tie, the larger value.

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

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "latest(value, version_at [, tie])",
        description: "The newest value that is not NULL. Rows whose version or tie is NULL are \
                      left out. Of equal versions \
                      the larger `tie` wins, of equal ties the larger value, so the order of rows \
                      does not matter.",
        arguments: &[
            ("value", "a value of any type"),
            (
                "version_at",
                "when it was said: a timestamp, a date or a number",
            ),
            (
                "tie",
                "a whole number that decides between equal versions, such as `ingest_seq`",
            ),
        ],
        example: "SELECT latest(plan, at) FROM (VALUES ('free', 1), ('pro', 2), (NULL, 3)) AS \
                  v(plan, at);\n-- pro",
    }
    .aggregate()
});

/// The function `latest`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Latest {
    signature: Signature,
}

impl Default for Latest {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for Latest {
    fn name(&self) -> &str {
        "latest"
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
            [] => plan_err!("`latest` expects 2 to 3 arguments, found 0"),
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
            Best::Largest,
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
            Best::Largest,
            arguments.return_type(),
        )))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(versions: &str) -> String {
        format!("SELECT latest(v, t) FROM (VALUES {versions}) AS x(v, t)")
    }

    #[tokio::test]
    async fn nulls_never_win() {
        assert_eq!(
            first_value(&over("('a', 1), (NULL, 9), ('b', 2), ('c', NULL)")).await,
            "b"
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_latest() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("('a', 1)"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_the_latest() {
        assert_eq!(first_value(&over("('a', -5)")).await, "a");
    }

    #[tokio::test]
    async fn all_nulls_have_no_latest() {
        assert_eq!(first_value(&over("(NULL, 1), (NULL, 2)")).await, "NULL");
        assert_eq!(first_value("SELECT latest(NULL, NULL)").await, "NULL");
        assert_eq!(
            rows(&format!(
                "{} GROUP BY t ORDER BY t",
                over("(NULL, 1), (NULL, 2)")
            ))
            .await,
            [["NULL"], ["NULL"]]
        );
    }

    #[tokio::test]
    async fn ties_go_to_the_tie_then_to_the_larger_value() {
        let versions = "(VALUES ('b', 1, 7), ('a', 1, 9), ('c', 1, 8), ('a', 0, 10), ('z', 1, \
                        NULL)) AS x(v, t, q)";
        let found = rows(&format!(
            "SELECT latest(v, t), latest(v, t, q), latest(q, t) FROM {versions}"
        ))
        .await;
        assert_eq!(found, [["z", "a", "9"]]);
    }

    #[tokio::test]
    async fn values_and_versions_may_be_of_any_type() {
        let versions = "(VALUES ([1, 2], DATE '2026-01-01', 0.5, 'x'), ([3], DATE '2026-01-02', \
                        -0.5, 'y'), (NULL, DATE '2026-01-03', 2.5, NULL)) AS x(l, d, n, s)";
        let statement = format!(
            "SELECT latest(l, d), latest(named_struct('a', n), d), latest(d, n), latest(s, \
             arrow_cast(d, 'Timestamp(Second, Some(\"+01:00\"))')), \
             latest(CAST(n AS DECIMAL(9,2)), CAST(n AS DECIMAL(20,4))), latest(arrow_cast(s, \
             'Dictionary(Int32, Utf8)'), d), latest(s IS NULL, d) FROM {versions}"
        );
        assert_eq!(
            rows(&statement).await,
            [["[3]", "{a: 2.5}", "2026-01-03", "y", "2.50", "y", "true"]]
        );
        assert!(
            failure("SELECT latest(1, 'x')")
                .await
                .contains("expects a number, date or timestamp as argument 2")
        );
    }

    #[tokio::test]
    async fn groups_filters_and_growing_windows_answer_alike() {
        let versions = "(VALUES ('g', 'a', 1), ('h', 'x', 5), ('g', 'b', 3), ('g', NULL, 4), \
                        ('h', 'y', 2)) AS x(g, v, t)";
        let grouped = format!(
            "SELECT g, latest(v, t), latest(v, t) FILTER (WHERE t < 3) FROM {versions} GROUP BY g \
             ORDER BY g"
        );
        assert_eq!(rows(&grouped).await, [["g", "b", "a"], ["h", "x", "y"]]);
        let growing = format!("SELECT latest(v, t) OVER (ORDER BY t) FROM {versions} ORDER BY t");
        assert_eq!(rows(&growing).await.concat(), ["a", "y", "b", "b", "x"]);
    }
}
