//! Takes some rows out of a data file that only the running load knows, by writing it anew.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::{Int64Type, Schema};
use chatlake_schema::Table;
use object_store::ObjectStoreExt;

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

/// The file without the rows of those `ingest_seq` (with whether each is a part of a record). The old file is removed.
pub(super) async fn without(
    lake: &Arc<Lake>,
    table: &'static Table,
    file: &Arc<DataFile>,
    seqs: &HashMap<i64, bool>,
) -> Result<Rewritten> {
    let batches = read_file(lake, table, file, None).await?;
    let schema = batches.first().map(RecordBatch::schema);
    let rows = concat_batches(
        &schema.unwrap_or_else(|| Arc::new(Schema::empty())),
        &batches,
    )?;
    let column = rows
        .column_by_name("ingest_seq")
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    let Some(column) = column else {
        let reason = "it has no `ingest_seq`".to_owned();
        return Err(Error::Damaged {
            path: file.path.to_string(),
            reason,
        });
    };
    let removed: Vec<bool> = column
        .values()
        .iter()
        .filter_map(|seq| seqs.get(seq).copied())
        .collect();
    let part_count = removed.iter().filter(|part| **part).count();
    let mut rewritten = Rewritten {
        file: Some(Arc::clone(file)),
        removed_record_count: (removed.len() - part_count) as u64,
        removed_part_count: part_count as u64,
    };
    if removed.is_empty() {
        return Ok(rewritten);
    }
    let mask: BooleanArray = column
        .values()
        .iter()
        .map(|seq| Some(!seqs.contains_key(seq)))
        .collect();
    let kept = filter_record_batch(&with_chatbot(table, file, &rows)?, &mask)?;
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
