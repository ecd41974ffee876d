//! `in_period(instant, period, timezone [, as_of])`: does an instant lie in a period (domain
//! specification §4)?
//!
//! Guarantees: pure; with a constant period, zone and `as_of` the call becomes two comparisons
//! before the query runs, so that it prunes partitions like a plain range does.

use std::sync::LazyLock;

use arrow::array::BooleanArray;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    Cast, ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility, lit,
};

use super::period_bounds::{self, AS_OF_ARGUMENT, PERIOD_ARGUMENT, TIMEZONE_ARGUMENT, Windows};
use crate::arguments::{Kind, coerce, timestamp_type};
use crate::call::Call;
use crate::period::Window;
use crate::reference::Entry;

/// What is taken: the instant, the period, the timezone and, optionally, `as_of`.
const KINDS: [Kind; 4] = [Kind::Timestamp, Kind::Text, Kind::Text, Kind::Timestamp];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "in_period(instant, period, timezone [, as_of])",
        description: "Does the instant lie in the period, from `period_start` on and before \
                      `period_end`?",
        arguments: &[
            ("instant", "a timestamp"),
            PERIOD_ARGUMENT,
            TIMEZONE_ARGUMENT,
            AS_OF_ARGUMENT,
        ],
        example: "SELECT in_period('2026-03-13T03:59:59Z', 'today', 'America/New_York', \
                  '2026-03-12T16:00:00Z');\n\
                  -- true",
    }
    .scalar()
});

/// The function `in_period`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct InPeriod {
    signature: Signature,
}

impl Default for InPeriod {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Stable),
        }
    }
}

impl ScalarUDFImpl for InPeriod {
    fn name(&self) -> &str {
        "in_period"
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
        period_bounds::check(&arguments, 1, 2)?;
        Ok(Field::new(self.name(), DataType::Boolean, true).into())
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn simplify(&self, arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let [instant, period, timezone, as_of] = arguments.as_slice()
            && is_column(instant)
            && info.get_data_type(instant)? == timestamp_type()
            && let Some(window) = constant_window(period, timezone, as_of)
        {
            return Ok(ExprSimplifyResult::Simplified(within(instant, &window)));
        }
        Ok(period_bounds::complete(
            Self::default(),
            arguments,
            KINDS.len(),
            info,
        ))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        in_period(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn in_period(call: &Call) -> Result<ColumnarValue> {
    let (instants, periods, timezones) = (call.timestamps(0)?, call.text(1)?, call.text(2)?);
    let as_of = period_bounds::as_of(call, 3)?;
    let mut windows = Windows::default();
    let mut found = BooleanArray::builder(call.row_count());
    for row in 0..call.row_count() {
        let arguments = (
            instants.get(row),
            periods.get(row),
            timezones.get(row),
            as_of.get(row),
        );
        let (Some(instant), Some(period), Some(timezone), Some(as_of)) = arguments else {
            found.append_null();
            continue;
        };
        found.append_value(windows.get(period, timezone, as_of)?.contains(instant));
    }
    call.finish(found.finish())
}

/// May the expression be written twice without being computed twice?
fn is_column(instant: &Expr) -> bool {
    match instant {
        Expr::Cast(Cast { expr, .. }) => is_column(expr),
        _ => matches!(instant, Expr::Column(_)),
    }
}

/// The window of constant arguments; `None` when one is not constant, or NULL, or wrong: running it
/// says so.
fn constant_window(period: &Expr, timezone: &Expr, as_of: &Expr) -> Option<Window> {
    let (period, timezone) = (period.as_literal()?, timezone.as_literal()?);
    let ScalarValue::TimestampMicrosecond(Some(as_of), Some(_)) = as_of.as_literal()? else {
        return None;
    };
    let (period, timezone) = (period.try_as_str()??, timezone.try_as_str()??);
    Windows::default().get(period, timezone, *as_of).ok()
}

/// `from <= instant AND instant < to`.
fn within(instant: &Expr, window: &Window) -> Expr {
    let bound = |micros| {
        lit(ScalarValue::TimestampMicrosecond(
            Some(micros),
            Some("UTC".into()),
        ))
    };
    let from = instant.clone().gt_eq(bound(window.from_micros));
    from.and(instant.clone().lt(bound(window.to_micros)))
}

#[cfg(test)]
mod tests;
