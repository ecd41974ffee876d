//! Python clients against a served lake: `tests/clients/test_clients.py` in a virtual environment of its own.
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

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chatlake_flight::{FlightOptions, FlightServer};
use chatlake_tests::{house, lakes};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// What a person needs to read when there is no Python.
const NEEDS_PYTHON: &str = "the client tests need `python3` (3.10 or newer) with the modules `venv` and `pip`, and a package \
    index for the first run; set CHATLAKE_SKIP_CLIENTS=1 to skip them";

#[tokio::test(flavor = "multi_thread")]
async fn python_clients_agree_with_chatlake() {
    if house::environment("CHATLAKE_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        println!("skipped: CHATLAKE_SKIP_CLIENTS=1");
        return;
    }
    let python = tokio::task::spawn_blocking(environment)
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
    let mut script = Command::new(python);
    script.arg(house::root().join("tests/clients/test_clients.py"));
    script
        .arg("--uri")
        .arg(uri)
        .arg("--lake")
        .arg(folder.path());
    let output = tokio::task::spawn_blocking(move || run(&mut script))
        .await
        .expect("a process");
    println!("{}", text(&output));
    assert!(
        output.status.success(),
        "checks of the Python clients failed, see above"
    );
    stop.send(()).expect("the server still listens for its end");
    task.await
        .expect("the server does not panic")
        .expect("the server ends well");
}

/// The Python of the virtual environment, which is made when it is not there.
fn environment() -> PathBuf {
    let requirements = house::root().join("tests/clients/requirements.txt");
    let folder =
        folder_of(&fs::read_to_string(&requirements).expect("tests/clients/requirements.txt"));
    let python = folder.join("bin/python");
    // written last, so that an environment that was cut short is made again
    let ready = folder.join("ready");
    if ready.exists() {
        return python;
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("an unfinished environment can be removed");
    }
    must(Command::new("python3").args(["-m", "venv"]).arg(&folder));
    let mut install = Command::new(&python);
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    must(install.arg(&requirements));
    fs::write(ready, "").expect("the environment can be written");
    python
}

/// One folder per list of packages and version of Python, below cargo's target folder.
fn folder_of(requirements: &str) -> PathBuf {
    let version = must(Command::new("python3").arg("--version"));
    let mut hasher = DefaultHasher::new();
    (requirements, text(&version)).hash(&mut hasher);
    let name = format!("chatlake-clients-{:016x}", hasher.finish());
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs a step of the preparation; a failure says what is needed.
fn must(command: &mut Command) -> Output {
    let output = run(command);
    assert!(
        output.status.success(),
        "{NEEDS_PYTHON}\n`{command:?}` ended with:\n{}",
        text(&output)
    );
    output
}

/// Runs a program to its end.
fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{NEEDS_PYTHON}\n`{command:?}` did not start: {error}"))
}

/// What a program printed.
fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
