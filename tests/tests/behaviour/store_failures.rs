//! A store that fails at its n-th operation, for every n: a load is there whole or not at all, and trying again makes it whole.
//!
//! Guarantees shown: invariant 3 of ARCHITECTURE.md, on an object store.

use std::io::Cursor;
use std::sync::Arc;

use chatlake_ingest::{Format, IngestOptions, Source, ingest};
use chatlake_storage::{Lake, Location, StorageSettings};
use chatlake_tests::batches::{self, ROWS_BY_TABLE};
use chatlake_tests::failing_store::{FailingStore, Failure};
use chatlake_tests::lakes;
use object_store::ObjectStore;
use object_store::memory::InMemory;

/// No load needs as many operations; a bound, so that a failure that is never reached cannot loop.
const OPERATIONS_MAX: u64 = 1_000;

async fn open(store: Arc<dyn ObjectStore>) -> Result<Arc<Lake>, String> {
    let location = Location::with_store("memory://", "memory:///", store)
        .map_err(|error| error.to_string())?;
    let lake = Lake::open(location, StorageSettings::default(), lakes::clock(), true).await;
    lake.map_err(|error| error.to_string())
}

async fn load(lake: &Arc<Lake>, number: u64) -> Result<(), String> {
    let source = Source::Reader(Box::new(Cursor::new(batches::ndjson(number).into_bytes())));
    let options = IngestOptions::new(Format::Ndjson, lakes::NOW_MICROS);
    let report = ingest(lake, source, options)
        .await
        .map_err(|error| error.to_string())?;
    assert_eq!(report.rejected, 0);
    Ok(())
}

/// How many batches each table holds; they must agree.
async fn batch_count(lake: &Arc<Lake>) -> u64 {
    let check = lake.check().await.expect("a healthy store can be checked");
    assert!(check.damages.is_empty(), "{:?}", check.damages);
    let snapshot = lake.snapshot();
    let counts = ROWS_BY_TABLE.map(|(table, rows)| {
        let found = snapshot.table(table).map_or(0, |files| files.row_count());
        assert_eq!(
            found % rows,
            0,
            "`{table}` has {found} rows, a batch has {rows}: half a batch is visible"
        );
        found / rows
    });
    assert!(
        counts.iter().all(|count| *count == counts[0]),
        "tables disagree: {counts:?}"
    );
    counts[0]
}

/// Opens the lake and loads the second batch, all through a store that fails at operation `n`; then looks with a healthy
/// one. Returns whether the failure was reached.
async fn fails_at(failure: Failure, n: u64) -> bool {
    let store = Arc::new(InMemory::new());
    let healthy = || Arc::clone(&store) as Arc<dyn ObjectStore>;
    load(&open(healthy()).await.unwrap(), 1).await.unwrap();

    let failing = FailingStore::new(Arc::clone(&store), failure, n);
    let outcome = match open(Arc::clone(&failing) as Arc<dyn ObjectStore>).await {
        Ok(lake) => load(&lake, 2).await,
        Err(error) => Err(error),
    };
    if let Err(sentence) = &outcome {
        assert!(
            !sentence.is_empty() && !sentence.contains('\n'),
            "one sentence, found `{sentence}`"
        );
    }

    let lake = open(healthy())
        .await
        .unwrap_or_else(|error| panic!("{failure:?} {n}: {error}"));
    let found = batch_count(&lake).await;
    let acknowledged = if outcome.is_ok() { 2 } else { 1 };
    assert!(
        (acknowledged..=2).contains(&found),
        "{failure:?} {n}: {outcome:?}, but {found} batches"
    );
    load(&lake, 2)
        .await
        .unwrap_or_else(|error| panic!("{failure:?} {n}: the second try fails: {error}"));
    assert_eq!(
        batch_count(&lake).await,
        2,
        "{failure:?} {n}: after trying again"
    );
    assert_eq!(
        batch_count(&open(healthy()).await.unwrap()).await,
        2,
        "{failure:?} {n}: after opening again"
    );
    failing.operation_count() >= n
}

async fn fails_everywhere(failure: Failure) {
    let mut n = 1;
    while fails_at(failure, n).await {
        n += 1;
        assert!(
            n < OPERATIONS_MAX,
            "a load of a small batch needs more than {OPERATIONS_MAX} operations"
        );
    }
    // opening reads, a load writes data files, the journal and logs of three tables
    assert!(
        n > 10,
        "only {n} operations were seen: the store is not used"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_that_fails_leaves_a_load_whole_or_absent() {
    fails_everywhere(Failure::Before).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_whose_answer_is_lost_leaves_a_load_whole_or_absent() {
    fails_everywhere(Failure::After).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_dies_leaves_a_load_whole_or_absent() {
    fails_everywhere(Failure::FromThenOn).await;
}
