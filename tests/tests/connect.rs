//! The pages of `docs/connect`, run as they stand there: `tests/connect/run_pages.py` in a virtual environment.
//!
//! 1. A virtual environment is made below cargo's target folder, once per content of `tests/clients/requirements.txt`.
//! 2. The script makes a lake, users, keys and a certificate with the commands of `docs/connect/README.md`, serves the lake with
//!    the built program on a port that the system chose, and runs the marked blocks of the other pages and the notebook.
//! 3. What it prints is shown when it fails.
//!
//! Needs what the pages need: a shell, openssl, and as `tests/tests/clients.rs` Python 3 and pip. `CHATLAKE_SKIP_CLIENTS=1` skips
//! it in so many words. The JDBC driver is the one that `CHATLAKE_JDBC_JAR` names or Maven brings; without Java or Maven the Java
//! block is left out, which is said.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::path::Path;
use std::process::Command;

use chatlake_tests::{house, programs, python};

#[test]
fn the_pages_about_tools_work_as_they_stand() {
    if house::environment("CHATLAKE_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        println!("skipped: CHATLAKE_SKIP_CLIENTS=1");
        return;
    }
    let program = programs::chatlake(env!("CARGO_BIN_EXE_ingest_loop"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let interpreter = python::environment(python::CLIENTS, target);
    let mut script = Command::new(interpreter);
    script.arg(house::root().join("tests/connect/run_pages.py"));
    script
        .arg("--pages")
        .arg(house::root().join("docs/connect"));
    script.arg("--program").arg(program);
    match programs::jdbc_driver(target) {
        Ok(driver) => {
            script.arg("--jdbc-jar").arg(driver);
        }
        Err(reason) => println!("skipped: the Java block: {reason}"),
    }
    let output = python::run(&mut script);
    println!("{}", python::text(&output));
    assert!(
        output.status.success(),
        "blocks of docs/connect failed, see above"
    );
}
