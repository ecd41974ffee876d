//! The configuration file: which one is read, and what is wrong with it.
//!
//! Guarantees: one file is read at the most; an unknown key, a value of the wrong kind or a file that was named and is
//! not there is an error with the file, the line and the key.

use std::path::{Path, PathBuf};

use super::Said;
use crate::environment;
use crate::error::{Error, Result, reason};

/// The file looked for in the current folder.
const LOCAL_FILE: &str = "chatlake.toml";
/// A file is refused above this size.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What the file says: the one `named`, else `./chatlake.toml`, else the one in the XDG configuration folder.
pub fn read(named: Option<&Path>) -> Result<Said> {
    let xdg =
        environment::config_directory().map(|folder| folder.join("chatlake").join("config.toml"));
    let usual = || {
        [Some(PathBuf::from(LOCAL_FILE)), xdg]
            .into_iter()
            .flatten()
            .find(|path| path.is_file())
    };
    match named.map(Path::to_path_buf).or_else(usual) {
        Some(path) => parse(&path)
            .map_err(|why| Error::Usage(format!("configuration file `{}`: {why}", path.display()))),
        None => Ok(Said::default()),
    }
}

/// The settings in the file, or what is wrong with it.
fn parse(path: &Path) -> Result<Said, String> {
    let cannot_read = |error: std::io::Error| format!("cannot read it: {}", reason(&error));
    let size_bytes = std::fs::metadata(path).map_err(cannot_read)?.len();
    if size_bytes > FILE_BYTES_MAX {
        return Err(format!(
            "expected at most {FILE_BYTES_MAX} bytes, found {size_bytes}"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(cannot_read)?;
    toml::from_str(&text).map_err(|error| {
        let message = error.message().trim_end().replace('\n', ", ");
        let Some(span) = error.span() else {
            return message;
        };
        let line = text
            .get(..span.start)
            .map_or(0, |before| before.matches('\n').count())
            + 1;
        let key = key_at(&text, line)
            .map(|key| format!(", `{key}`"))
            .unwrap_or_default();
        format!("line {line}{key}: {message}")
    })
}

/// The key on that line (from 1), where the line assigns one.
fn key_at(text: &str, line: usize) -> Option<&str> {
    let (key, _) = text.lines().nth(line - 1)?.split_once('=')?;
    Some(key.trim()).filter(|key| !key.is_empty())
}
