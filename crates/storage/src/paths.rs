//! Where everything lies below the lake's root. Nothing else builds paths.
//!
//! Guarantees: whatever an id holds (`/`, `..`, `%`, newlines, 512 bytes), its folder stays below the table's folder and
//! its name fits a file system. Two ids may never share a file: file names are unique by themselves, and the partition a
//! file belongs to is said by the log, not by its folder.

use std::fmt::Write;

use chatlake_types::Day;
use object_store::path::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The partition column for the UTC day of a row.
pub const DAY_COLUMN: &str = "day";

/// Folder names longer than this are cut and completed by a hash (file systems allow 255 bytes).
const FOLDER_NAME_BYTES_MAX: usize = 160;

/// The folder value of a partition without a chatbot (Hive's convention).
const NULL_FOLDER: &str = "__HIVE_DEFAULT_PARTITION__";

/// Characters that stand for themselves in folder names.
const FOLDER_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Characters escaped in the `path` of a Delta `add` action, which is a URI reference.
const URI_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b'=');

/// Paths of one lake.
#[derive(Clone, Debug)]
pub(crate) struct LakePaths {
    root: String,
}

impl LakePaths {
    /// Paths below `root`, a path inside the object store (may be empty).
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.as_ref().to_owned(),
        }
    }

    /// A path below the lake's root.
    pub(crate) fn below(&self, relative: &str) -> Result<Path> {
        let text = if self.root.is_empty() {
            relative.to_owned()
        } else {
            format!("{}/{relative}", self.root)
        };
        Path::parse(&text).map_err(|error| Error::Damaged {
            path: relative.to_owned(),
            reason: error.to_string(),
        })
    }

    /// `lake.json`, the mark of a lake.
    pub(crate) fn lake_file(&self) -> Result<Path> {
        self.below("lake.json")
    }

    /// Who writes, on S3.
    pub(crate) fn writer_lease(&self) -> Result<Path> {
        self.below("writer.lease")
    }

    /// The folder of the journal.
    pub(crate) fn journal(&self) -> Result<Path> {
        self.below("wal")
    }

    /// The journal entry of a commit.
    pub(crate) fn journal_entry(&self, commit: u64) -> Result<Path> {
        self.below(&format!("wal/{commit:020}.json"))
    }
}

/// The commit number of a journal entry's file name.
pub(crate) fn commit_of_journal_entry(path: &Path) -> Option<u64> {
    path.filename()?.strip_suffix(".json")?.parse().ok()
}

/// The folder of a stored table below the lake's root.
pub(crate) fn table_folder(table: &str) -> String {
    format!("tables/{table}")
}

/// Version 0 of a table's Delta log, below the lake's root: the table exists when this does.
pub(crate) fn first_log_file(table: &str) -> String {
    format!("{}/_delta_log/{:020}.json", table_folder(table), 0)
}

/// A new, unique data file's path below its table's folder.
pub(crate) fn new_data_file(partition: Option<(Option<&str>, Day)>) -> String {
    let name = ulid::Ulid::new().to_string().to_lowercase();
    match partition {
        None => format!("{name}.parquet"),
        Some((chatbot_id, day)) => {
            let folder = chatbot_id.map_or_else(|| NULL_FOLDER.to_owned(), folder_name);
            format!("chatbot_id={folder}/{DAY_COLUMN}={day}/{name}.parquet")
        }
    }
}

/// An id as a folder name: percent-encoded, and if too long, cut and completed by its SHA-256.
fn folder_name(id: &str) -> String {
    let encoded = utf8_percent_encode(id, FOLDER_ESCAPES).to_string();
    if encoded.len() <= FOLDER_NAME_BYTES_MAX {
        return encoded;
    }
    let mut cut = FOLDER_NAME_BYTES_MAX - 34;
    // never end inside of a `%XX`
    while encoded.as_bytes()[cut - 1] == b'%' || encoded.as_bytes()[cut - 2] == b'%' {
        cut -= 1;
    }
    let mut name = encoded[..cut].to_owned();
    name.push_str("--");
    for byte in &Sha256::digest(id.as_bytes())[..16] {
        // writing to a String cannot fail
        let _ = write!(name, "{byte:02x}");
    }
    name
}

/// The `path` of a Delta action for a file below the table's folder.
pub(crate) fn to_delta_path(relative: &str) -> String {
    utf8_percent_encode(relative, URI_ESCAPES).to_string()
}

/// The file below the table's folder that a Delta action's `path` names.
pub(crate) fn from_delta_path(path: &str) -> Result<String> {
    let damaged = |reason: &str| Error::Damaged {
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let decoded = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| damaged("the path is not UTF-8"))?;
    let escapes = decoded.starts_with('/')
        || decoded.contains("://")
        || decoded.split('/').any(|part| part == "..");
    if escapes {
        return Err(damaged("expected a path below the table's folder"));
    }
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_ids_stay_below_their_table_and_apart() {
        let long = "é".repeat(256);
        let longer = format!("{}x", "é".repeat(255));
        let ids = [
            "a", "a/b", "..", ".", "%", "%2F", "a b", "🦀", "x\ny", "\0", "-rf", "a=b", &long,
            &longer,
        ];
        let mut folders = std::collections::HashSet::new();
        for id in ids {
            let path = new_data_file(Some((Some(id), Day(0))));
            let parts: Vec<_> = path.split('/').collect();
            assert_eq!(parts.len(), 3, "{path}");
            assert!(
                parts.iter().all(|part| part.len() < 255 && *part != ".."),
                "{path}"
            );
            assert!(folders.insert(parts[0].to_owned()), "{id} shares a folder");
            assert_eq!(from_delta_path(&to_delta_path(&path)).unwrap(), path);
            assert!(Path::parse(&path).is_ok());
        }
    }

    #[test]
    fn a_log_cannot_name_a_file_outside_of_its_table() {
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "file:///etc/passwd",
            "a/%2e%2e/x",
        ] {
            assert!(from_delta_path(path).is_err(), "{path}");
        }
    }
}
