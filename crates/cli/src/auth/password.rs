//! A password from a person or a pipe.
//!
//! Guarantees: nothing of it is shown; what a person types is asked for twice.

use std::io::{BufRead, IsTerminal, Read, stdin};

use chatlake_auth::Secret;

use crate::error::{Error, Result};

/// What is read of a pipe at the most, in bytes: more than the longest password.
const INPUT_BYTES_MAX: u64 = 4_096;

/// Reads the password of a user: from the terminal, else the first line of standard input.
pub fn read(user: &str) -> Result<Secret> {
    if stdin().is_terminal() {
        return ask(user);
    }
    let mut line = String::new();
    let read = stdin().lock().take(INPUT_BYTES_MAX).read_line(&mut line);
    read.map_err(failed)?;
    let line = Secret::new(line);
    Ok(Secret::new(line.reveal().trim_end_matches(['\n', '\r'])))
}

fn ask(user: &str) -> Result<Secret> {
    let terminal = console::Term::stderr();
    let prompt = |text: &str| -> Result<Secret> {
        terminal.write_str(text).map_err(failed)?;
        terminal.read_secure_line().map(Secret::new).map_err(failed)
    };
    let first = prompt(&format!("Password for {user}: "))?;
    let second = prompt("Once more: ")?;
    if first.reveal() != second.reveal() {
        return Err(Error::Usage(
            "expected the same password twice, found two different ones".to_owned(),
        ));
    }
    Ok(first)
}

fn failed(source: std::io::Error) -> Error {
    Error::File {
        action: "read",
        path: "standard input".to_owned(),
        source,
    }
}
