//! What must hold on any object store that several machines reach. Each scenario gets a place of its own and opens it as
//! often as it likes; every opening stands for another process.

use std::sync::Arc;

use chatlake_storage::{Error, Lake, Location, StorageSettings};
use chatlake_types::{ErrorCode, FixedClock};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::rows::{agents, damages_and_orphans, load_messages, message, messages, stored_messages};

/// Reaches the place anew: a client of its own.
pub type Place<'a> = &'a (dyn Fn() -> Location + Sync);

const CREATE: bool = true;

/// Without a lease, so that writers meet at the journal.
fn settings() -> StorageSettings {
    StorageSettings {
        writer_lease_ms: 0,
        ..StorageSettings::default()
    }
}

async fn open(place: Place<'_>) -> Arc<Lake> {
    open_with(place, settings()).await
}

async fn open_with(place: Place<'_>, settings: StorageSettings) -> Arc<Lake> {
    let clock = Arc::new(FixedClock(1_000_000));
    Lake::open(place(), settings, clock, CREATE).await.unwrap()
}

fn healthy() -> (Vec<String>, u64) {
    (Vec::new(), 0)
}

/// Every object's path below the lake, sorted.
async fn objects(lake: &Arc<Lake>, folder: &str) -> Vec<Path> {
    let prefix = Path::parse(format!("{}/{folder}", lake.location().root())).unwrap();
    let list = lake.location().store().list(Some(&prefix));
    let mut found: Vec<_> = list
        .map_ok(|object| object.location)
        .try_collect()
        .await
        .unwrap();
    found.sort();
    found
}

/// Created, loaded into several tables and partitions, opened anew, read back, verified, repeated.
pub async fn a_lake_is_loaded_opened_again_and_whole(place: Place<'_>) {
    let missing = Lake::open(place(), settings(), Arc::new(FixedClock(0)), !CREATE);
    let missing = missing.await.unwrap_err();
    assert!(matches!(missing, Error::NoLake { .. }), "{missing}");

    let lake = open(place).await;
    let list = [
        message("a", "c1", "m1", 0, "one"),
        message("a", "c1", "m2", 1, "two"),
        message("a", "c2", "m1", 1, "three"),
        message("b", "c1", "m1", 0, "four"),
        message("b", "c1", "m1", 9, "a repetition"),
    ];
    let mut load = lake.begin_load().await.unwrap();
    let rows = messages(&mut load, &list);
    load.append(rows).await.unwrap();
    let rows = agents(&mut load, &[("x", "Ann"), ("y", "Bob")]);
    load.append(rows).await.unwrap();
    let receipt = load.commit().await.unwrap();
    let counts: Vec<_> = receipt
        .tables
        .iter()
        .map(|table| (table.table, table.row_count, table.duplicate_record_count))
        .collect();
    assert_eq!(receipt.commit, Some(1));
    assert_eq!(counts, [("agents", 2, 0), ("messages", 4, 1)]);

    // what comes twice is recognised, by this process and by another one
    let again = [list[2].clone(), message("a", "c9", "m1", 3, "new")];
    assert_eq!(load_messages(&lake, &again).await, (1, 1));
    let reopened = open(place).await;
    assert_eq!(load_messages(&reopened, &again).await, (0, 2));
    assert_eq!(reopened.snapshot().commit(), 2);
    assert_eq!(reopened.lake_id(), lake.lake_id());

    let stored = stored_messages(&reopened).await;
    let found: Vec<_> = stored
        .iter()
        .map(|((chatbot, day), rows)| (chatbot.as_str(), *day, rows.len()))
        .collect();
    assert_eq!(found, [("a", 0, 1), ("a", 1, 2), ("a", 3, 1), ("b", 0, 1)]);
    assert_eq!(stored[&("b".to_owned(), 0)], [["c1", "m1", "four"]]);
    assert_eq!(damages_and_orphans(&reopened).await, healthy());

    // the Delta logs alone tell the same files
    for path in objects(&lake, "wal").await {
        lake.location().store().delete(&path).await.unwrap();
    }
    let from_logs = open(place).await;
    assert_eq!(stored_messages(&from_logs).await, stored);
    assert_eq!(from_logs.snapshot().commit(), 2);
    assert_eq!(load_messages(&from_logs, &again).await, (0, 2));
}

/// Two writers begin from the same commit: the second one is refused as a whole and can try again.
pub async fn the_second_of_two_writers_is_refused_and_stores_nothing(place: Place<'_>) {
    let (first, second) = (open(place).await, open(place).await);
    let list = [
        message("a", "c", "m", 0, "both"),
        message("a", "c", "n", 1, "both"),
    ];
    let mut slow = second.begin_load().await.unwrap();
    let mut more = list.to_vec();
    more.push(message("a", "c", "o", 0, "new"));
    let rows = messages(&mut slow, &more);
    slow.append(rows).await.unwrap();
    assert_eq!(load_messages(&first, &list).await, (2, 0));

    // that this process has seen the other's commit meanwhile does not make its load follow it
    second.refresh().await.unwrap();
    assert_eq!(second.snapshot().commit(), 1);
    let refused = slow.commit().await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Busy);
    assert_eq!(
        refused.to_string(),
        "another writer committed number 1 first: nothing of this load was stored, try again"
    );
    for lake in [&first, &second] {
        assert_eq!(damages_and_orphans(lake).await, healthy());
        assert_eq!(lake.snapshot().table("messages").unwrap().row_count(), 2);
    }
    assert_eq!(objects(&first, "wal").await.len(), 1);

    assert_eq!(load_messages(&second, &list).await, (0, 2));
    assert_eq!(load_messages(&second, &more).await, (1, 2));
    first.refresh().await.unwrap();
    assert_eq!(
        stored_messages(&first).await,
        stored_messages(&second).await
    );
    assert_eq!(damages_and_orphans(&first).await, healthy());
}

/// The same, when so many commits came between that the journal need not remember the first of them.
pub async fn a_writer_that_slept_for_many_commits_is_refused(place: Place<'_>) {
    let settings = StorageSettings {
        journal_entries_kept: 2,
        ..settings()
    };
    let sleeper = open(place).await;
    let busy = open_with(place, settings).await;
    let mut slow = sleeper.begin_load().await.unwrap();
    let rows = messages(&mut slow, &[message("a", "c", "slow", 0, "x")]);
    slow.append(rows).await.unwrap();
    for n in 0..6 {
        load_messages(&busy, &[message("a", "c", &format!("m{n}"), 0, "x")]).await;
    }
    // as if the entries were old enough to be forgotten
    let journal = objects(&busy, "wal").await;
    for path in &journal[..journal.len() - 2] {
        busy.location().store().delete(path).await.unwrap();
    }
    let refused = slow.commit().await.unwrap_err();
    assert!(matches!(refused, Error::Fenced { commit: 1 }), "{refused}");
    assert_eq!(objects(&busy, "wal").await.len(), 2);
    let reader = open(place).await;
    assert_eq!(reader.snapshot().table("messages").unwrap().row_count(), 6);
    assert_eq!(damages_and_orphans(&reader).await, healthy());
}

/// Many writers at once: whoever is told that it is stored is stored, once; nobody else is.
pub async fn of_many_writers_at_once_each_commit_has_one(place: Place<'_>) {
    const WRITER_COUNT: usize = 4;
    open(place).await;
    let mut lakes = Vec::new();
    for _ in 0..WRITER_COUNT {
        lakes.push(open(place).await);
    }
    let race = lakes.iter().enumerate().map(|(number, lake)| async move {
        let list = [
            message("a", "c", "of all", 0, &number.to_string()),
            message("a", "c", &format!("of {number}"), 0, "own"),
        ];
        let (mut try_count, mut refused_count) = (0, 0);
        loop {
            try_count += 1;
            assert!(try_count < 20, "writer {number} never gets through");
            let mut load = match lake.begin_load().await {
                Err(error) if error.code() == ErrorCode::Busy => continue,
                load => load.unwrap(),
            };
            let rows = messages(&mut load, &list);
            load.append(rows).await.unwrap();
            match load.commit().await {
                Ok(receipt) => return (receipt.commit.unwrap(), refused_count),
                Err(Error::Fenced { .. }) => refused_count += 1,
                Err(error) => panic!("writer {number}: {error}"),
            }
        }
    });
    let mut outcomes = futures::future::join_all(race).await;
    outcomes.sort_unstable();
    let commits: Vec<_> = outcomes.iter().map(|(commit, _)| *commit).collect();
    assert_eq!(commits, [1, 2, 3, 4]);
    let reader = open(place).await;
    let stored = stored_messages(&reader).await;
    assert_eq!(stored[&("a".to_owned(), 0)].len(), WRITER_COUNT + 1);
    assert_eq!(damages_and_orphans(&reader).await, healthy());
}

/// Ids that would leave their folder or become one another if they were pasted into paths.
pub async fn hostile_ids_stay_apart(place: Place<'_>) {
    let long = "🦀".repeat(128);
    let ids = [
        "..",
        ".",
        "../..",
        "/",
        "//",
        "a/b",
        "a%2Fb",
        "a%2fb",
        "%",
        "%2E%2E",
        "a b",
        "a+b",
        "a\nb",
        "a\0b",
        "é",
        "e\u{301}",
        "🦀",
        "A",
        "a",
        "=",
        "chatbot_id=a",
        "_delta_log",
        "*",
        "?",
        "#",
        "&",
        "[a]",
        "\\",
        "\"",
        "'",
        "<",
        "~",
        "^",
        "`",
        "{a}",
        "|",
        "__HIVE_DEFAULT_PARTITION__",
        "\u{202e}abc",
        &long,
    ];
    let list: Vec<_> = ids.iter().map(|id| message(id, id, id, 0, id)).collect();
    let lake = open(place).await;
    assert_eq!(load_messages(&lake, &list).await, (ids.len() as u64, 0));
    assert_eq!(load_messages(&lake, &list).await, (0, ids.len() as u64));
    for path in objects(&lake, "wal").await {
        lake.location().store().delete(&path).await.unwrap();
    }
    let reopened = open(place).await;
    let stored = stored_messages(&reopened).await;
    assert_eq!(stored.len(), ids.len());
    for id in ids {
        assert_eq!(stored[&(id.to_owned(), 0)], [[id, id, id]], "{id:?}");
    }
    assert_eq!(load_messages(&reopened, &list).await, (0, ids.len() as u64));
    assert_eq!(damages_and_orphans(&reopened).await, healthy());
    let tables = objects(&lake, "tables/messages").await;
    let data = tables
        .iter()
        .filter(|path| path.extension() == Some("parquet"));
    assert_eq!(data.count(), ids.len(), "all files lie below their table");
}

/// A data file that is put in parts; loads that are given up before and after rows were written.
pub async fn large_files_and_loads_given_up(place: Place<'_>) {
    let settings = StorageSettings {
        load_memory_bytes: 0,
        ..settings()
    };
    let lake = open_with(place, settings).await;
    let noise = |seed: u64| -> String {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b' ' + u8::try_from(state % 94).unwrap())
        };
        (0..64 << 10).map(|_| next()).collect()
    };
    let list: Vec<_> = (0..400)
        .map(|n| message("a", "c", &format!("m{n}"), 0, &noise(n)))
        .collect();
    let mut given_up = lake.begin_load().await.unwrap();
    let rows = messages(&mut given_up, &list[..3]);
    given_up.append(rows).await.unwrap();
    assert_eq!(damages_and_orphans(&lake).await.1, 1);
    given_up.abort().await;
    assert_eq!(damages_and_orphans(&lake).await, healthy());

    assert_eq!(load_messages(&lake, &list).await, (400, 0));
    let largest = |lake: &Arc<Lake>| {
        let snapshot = lake.snapshot();
        let files = snapshot.table("messages").unwrap();
        files.iter().map(|file| file.size_bytes).max().unwrap()
    };
    assert!(largest(&lake) > 16 << 20, "{}", largest(&lake));
    let reopened = open(place).await;
    let stored = stored_messages(&reopened).await;
    assert_eq!(stored[&("a".to_owned(), 0)].len(), 400);
    assert_eq!(load_messages(&reopened, &list[7..9]).await, (0, 2));
    assert_eq!(damages_and_orphans(&reopened).await, healthy());
}

/// So many commits that checkpoints are written and the journal is trimmed where it may be.
pub async fn checkpoints_are_written_and_read(place: Place<'_>) {
    let frequent = || StorageSettings {
        checkpoint_interval_commits: 3,
        ..settings()
    };
    let lake = open_with(place, frequent()).await;
    for n in 0..8 {
        let list = [message("a", "c", &format!("m{n}"), n, "x")];
        assert_eq!(load_messages(&lake, &list).await, (1, 0));
    }
    let log = objects(&lake, "tables/messages/_delta_log").await;
    let ends = |end: &str| log.iter().any(|path| path.as_ref().ends_with(end));
    assert!(
        ends("_last_checkpoint") && ends(".checkpoint.parquet"),
        "{log:?}"
    );
    let reopened = open_with(place, frequent()).await;
    assert_eq!(reopened.snapshot().commit(), 8);
    assert_eq!(stored_messages(&reopened).await.len(), 8);
    assert_eq!(damages_and_orphans(&reopened).await, healthy());
}
