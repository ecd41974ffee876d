//! Tests of `in_period`.

use super::*;
use crate::testing::{
    call_arrays, call_empty, call_nulls, cells, failure, rows, session, text_arrays, vectors,
};

const TYPES: [DataType; 4] = [
    DataType::Utf8,
    DataType::Utf8,
    DataType::Utf8View,
    DataType::Utf8,
];

fn answers(
    instant: &[Option<&str>],
    period: &[Option<&str>],
    timezone: &[Option<&str>],
    as_of: &[Option<&str>],
) -> Vec<String> {
    let columns = [instant, period, timezone, as_of].map(|texts| {
        let [texts, _, _] = text_arrays(texts);
        texts
    });
    cells(&call_arrays(InPeriod::default(), &columns))
}

#[test]
fn nulls_anywhere_give_null() {
    let noon = Some("2026-03-12T12:00:00Z");
    let (today, utc) = (Some("today"), Some("UTC"));
    let found = answers(
        &[None, noon, noon, noon, noon],
        &[today, None, today, today, today],
        &[utc, utc, None, utc, utc],
        &[noon, noon, noon, None, noon],
    );
    assert_eq!(found, ["NULL", "NULL", "NULL", "NULL", "true"]);
}

#[test]
fn empty_input_gives_no_rows() {
    assert_eq!(call_empty(InPeriod::default(), &TYPES).len(), 0);
}

#[test]
fn one_row_gives_one_row() {
    let noon = Some("2026-03-12T12:00:00Z");
    assert_eq!(
        answers(&[noon], &[Some("yesterday")], &[Some("UTC")], &[noon]),
        ["false"]
    );
}

#[test]
fn all_nulls_stay_null() {
    assert_eq!(
        cells(&call_nulls(InPeriod::default(), &TYPES)),
        ["NULL", "NULL"]
    );
}

#[test]
fn the_window_of_every_vector_is_half_open() {
    for vector in vectors(include_str!("../../../tests/vectors/period_vectors.csv")) {
        if vector[2] != "custom" {
            let (start, end) = (format!("{}Z", vector[5]), format!("{}Z", vector[6]));
            let as_of = format!("{}Z", vector[1]);
            let [period, timezone, as_of] =
                [vector[2], vector[0], &as_of].map(|text| [Some(text); 2]);
            let found = answers(&[Some(&start), Some(&end)], &period, &timezone, &as_of);
            assert_eq!(found, ["true", "false"], "{vector:?}");
        }
    }
}

const SENT: &str = "(SELECT CAST(column1 AS TIMESTAMP) AS naive, arrow_cast(column1, \
                    'Timestamp(Microsecond, Some(\"UTC\"))') AS sent_at \
     FROM (VALUES ('2026-03-12T03:59:59'), ('2026-03-12T04:00:00'), ('2026-03-13T04:00:00'), \
     (NULL)) AS v)";

#[tokio::test]
async fn a_constant_call_and_one_with_columns_answer_alike() {
    let constant = "in_period(sent_at, 'today', 'America/New_York', '2026-03-12T16:00:00Z')";
    let naive = constant.replace("sent_at", "naive");
    let row_wise = constant.replace(
        "'today'",
        "concat('to', substr(CAST(sent_at AS VARCHAR), 1, 0), 'day')",
    );
    let statement = format!("SELECT {constant}, {naive}, {row_wise} FROM {SENT} ORDER BY sent_at");
    let expected = ["false", "true", "false"].map(|answer| [answer; 3]);
    let found = rows(&statement).await;
    assert_eq!(found[..3], expected);
    assert_eq!(found[3][..2], ["NULL", "NULL"]);
}

#[tokio::test]
async fn a_constant_period_is_planned_as_two_comparisons() {
    let table = format!("CREATE TABLE sent AS SELECT * FROM {SENT}");
    let session = session();
    session
        .sql(&table)
        .await
        .expect("planned")
        .collect()
        .await
        .expect("made");
    for condition in [
        "in_period(sent_at, 'today', 'America/New_York', '2026-03-12T16:00:00Z')",
        "in_period(sent_at, 'today', 'America/New_York')",
    ] {
        let plan = session
            .sql(&format!("SELECT sent_at FROM sent WHERE {condition}"))
            .await;
        let plan = plan
            .expect("planned")
            .into_optimized_plan()
            .expect("optimized");
        let plan = plan.display_indent().to_string();
        assert!(
            plan.contains("sent_at >= Timestamp") && !plan.contains("in_period("),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn wrong_constants_are_refused_even_when_no_row_is_read() {
    let message = failure(&format!(
        "SELECT 1 FROM {SENT} WHERE in_period(sent_at, 'x', 'UTC') AND false"
    ))
    .await;
    assert!(message.contains("bad_period: expected one of"), "{message}");
}
