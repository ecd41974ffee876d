//! Python programs of the tests: virtual environments below cargo's target folder, and running what is in them.
//!
//! Guarantees: an environment is made once per list of packages and version of Python; one that was cut short is made again;
//! nothing is installed anywhere else.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::house;

/// What all tests of clients install. One list, so that it is installed once.
pub const CLIENTS: &str = "tests/clients/requirements.txt";

/// What a person needs to read when there is no Python.
const NEEDS_PYTHON: &str = "these tests need `python3` (3.10 or newer) with the modules `venv` and `pip`, and a package index for \
    the first run; CHATLAKE_SKIP_CLIENTS=1 leaves out those of Python clients";

/// The Python of an environment with the packages of the list at `requirements` (a path in the checkout), made in a folder
/// below `target` when it is not there.
pub fn environment(requirements: &str, target: &Path) -> PathBuf {
    let list = house::read(requirements);
    let folder = folder_of(&list, target);
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
    // modules are compiled when they are imported, most of them never
    install.args(["-m", "pip", "install", "--quiet", "--no-compile"]);
    install.args(["--disable-pip-version-check", "--requirement"]);
    must(install.arg(house::root().join(requirements)));
    fs::write(ready, "").expect("the environment can be written");
    python
}

/// One folder per list of packages and version of Python.
fn folder_of(list: &str, target: &Path) -> PathBuf {
    let version = must(Command::new("python3").arg("--version"));
    let mut hasher = DefaultHasher::new();
    (list, text(&version)).hash(&mut hasher);
    target.join(format!("chatlake-python-{:016x}", hasher.finish()))
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
pub fn run(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{NEEDS_PYTHON}\n`{command:?}` did not start: {error}"))
}

/// What a program printed.
pub fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
