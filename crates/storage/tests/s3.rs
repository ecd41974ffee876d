//! Lakes on S3 or a compatible store: the scenarios of `tests/shared_store`, and what is particular to S3.
//!
//! They run when `CHATLAKE_TEST_S3_URL` names a place (`s3://bucket/prefix`) that the usual `AWS_*` variables reach, and
//! leave their objects there, each run and test below a folder of its own; `tests/s3/run.py` brings a store. Otherwise they
//! say that they are skipped.

#![cfg(feature = "s3")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

#[path = "shared_store/rows.rs"]
mod rows;
#[path = "shared_store/scenarios.rs"]
mod scenarios;

use std::sync::Arc;

use self::rows::{load_messages, message};
use chatlake_storage::{Error, Lake, Location, StorageSettings};
use chatlake_types::FixedClock;
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutMode, PutOptions, UpdateVersion};

const URL_VARIABLE: &str = "CHATLAKE_TEST_S3_URL";

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "whoever runs the tests says where the store is, and is told that there is none"
)]
fn base_url() -> Option<String> {
    let found = std::env::var(URL_VARIABLE).ok();
    if found.is_none() {
        println!("skipped: {URL_VARIABLE} does not say where a store is");
    }
    found
}

/// A folder of its own for one test; `None` when there is no store.
fn place(name: &str) -> Option<impl Fn() -> Location + Sync> {
    let base = base_url()?;
    let run = ulid::Ulid::new();
    let url = format!("{}/{run} %25/{name}", base.trim_end_matches('/'));
    Some(move || Location::parse(&url).unwrap())
}

/// Runs a scenario of `shared_store`, if there is a store.
macro_rules! scenario {
    ($name:ident) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            if let Some(place) = place(stringify!($name)) {
                scenarios::$name(&place).await;
            }
        }
    };
}

scenario!(a_lake_is_loaded_opened_again_and_whole);
scenario!(the_second_of_two_writers_is_refused_and_stores_nothing);
scenario!(a_writer_that_slept_for_many_commits_is_refused);
scenario!(of_many_writers_at_once_each_commit_has_one);
scenario!(hostile_ids_stay_apart);
scenario!(large_files_and_loads_given_up);
scenario!(checkpoints_are_written_and_read);

#[tokio::test]
async fn the_store_keeps_its_promises_about_conditional_puts() {
    let Some(place) = place("conditions") else {
        return;
    };
    let location = place();
    let path = Path::parse(format!("{}/object", location.root())).unwrap();
    let put = |text: &'static str, mode: PutMode| {
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        location.store().put_opts(&path, text.into(), options)
    };
    let first = put("one", PutMode::Create).await.unwrap();
    let again = put("two", PutMode::Create).await.unwrap_err();
    assert!(
        matches!(again, object_store::Error::AlreadyExists { .. }),
        "{again}"
    );
    let version = |e_tag: Option<String>| {
        PutMode::Update(UpdateVersion {
            e_tag,
            version: None,
        })
    };
    put("three", version(first.e_tag.clone())).await.unwrap();
    let stale = put("four", version(first.e_tag)).await.unwrap_err();
    assert!(
        matches!(stale, object_store::Error::Precondition { .. }),
        "{stale}"
    );
    let found = location.store().get(&path).await.unwrap();
    assert_eq!(found.bytes().await.unwrap(), "three");
}

#[tokio::test]
async fn the_second_writer_is_told_who_writes_before_its_load() {
    let Some(place) = place("lease") else {
        return;
    };
    let open = || {
        let clock = Arc::new(FixedClock(1_000_000));
        Lake::open(place(), StorageSettings::default(), clock, true)
    };
    let (first, second) = (open().await.unwrap(), open().await.unwrap());
    let load = first.begin_load().await.unwrap();
    let busy = second.begin_load().await.unwrap_err().to_string();
    assert!(busy.contains("is being written by process"), "{busy}");
    load.abort().await;
    let list = [message("a", "c", "m", 0, "x")];
    assert_eq!(load_messages(&second, &list).await, (1, 0));
    assert_eq!(load_messages(&first, &list).await, (0, 1));
}

#[tokio::test]
async fn a_bucket_that_does_not_exist_is_said() {
    if base_url().is_none() {
        return;
    }
    let url = format!(
        "s3://chatlake-{}/lake",
        ulid::Ulid::new().to_string().to_lowercase()
    );
    let open = |create| {
        let location = Location::parse(&url).unwrap();
        let clock = Arc::new(FixedClock(0));
        Lake::open(location, StorageSettings::default(), clock, create)
    };
    let missing = open(false).await.unwrap_err();
    assert!(matches!(missing, Error::NoLake { .. }), "{missing}");
    let refused = open(true).await.unwrap_err().to_string();
    let is_sentence = !refused.contains('\n');
    assert!(is_sentence && refused.contains("NoSuchBucket"), "{refused}");
}
