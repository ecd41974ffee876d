//! `export(chatbot_id, page, period, format [, options])` in SQL: one row per file, with the whole file as its value.
//!
//! ```sql
//! SELECT file, row_count FROM export('cb_1', 'analytics_messages', 'last_7_days', 'csv');
//! SELECT content FROM export('cb_1', 'users_page', 'this_month', 'csv', plan => 'pro', raw => true);
//! ```
//!
//! 1. Planning reads the arguments and plans the page of each file; a page that the session may not ask is refused here.
//! 2. Running executes the files one after another; a file is gathered, counted against the memory of queries and against
//!    `export_bytes_max`, and given out as one row.
//!
//! Guarantees: nothing runs before rows are asked for; files of one call show one commit; beyond `export_bytes_max` the query
//! ends with an error that names the setting and the other ways to export.

use std::sync::Arc;

use arrow::array::{BinaryArray, Int64Array, RecordBatch, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::StreamExt;
use serde_json::Value;

use super::files::bad_value;
use super::stream::{ExportStream, FileShape};
use super::{ExportRequest, PlannedFile, plan_files};
use crate::Error;
use crate::bi_types::{readable_batch, readable_schema};
use crate::catalog::QueryScope;
use crate::pages::PageCall;
use crate::session::Session;

/// Name of the function.
pub(crate) const FUNCTION: &str = "export";

/// What stands in front of the options, in order.
const ARGUMENTS: [&str; 4] = ["chatbot_id", "page", "period", "format"];

/// The largest file that fits into one value, in bytes.
const VALUE_BYTES_MAX: usize = i32::MAX as usize;

/// Plans a call of `export`.
pub(crate) async fn plan_export(
    session: &Session,
    scope: &QueryScope,
    call: &PageCall,
) -> crate::Result<Arc<dyn TableProvider>> {
    let bytes_max = session.database().settings().export_bytes_max;
    // without the values of its placeholders only the columns are known
    let files = match call.is_blank {
        true => Vec::new(),
        false => plan_files(session, scope, &read_call(scope, call)?).await?,
    };
    Ok(Arc::new(ExportTable {
        files,
        schema: table_schema(),
        bytes_max: bytes_max.min(VALUE_BYTES_MAX),
    }))
}

/// The columns of `export`.
fn table_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("file", DataType::Utf8, false),
        Field::new("row_count", DataType::Int64, false),
        Field::new("content", DataType::Binary, false),
    ]))
}

/// Reads the arguments; `page` is the function's only by position, by name it is the number of a screen page.
fn read_call(scope: &QueryScope, call: &PageCall) -> crate::Result<ExportRequest> {
    let mut options = call.named.clone();
    // options may be NULL
    let said = call.positional.iter().rposition(|value| !value.is_null());
    if call.positional.len() > ARGUMENTS.len() + 1
        || said.is_some_and(|last| last >= ARGUMENTS.len())
    {
        return Err(Error::Sql(format!(
            "expected `{FUNCTION}({} [, options])`, found {} values by position",
            ARGUMENTS.join(", "),
            call.positional.len()
        )));
    }
    let mut take = |at: usize| {
        let name = ARGUMENTS[at];
        let value = match call.positional.get(at) {
            Some(value) => Some(value.clone()),
            None if name == "page" => None,
            None => options.remove(name),
        };
        text(name, &value.unwrap_or(Value::Null))
    };
    let (chatbot_id, page, period, format) = (take(0)?, take(1)?, take(2)?, take(3)?);
    let said = |name, value: Option<String>| value.ok_or_else(|| bad_value(name, "a text", "NULL"));
    let page = said("page", page)?;
    let has_period = scope
        .library
        .page(&page)
        .is_some_and(|page| page.has_period);
    Ok(ExportRequest {
        // a page with a period says itself that NULL is none
        period: period.or_else(|| has_period.then(|| "NULL".to_owned())),
        chatbot_id: said("chatbot_id", chatbot_id)?,
        format: said("format", format)?.parse()?,
        options: Some(Value::Object(options).to_string()),
        page,
    })
}

/// A text, or a number as its text; `None` for NULL.
fn text(name: &'static str, value: &Value) -> crate::Result<Option<String>> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        other => Err(bad_value(name, "a text", &other.to_string())),
    }
}

/// The files of one call.
#[derive(Debug)]
struct ExportTable {
    files: Vec<PlannedFile>,
    schema: SchemaRef,
    bytes_max: usize,
}

#[async_trait]
impl TableProvider for ExportTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn datafusion::catalog::Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut files = Vec::with_capacity(self.files.len());
        for file in &self.files {
            files.push(ReadyFile {
                name: file.name.clone(),
                shape: file.shape.clone(),
                rows: state.create_physical_plan(&file.rows).await?,
            });
        }
        let partition = ExportPartition {
            files,
            schema: Arc::clone(&self.schema),
            bytes_max: self.bytes_max,
        };
        let table = StreamingTable::try_new(Arc::clone(&self.schema), vec![Arc::new(partition)])?;
        table.scan(state, projection, &[], limit).await
    }
}

/// A file that is ready to run.
#[derive(Clone, Debug)]
struct ReadyFile {
    name: String,
    shape: FileShape,
    rows: Arc<dyn ExecutionPlan>,
}

/// All files of one call.
#[derive(Debug)]
struct ExportPartition {
    files: Vec<ReadyFile>,
    schema: SchemaRef,
    bytes_max: usize,
}

impl PartitionStream for ExportPartition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let gathering = Gathering {
            reservation: MemoryConsumer::new(FUNCTION).register(context.memory_pool()),
            context,
            schema: Arc::clone(&self.schema),
            bytes_max: self.bytes_max,
            byte_count: 0,
        };
        let files = self.files.clone().into_iter();
        let start = (files, gathering);
        let rows = futures::stream::try_unfold(start, |(mut files, mut gathering)| async move {
            let Some(file) = files.next() else {
                return Ok(None);
            };
            let row = gathering.gather(&file).await;
            let row = row.map_err(Error::into_datafusion)?;
            Ok(Some((row, (files, gathering))))
        });
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            rows,
        ))
    }
}

/// Files on their way into memory.
struct Gathering {
    context: Arc<TaskContext>,
    schema: SchemaRef,
    /// For the file that is gathered, or was given out last.
    reservation: MemoryReservation,
    bytes_max: usize,
    byte_count: usize,
}

impl Gathering {
    /// Runs a file to its end: one row.
    async fn gather(&mut self, file: &ReadyFile) -> crate::Result<RecordBatch> {
        self.reservation.free();
        let rows = execute_stream(Arc::clone(&file.rows), Arc::clone(&self.context))?;
        let mut stream = ExportStream::start(readable(rows), &file.shape)?;
        let mut content = Vec::new();
        while let Some(mut chunk) = stream.next_chunk().await? {
            self.byte_count += chunk.len();
            if self.byte_count > self.bytes_max {
                return Err(Error::Limit(format!(
                    "the files of `{FUNCTION}` have more bytes than `export_bytes_max` = {} allows; `chatlake export` and \
                     `Session::export` write files of any size",
                    self.bytes_max
                )));
            }
            self.reservation.try_grow(chunk.len())?;
            content.append(&mut chunk);
        }
        let row_count = i64::try_from(stream.row_count()).unwrap_or(i64::MAX);
        let value = OffsetBuffer::from_lengths([content.len()]);
        let row = RecordBatch::try_new(
            Arc::clone(&self.schema),
            vec![
                Arc::new(StringArray::from(vec![file.name.as_str()])),
                Arc::new(Int64Array::from(vec![row_count])),
                Arc::new(BinaryArray::new(value, content.into(), None)),
            ],
        );
        Ok(row.map_err(DataFusionError::from)?)
    }
}

/// The rows in types that every format has.
fn readable(rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let schema = readable_schema(&rows.schema());
    let wanted = Arc::clone(&schema);
    let rows = rows.map(move |batch| Ok(readable_batch(&batch?, &wanted)?));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}
