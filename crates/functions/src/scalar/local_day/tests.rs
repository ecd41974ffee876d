//! Tests of `local_day`.

use super::*;
use crate::testing::{
    call_arrays, call_empty, call_nulls, cells, failure, first_value, rows, session, text_arrays,
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

const SENT: &str = "(SELECT arrow_cast(column1, 'Timestamp(Microsecond, Some(\"UTC\"))') AS \
                    sent_at FROM (VALUES \
     ('2026-03-08T04:59:59'), ('2026-03-08T05:00:00'), ('2026-03-09T03:59:59'), \
     ('2026-03-09T04:00:00')) AS v)";

#[tokio::test]
async fn comparisons_with_a_constant_day_answer_as_the_day_itself() {
    for operator in ["=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM"] {
        let constant =
            format!("local_day(sent_at, 'America/New_York') {operator} DATE '2026-03-08'");
        let row_wise = format!("local_day(sent_at, z) {operator} DATE '2026-03-08'");
        let count = |condition: &str| {
            format!(
                "SELECT count(*) FROM (SELECT sent_at, 'America/New_York' || \
                 substr(CAST(sent_at AS VARCHAR), 1, 0) AS z FROM {SENT}) AS s WHERE \
                 {condition}"
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
