//! The file formats of exports.
//!
//! Guarantees: a format has one name, which is also the ending of its files.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};

/// How an exported file is written (domain specification §7.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExportFormat {
    /// RFC 4180: header, lines that end in CRLF, UTF-8; instants with the account's offset. For spreadsheets and people.
    Csv,
    /// One JSON object per line; instants with the account's offset, decimals as numbers with all their digits, lists as
    /// arrays, NULL as `null`.
    Ndjson,
    /// Parquet with zstd; instants in UTC. For programs.
    Parquet,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Ndjson, Self::Parquet];

    /// Its name, which is also the ending of its files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
            Self::Parquet => "parquet",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let known = Self::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(text.trim()));
        known.ok_or_else(|| {
            let expected = "one of `csv`, `ndjson`, `parquet`";
            let error = chatlake_functions::Error::bad_value("format", expected, text);
            Error::Sql(error.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_name_in_any_case() {
        for format in ExportFormat::ALL {
            assert_eq!(format.to_string().parse::<ExportFormat>().unwrap(), format);
        }
        assert_eq!(" CSV ".parse::<ExportFormat>().unwrap(), ExportFormat::Csv);
        assert_eq!(
            "xlsx".parse::<ExportFormat>().unwrap_err().to_string(),
            "bad_value:format: expected one of `csv`, `ndjson`, `parquet`, found `xlsx`"
        );
    }
}
