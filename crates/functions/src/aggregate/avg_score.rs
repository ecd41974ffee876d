//! `avg_score(score)`: the mean of scores in any order (domain specification §5.6).
//!
//! Guarantees: scores are added as round(score × 2^60) in 128 bits and the sum is divided once, so
//! no band, label or filter depends on the order of rows. NULL and NaN do not count; NULL when
//! nothing is scored.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::common::utils::take_function_args;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::refuse_distinct;
use super::sum_and_count::{self, GroupSums, RowSums, Rule};
use crate::arguments::{Kind, coerce, number_array};
use crate::reference::Entry;
use crate::score_sum;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "avg_score(score)",
        description: "The mean of scores, the same for any order of rows: scores are added as \
                      whole multiples of 2^-60, \
                      and the sum is divided once. NULL and NaN do not count; NULL when nothing \
                      is scored.",
        arguments: &[("score", "a score; at most 2^26 in magnitude")],
        example: "SELECT avg_score(s) FROM (VALUES (0.1), (0.2), (0.3), (NULL)) AS v(s);\n-- 0.2",
    }
    .aggregate()
});

/// The function `avg_score`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct AvgScore {
    signature: Signature,
}

impl Default for AvgScore {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for AvgScore {
    fn name(&self) -> &str {
        "avg_score"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(sum_and_count::state_fields(&arguments))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        Ok(Box::new(RowSums::<MeanOfScores>::default()))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GroupSums::<MeanOfScores>::default()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

/// Adds up scores in fixed point.
#[derive(Debug)]
struct MeanOfScores;

impl Rule for MeanOfScores {
    fn amounts(arguments: &[ArrayRef]) -> Result<Decimal128Array> {
        fixed_scores(arguments)
    }

    fn finish(sums: &[i128], counts: &[i64]) -> Result<ArrayRef> {
        let means = sums
            .iter()
            .zip(counts)
            .map(|(&sum, &count)| score_sum::mean(sum, u64::try_from(count).unwrap_or_default()));
        Ok(Arc::new(means.collect::<Float64Array>()))
    }
}

/// The scores of the one argument in fixed point; NULL for NULL and NaN.
pub fn fixed_scores(arguments: &[ArrayRef]) -> Result<Decimal128Array> {
    let [scores] = take_function_args("avg_score", arguments)?;
    let fixed = |score: Option<f64>| score.map_or(Ok(None), score_sum::fixed);
    let found: Result<Decimal128Array, _> = number_array(scores)?.iter().map(fixed).collect();
    Ok(found?)
}

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(scores: &str) -> String {
        format!("SELECT avg_score(s) FROM (VALUES {scores}) AS v(s)")
    }

    #[tokio::test]
    async fn nulls_do_not_count() {
        assert_eq!(
            first_value(&over("(0.5), (NULL), (CAST('NaN' AS DOUBLE)), (-1.0)")).await,
            "-0.25"
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_mean() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("(0.5)"))).await,
            "NULL"
        );
        assert!(
            rows(&format!("{} WHERE false GROUP BY s", over("(0.5)")))
                .await
                .is_empty()
        );
    }

    #[tokio::test]
    async fn one_row_is_its_own_mean() {
        assert_eq!(first_value(&over("(0.3)")).await, "0.3");
        assert_eq!(first_value(&over("(1)")).await, "1.0");
    }

    #[tokio::test]
    async fn all_nulls_have_no_mean() {
        assert_eq!(first_value(&over("(NULL), (NULL)")).await, "NULL");
        assert_eq!(
            first_value(&over("(CAST(NULL AS DECIMAL(4,2))), (NULL)")).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn groups_filters_and_windows_are_exact() {
        let scores = "(VALUES ('a', 0.1, 1), ('b', 0.3, 2), ('a', 0.2, 3), ('a', 0.3, 4), ('b', \
                      NULL, 5)) AS v(g, s, t)";
        let found = rows(&format!(
            "SELECT g, avg_score(s), avg_score(s) FILTER (WHERE t > 1) FROM \
                                   {scores} GROUP BY g ORDER BY g"
        ))
        .await;
        assert_eq!(found, [["a", "0.2", "0.25"], ["b", "0.3", "0.3"]]);
        let sliding =
            "SELECT avg_score(s) OVER (ORDER BY t ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM";
        let found = rows(&format!("{sliding} {scores} ORDER BY t"))
            .await
            .concat();
        assert_eq!(found, ["0.1", "0.2", "0.25", "0.25", "0.3"]);
    }

    #[tokio::test]
    async fn what_is_no_score_is_refused() {
        let message = failure(&over("(CAST('inf' AS DOUBLE)), (0.1)")).await;
        assert!(
            message.contains("bad_value:score: expected a number within ±67108864, found `inf`"),
            "{message}"
        );
        assert!(
            failure(&over("('x')"))
                .await
                .contains("expects a number as argument 1")
        );
    }
}
