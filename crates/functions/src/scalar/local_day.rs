//! `local_day(instant, timezone)`: the calendar day of an instant in a time zone (domain specification §4).
//!
//! Guarantees: the day whose span from midnight to midnight holds the instant, so days and windows agree and a later instant
//! never has an earlier day. A comparison with a constant day becomes one with instants before the query runs, so that
//! it prunes partitions.

use std::sync::LazyLock;

use arrow::array::Date32Array;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::interval_arithmetic::Interval;
use datafusion::logical_expr::preimage::PreimageResult;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};

use chatlake_types::Day;

use super::period_bounds::{TIMEZONE_ARGUMENT, check_timezone};
use crate::arguments::{Call, Kind, coerce, timestamp_type};
use crate::reference::Entry;
use crate::zone::{LocalDay, Zone, Zones};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "local_day(instant, timezone)",
        description: "The calendar day of the instant in the time zone. A day runs from its first local midnight (or, \
                      where clocks skip midnight, from the clock change) to the next day's.",
        arguments: &[("instant", "a timestamp"), TIMEZONE_ARGUMENT],
        example: "SELECT local_day('2026-03-13T03:59:59Z', 'America/New_York');\n-- 2026-03-12",
    }
    .scalar()
});

/// The function `local_day`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct LocalDayOf {
    signature: Signature,
}

impl Default for LocalDayOf {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for LocalDayOf {
    fn name(&self) -> &str {
        "local_day"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Timestamp, Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        check_timezone(&arguments, 1)?;
        Ok(Field::new(self.name(), DataType::Date32, true).into())
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn preimage(
        &self,
        arguments: &[Expr],
        day: &Expr,
        info: &SimplifyContext,
    ) -> Result<PreimageResult> {
        let [instant, timezone] = arguments else {
            return Ok(PreimageResult::None);
        };
        let Some(span) = constant_span(timezone, day) else {
            return Ok(PreimageResult::None);
        };
        if info.get_data_type(instant)? != timestamp_type() {
            return Ok(PreimageResult::None);
        }
        let bound = |micros| ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
        let interval = Interval::try_new(bound(span.from_micros), bound(span.to_micros))?;
        Ok(PreimageResult::Range {
            expr: instant.clone(),
            interval: Box::new(interval),
        })
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        local_day(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn local_day(call: &Call) -> Result<ColumnarValue> {
    let (instants, timezones) = (call.timestamps(0)?, call.text(1)?);
    let mut zones = Zones::default();
    let mut found = Date32Array::builder(call.row_count());
    for row in 0..call.row_count() {
        let day = match (instants.get(row), timezones.get(row)) {
            (Some(instant), Some(timezone)) => Some(zones.get(timezone)?.day_of(instant)?.day.0),
            _ => None,
        };
        found.append_option(day);
    }
    call.finish(found.finish())
}

/// The span of a constant day in a constant zone; `None` when one is not constant, or NULL, or wrong.
fn constant_span(timezone: &Expr, day: &Expr) -> Option<LocalDay> {
    let timezone = timezone.as_literal()?.try_as_str()??;
    let ScalarValue::Date32(Some(day)) = day.as_literal()? else {
        return None;
    };
    Zone::parse(timezone).ok()?.span(Day(*day)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, first_value, rows, session,
        text_arrays,
    };

    const TYPES: [DataType; 2] = [DataType::Utf8, DataType::Utf8View];

    fn days(instants: &[Option<&str>], timezones: &[Option<&str>]) -> Vec<String> {
        let ([instants, _, _], [_, timezones, _]) = (text_arrays(instants), text_arrays(timezones));
        cells(&call_arrays(LocalDayOf::default(), &[instants, timezones]))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let noon = Some("2026-03-12T12:00:00Z");
        let found = days(&[noon, None, noon], &[None, Some("UTC"), Some("UTC")]);
        assert_eq!(found, ["NULL", "NULL", "2026-03-12"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(LocalDayOf::default(), &TYPES).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        let found = days(&[Some("2026-03-08T04:59:59Z")], &[Some("America/New_York")]);
        assert_eq!(found, ["2026-03-07"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(LocalDayOf::default(), &TYPES)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn each_row_has_its_own_zone() {
        let instants = [Some("2026-01-01T10:30:00Z"); 3];
        let zones = ["Pacific/Kiritimati", "UTC", "Pacific/Pago_Pago"].map(Some);
        assert_eq!(
            days(&instants, &zones),
            ["2026-01-02", "2026-01-01", "2025-12-31"]
        );
    }

    const SENT: &str = "(SELECT arrow_cast(column1, 'Timestamp(Microsecond, Some(\"UTC\"))') AS sent_at FROM (VALUES \
         ('2026-03-08T04:59:59'), ('2026-03-08T05:00:00'), ('2026-03-09T03:59:59'), ('2026-03-09T04:00:00')) AS v)";

    #[tokio::test]
    async fn comparisons_with_a_constant_day_answer_as_the_day_itself() {
        for operator in ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"] {
            let constant =
                format!("local_day(sent_at, 'America/New_York') {operator} DATE '2026-03-08'");
            let row_wise = format!("local_day(sent_at, z) {operator} DATE '2026-03-08'");
            let count = |condition: &str| {
                format!(
                    "SELECT count(*) FROM (SELECT sent_at, 'America/New_York' || substr(CAST(sent_at AS VARCHAR), 1, 0) AS z FROM {SENT}) AS s WHERE {condition}"
                )
            };
            assert_eq!(
                first_value(&count(&constant)).await,
                first_value(&count(&row_wise)).await,
                "{operator}"
            );
        }
        let days = rows(&format!(
            "SELECT local_day(sent_at, 'America/New_York') FROM {SENT} ORDER BY sent_at"
        ))
        .await;
        assert_eq!(
            days.concat(),
            ["2026-03-07", "2026-03-08", "2026-03-08", "2026-03-09"]
        );
    }

    #[tokio::test]
    async fn a_constant_day_is_planned_as_a_range_of_instants() {
        let session = session();
        let table = format!("CREATE TABLE sent AS SELECT * FROM {SENT}");
        session
            .sql(&table)
            .await
            .expect("planned")
            .collect()
            .await
            .expect("made");
        let condition = "local_day(sent_at, 'America/New_York') >= DATE '2026-03-01'";
        let plan = session
            .sql(&format!("SELECT sent_at FROM sent WHERE {condition}"))
            .await;
        let plan = plan
            .expect("planned")
            .into_optimized_plan()
            .expect("optimized");
        let plan = plan.display_indent().to_string();
        assert!(
            plan.contains("sent_at >= Timestamp") && !plan.contains("local_day"),
            "{plan}"
        );
    }

    #[tokio::test]
    async fn an_unknown_zone_is_refused() {
        let message = failure(&format!("SELECT local_day(sent_at, 'Mars') FROM {SENT}")).await;
        assert!(
            message.contains("bad_value:timezone: expected an IANA name"),
            "{message}"
        );
    }
}
