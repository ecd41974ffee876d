//! Python clients against a served lake: `tests/clients/test_clients.py` in a virtual environment.
//!
//! 1. A virtual environment is made below cargo's target folder, once per content of `tests/clients/requirements.txt`.
//! 2. A small lake in a folder is filled with the oracle's records and served on a port that the system chose.
//! 3. The script runs; what it prints is shown when it fails.
//!
//! Without Python 3 and pip this test fails and says so. `CHATLAKE_SKIP_CLIENTS=1` skips it in so many words.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::path::Path;
use std::process::Command;

use chatlake_flight::{FlightOptions, FlightServer};
use chatlake_tests::{house, lakes, python};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

#[tokio::test(flavor = "multi_thread")]
async fn python_clients_agree_with_chatlake() {
    if house::environment("CHATLAKE_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        println!("skipped: CHATLAKE_SKIP_CLIENTS=1");
        return;
    }
    let environment = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        python::environment(python::CLIENTS, target)
    };
    let interpreter = tokio::task::spawn_blocking(environment)
        .await
        .expect("a virtual environment");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lake = lakes::open_folder(folder.path())
        .await
        .expect("a lake in a folder");
    let report = lakes::ingest_text(&lake, &lakes::oracle_input()).await;
    report.expect("the oracle's records are valid");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let uri = format!("grpc://{}", listener.local_addr().expect("an address"));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = FlightServer::new(lake, FlightOptions::default());
    let task = tokio::spawn(server.serve(listener, async {
        stopped.await.ok();
    }));
    let mut script = Command::new(interpreter);
    script.arg(house::root().join("tests/clients/test_clients.py"));
    script
        .arg("--uri")
        .arg(uri)
        .arg("--lake")
        .arg(folder.path());
    let output = tokio::task::spawn_blocking(move || python::run(&mut script))
        .await
        .expect("a process");
    println!("{}", python::text(&output));
    assert!(
        output.status.success(),
        "checks of the Python clients failed, see above"
    );
    stop.send(()).expect("the server still listens for its end");
    task.await
        .expect("the server does not panic")
        .expect("the server ends well");
}
