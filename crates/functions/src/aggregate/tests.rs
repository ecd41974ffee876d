//! What must hold for all aggregates: any order of rows, any split, and the two kinds of accumulators give the same.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::*;
use crate::register_all;

const CALLS: &str = "avg_of_means(s, c) AS a, avg_score(s) AS b, first_value_by(t, at) AS c, \
                     flag_rate(f, 'x') AS d, latest(t, at) AS e, latest(f, at, q) AS g, sum_score(s) AS h, top_k(t, 3) AS i";

/// 2,000 rows with NULLs, NaN, ties and repeated values; `{row}` stands for the row's number.
const ROWS: &str = "SELECT n % 17 AS k, n % 5 AS c, n AS q, n % 23 AS at, \
    CASE WHEN n % 11 = 0 THEN NULL WHEN n % 13 = 0 THEN CAST('NaN' AS DOUBLE) ELSE sin(n) END AS s, \
    CASE WHEN n % 7 = 0 THEN NULL ELSE 'text of some length ' || CAST(n % 31 AS VARCHAR) END AS t, \
    CASE WHEN n % 3 = 0 THEN NULL WHEN n % 3 = 1 THEN ['x', 'y'] ELSE ['y'] END AS f \
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

/// The rows in a partition per slice, turned around when asked for.
async fn table(slices: usize, is_reversed: bool) -> MemTable {
    let order = if is_reversed { "DESC" } else { "ASC" };
    let rows = ask(&session(1, 8_192), &format!("{ROWS} ORDER BY n {order}")).await;
    let rows = concat_batches(&rows[0].schema(), &rows).expect("one batch");
    let each = rows.num_rows().div_ceil(slices);
    let slice = |at: usize| rows.slice(at * each, each.min(rows.num_rows() - at * each));
    MemTable::try_new(
        rows.schema(),
        (0..slices).map(|at| vec![slice(at)]).collect(),
    )
    .expect("a table")
}

#[tokio::test]
async fn order_and_split_of_rows_do_not_matter() {
    let grouped = format!("SELECT k, {CALLS} FROM rows GROUP BY k ORDER BY k");
    let whole = format!("SELECT {CALLS} FROM rows");
    // With one group per row, partial aggregation gives up and hands on states.
    let single = format!("SELECT q, {CALLS} FROM rows GROUP BY q ORDER BY q");
    for statement in [grouped, whole, single] {
        let mut answers = Vec::new();
        for (partition_count, batch_rows, slices, is_reversed) in [
            (1, 8_192, 1, false),
            (4, 100, 4, false),
            (3, 7, 5, true),
            (2, 1, 2, true),
        ] {
            let session = session(partition_count, batch_rows);
            let skip =
                "SET datafusion.execution.skip_partial_aggregation_probe_rows_threshold = 10";
            ask(&session, skip).await;
            let rows = table(slices, is_reversed).await;
            session
                .register_table("rows", Arc::new(rows))
                .expect("registered");
            let found = ask(&session, &statement).await;
            answers.push(concat_batches(&found[0].schema(), &found).expect("one batch"));
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
    let rows = table(1, false).await;
    session
        .register_table("rows", Arc::new(rows))
        .expect("registered");
    let early =
        format!("SELECT q, {CALLS} FROM (SELECT * FROM rows ORDER BY q) GROUP BY q, k ORDER BY q");
    let late = format!("SELECT q, {CALLS} FROM rows GROUP BY q, k ORDER BY q");
    let plan = session
        .sql(&early)
        .await
        .expect("planned")
        .create_physical_plan()
        .await
        .expect("planned");
    let plan = datafusion::physical_plan::displayable(plan.as_ref())
        .indent(false)
        .to_string();
    assert!(plan.contains("ordering_mode="), "{plan}");
    let (early, late) = (ask(&session, &early).await, ask(&session, &late).await);
    let whole =
        |batches: &[RecordBatch]| concat_batches(&batches[0].schema(), batches).expect("one batch");
    assert_eq!(whole(&early), whole(&late));
}

#[tokio::test]
async fn memory_follows_groups_not_rows() {
    let text = DataType::Utf8View;
    let mut picks = pick::GroupPicks::new(pick::Best::Largest, &text);
    let mut largest = 0;
    for round in 0..400_i64 {
        let rows = 1_000_i64;
        let values =
            (0..rows).map(|row| Some(format!("a value that is not inlined {round} {row}")));
        let values: arrow::array::ArrayRef =
            Arc::new(values.collect::<arrow::array::StringViewArray>());
        let orders =
            arrow::array::Int64Array::from_iter_values((0..rows).map(|row| round * rows + row));
        let groups: Vec<usize> = (0..rows as usize).map(|row| row % 10).collect();
        let columns = [values, Arc::new(orders)];
        let picks: &mut dyn datafusion::logical_expr::GroupsAccumulator = &mut picks;
        picks
            .update_batch(&columns, &groups, None, 10)
            .expect("updated");
        largest = largest.max(picks.size());
    }
    assert!(largest < 2_000_000, "{largest}");
}
