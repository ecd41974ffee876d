//! Runs every `tests/slt/**/*.slt` twice, embedded and over Flight SQL, each time on an empty lake of its own.
//!
//! Guarantees: columns, types and rows are compared exactly. `CHATLAKE_BLESS=1` writes what came out of the embedded run
//! into the files instead. The format is in CONTRIBUTING.md, "SQL behaviour".

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatlake_tests::database::{DoorKind, Lake};
use chatlake_tests::house;
use sqllogictest::harness::{Arguments, Failed, Trial, run};
use sqllogictest::{AsyncDB, Normalizer, Runner, default_validator, strict_column_validator};

const COLUMN_SEPARATOR: &str = "\t";
const IGNORE_MARKER: &str = "<slt:ignore>";

fn main() {
    let arguments = Arguments::from_args();
    let doors: &[DoorKind] = if house::is_blessing() {
        &[DoorKind::Embedded]
    } else {
        &[DoorKind::Embedded, DoorKind::Flight]
    };
    let mut trials = Vec::new();
    for file in house::files("tests/slt", &[".slt"]) {
        for door in doors {
            let name = format!(
                "{} {}",
                file.path.trim_start_matches("tests/slt/"),
                door.name()
            );
            let (path, door) = (house::root().join(&file.path), *door);
            trials.push(Trial::test(name, move || check(&path, door)));
        }
    }
    run(&arguments, trials).exit();
}

fn check(path: &Path, door: DoorKind) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(check_file(path.to_owned(), door))
}

async fn check_file(path: PathBuf, door: DoorKind) -> Result<(), Failed> {
    let lake = Arc::new(Lake::open(door).await);
    let connecting = Arc::clone(&lake);
    let mut runner = Runner::new(move || {
        let lake = Arc::clone(&connecting);
        async move { lake.connect().await }
    });
    runner.with_normalizer(as_written);
    runner.with_validator(same_rows);
    runner.with_column_validator(strict_column_validator);
    let outcome = if house::is_blessing() {
        bless(&mut runner, &path).await
    } else {
        runner
            .run_file_async(&path)
            .await
            .map_err(|error| Failed::from(error.to_string()))
    };
    runner.shutdown_async().await;
    drop(runner);
    if let Some(lake) = Arc::into_inner(lake) {
        lake.close().await;
    }
    outcome
}

async fn bless<D, M>(runner: &mut Runner<D, M>, path: &Path) -> Result<(), Failed>
where
    D: AsyncDB<ColumnType = chatlake_tests::cells::CellType>,
    M: sqllogictest::MakeConnection<Conn = D>,
{
    let written = runner
        .update_test_file(
            path,
            COLUMN_SEPARATOR,
            same_rows,
            as_written,
            strict_column_validator,
        )
        .await;
    written.map_err(|error| Failed::from(error.to_string()))
}

/// Spaces count: cells were brought into one form before.
#[expect(
    clippy::ptr_arg,
    reason = "the signature is that of `sqllogictest::Normalizer`"
)]
fn as_written(text: &String) -> String {
    text.clone()
}

fn same_rows(normalizer: Normalizer, actual: &[Vec<String>], expected: &[String]) -> bool {
    if expected.iter().any(|line| line.contains(IGNORE_MARKER)) {
        return default_validator(normalizer, actual, expected);
    }
    let actual: Vec<String> = actual
        .iter()
        .map(|row| row.join(COLUMN_SEPARATOR))
        .collect();
    actual == expected
}
