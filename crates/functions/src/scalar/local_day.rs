//! `local_day(instant, timezone)`: the calendar day of an instant in a time zone (domain
//! specification §4).
//!
//! Guarantees: the day whose span from midnight to midnight holds the instant, so days and windows
//! agree and a later instant never has an earlier day. A comparison with a constant day becomes one
//! with instants before the query runs, so that it prunes partitions.

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
use crate::arguments::{Kind, coerce, timestamp_type};
use crate::call::Call;
use crate::reference::Entry;
use crate::zone::{LocalDay, Zone, Zones};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "local_day(instant, timezone)",
        description: "The calendar day of the instant in the time zone. A day runs from its first \
                      local midnight (or, \
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

/// The span of a constant day in a constant zone; `None` when one is not constant, or NULL, or
/// wrong.
fn constant_span(timezone: &Expr, day: &Expr) -> Option<LocalDay> {
    let timezone = timezone.as_literal()?.try_as_str()??;
    let ScalarValue::Date32(Some(day)) = day.as_literal()? else {
        return None;
    };
    Zone::parse(timezone).ok()?.span(Day(*day)).ok()
}

#[cfg(test)]
mod tests;
