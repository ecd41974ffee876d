//! Tests of loads: what is stored, what is a repetition, what a failure leaves behind.

mod rows;

use arrow::array::AsArray;
use chatlake_types::FixedClock;

use self::rows::{agents, messages};
use super::*;
use crate::check::TableCheck;
use crate::location::Location;
use crate::settings::StorageSettings;

const HOUR: i64 = 3_600_000_000;

/// (chatbot, conversation, message, hours since 1970, content)
type Message<'a> = (&'a str, &'a str, &'a str, i64, &'a str);

async fn open(location: &Location, settings: StorageSettings) -> Arc<Lake> {
    Lake::open(
        location.clone(),
        settings,
        Arc::new(FixedClock(1_000_000)),
        true,
    )
    .await
    .unwrap()
}

async fn memory_lake() -> Arc<Lake> {
    open(
        &Location::parse("memory://").unwrap(),
        StorageSettings::default(),
    )
    .await
}

async fn load_messages(lake: &Arc<Lake>, rows: &[Message<'_>]) -> TableReceipt {
    let mut load = lake.begin_load().await.unwrap();
    let rows = messages(&mut load, rows);
    load.append(rows).await.unwrap();
    load.commit().await.unwrap().tables.remove(0)
}

/// (conversation, message, content) of every stored message, sorted.
async fn stored(lake: &Arc<Lake>) -> Vec<(String, String, String)> {
    let table = chatlake_schema::table("messages").unwrap();
    let snapshot = lake.snapshot();
    let mut found = Vec::new();
    for file in snapshot.table("messages").unwrap().iter() {
        for batch in crate::read::read_file(lake, table, file, None)
            .await
            .unwrap()
        {
            let column = |name: &str| {
                batch
                    .column_by_name(name)
                    .unwrap()
                    .as_string::<i32>()
                    .clone()
            };
            let (conversations, ids, contents) = (
                column("conversation_id"),
                column("message_id"),
                column("content"),
            );
            for row in 0..batch.num_rows() {
                found.push((
                    conversations.value(row).into(),
                    ids.value(row).into(),
                    contents.value(row).into(),
                ));
            }
        }
    }
    found.sort();
    found
}

fn row(conversation: &str, message: &str, content: &str) -> (String, String, String) {
    (
        conversation.to_owned(),
        message.to_owned(),
        content.to_owned(),
    )
}

#[tokio::test]
async fn rows_are_partitioned_by_chatbot_and_utc_day() {
    let lake = memory_lake().await;
    let receipt = load_messages(
        &lake,
        &[
            ("a", "c1", "m1", 0, "x"),
            ("a", "c1", "m2", 23, "x"),
            ("a", "c1", "m3", 24, "x"),
            ("b/../", "c1", "m1", 0, "x"),
        ],
    )
    .await;
    assert_eq!(
        (
            receipt.row_count,
            receipt.file_count,
            receipt.duplicate_record_count
        ),
        (4, 3, 0)
    );
    let snapshot = lake.snapshot();
    let files = snapshot.table("messages").unwrap();
    let days: Vec<_> = files
        .iter()
        .map(|file| file.partition.clone().unwrap())
        .map(|p| (p.chatbot_id.unwrap().to_string(), p.day))
        .collect();
    assert_eq!(
        days,
        [
            ("a".to_owned(), 0),
            ("a".to_owned(), 1),
            ("b/../".to_owned(), 0)
        ]
    );
}

#[tokio::test]
async fn the_first_write_wins_within_a_load_and_over_loads_and_days() {
    let lake = memory_lake().await;
    let receipt = load_messages(
        &lake,
        &[
            ("a", "c", "m", 0, "first"),
            ("a", "c", "m", 50, "second"),
            ("b", "c", "m", 0, "other bot"),
        ],
    )
    .await;
    assert_eq!((receipt.row_count, receipt.duplicate_record_count), (2, 1));
    let receipt = load_messages(
        &lake,
        &[("a", "c", "m", 99, "third"), ("a", "c", "new", 0, "new")],
    )
    .await;
    assert_eq!((receipt.row_count, receipt.duplicate_record_count), (1, 1));
    assert_eq!(
        stored(&lake).await,
        [
            row("c", "m", "first"),
            row("c", "m", "other bot"),
            row("c", "new", "new")
        ]
    );
}

#[tokio::test]
async fn a_load_that_adds_nothing_makes_no_commit() {
    let lake = memory_lake().await;
    load_messages(&lake, &[("a", "c", "m", 0, "x")]).await;
    let mut load = lake.begin_load().await.unwrap();
    let rows = messages(&mut load, &[("a", "c", "m", 7, "y")]);
    load.append(rows).await.unwrap();
    assert_eq!(load.commit().await.unwrap().commit, None);
    assert_eq!(lake.snapshot().commit(), 1);
}

#[tokio::test]
async fn memory_limits_change_files_but_not_rows() {
    let rows: Vec<(String, String, i64)> = (0..500)
        .map(|n| {
            (
                format!("c{}", n % 37),
                format!("m{}", n % 200),
                i64::from(n % 90),
            )
        })
        .collect();
    let expected: std::collections::BTreeSet<_> = rows
        .iter()
        .map(|row| (row.0.clone(), row.1.clone()))
        .collect();
    let mut results = Vec::new();
    for bytes in [0, 20_000, 256 << 20] {
        let settings = StorageSettings {
            load_memory_bytes: bytes,
            dedup_memory_bytes: bytes,
            file_rows_max: 7,
            ..Default::default()
        };
        let lake = open(&Location::parse("memory://").unwrap(), settings).await;
        let mut load = lake.begin_load().await.unwrap();
        for chunk in rows.chunks(50) {
            let chunk: Vec<Message<'_>> = chunk
                .iter()
                .map(|row| ("a", row.0.as_str(), row.1.as_str(), row.2, "x"))
                .collect();
            let rows = messages(&mut load, &chunk);
            load.append(rows).await.unwrap();
        }
        let receipt = load.commit().await.unwrap().tables.remove(0);
        assert_eq!(receipt.row_count + receipt.duplicate_record_count, 500);
        let check = lake.check().await.unwrap();
        assert_eq!(
            (
                check.damages.len(),
                check
                    .tables
                    .iter()
                    .map(|table| table.orphan_count)
                    .sum::<u64>()
            ),
            (0, 0)
        );
        let found = stored(&lake).await;
        assert_eq!(
            found
                .iter()
                .map(|row| (row.0.clone(), row.1.clone()))
                .collect::<std::collections::BTreeSet<_>>(),
            expected
        );
        assert_eq!(found.len(), expected.len());
        results.push(found);
    }
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn a_registry_row_that_changes_nothing_is_a_repetition() {
    let lake = memory_lake().await;
    let mut counts = Vec::new();
    for rows in [
        vec![("x", "Ann"), ("x", "Ann"), ("y", "Bob")],
        vec![("x", "Ann")],
        vec![("x", "Eve"), ("x", "Ann")],
        vec![("x", "Ann")],
    ] {
        let mut load = lake.begin_load().await.unwrap();
        let rows = agents(&mut load, &rows);
        load.append(rows).await.unwrap();
        let receipt = load.commit().await.unwrap().tables.remove(0);
        counts.push((receipt.row_count, receipt.duplicate_record_count));
    }
    assert_eq!(counts, [(2, 1), (0, 1), (2, 0), (0, 1)]);
}

#[tokio::test]
async fn a_lake_reopened_is_the_lake_that_was_closed() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    load_messages(
        &lake,
        &[("a", "c", "m", 0, "x"), ("é%/ \n", "c", "m", 30, "y")],
    )
    .await;
    let before: Vec<_> = lake
        .snapshot()
        .table("messages")
        .unwrap()
        .iter()
        .cloned()
        .collect();
    drop(lake);
    std::fs::remove_dir_all(dir.path().join("lake/wal")).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    let after: Vec<_> = lake
        .snapshot()
        .table("messages")
        .unwrap()
        .iter()
        .cloned()
        .collect();
    assert_eq!(before, after, "the Delta log alone tells the same files");
    assert_eq!(
        (lake.snapshot().commit(), lake.snapshot().ingest_seq_max()),
        (1, 2)
    );
    assert_eq!(
        load_messages(&lake, &[("a", "c", "m", 5, "z")])
            .await
            .duplicate_record_count,
        1
    );
}

#[tokio::test]
async fn a_commit_that_reached_only_the_journal_is_seen_and_completed() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    load_messages(&lake, &[("a", "c", "m1", 0, "x")]).await;
    load_messages(&lake, &[("a", "c", "m2", 0, "x")]).await;
    drop(lake);
    // as if the process had died between the journal and the Delta log
    let log = dir
        .path()
        .join("lake/tables/messages/_delta_log/00000000000000000002.json");
    std::fs::remove_file(&log).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    assert_eq!(stored(&lake).await.len(), 2);
    assert!(!log.exists(), "a reader writes nothing");
    load_messages(&lake, &[("a", "c", "m3", 0, "x")]).await;
    assert!(log.exists());
    drop(lake);
    let lake = open(&location, StorageSettings::default()).await;
    assert_eq!(
        (stored(&lake).await.len(), lake.snapshot().commit()),
        (3, 3)
    );
}

#[tokio::test]
async fn a_reader_in_another_process_follows_and_a_second_writer_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let settings = || StorageSettings {
        journal_entries_kept: 4,
        ..Default::default()
    };
    let writer = open(&location, settings()).await;
    let reader = open(&location, settings()).await;
    load_messages(&writer, &[("a", "c", "m0", 0, "x")]).await;
    assert_eq!(stored(&reader).await.len(), 0);
    reader.refresh().await.unwrap();
    assert_eq!(stored(&reader).await.len(), 1);
    // so many commits that the journal no longer tells them all
    for n in 1..20 {
        load_messages(&writer, &[("a", "c", &format!("m{n}"), 0, "x")]).await;
    }
    reader.refresh().await.unwrap();
    assert_eq!(
        (stored(&reader).await.len(), reader.snapshot().commit()),
        (20, 20)
    );
    let open_load = writer.begin_load().await.unwrap();
    let busy = reader.begin_load().await.unwrap_err();
    assert_eq!(busy.code(), chatlake_types::ErrorCode::Busy);
    drop(open_load);
    load_messages(&reader, &[("a", "c", "from the other", 0, "x")]).await;
    assert_eq!(
        load_messages(&writer, &[("a", "c", "from the other", 0, "x")])
            .await
            .duplicate_record_count,
        1
    );
}

#[tokio::test]
async fn checkpoints_do_not_change_what_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let settings = || StorageSettings {
        checkpoint_interval_commits: 3,
        ..Default::default()
    };
    let lake = open(&location, settings()).await;
    for n in 0..8 {
        load_messages(&lake, &[("a", "c", &format!("m{n}"), n, "x")]).await;
    }
    assert!(
        dir.path()
            .join("lake/tables/messages/_delta_log/_last_checkpoint")
            .exists()
    );
    drop(lake);
    let lake = open(&location, settings()).await;
    assert_eq!(
        (stored(&lake).await.len(), lake.snapshot().commit()),
        (8, 8)
    );
}

#[tokio::test]
async fn a_dropped_load_leaves_nothing() {
    let lake = open(
        &Location::parse("memory://").unwrap(),
        StorageSettings {
            load_memory_bytes: 0,
            ..Default::default()
        },
    )
    .await;
    let mut load = lake.begin_load().await.unwrap();
    let rows = messages(&mut load, &[("a", "c", "m", 0, "x")]);
    load.append(rows).await.unwrap();
    assert_eq!(
        lake.check()
            .await
            .unwrap()
            .tables
            .iter()
            .map(|table| table.orphan_count)
            .sum::<u64>(),
        1
    );
    load.abort().await;
    assert_eq!(
        lake.check()
            .await
            .unwrap()
            .tables
            .iter()
            .map(|table| table.orphan_count)
            .sum::<u64>(),
        0
    );
    assert_eq!(
        (stored(&lake).await.len(), lake.snapshot().commit()),
        (0, 0)
    );
}

#[tokio::test]
async fn damage_is_found_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    load_messages(&lake, &[("a", "c", "m", 0, "x"), ("a", "c", "n", 30, "x")]).await;
    let files: Vec<_> = lake
        .snapshot()
        .table("messages")
        .unwrap()
        .iter()
        .cloned()
        .collect();
    let path = |n: usize| {
        dir.path()
            .join("lake")
            .join(files[n].path_in_lake("messages"))
    };
    std::fs::remove_file(path(0)).unwrap();
    std::fs::write(path(1), vec![0; files[1].size_bytes as usize]).unwrap();
    let damages = lake.check().await.unwrap().damages;
    assert_eq!(damages.len(), 2);
    assert!(
        damages
            .iter()
            .any(|damage| damage.reason == "expected a data file, found none")
    );
    assert!(
        damages
            .iter()
            .any(|damage| damage.reason.starts_with("expected a Parquet data file"))
    );
}

#[tokio::test]
async fn damage_in_one_table_does_not_change_the_orphans_of_a_later_one() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse(dir.path().join("lake").to_str().unwrap()).unwrap();
    let lake = open(&location, StorageSettings::default()).await;
    let mut load = lake.begin_load().await.unwrap();
    let rows = agents(&mut load, &[("x", "Ann")]);
    load.append(rows).await.unwrap();
    let rows = messages(&mut load, &[("a", "c", "m", 0, "x")]);
    load.append(rows).await.unwrap();
    load.commit().await.unwrap();
    let tables = dir.path().join("lake/tables");
    let file_of = |table: &str| -> std::path::PathBuf {
        let snapshot = lake.snapshot();
        let file = snapshot.table(table).unwrap().iter().next().unwrap();
        dir.path().join("lake").join(file.path_in_lake(table))
    };
    std::fs::remove_file(file_of("agents")).unwrap();
    std::fs::copy(file_of("messages"), tables.join("messages/left.parquet")).unwrap();
    let check = lake.check().await.unwrap();
    assert_eq!(check.damages.len(), 1);
    let orphans = |table: &str| {
        let is_table = |found: &&TableCheck| found.table == table;
        check.tables.iter().find(is_table).unwrap().orphan_count
    };
    let position = |name: &str| check.tables.iter().position(|found| found.table == name);
    assert!(position("agents") < position("messages"));
    assert_eq!((orphans("agents"), orphans("messages")), (0, 1));
}
