//! DuckDB's part of the bench `pages`: the reference implementation's SQL over the same files, run by Python.
//!
//! Guarantees: which SQL belongs to which page is known in one place, `tests/differential`, whose modules run here too; what
//! is missing is said and not guessed.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::{Error, Result, step};

/// The script and the modules that it imports.
const FILES: [(&str, &str); 7] = [
    (
        "asked.py",
        include_str!("../../tests/differential/asked.py"),
    ),
    (
        "compare.py",
        include_str!("../../tests/differential/compare.py"),
    ),
    (
        "conditions.py",
        include_str!("../../tests/differential/conditions.py"),
    ),
    ("duckdb_pages.py", include_str!("duckdb_pages.py")),
    (
        "listings.py",
        include_str!("../../tests/differential/listings.py"),
    ),
    (
        "pages.py",
        include_str!("../../tests/differential/pages.py"),
    ),
    (
        "reference.py",
        include_str!("../../tests/differential/reference.py"),
    ),
];

/// What a folder must hold to be the reference implementation.
const REFERENCE_FILE: &str = "03_canonical.sql";

/// Why DuckDB cannot be asked; `None` when it can.
pub fn missing(python: &Path, oracle: Option<&Path>) -> Option<String> {
    let Some(oracle) = oracle else {
        return Some("`--oracle` names no folder of the reference implementation".to_owned());
    };
    if !oracle.join(REFERENCE_FILE).is_file() {
        return Some(format!(
            "expected the reference implementation in `{}`, found no `{REFERENCE_FILE}`",
            oracle.display()
        ));
    }
    let mut probe = Command::new(python);
    probe.args(["-c", "import duckdb"]);
    match probe.output().is_ok_and(|output| output.status.success()) {
        true => None,
        false => Some(format!("`{} -c 'import duckdb'` fails", python.display())),
    }
}

/// Answers the job's questions; files are written to `folder`. See `duckdb_pages.py` for the two objects.
///
/// # Errors
/// When the script fails: then with the last thing it said.
pub fn answer(python: &Path, job: &Value, folder: &Path) -> Result<Value> {
    std::fs::create_dir_all(folder).map_err(Error::io(format!("create `{}`", folder.display())))?;
    for (name, text) in FILES {
        std::fs::write(folder.join(name), text).map_err(Error::io(format!("write `{name}`")))?;
    }
    let job_file = folder.join("job.json");
    std::fs::write(&job_file, job.to_string()).map_err(Error::io("write the job for DuckDB"))?;
    let mut command = Command::new(python);
    command.arg(folder.join("duckdb_pages.py")).arg(job_file);
    step::answer(command, "duckdb")
}
