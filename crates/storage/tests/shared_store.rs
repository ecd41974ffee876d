//! Lakes on an object store that several writers reach, in memory: what `tests/s3.rs` shows on a real protocol, and what
//! needs a store that misbehaves.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

#[path = "shared_store/repeating_store.rs"]
mod repeating_store;
#[path = "shared_store/rows.rs"]
mod rows;
#[path = "shared_store/scenarios.rs"]
mod scenarios;

use std::sync::Arc;

use chatlake_storage::{Error, Lake, Location, StorageSettings};
use chatlake_types::FixedClock;
use object_store::ObjectStore;
use object_store::memory::InMemory;

use self::repeating_store::RepeatingStore;
use self::rows::{damages_and_orphans, load_messages, message};

/// A new place in memory; every location of it has the same objects.
fn place() -> impl Fn() -> Location + Sync {
    let store = Arc::new(InMemory::new());
    move || at(Arc::clone(&store) as Arc<dyn ObjectStore>)
}

fn at(store: Arc<dyn ObjectStore>) -> Location {
    Location::with_store("memory://", "memory:///a%20prefix/lake", store).unwrap()
}

#[tokio::test]
async fn a_lake_is_loaded_opened_again_and_whole() {
    scenarios::a_lake_is_loaded_opened_again_and_whole(&place()).await;
}

#[tokio::test]
async fn the_second_of_two_writers_is_refused_and_stores_nothing() {
    scenarios::the_second_of_two_writers_is_refused_and_stores_nothing(&place()).await;
}

#[tokio::test]
async fn a_writer_that_slept_for_many_commits_is_refused() {
    scenarios::a_writer_that_slept_for_many_commits_is_refused(&place()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writers_at_once_each_commit_has_one() {
    scenarios::of_many_writers_at_once_each_commit_has_one(&place()).await;
}

#[tokio::test]
async fn hostile_ids_stay_apart() {
    scenarios::hostile_ids_stay_apart(&place()).await;
}

#[tokio::test]
async fn large_files_and_loads_given_up() {
    scenarios::large_files_and_loads_given_up(&place()).await;
}

#[tokio::test]
async fn checkpoints_are_written_and_read() {
    scenarios::checkpoints_are_written_and_read(&place()).await;
}

#[tokio::test]
async fn a_commit_whose_put_was_repeated_by_the_client_is_a_commit() {
    let store = Arc::new(InMemory::new());
    let open = |store: Arc<dyn ObjectStore>| {
        let clock = Arc::new(FixedClock(1_000_000));
        Lake::open(at(store), StorageSettings::default(), clock, true)
    };
    open(Arc::clone(&store) as Arc<dyn ObjectStore>)
        .await
        .unwrap();
    let repeating = RepeatingStore::repeating(Arc::clone(&store) as Arc<dyn ObjectStore>);
    let lake = open(repeating).await.unwrap();
    for n in 0..3 {
        let list = [message("a", "c", &format!("m{n}"), 0, "x")];
        assert_eq!(load_messages(&lake, &list).await, (1, 0));
    }
    let reader = open(store).await.unwrap();
    assert_eq!(reader.snapshot().commit(), 3);
    assert_eq!(reader.snapshot().table("messages").unwrap().row_count(), 3);
    assert_eq!(damages_and_orphans(&reader).await, (Vec::new(), 0));
}

#[tokio::test]
async fn no_lake_is_made_where_conditional_puts_are_ignored() {
    let store = Arc::new(InMemory::new());
    let careless = RepeatingStore::overwriting(Arc::clone(&store) as Arc<dyn ObjectStore>);
    let clock = || Arc::new(FixedClock(1_000_000));
    let made = Lake::open(at(careless), StorageSettings::default(), clock(), true);
    let error = made.await.unwrap_err();
    assert!(matches!(error, Error::NoConditionalPut { .. }), "{error}");
    let opened = Lake::open(at(store), StorageSettings::default(), clock(), false);
    assert!(matches!(opened.await, Err(Error::NoLake { .. })));
}
