//! One input of a load: its name, its format and where its bytes come from.
//!
//! Guarantees: a file that cannot be read, is a folder, or is of no known format is an error before anything is stored;
//! the format is taken from the option, else from the file's name, else from its first bytes.

use std::fs::File;
use std::io::{Cursor, Read, stdin};
use std::path::{Path, PathBuf};

use chatlake::{Chatlake, Format, IngestOptions, Source};
use clap::ValueEnum;

use crate::error::{Error, Result};

/// Names of the formats on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatName {
    /// One JSON record per line, of any type (.ndjson, .jsonl; also .gz, .zst)
    Ndjson,
    /// Rows of one stored table (.parquet)
    Parquet,
    /// Rows of one stored table with a header (.csv; also .gz, .zst)
    Csv,
}

/// File name endings and the formats they mean.
const ENDINGS: [(&str, FormatName); 6] = [
    ("ndjson", FormatName::Ndjson),
    ("jsonl", FormatName::Ndjson),
    ("json", FormatName::Ndjson),
    ("csv", FormatName::Csv),
    ("parquet", FormatName::Parquet),
    ("pq", FormatName::Parquet),
];
/// Endings of compressed files; what is before them says the format.
const COMPRESSIONS: [&str; 3] = ["gz", "zst", "zstd"];
/// Bytes looked at when the name says nothing.
const MAGIC_BYTES: u64 = 64;

/// An input, ready to be loaded.
#[derive(Clone, Debug)]
pub struct Input {
    name: String,
    format: FormatName,
    table: Option<String>,
    bytes: Bytes,
}

/// Where the bytes come from.
#[derive(Clone, Debug)]
enum Bytes {
    Stdin,
    File {
        path: PathBuf,
        size_bytes: Option<u64>,
    },
    Embedded(&'static [u8]),
}

impl Input {
    /// Looks at what the command line calls `name`.
    pub fn open(name: &str, format: Option<FormatName>, table: Option<&str>) -> Result<Self> {
        let (bytes, format) = if name == "-" {
            (Bytes::Stdin, format.unwrap_or(FormatName::Ndjson))
        } else {
            let (bytes, magic) = open_file(name)?;
            let found = format
                .or_else(|| by_name(name))
                .or_else(|| by_content(&magic));
            (bytes, found.ok_or_else(|| unknown_format(name))?)
        };
        if matches!(bytes, Bytes::Stdin) && format == FormatName::Parquet {
            return Err(Error::Usage(
                "expected a file for Parquet, which is read from its end, found `-`".to_owned(),
            ));
        }
        let table = table_for(name, format, table)?;
        Ok(Self {
            name: name.to_owned(),
            format,
            table,
            bytes,
        })
    }

    /// NDJSON records (compressed or not) that the program carries.
    pub fn embedded(name: &str, bytes: &'static [u8]) -> Self {
        Self {
            name: name.to_owned(),
            format: FormatName::Ndjson,
            table: None,
            bytes: Bytes::Embedded(bytes),
        }
    }

    /// The name a person knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file, when it is one.
    pub fn path(&self) -> Option<&Path> {
        match &self.bytes {
            Bytes::File { path, .. } => Some(path),
            Bytes::Stdin | Bytes::Embedded(_) => None,
        }
    }

    /// Its size in bytes as stored (compressed or not), where it is known beforehand.
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.bytes {
            Bytes::Stdin => None,
            Bytes::File { size_bytes, .. } => *size_bytes,
            Bytes::Embedded(bytes) => Some(bytes.len() as u64),
        }
    }

    /// Does it hold records of any type, one per line?
    pub fn is_ndjson(&self) -> bool {
        self.format == FormatName::Ndjson
    }

    /// The bytes, from the beginning.
    pub fn source(&self) -> Source {
        match &self.bytes {
            Bytes::Stdin => Source::Reader(Box::new(stdin())),
            Bytes::File { path, .. } => Source::Path(path.clone()),
            Bytes::Embedded(bytes) => Source::Reader(Box::new(Cursor::new(*bytes))),
        }
    }

    /// Options that say what kind of input it is; everything else at its default.
    pub fn options(&self, chatlake: &Chatlake) -> IngestOptions {
        let format = match self.format {
            FormatName::Ndjson => Format::Ndjson,
            FormatName::Parquet => Format::Parquet,
            FormatName::Csv => Format::Csv,
        };
        let received_at_micros = chatlake.clock().now_micros();
        IngestOptions {
            table: self.table.clone(),
            ..IngestOptions::new(format, received_at_micros)
        }
    }

    /// The load of this input was stopped by a person or a supervisor.
    pub fn interrupted(&self) -> Error {
        Error::Interrupted(format!("nothing of `{}` was stored", self.name))
    }

    /// A failure to load this input.
    pub fn failed(&self, source: chatlake::Error) -> Error {
        Error::Input {
            file: self.name.clone(),
            source: Box::new(source),
        }
    }
}

/// The file and its first bytes.
fn open_file(name: &str) -> Result<(Bytes, Vec<u8>)> {
    let path = PathBuf::from(name);
    let failed = |source| Error::File {
        action: "read",
        path: name.to_owned(),
        source,
    };
    let metadata = path.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(Error::Usage(format!(
            "expected a file, found the folder `{name}`"
        )));
    }
    // what is no regular file (a named pipe) can be read once only: not for a look at its first bytes
    if !metadata.is_file() {
        return Ok((
            Bytes::File {
                path,
                size_bytes: None,
            },
            Vec::new(),
        ));
    }
    let mut magic = Vec::new();
    File::open(&path)
        .map_err(failed)?
        .take(MAGIC_BYTES)
        .read_to_end(&mut magic)
        .map_err(failed)?;
    Ok((
        Bytes::File {
            path,
            size_bytes: Some(metadata.len()),
        },
        magic,
    ))
}

/// `messages.ndjson.gz` → NDJSON.
fn by_name(name: &str) -> Option<FormatName> {
    let ending = plain_name(name)?.rsplit_once('.')?.1.to_ascii_lowercase();
    ENDINGS
        .iter()
        .find(|(known, _)| *known == ending)
        .map(|(_, format)| *format)
}

/// The file's name without folder and compression ending.
fn plain_name(name: &str) -> Option<&str> {
    let file_name = Path::new(name).file_name()?.to_str()?;
    match file_name.rsplit_once('.') {
        Some((before, ending)) if COMPRESSIONS.contains(&ending.to_ascii_lowercase().as_str()) => {
            Some(before)
        }
        _ => Some(file_name),
    }
}

/// By the first bytes: Parquet's mark, a JSON object, or a compressed stream (taken as NDJSON).
fn by_content(magic: &[u8]) -> Option<FormatName> {
    const GZIP: &[u8] = &[0x1f, 0x8b];
    const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
    let first = magic.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        _ if magic.starts_with(b"PAR1") => Some(FormatName::Parquet),
        _ if magic.starts_with(GZIP) || magic.starts_with(ZSTD) => Some(FormatName::Ndjson),
        Some(b'{') | None => Some(FormatName::Ndjson),
        Some(_) => None,
    }
}

fn unknown_format(name: &str) -> Error {
    let endings = ENDINGS.map(|(ending, _)| format!(".{ending}")).join(", ");
    Error::Usage(format!(
        "expected a file called {endings} (or --format), found `{name}`"
    ))
}

/// The stored table that bulk rows belong to; NDJSON records say their type themselves.
fn table_for(name: &str, format: FormatName, table: Option<&str>) -> Result<Option<String>> {
    match (format, table) {
        (FormatName::Ndjson, None) => Ok(None),
        (FormatName::Ndjson, Some(_)) => Err(Error::Usage(format!(
            "expected Parquet or CSV for --table, found the NDJSON file `{name}`, whose records say their type themselves"
        ))),
        (_, Some(table)) => Ok(Some(table.to_owned())),
        (_, None) => {
            let stem = plain_name(name).and_then(|plain| Some(plain.rsplit_once('.')?.0));
            let known = stem
                .and_then(chatlake_schema::table)
                .map(|table| table.name.clone());
            known.map(Some).ok_or_else(|| {
                let names = chatlake_schema::tables()
                    .iter()
                    .map(|table| table.name.as_str());
                let names = names.collect::<Vec<_>>().join(", ");
                Error::Usage(format!("expected --table for `{name}`, one of {names}"))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_format_whatever_its_case_and_compression() {
        for (name, format) in [
            ("a.ndjson", Some(FormatName::Ndjson)),
            ("b/c.JSONL.GZ", Some(FormatName::Ndjson)),
            ("x.csv.zst", Some(FormatName::Csv)),
            ("x.pq", Some(FormatName::Parquet)),
            ("x.gz", None),
            ("ndjson", None),
            ("x.txt", None),
        ] {
            assert_eq!(by_name(name), format, "{name}");
        }
    }

    #[test]
    fn the_first_bytes_say_the_format_when_the_name_does_not() {
        for (bytes, format) in [
            (&b"PAR1\x15"[..], Some(FormatName::Parquet)),
            (b" \n{\"type\":", Some(FormatName::Ndjson)),
            (b"\x1f\x8b\x08", Some(FormatName::Ndjson)),
            (b"", Some(FormatName::Ndjson)),
            (b"id,name\n", None),
        ] {
            assert_eq!(by_content(bytes), format, "{bytes:?}");
        }
    }

    #[test]
    fn the_table_is_taken_from_a_file_name_only_when_it_is_one() {
        let table =
            |name, format, table| table_for(name, format, table).map_err(|error| error.to_string());
        assert_eq!(
            table("d/messages.parquet", FormatName::Parquet, None),
            Ok(Some("messages".to_owned()))
        );
        assert_eq!(
            table("x.csv.gz", FormatName::Csv, Some("teams")),
            Ok(Some("teams".to_owned()))
        );
        assert!(
            table("x.csv", FormatName::Csv, None)
                .unwrap_err()
                .contains("one of accounts, agents")
        );
        assert!(
            table("x.ndjson", FormatName::Ndjson, Some("messages"))
                .unwrap_err()
                .contains("--table")
        );
    }
}
