//! What must hold for all aggregates: any order of rows, any split, and the two kinds of
//! accumulators give the same.

use arrow::array::{ArrayRef, AsArray, Int64Array, RecordBatch, StringViewArray};
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use datafusion::logical_expr::{EmitTo, GroupsAccumulator, col};
use datafusion::physical_plan::displayable;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::pick::{Best, GroupPicks};
use super::*;
use crate::register_all;

const CALLS: &str = "avg_of_means(s, c) AS a, avg_score(s) AS b, first_value_by(t, at) AS c, \
                     flag_rate(f, 'x') AS d, latest(t, at) AS e, latest(f, at, q) AS g, \
                     session_spans(to_timestamp_seconds(at * 20000), e, t, q, 30000 + c) AS h, \
                     sum_score(s) AS i, top_k(t, 3) AS j";

/// 2,000 rows with NULLs, NaN, ties and repeated values, numbered by `n`.
const ROWS: &str = "SELECT n % 17 AS k, n % 5 AS c, n AS q, n % 23 AS at, \
    CASE WHEN n % 11 = 0 THEN NULL WHEN n % 13 = 0 THEN CAST('NaN' AS DOUBLE) ELSE sin(n) END AS \
    s, \
    CASE WHEN n % 7 = 0 THEN NULL ELSE 'text of some length ' || CAST(n % 31 AS VARCHAR) END AS t, \
    CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN ['x', 'y'] ELSE ['y'] END AS f, \
    CASE n % 7 WHEN 0 THEN 'inbound' WHEN 1 THEN 'outbound' WHEN 2 THEN 'opened' WHEN 3 THEN NULL \
    WHEN 4 THEN 'assigned' ELSE 'resolved' END AS e \
    FROM (SELECT unnest(range(1, 2001)) AS n)";

fn session(partition_count: usize, batch_rows: usize) -> SessionContext {
    let config = SessionConfig::new();
    let config = config
        .with_target_partitions(partition_count)
        .with_batch_size(batch_rows);
    let mut session = SessionContext::new_with_config(config);
    register_all(&mut session).expect("registered");
    session
}

async fn ask(session: &SessionContext, statement: &str) -> Vec<RecordBatch> {
    let planned = session.sql(statement).await;
    planned.expect(statement).collect().await.expect(statement)
}

/// The rows in their order, or turned around, as one batch.
async fn facts(is_reversed: bool) -> RecordBatch {
    let order = if is_reversed { "DESC" } else { "ASC" };
    whole(&ask(&session(1, 8_192), &format!("{ROWS} ORDER BY n {order}")).await)
}

fn whole(batches: &[RecordBatch]) -> RecordBatch {
    concat_batches(&batches[0].schema(), batches).expect("one batch")
}

/// Consecutive slices of about equal length.
fn slices(rows: &RecordBatch, count: usize) -> Vec<RecordBatch> {
    let each = rows.num_rows().div_ceil(count);
    let slice = |at: usize| rows.slice(at * each, each.min(rows.num_rows() - at * each));
    (0..count).map(slice).collect()
}

#[tokio::test]
async fn order_and_split_of_rows_do_not_matter() {
    let grouped = format!("SELECT k, {CALLS} FROM facts GROUP BY k ORDER BY k");
    let ungrouped = format!("SELECT {CALLS} FROM facts");
    // With one group per row, partial aggregation gives up and hands on states.
    let single = format!("SELECT q, {CALLS} FROM facts GROUP BY q ORDER BY q");
    for statement in [grouped, ungrouped, single] {
        let mut answers = Vec::new();
        for (partition_count, batch_rows, slice_count, is_reversed) in [
            (1, 8_192, 1, false),
            (4, 100, 4, false),
            (3, 7, 5, true),
            (2, 1, 2, true),
        ] {
            let session = session(partition_count, batch_rows);
            let skip =
                "SET datafusion.execution.skip_partial_aggregation_probe_rows_threshold = 10";
            ask(&session, skip).await;
            let rows = facts(is_reversed).await;
            let partitions = slices(&rows, slice_count)
                .into_iter()
                .map(|slice| vec![slice]);
            let table = MemTable::try_new(rows.schema(), partitions.collect()).expect("a table");
            session
                .register_table("facts", Arc::new(table))
                .expect("registered");
            answers.push(whole(&ask(&session, &statement).await));
        }
        assert!(answers[0].num_rows() > 0);
        for answer in &answers[1..] {
            assert_eq!(answer, &answers[0], "{statement}");
        }
    }
}

#[tokio::test]
async fn groups_that_come_in_order_are_emitted_early() {
    let session = session(1, 16);
    let rows = facts(false).await;
    let table = || MemTable::try_new(rows.schema(), vec![slices(&rows, 100)]).expect("a table");
    let sorted = table().with_sort_order(vec![vec![col("q").sort(true, false)]]);
    session
        .register_table("sorted", Arc::new(sorted))
        .expect("registered");
    session
        .register_table("facts", Arc::new(table()))
        .expect("registered");
    let early = format!("SELECT q, {CALLS} FROM sorted GROUP BY q, k ORDER BY q");
    let late = format!("SELECT q, {CALLS} FROM facts GROUP BY q, k ORDER BY q");
    let plan = session
        .sql(&early)
        .await
        .expect("planned")
        .create_physical_plan()
        .await;
    let plan = displayable(plan.expect("planned").as_ref())
        .indent(false)
        .to_string();
    assert!(plan.contains("ordering_mode="), "{plan}");
    assert_eq!(
        whole(&ask(&session, &early).await),
        whole(&ask(&session, &late).await)
    );
}

#[test]
fn memory_follows_groups_not_rows() {
    let mut picks = GroupPicks::new(Best::Largest, &DataType::Utf8View);
    let (mut largest, row_count) = (0, 1_000_i64);
    for round in 0..1_500_i64 {
        let text = |row| Some(format!("a value that is not inlined {round} {row}"));
        let values: ArrayRef = Arc::new((0..row_count).map(text).collect::<StringViewArray>());
        let orders = (0..row_count).map(|row| round * row_count + row);
        let orders: ArrayRef = Arc::new(Int64Array::from_iter_values(orders));
        let groups: Vec<usize> = (0..row_count as usize).map(|row| row % 10).collect();
        picks
            .update_batch(&[values, orders], &groups, None, 10)
            .expect("updated");
        largest = largest.max(picks.size());
    }
    // 1,500,000 values of about 40 bytes went through.
    assert!(largest < 3_000_000, "{largest}");
    let last = picks.evaluate(EmitTo::All).expect("evaluated");
    assert_eq!(
        last.as_string_view().value(9),
        "a value that is not inlined 1499 999"
    );
}
