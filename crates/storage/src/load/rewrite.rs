//! Takes some rows out of a data file that only the running load knows, by writing it anew.

use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int64Type, Schema};
use chatlake_schema::Table;
use object_store::ObjectStoreExt;

use super::key_log::Duplicates;
use super::probe::with_chatbot;
use super::write::write_file;
use crate::data_file::DataFile;
use crate::lake::Lake;
use crate::paths::LakePaths;
use crate::read::read_file;
use crate::{Error, Result};

/// A file after rows were taken out of it.
pub(super) struct Rewritten {
    /// What is left; `None` when no row is.
    pub(super) file: Option<Arc<DataFile>>,
    /// Rows taken out that were a whole record.
    pub(super) removed_record_count: u64,
    /// Rows taken out that were a part of one.
    pub(super) removed_part_count: u64,
}

/// The file without the duplicates. The old file is removed.
pub(super) async fn without(
    lake: &Arc<Lake>,
    table: &'static Table,
    file: &Arc<DataFile>,
    duplicates: &Duplicates,
) -> Result<Rewritten> {
    let seq_column = ["ingest_seq".to_owned()];
    let (mut removed_count, mut part_count) = (0, 0);
    for batch in read_file(lake, table, file, Some(&seq_column)).await? {
        let seqs = ingest_seqs(file, &batch)?;
        let removed = seqs.iter().filter(|seq| duplicates.contains(**seq));
        removed_count += removed.count();
        let parts = seqs.iter().filter(|seq| duplicates.is_part(**seq));
        part_count += parts.count();
    }
    let mut rewritten = Rewritten {
        file: Some(Arc::clone(file)),
        removed_record_count: (removed_count - part_count) as u64,
        removed_part_count: part_count as u64,
    };
    if removed_count == 0 {
        return Ok(rewritten);
    }
    let mut kept = Vec::new();
    for batch in read_file(lake, table, file, None).await? {
        let seqs = ingest_seqs(file, &batch)?.iter();
        let mask: BooleanArray = seqs.map(|seq| Some(!duplicates.contains(*seq))).collect();
        kept.push(filter_record_batch(&batch, &mask)?);
    }
    let schema = kept.first().map(RecordBatch::schema);
    let schema = schema.unwrap_or_else(|| Arc::new(Schema::empty()));
    let rows = concat_batches(&schema, &kept)?;
    drop(kept);
    let kept = with_chatbot(table, file, &rows)?;
    rewritten.file = match kept.num_rows() {
        0 => None,
        _ => Some(
            write_file(
                lake,
                table,
                file.partition.clone(),
                in_table_order(table, &kept)?,
            )
            .await?,
        ),
    };
    let path = LakePaths::new(lake.location().root()).below(&file.path_in_lake(&table.name))?;
    let deleted = lake.location().store().delete(&path).await;
    deleted.map_err(|error| Error::store("delete", path, error))?;
    Ok(rewritten)
}

fn ingest_seqs<'a>(file: &DataFile, batch: &'a RecordBatch) -> Result<&'a [i64]> {
    let column = batch
        .column_by_name("ingest_seq")
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    match column {
        Some(column) => Ok(column.values()),
        None => Err(Error::Damaged {
            path: file.path.to_string(),
            reason: "it has no `ingest_seq`".to_owned(),
        }),
    }
}

fn in_table_order(table: &Table, rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = table.columns.iter().map(|column| {
        rows.column_by_name(&column.name)
            .map(Arc::clone)
            .ok_or_else(|| Error::RowsMismatch {
                table: table.name.clone(),
                reason: format!("expected a column `{}`, found none", column.name),
            })
    });
    Ok(RecordBatch::try_new(
        table.arrow_schema(),
        columns.collect::<Result<_>>()?,
    )?)
}
