//! Data files as the batch of `add` actions that the kernel takes.
//!
//! Guarantees: instants in statistics keep their microseconds. The kernel would cut them to milliseconds, which makes an
//! upper bound too small; so they are handed over as text.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, MapBuilder, MapFieldNames, RecordBatch, StringArray,
    StringBuilder, StructArray,
};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;
use chatlake_schema::Table;

use crate::data_file::{DataFile, first_key_column, format_micros};

/// One row per file: path, partitionValues, size, modificationTime, stats.
pub(super) fn add_batch(table: &Table, files: &[Arc<DataFile>]) -> Result<RecordBatch, ArrowError> {
    let paths: StringArray = files.iter().map(|file| Some(file.delta_path())).collect();
    let integer = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let sizes: Int64Array = files
        .iter()
        .map(|file| Some(integer(file.size_bytes)))
        .collect();
    let times: Int64Array = files.iter().map(|file| Some(file.modified_ms)).collect();
    let partitions = partition_values(table, files)?;
    let stats = stats(table, files)?;
    let schema = Schema::new(vec![
        Field::new("path", DataType::Utf8, false),
        Field::new("partitionValues", partitions.data_type().clone(), false),
        Field::new("size", DataType::Int64, false),
        Field::new("modificationTime", DataType::Int64, false),
        Field::new("stats", stats.data_type().clone(), true),
    ]);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(paths),
        partitions,
        Arc::new(sizes),
        Arc::new(times),
        stats,
    ];
    RecordBatch::try_new(Arc::new(schema), columns)
}

fn partition_values(table: &Table, files: &[Arc<DataFile>]) -> Result<ArrayRef, ArrowError> {
    let names = MapFieldNames {
        entry: "key_value".to_owned(),
        key: "key".to_owned(),
        value: "value".to_owned(),
    };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for file in files {
        for (name, value) in file.partition_values(table) {
            builder.keys().append_value(name);
            builder.values().append_option(value);
        }
        builder.append(true)?;
    }
    Ok(Arc::new(builder.finish()))
}

/// `{numRecords, minValues, maxValues, tightBounds}` over `ingest_seq`, the time column and the first sort column.
fn stats(table: &Table, files: &[Arc<DataFile>]) -> Result<ArrayRef, ArrowError> {
    let records: Int64Array = files
        .iter()
        .map(|file| Some(i64::try_from(file.stats.row_count).unwrap_or(i64::MAX)))
        .collect();
    let bounds = |upper: bool| -> Result<ArrayRef, ArrowError> {
        let pick = |pair: (i64, i64)| if upper { pair.1 } else { pair.0 };
        let seqs: Int64Array = files
            .iter()
            .map(|file| Some(pick(file.stats.ingest_seq)))
            .collect();
        let mut fields = vec![Field::new("ingest_seq", DataType::Int64, true)];
        let mut columns: Vec<ArrayRef> = vec![Arc::new(seqs)];
        if let Some(name) = &table.time_column {
            let times = files
                .iter()
                .map(|file| file.stats.time.map(|pair| format_micros(pick(pair))));
            fields.push(Field::new(name, DataType::Utf8, true));
            columns.push(Arc::new(times.collect::<StringArray>()));
        }
        if let Some(name) =
            first_key_column(table).filter(|name| Some(*name) != table.time_column.as_deref())
        {
            let keys = files.iter().map(|file| {
                file.stats
                    .first_key
                    .as_ref()
                    .map(|(low, high)| if upper { high.as_ref() } else { low.as_ref() })
            });
            fields.push(Field::new(name, DataType::Utf8, true));
            columns.push(Arc::new(keys.collect::<StringArray>()));
        }
        Ok(Arc::new(StructArray::try_new(
            Fields::from(fields),
            columns,
            None,
        )?))
    };
    let (low, high) = (bounds(false)?, bounds(true)?);
    let fields = Fields::from(vec![
        Field::new("numRecords", DataType::Int64, true),
        Field::new("minValues", low.data_type().clone(), true),
        Field::new("maxValues", high.data_type().clone(), true),
        Field::new("tightBounds", DataType::Boolean, true),
    ]);
    let tight: BooleanArray = files.iter().map(|_| Some(true)).collect();
    Ok(Arc::new(StructArray::try_new(
        fields,
        vec![Arc::new(records), low, high, Arc::new(tight)],
        None,
    )?))
}
