//! `period_end(period, timezone [, as_of])`: the first instant after a period (domain specification
//! §4).
//!
//! Guarantees: pure; a constant call is a constant before the query runs, so filters on it prune
//! partitions.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};

use super::period_bounds::{self, AS_OF_ARGUMENT, PERIOD_ARGUMENT, TIMEZONE_ARGUMENT};
use crate::arguments::{Kind, coerce, timestamp_type};
use crate::call::Call;
use crate::reference::Entry;

/// What is taken: the period, the timezone and, optionally, `as_of`.
const KINDS: [Kind; 3] = [Kind::Text, Kind::Text, Kind::Timestamp];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "period_end(period, timezone [, as_of])",
        description: "The first instant after a period: the local midnight with which the day \
                      after its last day begins. \
                      Calendar periods reach to their end, even when that lies in the future.",
        arguments: &[PERIOD_ARGUMENT, TIMEZONE_ARGUMENT, AS_OF_ARGUMENT],
        example: "SELECT period_end('this_month', 'America/New_York', '2026-03-12T16:00:00Z');\n\
                  -- 2026-04-01T04:00:00Z",
    }
    .scalar()
});

/// The function `period_end`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PeriodEnd {
    signature: Signature,
}

impl Default for PeriodEnd {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Stable),
        }
    }
}

impl ScalarUDFImpl for PeriodEnd {
    fn name(&self) -> &str {
        "period_end"
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
        period_bounds::bounds(&Call::new(arguments), |window| window.to_micros)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, rows, text_arrays, vectors,
    };

    const TYPES: [DataType; 3] = [DataType::Utf8, DataType::Utf8View, DataType::Utf8];

    fn ends(
        period: &[Option<&str>],
        timezone: &[Option<&str>],
        as_of: &[Option<&str>],
    ) -> Vec<String> {
        let [period, _, _] = text_arrays(period);
        let [_, timezone, _] = text_arrays(timezone);
        let [_, _, as_of] = text_arrays(as_of);
        cells(&call_arrays(
            PeriodEnd::default(),
            &[period, timezone, as_of],
        ))
    }

    #[test]
    fn nulls_anywhere_give_null() {
        let (today, utc, noon) = (Some("today"), Some("UTC"), Some("2026-03-12T12:00:00Z"));
        let found = ends(
            &[None, today, today, today],
            &[utc, None, utc, utc],
            &[noon, noon, None, noon],
        );
        assert_eq!(found, ["NULL", "NULL", "NULL", "2026-03-13T00:00:00Z"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(PeriodEnd::default(), &TYPES).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        let found = ends(
            &[Some("this_year")],
            &[Some("UTC")],
            &[Some("2026-01-01T00:00:00Z")],
        );
        assert_eq!(found, ["2027-01-01T00:00:00Z"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(PeriodEnd::default(), &TYPES)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn every_preset_vector_holds() {
        for vector in vectors(include_str!("../../tests/vectors/period_vectors.csv")) {
            if vector[2] != "custom" {
                let as_of = format!("{}Z", vector[1]);
                let found = ends(&[Some(vector[2])], &[Some(vector[0])], &[Some(&as_of)]);
                assert_eq!(found, [format!("{}Z", vector[6])], "{vector:?}");
            }
        }
    }

    #[tokio::test]
    async fn sql_completes_and_checks_as_for_period_start() {
        let statement =
            "SELECT period_end('today', 'UTC') = period_start('today', 'UTC') + INTERVAL '1 day'";
        assert_eq!(rows(statement).await, [["true"]]);
        let message = failure("SELECT period_end('', 'UTC')").await;
        assert!(message.contains("bad_period: expected one of"), "{message}");
    }
}
