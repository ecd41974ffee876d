//! One Parquet data file of a stored table: where it is, which partition it belongs to, what its statistics say.
//!
//! Guarantees: a data file belongs to exactly one (table, chatbot, day), or to an unpartitioned registry.

use std::collections::HashMap;
use std::sync::Arc;

use chatlake_schema::Table;
use chatlake_types::Day;
use serde::{Deserialize, Serialize};

use crate::paths::{DAY_COLUMN, from_delta_path, table_folder, to_delta_path};
use crate::{Error, Result};

/// Which rows a file may hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// The chatbot; `None` for rows that belong to no chatbot (an account's top-ups).
    pub chatbot_id: Option<Arc<str>>,
    /// The UTC day of the table's time column, as days since 1970-01-01.
    pub day: i32,
}

impl Partition {
    /// The UTC day of the table's time column.
    pub fn day(&self) -> Day {
        Day(self.day)
    }
}

/// Exact bounds over a file's rows, for pruning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileStats {
    /// Rows in the file.
    pub row_count: u64,
    /// Smallest and largest value of the table's time column, in µs since 1970-01-01T00:00:00Z.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time: Option<(i64, i64)>,
    /// Smallest and largest `ingest_seq`.
    pub ingest_seq: (i64, i64),
    /// Smallest and largest value of the first column the file is sorted by (byte order).
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_key: Option<(Box<str>, Box<str>)>,
}

/// A data file as the index and the journal know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataFile {
    /// Path below the table's folder.
    pub path: Arc<str>,
    /// Size in bytes.
    pub size_bytes: u64,
    /// When it was written, in ms since 1970-01-01T00:00:00Z.
    pub modified_ms: i64,
    /// Its partition; `None` in an unpartitioned table.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub partition: Option<Partition>,
    /// Bounds over its rows.
    pub stats: FileStats,
}

/// The column whose bounds are kept besides time and `ingest_seq`: the first that files are sorted by.
pub(crate) fn first_key_column(table: &Table) -> Option<&str> {
    table
        .cluster_by
        .iter()
        .map(String::as_str)
        .find(|name| Some(*name) != table.chatbot_column.as_deref())
}

impl DataFile {
    /// Path below the lake's root.
    pub fn path_in_lake(&self, table: &str) -> String {
        format!("{}/{}", table_folder(table), self.path)
    }

    /// The `path` of the Delta action.
    pub(crate) fn delta_path(&self) -> String {
        to_delta_path(&self.path)
    }

    /// The `partitionValues` of the Delta action, in the order of the table's partition columns.
    pub(crate) fn partition_values(&self, table: &Table) -> Vec<(String, Option<String>)> {
        let (Some(partition), Some(chatbot)) = (&self.partition, &table.chatbot_column) else {
            return Vec::new();
        };
        let chatbot_id = partition.chatbot_id.as_ref().map(ToString::to_string);
        vec![
            (chatbot.clone(), chatbot_id),
            (DAY_COLUMN.to_owned(), Some(partition.day().to_string())),
        ]
    }

    /// The file that a Delta `add` action describes.
    pub(crate) fn from_delta(table: &Table, action: &AddAction<'_>) -> Result<Self> {
        let damaged = |reason: String| Error::Damaged {
            path: action.path.to_owned(),
            reason,
        };
        let stats: DeltaStats = serde_json::from_str(action.stats.unwrap_or("{}"))
            .map_err(|error| damaged(error.to_string()))?;
        let partition = match (&table.chatbot_column, table.is_partitioned()) {
            (Some(chatbot), true) => {
                let value = |name: &str| action.partition_values.get(name).cloned().flatten();
                let day = value(DAY_COLUMN)
                    .ok_or_else(|| damaged("it has no partition value `day`".to_owned()))?;
                let day: Day = day.parse().map_err(damaged)?;
                Some(Partition {
                    chatbot_id: value(chatbot).map(Arc::from),
                    day: day.0,
                })
            }
            _ => None,
        };
        Ok(Self {
            path: from_delta_path(action.path)?.into(),
            size_bytes: u64::try_from(action.size).unwrap_or(0),
            modified_ms: action.modification_time,
            partition,
            stats: stats
                .into_file_stats(table)
                .ok_or_else(|| damaged("its statistics are incomplete".to_owned()))?,
        })
    }
}

/// What is read from a Delta `add` action.
pub(crate) struct AddAction<'a> {
    pub(crate) path: &'a str,
    pub(crate) size: i64,
    pub(crate) modification_time: i64,
    pub(crate) stats: Option<&'a str>,
    pub(crate) partition_values: HashMap<String, Option<String>>,
}

/// The JSON of Delta's per-file statistics, as far as we write and read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeltaStats {
    num_records: Option<u64>,
    #[serde(default)]
    min_values: HashMap<String, serde_json::Value>,
    #[serde(default)]
    max_values: HashMap<String, serde_json::Value>,
}

impl DeltaStats {
    fn into_file_stats(self, table: &Table) -> Option<FileStats> {
        let integer =
            |values: &HashMap<_, serde_json::Value>, name: &str| values.get(name)?.as_i64();
        let text = |values: &HashMap<_, serde_json::Value>, name: &str| {
            Some(values.get(name)?.as_str()?.into())
        };
        let time = |values: &HashMap<_, serde_json::Value>, name: &str| {
            parse_micros(values.get(name)?.as_str()?)
        };
        let (low, high) = (&self.min_values, &self.max_values);
        let bounds = integer(low, "ingest_seq").zip(integer(high, "ingest_seq"))?;
        Some(FileStats {
            row_count: self.num_records?,
            time: table
                .time_column
                .as_deref()
                .and_then(|name| time(low, name).zip(time(high, name))),
            ingest_seq: bounds,
            first_key: first_key_column(table)
                .and_then(|name| text(low, name).zip(text(high, name))),
        })
    }
}

/// µs since 1970 of the form [`format_micros`] writes.
fn parse_micros(text: &str) -> Option<i64> {
    let value = text.strip_suffix('Z')?;
    let (date, time) = value.split_once('T')?;
    let day: Day = date.parse().ok()?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let mut parts = clock.split(':').map(str::parse::<i64>);
    let (hour, minute, second) = (
        parts.next()?.ok()?,
        parts.next()?.ok()?,
        parts.next()?.ok()?,
    );
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(day.start_micros() + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros)
}

/// An instant as RFC 3339 with six digits, as Delta's statistics hold it.
pub(crate) fn format_micros(micros: i64) -> String {
    let day = Day::of_micros(micros);
    let rest = micros - day.start_micros();
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    format!(
        "{day}T{:02}:{:02}:{:02}.{fraction:06}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_their_microseconds_through_statistics() {
        for micros in [
            0,
            -1,
            1,
            1_773_324_000_123_456,
            999_999,
            -62_000_000_000_000_000,
        ] {
            assert_eq!(
                parse_micros(&format_micros(micros)),
                Some(micros),
                "{}",
                format_micros(micros)
            );
        }
        assert_eq!(
            format_micros(1_773_324_000_123_456),
            "2026-03-12T14:00:00.123456Z"
        );
        assert_eq!(
            parse_micros("2026-03-12T14:00:00Z"),
            Some(1_773_324_000_000_000)
        );
    }
}
