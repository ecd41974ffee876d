//! Tests of `period_start`.

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
    for vector in vectors(include_str!("../../../tests/vectors/period_vectors.csv")) {
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
    let message = failure("SELECT period_start(p, 'UTC') FROM (VALUES ('x'), ('y')) AS v(p)").await;
    assert!(
        message.contains("Execution error: bad_period: expected one of"),
        "{message}"
    );
}

#[tokio::test]
async fn as_of_may_be_of_any_unit_and_zone() {
    let statement = "SELECT period_start('today', 'Asia/Kolkata', arrow_cast(as_of, \
                     'Timestamp(Second, Some(\"+02:00\"))')) \
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
