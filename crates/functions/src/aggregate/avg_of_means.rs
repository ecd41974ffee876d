//! `avg_of_means(value, group_key)`: the mean of the means of groups, in one pass (domain
//! specification §5.6).
//!
//! 1. Per key, values add up as `avg_score` adds them: fixed point in, one division out.
//! 2. The mean of each key that has a value enters the same way into the mean of means.
//!
//! Guarantees: equal to `SELECT avg_score(m) FROM (SELECT avg_score(value) AS m … GROUP BY
//! group_key)` to the last bit, so NULL is a key like any other and keys without a value do not
//! count. Memory follows the number of distinct keys and is reported, so the session's memory limit
//! holds.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::means_by_key::{self, Means, RowMeans};
use super::refuse_distinct;
use crate::arguments::{Kind, coerce};
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "avg_of_means(value, group_key)",
        description: "The mean of the means of groups: `avg_score` of `value` within each \
                      `group_key`, then `avg_score` of \
                      those. With a score and `conversation_id` it is the average sentiment. NULL \
                      and NaN do not count; \
                      NULL when nothing is scored.",
        arguments: &[
            ("value", "a score; at most 2^26 in magnitude"),
            ("group_key", "what the value belongs to; of any type"),
        ],
        example: "SELECT avg_of_means(s, c) FROM (VALUES (1.0, 'a'), (0.5, 'a'), (0.25, 'b')) AS \
                  v(s, c);\n-- 0.5",
    }
    .aggregate()
});

/// The function `avg_of_means`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct AvgOfMeans {
    signature: Signature,
}

impl Default for AvgOfMeans {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for AvgOfMeans {
    fn name(&self) -> &str {
        "avg_of_means"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number, Kind::Any], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let [_, key] = arguments.input_fields else {
            return plan_err!("`avg_of_means` expects 2 arguments");
        };
        Ok(means_by_key::state_fields(&arguments, key.data_type()))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        Ok(Box::new(RowMeans::new(key_type(&arguments)?)?))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Means::new(key_type(&arguments)?)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn key_type(arguments: &AccumulatorArgs) -> Result<DataType> {
    match arguments.expr_fields {
        [_, key] => Ok(key.data_type().clone()),
        _ => plan_err!(
            "`avg_of_means` expects 2 arguments, found {}",
            arguments.expr_fields.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(values: &str) -> String {
        format!("SELECT avg_of_means(s, c) FROM (VALUES {values}) AS v(s, c)")
    }

    #[tokio::test]
    async fn nulls_do_not_count_and_a_null_key_is_a_group() {
        let values = "(1.0, 'a'), (NULL, 'a'), (0.5, NULL), (0.0, NULL), (NULL, 'b'), (CAST('NaN' \
                      AS DOUBLE), 'c')";
        assert_eq!(first_value(&over(values)).await, "0.625");
    }

    #[tokio::test]
    async fn empty_input_has_no_mean() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("(0.5, 'a')"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_its_own_mean() {
        assert_eq!(first_value(&over("(0.3, 'a')")).await, "0.3");
    }

    #[tokio::test]
    async fn all_nulls_have_no_mean() {
        assert_eq!(
            first_value(&over("(NULL, 'a'), (NULL, NULL)")).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn it_equals_two_steps_of_avg_score_to_the_last_bit() {
        for key in [
            "n % 7",
            "CAST(n % 7 AS VARCHAR)",
            "arrow_cast(CAST(n % 7 AS VARCHAR), 'Utf8View')",
            "arrow_cast(CAST(n % 7 AS INT), 'Date32')",
        ] {
            let scores = format!(
                "(SELECT n % 3 AS g, {key} AS c, CASE WHEN n % 5 = 0 THEN NULL ELSE sin(n) END AS \
                 s FROM (SELECT unnest(range(1, 400)) AS n))"
            );
            let grouped = format!(
                "SELECT g, avg_of_means(s, c), avg_of_means(s, c) FILTER (WHERE s > 0) FROM \
                 {scores} GROUP BY g ORDER BY g"
            );
            let stepwise = format!(
                "SELECT g, avg_score(m), avg_score(p) FROM (SELECT g, c, avg_score(s) AS m, \
                 avg_score(s) FILTER (WHERE s > 0) AS p FROM {scores} GROUP BY g, c) GROUP BY g \
                 ORDER BY g"
            );
            assert_eq!(rows(&grouped).await, rows(&stepwise).await, "{key}");
            let whole = format!("SELECT avg_of_means(s, c) FROM {scores}");
            let stepwise = format!(
                "SELECT avg_score(m) FROM (SELECT avg_score(s) AS m FROM {scores} GROUP BY c)"
            );
            assert_eq!(rows(&whole).await, rows(&stepwise).await, "{key}");
        }
    }

    #[tokio::test]
    async fn a_growing_window_keeps_what_it_has_seen() {
        let values = "(VALUES (1, 1.0, 'a'), (2, 0.0, 'b'), (3, 0.0, 'a')) AS v(t, s, c)";
        let found = rows(&format!(
            "SELECT avg_of_means(s, c) OVER (ORDER BY t) FROM {values} ORDER BY t"
        ))
        .await;
        assert_eq!(found.concat(), ["1.0", "0.5", "0.25"]);
        assert!(
            failure("SELECT avg_of_means(DISTINCT 1, 2)")
                .await
                .contains("without DISTINCT")
        );
    }
}
