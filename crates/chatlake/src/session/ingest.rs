//! Bulk ingestion of Arrow batches: into a scratch table of the session, or into a stored table.
//!
//! Guarantees: rows for a stored table pass the same checks as those of a bulk file (domain specification §2.6) and are
//! committed as one load; a session takes in only rows that it could read; a scratch table gets all rows or none.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, SchemaRef};
use chatlake_ingest::{Format, IngestOptions, Source};
use chatlake_schema::Table;
use chatlake_types::{AccessScope, ErrorCode};
use futures::{Stream, TryStreamExt};
use parquet::arrow::ArrowWriter;

use crate::audit::{AuditedAction, AuditedOutcome};
use crate::bi_types::{readable_batch, readable_schema};
use crate::catalog::{DEFAULT_SCHEMA, SCHEMAS, SCRATCH_SCHEMA, STORED_SCHEMA};
use crate::permissions::{require_loads, require_queries};
use crate::queries::QueryOrigin;
use crate::scratch::{self, IfAbsent, IfExists, ScratchTable};
use crate::session::Session;
use crate::{Error, Result};

/// Where rows go.
#[derive(Clone, Debug)]
pub struct IngestTarget {
    /// Schema of the table; the session's own when it is not said.
    pub schema: Option<String>,
    /// The table.
    pub table: String,
    /// What happens when it is there.
    pub if_exists: IfExists,
    /// What happens when it is not there.
    pub if_absent: IfAbsent,
    /// Whether only a scratch table is meant.
    pub is_temporary: bool,
}

/// Which table a target is.
enum Meant {
    Scratch,
    Stored(&'static Table),
}

impl Session {
    /// Is the target a stored table? Rows of one are committed at once, whatever a savepoint says.
    ///
    /// # Errors
    /// When the target cannot be written.
    pub async fn is_stored(&self, target: &IngestTarget) -> Result<bool> {
        Ok(matches!(self.meant(target).await?, Meant::Stored(_)))
    }

    /// Takes rows in; the number of rows that were new.
    ///
    /// # Errors
    /// When the target cannot be written that way, a row is wrong, a limit is reached, or `batches` fails.
    pub async fn ingest(
        &self,
        target: &IngestTarget,
        schema: SchemaRef,
        batches: impl Stream<Item = Result<RecordBatch>> + Send + Unpin,
    ) -> Result<u64> {
        let readable = readable_schema(&schema);
        let expected = Arc::clone(&readable);
        let batches = batches.and_then(move |batch| {
            let batch = readable_batch(&batch, &expected);
            std::future::ready(batch.map_err(|error| Error::Sql(error.to_string())))
        });
        match self.meant(target).await? {
            Meant::Scratch => {
                // who may not ask has no use for tables of their own
                require_queries(self.permissions)?;
                self.ingest_scratch(target, readable, batches).await
            }
            Meant::Stored(table) => {
                let loaded = self.ingest_stored(target, table, readable, batches).await;
                self.note_load(table, &loaded);
                loaded
            }
        }
    }

    /// Tells the audit log of a load.
    fn note_load(&self, table: &Table, loaded: &Result<u64>) {
        let origin = QueryOrigin {
            action: AuditedAction::Ingest,
            ..self.origin(&["rows for ", &table.name].concat())
        };
        match loaded {
            Err(error) if error.code() == ErrorCode::PermissionDenied => {
                self.note_refusal(error, origin);
            }
            Err(_) => self
                .database
                .queries()
                .record(&origin, AuditedOutcome::Failed, 0),
            Ok(row_count) => {
                let queries = self.database.queries();
                queries.record(&origin, AuditedOutcome::Done, *row_count);
            }
        }
    }

    async fn meant(&self, target: &IngestTarget) -> Result<Meant> {
        let current = self.current_schema();
        let schema = target.schema.as_deref().filter(|schema| !schema.is_empty());
        if target.is_temporary && schema.is_some_and(|schema| schema != SCRATCH_SCHEMA) {
            return Err(Error::Unsupported(format!(
                "temporary tables are in the schema `{SCRATCH_SCHEMA}`"
            )));
        }
        let schema = match schema {
            None if target.is_temporary => SCRATCH_SCHEMA,
            None => current.as_str(),
            Some(schema) => schema,
        };
        if !SCHEMAS.contains(&schema) {
            return Err(Error::NotFound(format!("there is no schema `{schema}`")));
        }
        if target.table.is_empty() {
            return Err(Error::Sql(
                "expected the name of a table, found none".to_owned(),
            ));
        }
        if schema == SCRATCH_SCHEMA {
            return Ok(Meant::Scratch);
        }
        let stored = chatlake_schema::table(&target.table);
        match stored.filter(|_| [STORED_SCHEMA, DEFAULT_SCHEMA].contains(&schema)) {
            Some(table) => Ok(Meant::Stored(table)),
            None => {
                let scope = self.begin().await?.scope;
                let is_relation = scope.has_relation(schema, &target.table);
                match schema == current && schema != STORED_SCHEMA && !is_relation {
                    true => Ok(Meant::Scratch),
                    false => Err(Error::Unsupported(format!(
                        "`{schema}.{}` takes no rows: expected a stored table or a scratch table",
                        target.table
                    ))),
                }
            }
        }
    }

    async fn ingest_scratch(
        &self,
        target: &IngestTarget,
        schema: SchemaRef,
        mut batches: impl Stream<Item = Result<RecordBatch>> + Send + Unpin,
    ) -> Result<u64> {
        let name = &target.table;
        // told before the rows are read
        match (self.scratch.tables().contains_key(name), target) {
            (true, target) if target.if_exists == IfExists::Fail => {
                return Err(scratch::exists(name));
            }
            (false, target) if target.if_absent == IfAbsent::Fail => {
                return Err(scratch::absent(name));
            }
            _ => {}
        }
        let mut rows = self.scratch.rows();
        while let Some(batch) = batches.try_next().await? {
            rows.push(batch)?;
        }
        let rows = rows.finish();
        let row_count = rows.row_count() as u64;
        let table = ScratchTable::new(schema, rows);
        self.scratch
            .put(name, table, target.if_exists, target.if_absent)?;
        Ok(row_count)
    }

    async fn ingest_stored(
        &self,
        target: &IngestTarget,
        table: &'static Table,
        schema: SchemaRef,
        mut batches: impl Stream<Item = Result<RecordBatch>> + Send + Unpin,
    ) -> Result<u64> {
        require_loads(self.permissions, table)?;
        match target.if_exists {
            IfExists::Append => {}
            IfExists::Fail => return Err(scratch::exists(&target.table)),
            IfExists::Replace => {
                return Err(Error::Unsupported(format!(
                    "the stored table `{}` cannot be replaced: rows are only added",
                    table.name
                )));
            }
        }
        let bytes_max = self.database.settings().ingest_bytes_max;
        let failed = |error: std::io::Error| Error::Unavailable(error.to_string());
        let file = match &self.database.settings().spill_directory {
            Some(folder) => tempfile::NamedTempFile::new_in(folder),
            None => tempfile::NamedTempFile::new(),
        };
        let file = file.map_err(failed)?;
        let writer: File = file.reopen().map_err(failed)?;
        let unwritten = |error: parquet::errors::ParquetError| Error::Sql(error.to_string());
        let mut writer = ArrowWriter::try_new(writer, schema, None).map_err(unwritten)?;
        let visible = self.begin().await?.scope.visible;
        while let Some(batch) = batches.try_next().await? {
            refuse_foreign_rows(visible.scope(), table, &batch)?;
            writer.write(&batch).map_err(unwritten)?;
            if writer.bytes_written() + writer.in_progress_size() > bytes_max {
                return Err(Error::Limit(format!(
                    "expected at most {bytes_max} bytes in one load (`ingest_bytes_max`), found more"
                )));
            }
        }
        writer.close().map_err(unwritten)?;
        let now_micros = self.database.clock().now_micros();
        let mut options = IngestOptions::new(Format::Parquet, now_micros);
        options.table = Some(table.name.clone());
        let source = Source::Path(file.path().to_owned());
        let report = self.database.ingest(source, options).await?;
        Ok(report.accepted)
    }
}

/// A session adds rows of its own chatbots and accounts only.
fn refuse_foreign_rows(scope: &AccessScope, table: &Table, batch: &RecordBatch) -> Result<()> {
    if matches!(scope, AccessScope::Everything) {
        return Ok(());
    }
    let texts = |name: &str| {
        let column = batch.column_by_name(name)?;
        cast(column, &DataType::Utf8).ok()
    };
    let chatbots = table.chatbot_column.as_deref().and_then(texts);
    let accounts = texts("account_id");
    let value = |column: &Option<arrow::array::ArrayRef>, row: usize| {
        let texts = column.as_ref()?.as_string::<i32>();
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    for row in 0..batch.num_rows() {
        let (chatbot, account) = (value(&chatbots, row), value(&accounts, row));
        let has_account = table.column("account_id").is_some();
        let is_mine = match (&chatbot, &account) {
            (Some(chatbot), _) if !scope.allows_chatbot(chatbot) => false,
            (_, Some(account)) => scope.allows_account(account),
            (Some(_), None) => !has_account,
            (None, None) => false,
        };
        if !is_mine {
            return Err(Error::PermissionDenied(format!(
                "row {row} belongs to a chatbot or account that is not yours"
            )));
        }
    }
    Ok(())
}
