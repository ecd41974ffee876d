//! Pages as files: the rows of a page's function for the same chatbot, period and options, and its daily series as a second
//! file (domain specification §7.10).
//!
//! Guarantees: rows are encoded as they come, so memory is bounded by one batch (for Parquet one row group) whatever the
//! size of the file; all files of an export show one commit of the lake; a listing is exported whole unless its caller asks
//! for one page of it; instants carry the offset of the account's zone in text files and are UTC in Parquet.

mod csv;
mod encoder;
mod files;
mod format;
mod instants;
mod ndjson;
mod parquet;
#[cfg(test)]
mod sample;
mod stream;
mod table;

use std::sync::Arc;

use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};

pub use csv::{CsvEncoder, CsvOptions, LineEnd};
pub use encoder::FileEncoder;
pub use format::ExportFormat;
pub use ndjson::NdjsonEncoder;
pub use parquet::ParquetEncoder;
pub use stream::ExportStream;

pub(crate) use table::{FUNCTION, plan_export};

use crate::Result;
use crate::audit::AuditedAction;
use crate::catalog::QueryScope;
use crate::pages::{Paging, plan_call, zone_of};
use crate::permissions::require_queries;
use crate::queries::QueryOrigin;
use crate::query::Query;
use crate::session::Session;
use files::file_calls;
use stream::FileShape;

/// What is exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// The page: the name of its function, such as `users_page`.
    pub page: String,
    /// The chatbot that it is about.
    pub chatbot_id: String,
    /// The period; none for the page's default.
    pub period: Option<String>,
    /// Options of the page as a JSON object, and `raw`: whether text that looks like a formula stays as it is in CSV. Without
    /// `page` and `page_size` a listing is exported whole.
    pub options: Option<String>,
    /// How the files are written.
    pub format: ExportFormat,
}

/// Files that are ready to be written.
#[derive(Debug)]
pub struct Export {
    /// The page, then its daily series if it has one.
    pub files: Vec<ExportFile>,
}

/// One file that is ready to be written.
#[derive(Debug)]
pub struct ExportFile {
    name: String,
    query: Query,
    shape: FileShape,
}

impl ExportFile {
    /// A name for it: the page's, with the format as its ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs it: bytes come as they are asked for.
    ///
    /// # Errors
    /// When the query cannot be started, or the format cannot hold a column.
    pub async fn start(self) -> Result<ExportStream> {
        ExportStream::start(self.query.stream().await?, &self.shape)
    }

    /// Runs it and gathers the whole file: for files known to be small.
    ///
    /// # Errors
    /// When it fails at any point.
    pub async fn bytes(self) -> Result<Vec<u8>> {
        let mut stream = self.start().await?;
        let mut bytes = Vec::new();
        while let Some(mut chunk) = stream.next_chunk().await? {
            bytes.append(&mut chunk);
        }
        Ok(bytes)
    }
}

impl Session {
    /// Plans the files of an export; nothing runs before they are asked for their bytes.
    ///
    /// # Errors
    /// When there is no such page, the session may not ask it, or a period or option is wrong.
    pub async fn export(&self, request: &ExportRequest) -> Result<Export> {
        let origin = QueryOrigin {
            action: AuditedAction::Export,
            ..self.origin(&["export of the page ", &request.page].concat())
        };
        let planned = self.plan_export(request, &origin).await;
        planned.inspect_err(|error| self.note_refusal(error, origin))
    }

    async fn plan_export(&self, request: &ExportRequest, origin: &QueryOrigin) -> Result<Export> {
        require_queries(self.permissions())?;
        let environment = self.begin().await?;
        let mut files = Vec::new();
        for planned in plan_files(self, &environment.scope, request).await? {
            files.push(ExportFile {
                name: planned.name,
                query: Query::new(
                    self.database(),
                    origin.clone(),
                    Arc::clone(&environment.state),
                    planned.rows,
                )?,
                shape: planned.shape,
            });
        }
        Ok(Export { files })
    }
}

/// A file whose page is planned.
#[derive(Clone, Debug)]
struct PlannedFile {
    name: String,
    shape: FileShape,
    rows: LogicalPlan,
}

/// Plans the files of an export: all of them in one scope, so that they show one commit.
async fn plan_files(
    session: &Session,
    scope: &QueryScope,
    request: &ExportRequest,
) -> Result<Vec<PlannedFile>> {
    let calls = file_calls(&scope.library, request)?;
    let mut files = Vec::with_capacity(calls.len());
    for call in calls {
        let paging = call.wants_all_rows().then_some(Paging::All);
        let page = plan_call(session, scope, &call.page_call(), paging).await?;
        let source = provider_as_source(page);
        files.push(PlannedFile {
            rows: LogicalPlanBuilder::scan(&call.page, source, None)?.build()?,
            shape: FileShape::new(&call, zone_of(session, scope, &request.chatbot_id).await?),
            name: call.file_name,
        });
    }
    Ok(files)
}
