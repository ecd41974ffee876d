//! `period_start(period, timezone [, as_of])`: the first instant of a period (domain specification §4).
//!
//! Guarantees: pure; a constant call is a constant before the query runs, so filters on it prune partitions.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};

use super::period_bounds::{self, AS_OF_ARGUMENT, PERIOD_ARGUMENT, TIMEZONE_ARGUMENT};
use crate::arguments::{Call, Kind, coerce, timestamp_type};
use crate::reference::Entry;

/// What is taken: the period, the timezone and, optionally, `as_of`.
const KINDS: [Kind; 3] = [Kind::Text, Kind::Text, Kind::Timestamp];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "period_start(period, timezone [, as_of])",
        description: "The first instant of a period: the local midnight with which its first day begins.",
        arguments: &[PERIOD_ARGUMENT, TIMEZONE_ARGUMENT, AS_OF_ARGUMENT],
        example: "SELECT period_start('last_7_days', 'America/New_York', '2026-03-12T16:00:00Z');\n\
                  -- 2026-03-06T05:00:00Z",
    }
    .scalar()
});

/// The function `period_start`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PeriodStart {
    signature: Signature,
}

impl Default for PeriodStart {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Stable),
        }
    }
}

impl ScalarUDFImpl for PeriodStart {
    fn name(&self) -> &str {
        "period_start"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &KINDS, 1, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        period_bounds::check(&arguments, 0, 1)?;
        Ok(Field::new(self.name(), timestamp_type(), true).into())
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn simplify(&self, arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(period_bounds::complete(
            Self::default(),
            arguments,
            KINDS.len(),
            info,
        ))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        period_bounds::bounds(&Call::new(arguments), |window| window.from_micros)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call, call_arrays, call_empty, call_nulls, cells, failure, first_value, rows, text_arrays,
        vectors,
    };

    const TYPES: [DataType; 3] = [DataType::Utf8, DataType::Utf8View, DataType::Utf8];

    fn starts(
        period: &[Option<&str>],
        timezone: &[Option<&str>],
        as_of: &[Option<&str>],
    ) -> Vec<String> {
        let [period, _, _] = text_arrays(period);
        let [_, timezone, _] = text_arrays(timezone);
        let [_, _, as_of] = text_arrays(as_of);
        cells(&call_arrays(
            PeriodStart::default(),
            &[period, timezone, as_of],
        ))
    }

    #[test]
    fn nulls_anywhere_give_null() {
        let (today, utc, noon) = (Some("today"), Some("UTC"), Some("2026-03-12T12:00:00Z"));
        let found = starts(
            &[None, today, today, today],
            &[utc, None, utc, utc],
            &[noon, noon, None, noon],
        );
        assert_eq!(found, ["NULL", "NULL", "NULL", "2026-03-12T00:00:00Z"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(PeriodStart::default(), &TYPES).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        let found = starts(
            &[Some("yesterday")],
            &[Some("UTC")],
            &[Some("2026-01-01T00:00:00Z")],
        );
        assert_eq!(found, ["2025-12-31T00:00:00Z"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(PeriodStart::default(), &TYPES)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn every_preset_vector_holds() {
        for vector in vectors(include_str!("../../tests/vectors/period_vectors.csv")) {
            if vector[2] != "custom" {
                let as_of = format!("{}Z", vector[1]);
                let found = starts(&[Some(vector[2])], &[Some(vector[0])], &[Some(&as_of)]);
                assert_eq!(found, [format!("{}Z", vector[5])], "{vector:?}");
            }
        }
    }

    #[tokio::test]
    async fn an_as_of_left_out_is_the_start_of_the_query() {
        let statement = "SELECT period_start('today', 'UTC') = date_trunc('day', now()), \
                         period_start(p, 'UTC') <= now() FROM (VALUES ('today')) AS v(p)";
        assert_eq!(rows(statement).await, [["true", "true"]]);
    }

    #[tokio::test]
    async fn wrong_constants_are_refused_while_planning_and_wrong_rows_while_running() {
        let message = failure("SELECT period_start('next_week', 'UTC')").await;
        let expected = "Error during planning: bad_period: expected one of `all_time`, ";
        assert!(
            message.contains(expected) && message.contains(", found `next_week`"),
            "{message}"
        );
        let message = failure("SELECT period_start('custom', 'UTC') WHERE false").await;
        assert!(message.contains("bad_period: "), "{message}");
        let message = failure("SELECT period_start('today', 'Mars/Olympus')").await;
        assert!(
            message.contains("bad_value:timezone: expected an IANA name"),
            "{message}"
        );
        let message =
            failure("SELECT period_start(p, 'UTC') FROM (VALUES ('x'), ('y')) AS v(p)").await;
        assert!(
            message.contains("Execution error: bad_period: expected one of"),
            "{message}"
        );
    }

    #[tokio::test]
    async fn as_of_may_be_of_any_unit_and_zone() {
        let statement = "SELECT period_start('today', 'Asia/Kolkata', arrow_cast(as_of, 'Timestamp(Second, Some(\"+02:00\"))')) \
                         FROM (VALUES (TIMESTAMP '2026-05-10 18:30:00')) AS v(as_of)";
        assert_eq!(first_value(statement).await, "2026-05-09T18:30:00Z");
    }

    #[test]
    fn a_call_that_no_planner_completed_says_what_is_missing() {
        let text = |text: &str| ColumnarValue::Scalar(text.into());
        let found = call(PeriodStart::default(), vec![text("today"), text("UTC")], 1);
        let message = found.expect_err("no as_of").strip_backtrace();
        assert!(
            message.contains("bad_value:as_of: expected a timestamp"),
            "{message}"
        );
    }
}
