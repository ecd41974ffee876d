//! Measurements in processes of their own, so that peak memory and caches are their own.
//!
//! Guarantees: a step that fails ends the bench with the last thing it said.

use std::process::Command;

use serde_json::Value;

use crate::{Error, Result};

/// Runs this program again with other arguments; it prints one JSON object.
///
/// # Errors
/// When the program cannot be run, fails, or prints something else.
pub fn run_again(arguments: &[&str]) -> Result<Value> {
    let program = std::env::current_exe().map_err(Error::io("find this program"))?;
    let mut command = Command::new(program);
    command.args(arguments);
    answer(command, arguments.first().copied().unwrap_or_default())
}

/// Runs a program that prints one JSON object.
///
/// # Errors
/// When the program cannot be run, fails, or prints something else.
pub fn answer(mut command: Command, step: &str) -> Result<Value> {
    let output = command
        .output()
        .map_err(Error::io(format!("run `{step}`")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let message = said.lines().last().unwrap_or_default().to_owned();
        return Err(Error::Step {
            step: step.to_owned(),
            message,
        });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
