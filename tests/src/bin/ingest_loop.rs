//! Loads batch after batch into a lake until it is killed: `ingest_loop FOLDER FIRST_BATCH`.
//!
//! Guarantees: a line `acknowledged N` is written after batch N was acknowledged, never before.

#![expect(clippy::print_stdout, reason = "the lines are what the test waits for")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::io::Write;
use std::path::Path;

use chatlake_tests::{batches, lakes};

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, first] = &arguments[..] else {
        panic!("expected FOLDER FIRST_BATCH, found {arguments:?}")
    };
    let first: u64 = first.parse().expect("the number of a batch");
    let chatlake = lakes::open_folder(Path::new(folder))
        .await
        .expect("the lake opens");
    for number in first.. {
        lakes::ingest_text(&chatlake, &batches::ndjson(number))
            .await
            .expect("the batch is taken");
        println!("acknowledged {number}");
        std::io::stdout().flush().expect("the test reads on");
    }
}
