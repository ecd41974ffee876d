//! Lakes that are damaged, foreign or not there: one clear sentence each, and nothing is changed.
//!
//! Guarantees shown: invariant 8 of ARCHITECTURE.md; a damage is told by opening, by `check` or by the query that meets it.

use std::fs;
use std::path::{Path, PathBuf};

use chatlake::{Chatlake, ErrorCode, OpenOptions};
use chatlake_tests::{batches, lakes};
use tempfile::TempDir;

/// A lake in a folder with one batch in it, closed again.
async fn lake_with_a_batch() -> (TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("lake");
    let chatlake = lakes::open_folder(&folder).await.unwrap();
    lakes::ingest_text(&chatlake, &batches::ndjson(1))
        .await
        .unwrap();
    (scratch, folder)
}

/// All files below `folder` whose path ends in `ending`, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn message_files(lake: &Path) -> Vec<PathBuf> {
    let data = files(&lake.join("tables/messages"), ".parquet");
    data.into_iter()
        .filter(|path| !path.to_string_lossy().contains("_delta_log"))
        .collect()
}

/// Opens the lake without making one; everything that is wrong with it as one text: what opening says, or `check`, or a query.
async fn complaint(url: &str) -> (ErrorCode, String) {
    let options = OpenOptions {
        create: false,
        clock: lakes::clock(),
        ..OpenOptions::default()
    };
    let chatlake = match Chatlake::open(url, options).await {
        Ok(chatlake) => chatlake,
        Err(error) => return (error.code(), error.to_string()),
    };
    let check = match chatlake.check().await {
        Ok(check) => check,
        Err(error) => return (error.code(), error.to_string()),
    };
    let damage = check
        .damages
        .first()
        .unwrap_or_else(|| panic!("`{url}`: nothing is said to be wrong"));
    let question = "SELECT sum(length(content)) FROM stored.messages";
    let told = lakes::ask(&chatlake.session(), question).await;
    let error = told.expect_err("a query over damaged rows fails instead of leaving them out");
    assert_one_sentence(&error.to_string());
    assert_ne!(error.code(), ErrorCode::Internal, "{error}");
    (error.code(), format!("{}: {}", damage.path, damage.reason))
}

fn assert_one_sentence(text: &str) {
    assert!(
        !text.trim().is_empty() && !text.contains('\n') && text.len() < 1_000,
        "expected one sentence, found: {text}"
    );
    for inner in [
        "panicked",
        "RUST_BACKTRACE",
        "Some(",
        "KernelError",
        "unwrap",
    ] {
        assert!(
            !text.contains(inner),
            "`{inner}` is nothing to tell a user: {text}"
        );
    }
}

async fn assert_told(lake: &Path, code: ErrorCode, expected: &[&str]) {
    let (found_code, text) = complaint(lake.to_str().unwrap()).await;
    assert_one_sentence(&text);
    assert_eq!(found_code, code, "{text}");
    for part in expected {
        assert!(text.contains(part), "expected `{part}` in: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lake_that_is_not_there_is_not_made_by_asking() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("nowhere");
    assert_told(&folder, ErrorCode::NotFound, &["no lake at", "nowhere"]).await;
    assert!(!folder.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_instead_of_a_folder_is_told() {
    let scratch = tempfile::tempdir().unwrap();
    let file = scratch.path().join("file");
    fs::write(&file, "not a lake").unwrap();
    assert_told(
        &file,
        ErrorCode::InvalidInput,
        &["expected a folder, found a file"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_with_other_things_is_not_taken_for_a_lake() {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("diary.txt"), "dear diary").unwrap();
    let error = lakes::open_folder(scratch.path())
        .await
        .expect_err("a folder of somebody else");
    assert_one_sentence(&error.to_string());
    assert_eq!(
        fs::read_dir(scratch.path()).unwrap().count(),
        1,
        "nothing was put beside the diary"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lake_of_another_version_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let file = lake.join("lake.json");
    let text = fs::read_to_string(&file).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let key = if value.get("format_version").is_some() {
        "format_version"
    } else {
        "version"
    };
    value[key] = serde_json::json!(999);
    fs::write(&file, value.to_string()).unwrap();
    assert_told(&lake, ErrorCode::Unsupported, &["version 999"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lake_file_that_is_no_json_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    fs::write(lake.join("lake.json"), "{\"format_ver").unwrap();
    let (_, text) = complaint(lake.to_str().unwrap()).await;
    assert_one_sentence(&text);
    assert!(text.contains("lake.json"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_data_file_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    fs::remove_file(&message_files(&lake)[0]).unwrap();
    assert_told(
        &lake,
        ErrorCode::DataDamaged,
        &["tables/messages/", "found none"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_data_file_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let file = &message_files(&lake)[0];
    let bytes = fs::read(file).unwrap();
    fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    assert_told(
        &lake,
        ErrorCode::DataDamaged,
        &["tables/messages/", "bytes"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_overwritten_data_file_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let file = &message_files(&lake)[0];
    let size = fs::read(file).unwrap().len();
    fs::write(file, vec![0; size]).unwrap();
    assert_told(&lake, ErrorCode::DataDamaged, &["tables/messages/"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_delta_log_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let log = files(&lake.join("tables/messages/_delta_log"), ".json");
    fs::write(log.last().unwrap(), "{\"add\": nonsense").unwrap();
    assert_told(&lake, ErrorCode::DataDamaged, &["messages"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_journal_entry_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let journal = files(&lake.join("wal"), ".json");
    fs::write(journal.last().unwrap(), "not json").unwrap();
    assert_told(&lake, ErrorCode::DataDamaged, &["wal/"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_where_a_folder_should_be_is_told() {
    let (_scratch, lake) = lake_with_a_batch().await;
    let log = lake.join("tables/messages/_delta_log");
    fs::remove_dir_all(&log).unwrap();
    fs::write(&log, "a file").unwrap();
    let (_, text) = complaint(lake.to_str().unwrap()).await;
    assert_one_sentence(&text);
    assert!(text.contains("messages"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_location_that_no_program_understands_is_told() {
    for url in ["", "gopher://host/lake", "s3://"] {
        let (code, text) = complaint(url).await;
        assert_one_sentence(&text);
        assert_eq!(code, ErrorCode::InvalidInput, "{text}");
    }
}
