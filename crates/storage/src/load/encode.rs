//! Sorted rows of one partition as one Parquet file, with the bounds that prune it.
//!
//! Guarantees: the file holds the table's columns but the partition columns; rows are in the table's sort order;
//! the bounds are exact.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};
use chatlake_schema::{MergeRule, Table};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::data_file::{FileStats, first_key_column};
use crate::settings::StorageSettings;
use crate::{Error, Result};

/// Probability that a bloom filter says "maybe" to an id it never saw.
const BLOOM_FALSE_POSITIVE_RATE: f64 = 0.01;

/// Files of fewer rows are compressed by Snappy. zstd's contexts (one per column) cost more time and memory than such a
/// file is worth: measured, a fifth of the CPU of a load into thousands of small partitions. Compaction merges such files.
const ZSTD_ROWS_MIN: usize = 2_048;

/// A file's bytes and bounds.
pub(super) struct EncodedFile {
    pub(super) bytes: Vec<u8>,
    pub(super) stats: FileStats,
}

/// The columns of a table that its data files hold, by position.
pub(super) fn file_columns(table: &Table) -> Vec<usize> {
    let partition = table
        .chatbot_column
        .as_deref()
        .filter(|_| table.is_partitioned());
    (0..table.columns.len())
        .filter(|index| Some(table.columns[*index].name.as_str()) != partition)
        .collect()
}

/// Writes rows (all columns of the table, sorted) as Parquet.
pub(super) fn encode(
    table: &Table,
    rows: &RecordBatch,
    settings: &StorageSettings,
) -> Result<EncodedFile> {
    let stats = file_stats(table, rows)?;
    let stored = rows.project(&file_columns(table))?;
    let properties = writer_properties(table, rows, settings)?;
    let mut writer = ArrowWriter::try_new(Vec::new(), stored.schema(), Some(properties))?;
    writer.write(&stored)?;
    let bytes = writer.into_inner()?;
    Ok(EncodedFile { bytes, stats })
}

fn writer_properties(
    table: &Table,
    rows: &RecordBatch,
    settings: &StorageSettings,
) -> Result<WriterProperties> {
    let compression = match rows.num_rows() {
        ..ZSTD_ROWS_MIN => Compression::SNAPPY,
        _ => Compression::ZSTD(ZstdLevel::try_new(settings.zstd_level)?),
    };
    let mut builder = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(settings.row_group_rows_max))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by(concat!("chatlake ", env!("CARGO_PKG_VERSION")).to_owned());
    for column in &table.columns {
        let path = || ColumnPath::from(column.name.as_str());
        if is_mostly_distinct(table, &column.name) {
            builder = builder.set_column_dictionary_enabled(path(), false);
        }
        if matches!(
            column.column_type.arrow_type(),
            DataType::Int64 | DataType::Timestamp(_, _)
        ) {
            builder = builder
                .set_column_dictionary_enabled(path(), false)
                .set_column_encoding(path(), Encoding::DELTA_BINARY_PACKED);
        }
    }
    for name in &table.bloom {
        let path = || ColumnPath::from(name.as_str());
        let distinct = rows.column_by_name(name).map_or(0, distinct_runs);
        builder = builder
            .set_column_bloom_filter_enabled(path(), true)
            .set_column_bloom_filter_fpp(path(), BLOOM_FALSE_POSITIVE_RATE)
            .set_column_bloom_filter_max_ndv(path(), distinct.max(1));
    }
    Ok(builder.build())
}

/// A dictionary of such a column would only be built and thrown away.
fn is_mostly_distinct(table: &Table, column: &str) -> bool {
    let own_id = table.merge == MergeRule::FirstWriteWins
        && table.key.last().is_some_and(|last| last == column);
    own_id
        || matches!(
            column,
            "content" | "suggested_text" | "final_text" | "custom" | "page_url" | "error"
        )
}

/// Upper bound of the number of distinct values: runs of equal neighbours.
fn distinct_runs(column: &Arc<dyn Array>) -> u64 {
    let Some(values) = column.as_string_opt::<i32>() else {
        return column.len() as u64;
    };
    let changes = (1..values.len())
        .filter(|row| values.value(*row) != values.value(row - 1))
        .count();
    changes as u64 + 1
}

/// The bounds of rows that are sorted by the first key column.
fn file_stats(table: &Table, rows: &RecordBatch) -> Result<FileStats> {
    let damaged = |name: &str| Error::RowsMismatch {
        table: table.name.clone(),
        reason: format!("expected values in column `{name}`, found none"),
    };
    let column = |name: &str| rows.column_by_name(name).ok_or_else(|| damaged(name));
    let seqs = column("ingest_seq")?.as_primitive::<Int64Type>();
    let ingest_seq = arrow::compute::min(seqs)
        .zip(arrow::compute::max(seqs))
        .ok_or_else(|| damaged("ingest_seq"))?;
    let time = match &table.time_column {
        None => None,
        Some(name) => {
            let times = column(name)?.as_primitive::<TimestampMicrosecondType>();
            arrow::compute::min(times).zip(arrow::compute::max(times))
        }
    };
    let first_key = match first_key_column(table) {
        None => None,
        Some(name) => column(name)?.as_string_opt::<i32>().and_then(text_bounds),
    };
    Ok(FileStats {
        row_count: rows.num_rows() as u64,
        time,
        ingest_seq,
        first_key,
    })
}

fn text_bounds(values: &StringArray) -> Option<(Box<str>, Box<str>)> {
    let low = arrow::compute::min_string(values)?;
    let high = arrow::compute::max_string(values)?;
    Some((low.into(), high.into()))
}
