//! A process killed with SIGKILL while it loads, again and again: no acknowledged batch is lost, none is there by half, none twice.
//!
//! Guarantees shown: invariant 3 of ARCHITECTURE.md, on a local disk (a crash of the process, not of the machine).

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use chatlake::{Chatlake, Session};
use chatlake_tests::batches::{self, ANNOTATION_COUNT, FLOW_COUNT, MESSAGE_COUNT};
use chatlake_tests::lakes;

/// How often a process is killed.
const KILL_COUNT: u64 = 12;
/// Files that may appear before it is killed after its last acknowledgement: more than a load writes.
const NEW_FILES_MAX: usize = 18;

fn start(folder: &Path, first_batch: u64) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ingest_loop"));
    command
        .arg(folder)
        .arg(first_batch.to_string())
        .stdout(Stdio::piped());
    command.spawn().expect("the helper starts")
}

fn file_count(folder: &Path) -> usize {
    // files come and go while we look
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| {
            if entry.path().is_dir() {
                file_count(&entry.path())
            } else {
                1
            }
        })
        .sum()
}

/// Lets the process acknowledge `acknowledged_count` batches, then write `new_files` more files, and kills it there.
/// Returns the last batch that it acknowledged.
fn kill_in_the_middle(
    folder: &Path,
    first_batch: u64,
    acknowledged_count: u64,
    new_files: usize,
) -> u64 {
    let mut process = start(folder, first_batch);
    let output = process.stdout.take().expect("its output is ours");
    let mut lines = BufReader::new(output).lines();
    let mut last = first_batch - 1;
    for _ in 0..acknowledged_count {
        let line = lines
            .next()
            .expect("the helper goes on")
            .expect("its output can be read");
        last = line
            .trim_start_matches("acknowledged ")
            .parse()
            .expect("the number of a batch");
    }
    let target = file_count(folder) + new_files;
    while file_count(folder) < target {
        std::thread::yield_now();
    }
    process.kill().expect("it can be killed");
    process.wait().expect("it ends");
    // what it acknowledged while we counted files was acknowledged all the same
    for line in lines.map_while(Result::ok) {
        last = line
            .trim_start_matches("acknowledged ")
            .parse()
            .unwrap_or(last);
    }
    last
}

async fn rows_of_batch(session: &Session, number: u64) -> [u64; 3] {
    let mut counts = [0; 3];
    let questions = [
        format!("FROM stored.messages WHERE conversation_id = 'batch-{number}'"),
        format!("FROM stored.annotations WHERE conversation_id = 'batch-{number}'"),
        format!("FROM stored.flows WHERE flow_id = 'flow-of-batch-{number}'"),
    ];
    for (count, question) in counts.iter_mut().zip(questions) {
        *count = lakes::count(session, &["SELECT count(*) ", &question].concat()).await;
    }
    counts
}

async fn reopen(folder: &Path) -> Chatlake {
    let chatlake = lakes::open_folder(folder)
        .await
        .expect("the lake opens after a kill");
    let check = chatlake.check().await.expect("the lake can be checked");
    assert!(check.damages.is_empty(), "{:?}", check.damages);
    chatlake
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_process_loses_no_acknowledged_batch_and_leaves_none_by_half() {
    let whole = [MESSAGE_COUNT, ANNOTATION_COUNT, FLOW_COUNT];
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("lake");
    let mut acknowledged = 0;
    for round in 0..KILL_COUNT {
        let new_files = usize::try_from(round * 5).unwrap() % NEW_FILES_MAX;
        acknowledged = kill_in_the_middle(&folder, acknowledged + 1, 1 + round % 2, new_files);

        let chatlake = reopen(&folder).await;
        let session = chatlake.session();
        for number in 1..=acknowledged {
            assert_eq!(
                rows_of_batch(&session, number).await,
                whole,
                "round {round}: batch {number} was acknowledged"
            );
        }
        let interrupted = rows_of_batch(&session, acknowledged + 1).await;
        assert!(
            interrupted == whole || interrupted == [0; 3],
            "round {round}: half a batch: {interrupted:?}"
        );
    }
    // the client that got no answer sends its batch again
    let chatlake = reopen(&folder).await;
    let next = acknowledged + 1;
    lakes::ingest_text(&chatlake, &batches::ndjson(next))
        .await
        .unwrap();
    assert_eq!(rows_of_batch(&chatlake.session(), next).await, whole);
    assert_eq!(
        lakes::count(&chatlake.session(), "SELECT count(*) FROM stored.messages").await,
        next * MESSAGE_COUNT
    );
}
