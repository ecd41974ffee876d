//! `business_seconds(from, to, timezone, schedule)`: open time between two instants (domain
//! specification §7.5).
//!
//! Guarantees: real seconds, clock changes included; without a schedule the business is always
//! open. A zone and a schedule that repeat are parsed once per batch.

use std::sync::LazyLock;

use arrow::array::Float64Array;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err, plan_datafusion_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};

use super::period_bounds::{TIMEZONE_ARGUMENT, check_timezone, constant_text};
use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::error::Error;
use crate::reference::Entry;
use crate::schedule::Schedule;
use crate::zone::Zones;

/// What is taken: two instants, the timezone and the schedule.
const KINDS: [Kind; 4] = [Kind::Timestamp, Kind::Timestamp, Kind::Text, Kind::Text];

/// Microseconds in a second.
const MICROS_PER_SECOND: f64 = 1e6;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "business_seconds(from, to, timezone, schedule)",
        description: "Seconds between two instants in which the business is open; 0 when `to` is \
                      not after `from`. Clock \
                      changes are counted as the hours they are.",
        arguments: &[
            ("from", "the first instant"),
            ("to", "the instant after the last"),
            TIMEZONE_ARGUMENT,
            (
                "schedule",
                "the weekly hours as JSON: \
                 `[{\"dow\":1,\"open\":\"09:00\",\"close\":\"17:00\"}]`, `dow` 1 (Monday) to 7, \
                 `close` up to `24:00`, before `open` on the next day; an empty list or NULL \
                 means always open, hours that overlap count once",
            ),
        ],
        example: "SELECT business_seconds('2026-03-10T12:59:30Z', '2026-03-10T13:04:00Z', \
                  'America/New_York', '[{\"dow\":2,\"open\":\"09:00\",\"close\":\"17:00\"}]');\n\
                  -- 240.0",
    }
    .scalar()
});

/// The function `business_seconds`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct BusinessSeconds {
    signature: Signature,
}

impl Default for BusinessSeconds {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for BusinessSeconds {
    fn name(&self) -> &str {
        "business_seconds"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &KINDS, 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        check_timezone(&arguments, 2)?;
        if let Some(schedule) = constant_text(&arguments, 3) {
            Schedule::parse(schedule).map_err(|error| plan_datafusion_err!("{error}"))?;
        }
        Ok(Field::new(self.name(), DataType::Float64, true).into())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        business_seconds(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn business_seconds(call: &Call) -> Result<ColumnarValue> {
    let (from, to) = (call.timestamps(0)?, call.timestamps(1)?);
    let (timezones, schedules) = (call.text(2)?, call.text(3)?);
    let mut zones = Zones::default();
    let mut last = LastSchedule::default();
    let mut found = Float64Array::builder(call.row_count());
    for row in 0..call.row_count() {
        let arguments = (from.get(row), to.get(row), timezones.get(row));
        let (Some(from), Some(to), Some(timezone)) = arguments else {
            found.append_null();
            continue;
        };
        let zone = zones.get(timezone)?;
        let open_micros = last.get(schedules.get(row))?.open_micros(zone, from, to)?;
        found.append_value(open_micros as f64 / MICROS_PER_SECOND);
    }
    call.finish(found.finish())
}

/// The schedule parsed last; rows of one account follow each other as a rule.
#[derive(Default)]
struct LastSchedule {
    text: Option<String>,
    schedule: Schedule,
}

impl LastSchedule {
    fn get(&mut self, text: Option<&str>) -> Result<&Schedule, Error> {
        if self.text.as_deref() != text {
            self.schedule = text.map_or_else(|| Ok(Schedule::default()), Schedule::parse)?;
            self.text = text.map(str::to_owned);
        }
        Ok(&self.schedule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, first_value, text_arrays, vectors,
    };

    const TYPES: [DataType; 4] = [const { DataType::Utf8 }; 4];
    const WEEKDAYS: &str = r#"[{"dow":1,"open":"09:00","close":"17:00"},{"dow":2,"open":"09:00","close":"17:00"},
        {"dow":3,"open":"09:00","close":"17:00"},{"dow":4,"open":"09:00","close":"17:00"},
        {"dow":5,"open":"09:00","close":"17:00"}]"#;

    fn seconds(rows: &[[Option<&str>; 4]]) -> Vec<String> {
        let columns = [0, 1, 2, 3].map(|at| {
            let texts: Vec<Option<&str>> = rows.iter().map(|row| row[at]).collect();
            let [texts, _, _] = text_arrays(&texts);
            texts
        });
        cells(&call_arrays(BusinessSeconds::default(), &columns))
    }

    const FROM: Option<&str> = Some("2026-03-10T12:00:00Z");
    const TO: Option<&str> = Some("2026-03-10T14:00:00.5Z");
    const ZONE: Option<&str> = Some("America/New_York");

    #[test]
    fn nulls_give_null_but_a_schedule_that_is_null_is_always_open() {
        let found = seconds(&[
            [None, TO, ZONE, Some("[]")],
            [FROM, None, ZONE, Some("[]")],
            [FROM, TO, None, Some("[]")],
            [FROM, TO, ZONE, None],
            [FROM, TO, ZONE, Some(WEEKDAYS)],
            [FROM, TO, ZONE, Some("[]")],
        ]);
        assert_eq!(
            found,
            ["NULL", "NULL", "NULL", "7200.5", "3600.5", "7200.5"]
        );
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(BusinessSeconds::default(), &TYPES).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(seconds(&[[TO, FROM, ZONE, Some(WEEKDAYS)]]), ["0.0"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(BusinessSeconds::default(), &TYPES)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn every_business_hours_vector_holds() {
        let mut count = 0;
        for vector in vectors(include_str!(
            "../../tests/vectors/business_seconds_vectors.csv"
        )) {
            assert_eq!(vector[1], "Mon-Fri 09:00-17:00");
            let (from, to) = (format!("{}Z", vector[2]), format!("{}Z", vector[3]));
            let found = seconds(&[[Some(&from), Some(&to), Some(vector[0]), Some(WEEKDAYS)]]);
            assert_eq!(found, [format!("{}.0", vector[4])], "{vector:?}");
            count += 1;
        }
        assert_eq!(count, 7);
    }

    #[tokio::test]
    async fn sql_says_which_rule_a_schedule_breaks() {
        let call = |schedule: &str| {
            format!(
                "SELECT business_seconds(t, t, 'UTC', {schedule}) FROM (VALUES (TIMESTAMP \
                 '2026-03-10 12:00:00')) AS v(t)"
            )
        };
        assert_eq!(first_value(&call("NULL")).await, "0.0");
        let message = failure(&call("'9-17'")).await;
        assert!(
            message.contains("Error during planning: bad_value:schedule: expected a JSON array"),
            "{message}"
        );
        let message = failure(&call("concat('[1', ']', substr(CAST(t AS VARCHAR), 1, 0))")).await;
        assert!(
            message.contains("Execution error: bad_value:schedule: expected `dow` from 1"),
            "{message}"
        );
    }
}
