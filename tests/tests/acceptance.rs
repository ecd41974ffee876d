//! The client kit against the program, with users and TLS: `tests/acceptance/run_kit.py` in a virtual environment.
//!
//! 1. A virtual environment is made below cargo's target folder, once per content of `tests/clients/requirements.txt`.
//! 2. The script makes a lake, a user and a key, serves the lake with users and TLS, with client certificates, and open to all, and
//!    runs the checks of `tests/acceptance/flight_acceptance.py` by the clients that BI tools and notebooks use.
//! 3. It fails when a check fails that is no exception with a reason, and when an exception passes. What it prints is shown then.
//!
//! `CHATLAKE_SKIP_CLIENTS=1` skips it in so many words. The JDBC driver is the one that `CHATLAKE_JDBC_JAR` names or Maven brings;
//! without Java or Maven its checks are left out, which is said. `CHATLAKE_KIT_ROWS` is the size of the large results.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::path::Path;
use std::process::Command;

use chatlake_tests::{house, programs, python};

#[test]
fn the_client_kit_passes_with_users_and_tls() {
    if house::environment("CHATLAKE_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        println!("skipped: CHATLAKE_SKIP_CLIENTS=1");
        return;
    }
    let program = programs::chatlake(env!("CARGO_BIN_EXE_ingest_loop"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let interpreter = python::environment(python::CLIENTS, target);
    let mut script = Command::new(interpreter);
    script.arg(house::root().join("tests/acceptance/run_kit.py"));
    script.arg("--program").arg(program);
    match programs::jdbc_driver(target) {
        Ok(driver) => {
            script.arg("--jdbc-jar").arg(driver);
        }
        Err(reason) => println!("skipped: the checks by the JDBC driver: {reason}"),
    }
    if let Some(rows) = house::environment("CHATLAKE_KIT_ROWS") {
        script.args(["--big-rows", &rows]);
    }
    let output = python::run(&mut script);
    println!("{}", python::text(&output));
    assert!(
        output.status.success(),
        "checks of the client kit failed, see above"
    );
}
