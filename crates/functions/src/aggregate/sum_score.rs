//! `sum_score(score)`: the sum of scores that rollups store (domain specification §5.6).
//!
//! Guarantees: a whole number in units of 2^-60; sums of parts add up to the sum of the whole, and
//! `score_mean` makes of it the mean that `avg_score` gives.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Decimal128Array};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::Result;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::avg_score::fixed_scores;
use super::refuse_distinct;
use super::sum_and_count::{self, GroupSums, RowSums, Rule};
use crate::arguments::{Kind, coerce};
use crate::reference::Entry;
use crate::score_sum::SUM_TYPE;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "sum_score(score)",
        description: "The sum of scores as a whole number in units of 2^-60, to be stored and \
                      added up further; \
                      `score_mean` turns it into a mean. NULL and NaN do not count; NULL when \
                      nothing is scored.",
        arguments: &[("score", "a score; at most 2^26 in magnitude")],
        example: "SELECT sum_score(s) FROM (VALUES (0.5), (-1.0), (NULL)) AS v(s);\n-- \
                  -576460752303423488",
    }
    .aggregate()
});

/// The function `sum_score`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SumScore {
    signature: Signature,
}

impl Default for SumScore {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for SumScore {
    fn name(&self) -> &str {
        "sum_score"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(SUM_TYPE)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(sum_and_count::state_fields(&arguments))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        Ok(Box::new(RowSums::<SumOfScores>::default()))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GroupSums::<SumOfScores>::default()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

/// Adds up scores in fixed point and leaves the sum as it is.
#[derive(Debug)]
struct SumOfScores;

impl Rule for SumOfScores {
    fn amounts(arguments: &[ArrayRef]) -> Result<Decimal128Array> {
        fixed_scores(arguments)
    }

    fn finish(sums: &[i128], counts: &[i64]) -> Result<ArrayRef> {
        let known = sums
            .iter()
            .zip(counts)
            .map(|(&sum, &count)| (count > 0).then_some(sum));
        let found = known
            .collect::<Decimal128Array>()
            .with_precision_and_scale(38, 0)?;
        found.validate_decimal_precision(38)?;
        Ok(Arc::new(found))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{first_value, rows};

    const ONE: i128 = 1 << 60;

    fn over(scores: &str) -> String {
        format!("SELECT sum_score(s) FROM (VALUES {scores}) AS v(s)")
    }

    #[tokio::test]
    async fn nulls_do_not_count() {
        assert_eq!(
            first_value(&over("(1.0), (NULL), (CAST('NaN' AS DOUBLE))")).await,
            ONE.to_string()
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_sum() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("(0.5)"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_its_own_sum() {
        assert_eq!(first_value(&over("(-0.25)")).await, (-ONE / 4).to_string());
    }

    #[tokio::test]
    async fn all_nulls_have_no_sum() {
        assert_eq!(first_value(&over("(NULL), (NULL)")).await, "NULL");
    }

    #[tokio::test]
    async fn sums_add_up_over_groups_and_have_a_decimal_type() {
        let statement = "SELECT sum_score(s), arrow_typeof(sum_score(s)) FROM (VALUES ('a', 1), \
                         ('b', 2), ('a', -3)) AS v(g, s) GROUP BY g ORDER BY g";
        let (a, b) = ((-2 * ONE).to_string(), (2 * ONE).to_string());
        assert_eq!(
            rows(statement).await,
            [[a.as_str(), "Decimal128(38, 0)"], [&b, "Decimal128(38, 0)"]]
        );
    }
}
