//! Every page against the reference implementation, on the oracle's records and on odd data: `tests/differential`.
//!
//! The reference implementation is not part of the checkout. `CHATLAKE_ORACLE` names its folder; without it this test says
//! so and ends. 1. A virtual environment is made below cargo's target folder. 2. `odd_data.py` writes records. 3. A lake in
//! memory takes them and is served. 4. `differential.py` asks both sides; its table is shown when they differ.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]
#![allow(
    clippy::print_stdout,
    reason = "the table of differences is for who reads the test's output"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use chatlake_tests::database::{DoorKind, Lake};
use chatlake_tests::{house, lakes, python};

/// What is asked: enough to meet every page, few enough for a test. The program takes all periods when nobody says so.
const QUESTIONS: [&str; 8] = [
    "--as-of",
    "2026-03-12T16:00:00Z",
    "--periods",
    "last_7_days,last_30_days,this_month,all_time",
    "--custom",
    "1",
    "--inboxes",
    "1",
];
/// The odd data is the same in every run.
const SEED: &str = "1";
/// Conversations per chatbot of the odd data: enough for every oddity, few enough for a test.
const CONVERSATION_COUNT: &str = "40";

#[tokio::test(flavor = "multi_thread")]
async fn pages_agree_with_the_reference_implementation() {
    let Some(oracle) = house::environment("CHATLAKE_ORACLE") else {
        println!(
            "skipped: CHATLAKE_ORACLE does not name the folder of the reference implementation"
        );
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let interpreter = tokio::task::spawn_blocking(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        python::environment("tests/differential/requirements.txt", target)
    });
    let interpreter = interpreter.await.expect("a virtual environment");

    let written = folder.path().join("oracle.ndjson");
    std::fs::write(&written, lakes::oracle_input()).expect("a writable folder");
    compare(&interpreter, &oracle, &written).await;

    let odd = folder.path().join("odd.ndjson");
    let mut maker = Command::new(&interpreter);
    maker.arg(script("odd_data.py")).args(["--seed", SEED]);
    maker
        .args(["--conversations", CONVERSATION_COUNT])
        .arg(&odd);
    succeed(maker).await;
    compare(&interpreter, &oracle, &odd).await;
}

/// Both sides over the records at `data`.
async fn compare(interpreter: &Path, oracle: &str, data: &Path) {
    let lake = Lake::open(DoorKind::Flight).await;
    let text = std::fs::read_to_string(data).expect("records");
    lake.ingest(&text).await.expect("valid records");
    let address = lake.address().expect("a served lake");
    let mut program = Command::new(interpreter);
    program.arg(script("differential.py"));
    program.args(["--oracle", oracle]).arg("--data").arg(data);
    program.args(QUESTIONS);
    program
        .arg("--uri")
        .arg(address.replace("http://", "grpc://"));
    succeed(program).await;
    lake.close().await;
}

fn script(name: &str) -> PathBuf {
    house::root().join("tests/differential").join(name)
}

async fn succeed(mut command: Command) {
    let output = tokio::task::spawn_blocking(move || python::run(&mut command));
    let output = output.await.expect("a process");
    println!("{}", python::text(&output));
    assert!(output.status.success(), "the two sides differ, see above");
}
