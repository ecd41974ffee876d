//! What `in_period`, `period_start` and `period_end` share: from (period, timezone, as_of) to a
//! window.
//!
//! Guarantees: names and zones that are constants are checked while planning; per batch, a zone is
//! parsed once and a window that repeats is worked out once.

use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use datafusion::common::{Result, ScalarValue, plan_datafusion_err};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarUDF, ScalarUDFImpl, lit,
};

use crate::arguments::timestamp_type;
use crate::call::{Call, Column};
use crate::error::Error;
use crate::period::{Period, Preset, Window};
use crate::zone::{Zone, Zones};

/// The preset, for the reference.
pub const PERIOD_ARGUMENT: (&str, &str) = (
    "period",
    "`all_time`, `last_15_days`, `last_30_days`, `last_7_days`, `last_month`, `last_week`, \
     `last_year`, `this_month`, `this_week`, `this_year`, `today` or `yesterday`; weeks start on \
     Monday",
);
/// The zone whose local days count.
pub const TIMEZONE_ARGUMENT: (&str, &str) = ("timezone", "an IANA name such as `America/New_York`");
/// The instant from which the period is seen.
pub const AS_OF_ARGUMENT: (&str, &str) = (
    "as_of",
    "the instant whose local day is today; left out: the start of the query",
);

/// Windows by period, zone and time, of which the last is remembered.
#[derive(Default)]
pub struct Windows {
    zones: Zones,
    last: Option<(String, String, i64, Window)>,
}

impl Windows {
    /// The window of a preset's name as seen at `as_of`.
    ///
    /// # Errors
    /// [`Error::BadPeriod`], [`Error::BadValue`] for an unknown zone.
    pub fn get(
        &mut self,
        period: &str,
        timezone: &str,
        as_of_micros: i64,
    ) -> Result<Window, Error> {
        if let Some((last_period, last_timezone, last_as_of, window)) = &self.last
            && (last_period == period && last_timezone == timezone && *last_as_of == as_of_micros)
        {
            return Ok(*window);
        }
        let preset = Period::Preset(Preset::parse(period)?);
        let window = preset.resolve(self.zones.get(timezone)?, as_of_micros)?;
        self.last = Some((period.to_owned(), timezone.to_owned(), as_of_micros, window));
        Ok(window)
    }
}

/// One bound of the window per row, for `period_start` and `period_end`.
pub fn bounds(call: &Call, bound: impl Fn(&Window) -> i64) -> Result<ColumnarValue> {
    let (periods, timezones) = (call.text(0)?, call.text(1)?);
    let as_of = as_of(call, 2)?;
    let mut windows = Windows::default();
    let mut found =
        TimestampMicrosecondArray::builder(call.row_count()).with_data_type(timestamp_type());
    for row in 0..call.row_count() {
        let arguments = (periods.get(row), timezones.get(row), as_of.get(row));
        let (Some(period), Some(timezone), Some(as_of)) = arguments else {
            found.append_null();
            continue;
        };
        found.append_value(bound(&windows.get(period, timezone, as_of)?));
    }
    call.finish(found.finish())
}

/// Checks the period and the zone at the given places as far as they are constants.
///
/// # Errors
/// A planning error with the code and the sentence of [`Error`].
pub fn check(arguments: &ReturnFieldArgs, period_at: usize, timezone_at: usize) -> Result<()> {
    if let Some(period) = constant_text(arguments, period_at) {
        Preset::parse(period).map_err(|error| plan_datafusion_err!("{error}"))?;
    }
    check_timezone(arguments, timezone_at)
}

/// Checks the zone at the given place if it is a constant.
///
/// # Errors
/// A planning error with the code and the sentence of [`Error`].
pub fn check_timezone(arguments: &ReturnFieldArgs, at: usize) -> Result<()> {
    if let Some(timezone) = constant_text(arguments, at) {
        Zone::parse(timezone).map_err(|error| plan_datafusion_err!("{error}"))?;
    }
    Ok(())
}

/// The text of a constant argument; `None` when it is none, or NULL, or not given.
pub fn constant_text<'a>(arguments: &ReturnFieldArgs<'a>, at: usize) -> Option<&'a str> {
    arguments
        .scalar_arguments
        .get(at)
        .copied()
        .flatten()?
        .try_as_str()?
}

/// Replaces a call without `as_of` by one with the start of the query in its place; `count`
/// arguments are all.
pub fn complete(
    function: impl ScalarUDFImpl + 'static,
    mut arguments: Vec<Expr>,
    count: usize,
    info: &SimplifyContext,
) -> ExprSimplifyResult {
    let Some(started) = info
        .query_execution_start_time()
        .filter(|_| arguments.len() + 1 == count)
    else {
        return ExprSimplifyResult::Original(arguments);
    };
    let started = Some(started.timestamp_micros());
    arguments.push(lit(ScalarValue::TimestampMicrosecond(
        started,
        Some("UTC".into()),
    )));
    let function = Arc::new(ScalarUDF::from(function));
    ExprSimplifyResult::Simplified(Expr::ScalarFunction(ScalarFunction::new_udf(
        function, arguments,
    )))
}

/// The `as_of` of each row.
///
/// # Errors
/// When it was left out and no start of a query took its place.
pub fn as_of(call: &Call, at: usize) -> Result<Column<TimestampMicrosecondArray>> {
    if !call.has(at) {
        let expected = "a timestamp (the start of the query is not known here)";
        return Err(Error::bad_value("as_of", expected, "nothing").into());
    }
    call.timestamps(at)
}
