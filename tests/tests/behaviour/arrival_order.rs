//! The same records in any order, in any number of loads, with repetitions: the same derived rows.
//!
//! Guarantees shown: invariant 4 of ARCHITECTURE.md, on the oracle's records. Two records that claim the same key (first
//! write wins, last write wins) keep their order, because there the arrival counts.

use std::collections::BTreeMap;

use chatlake::Session;
use chatlake_tests::arrival::{Order, arranged, conflicts};
use chatlake_tests::lakes;

/// Columns that say when a row arrived.
const ARRIVAL_COLUMNS: [&str; 1] = ["ingest_seq"];

/// Every view's rows, without what says when they arrived, in a fixed order.
async fn all_views(session: &Session) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut found = BTreeMap::new();
    for table in session
        .tables()
        .await
        .unwrap()
        .into_iter()
        .filter(|table| table.schema == "lake")
    {
        let fields = table
            .arrow_schema
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        let columns: Vec<&str> = fields
            .filter(|name| !ARRIVAL_COLUMNS.contains(name))
            .collect();
        let question = ["SELECT ", &columns.join(", "), " FROM ", &table.name].concat();
        let mut rows = lakes::ask(session, &question)
            .await
            .unwrap_or_else(|error| panic!("{question}: {error}"));
        rows.sort();
        found.insert(table.name, rows);
    }
    found
}

fn assert_same(
    expected: &BTreeMap<String, Vec<Vec<String>>>,
    found: &BTreeMap<String, Vec<Vec<String>>>,
    what: &str,
) {
    for (view, rows) in expected {
        assert_eq!(rows, &found[view], "{what}: `{view}`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_do_not_depend_on_the_order_in_which_records_arrive() {
    let input = lakes::oracle_input();
    let lines: Vec<&str> = input.lines().collect();
    assert!(
        !conflicts(&lines).is_empty(),
        "the oracle has retries with other content"
    );
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, &input).await.unwrap();
    let expected = all_views(&chatlake.session()).await;
    assert!(
        expected.values().filter(|rows| !rows.is_empty()).count() > 20,
        "the oracle fills the views"
    );

    for (seed, load_count) in [(1, 1), (2, 2), (3, 7), (4, 20)] {
        let order = arranged(&lines, Order::Shuffled(seed));
        let chatlake = lakes::in_memory().await;
        for part in order.chunks(lines.len().div_ceil(load_count)) {
            let text: String = part
                .iter()
                .flat_map(|number| [lines[*number], "\n"])
                .collect();
            let report = lakes::ingest_text(&chatlake, &text).await.unwrap();
            assert_eq!(report.rejected, 0);
        }
        let what = format!("seed {seed}, {load_count} loads");
        assert_same(&expected, &all_views(&chatlake.session()).await, &what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_come_again_change_nothing() {
    let input = lakes::oracle_input();
    let chatlake = lakes::in_memory().await;
    let first = lakes::ingest_text(&chatlake, &input).await.unwrap();
    let expected = all_views(&chatlake.session()).await;
    let second = lakes::ingest_text(&chatlake, &input).await.unwrap();
    assert_eq!((second.accepted, second.rejected), (0, 0), "{second:?}");
    assert_eq!(second.duplicates, first.accepted + first.duplicates);
    assert_same(
        &expected,
        &all_views(&chatlake.session()).await,
        "loaded twice",
    );

    let twice: String = input
        .lines()
        .flat_map(|line| [line, "\n", line, "\n"])
        .collect();
    let chatlake = lakes::in_memory().await;
    let report = lakes::ingest_text(&chatlake, &twice).await.unwrap();
    assert_eq!(report.accepted, first.accepted);
    assert_same(
        &expected,
        &all_views(&chatlake.session()).await,
        "each line twice",
    );
}
