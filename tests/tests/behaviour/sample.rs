//! The full sample set of real conversations, when it is there: it loads without a reject, and loading it again changes nothing.
//!
//! The set is not part of the checkout. It is looked for at `CHATLAKE_FULL_SAMPLE`, else at `../shared/data/chat-dev.ndjson.gz`
//! beside the checkout; without it the test says so and ends.

use std::path::PathBuf;

use chatlake::{Chatlake, IngestReport, Source};
use chatlake_tests::{house, lakes};

/// Records of the set, as its description counts them.
const RECORD_COUNT: u64 = 159_460;
/// Messages of the set.
const MESSAGE_COUNT: u64 = 75_987;

fn sample() -> Option<PathBuf> {
    let named = house::environment("CHATLAKE_FULL_SAMPLE").map(PathBuf::from);
    let path = named.unwrap_or_else(|| house::root().join("../shared/data/chat-dev.ndjson.gz"));
    path.exists().then_some(path)
}

async fn load(chatlake: &Chatlake, path: PathBuf) -> IngestReport {
    chatlake
        .ingest(Source::Path(path), lakes::ndjson())
        .await
        .expect("the sample loads")
}

async fn row_counts(chatlake: &Chatlake) -> Vec<(String, u64)> {
    let session = chatlake.session();
    let mut counts = Vec::new();
    for table in chatlake_schema::tables() {
        let question = ["SELECT count(*) FROM stored.", &table.name].concat();
        counts.push((table.name.clone(), lakes::count(&session, &question).await));
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_full_sample_loads_without_a_reject_and_a_second_time_without_a_change() {
    let Some(path) = sample() else {
        println!("skipped: the full sample is not here (set CHATLAKE_FULL_SAMPLE to its path)");
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("lake");
    let chatlake = lakes::open_folder(&folder).await.unwrap();
    let first = load(&chatlake, path.clone()).await;
    assert_eq!(
        (first.rejected, first.accepted + first.duplicates),
        (0, RECORD_COUNT),
        "{first:?}"
    );
    let counts = row_counts(&chatlake).await;
    assert!(
        counts.contains(&("messages".to_owned(), MESSAGE_COUNT)),
        "{counts:?}"
    );

    let second = load(&chatlake, path).await;
    assert_eq!(
        (second.accepted, second.rejected, second.duplicates),
        (0, 0, RECORD_COUNT),
        "{second:?}"
    );
    assert_eq!(row_counts(&chatlake).await, counts);

    // another process sees the same
    drop(chatlake);
    let chatlake = lakes::open_folder(&folder).await.unwrap();
    let check = chatlake.check().await.unwrap();
    assert!(check.damages.is_empty(), "{:?}", check.damages);
    assert_eq!(row_counts(&chatlake).await, counts);
}
