//! Takes some rows out of a data file that only the running load knows, by writing it anew.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{AsArray, BooleanArray, RecordBatch};
use arrow::compute::{concat_batches, filter_record_batch};
use arrow::datatypes::Int64Type;
use chatlake_schema::Table;
use object_store::ObjectStoreExt;

use super::probe::with_chatbot;
use super::write::write_file;
use crate::data_file::DataFile;
use crate::lake::Lake;
use crate::read::read_file;
use crate::paths::LakePaths;
use crate::{Error, Result};

/// The file without the rows of those `ingest_seq`; `None` when no row is left. The old file is removed.
pub(super) async fn without(
    lake: &Lake,
    table: &'static Table,
    file: &Arc<DataFile>,
    seqs: &HashSet<i64>,
) -> Result<Option<Arc<DataFile>>> {
    let batches = read_file(lake, table, file, None).await?;
    let Some(first) = batches.first() else { return Ok(None) };
    let rows = concat_batches(&first.schema(), &batches)?;
    let mask: BooleanArray = match rows.column_by_name("ingest_seq").and_then(|column| column.as_primitive_opt::<Int64Type>()) {
        Some(column) => column.values().iter().map(|seq| Some(!seqs.contains(seq))).collect(),
        None => return Err(Error::Damaged { path: file.path.to_string(), reason: "it has no `ingest_seq`".to_owned() }),
    };
    if mask.true_count() == rows.num_rows() {
        return Ok(Some(Arc::clone(file)));
    }
    let kept = filter_record_batch(&with_chatbot(table, file, &rows)?, &mask)?;
    let rewritten = match kept.num_rows() {
        0 => None,
        _ => Some(write_file(lake, table, file.partition.clone(), in_table_order(table, &kept)?).await?),
    };
    let path = LakePaths::new(lake.location().root()).below(&file.path_in_lake(&table.name))?;
    lake.location().store().delete(&path).await.map_err(|error| Error::store("delete", path, error))?;
    Ok(rewritten)
}

fn in_table_order(table: &Table, rows: &RecordBatch) -> Result<RecordBatch> {
    let columns = table.columns.iter().map(|column| {
        rows.column_by_name(&column.name).map(Arc::clone).ok_or_else(|| Error::RowsMismatch {
            table: table.name.clone(),
            reason: format!("expected a column `{}`, found none", column.name),
        })
    });
    Ok(RecordBatch::try_new(table.arrow_schema(), columns.collect::<Result<_>>()?)?)
}
