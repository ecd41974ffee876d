//! The schema `system`: the lake itself as tables. One file per table; a new one is a file and a line in [`TABLES`].

mod audit;
mod commits;
mod files;
mod queries;
mod tables;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chatlake_types::Permission;
use datafusion::catalog::{MemTable, SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;

use super::{QueryScope, SYSTEM_SCHEMA};
use crate::permissions::refused_relation;

/// A table about the lake.
pub(crate) trait SystemTable: std::fmt::Debug + Send + Sync {
    /// Its name in the schema `system`.
    fn name(&self) -> &'static str;
    /// What a session needs to read it; its rows are those of the session's scope in any case.
    fn permission(&self) -> Permission {
        Permission::RawViews
    }
    /// What one row is.
    fn doc(&self) -> &'static str;
    /// Its columns.
    fn schema(&self) -> SchemaRef;
    /// Its rows, as far as the query may see them. May block.
    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch>;
}

/// All of them, by name.
pub(crate) const TABLES: [&dyn SystemTable; 5] = [
    &audit::Audit,
    &commits::Commits,
    &files::Files,
    &queries::RunningAndPast,
    &tables::Tables,
];

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct SystemSchema {
    scope: Arc<QueryScope>,
}

impl SystemSchema {
    pub(super) fn new(scope: Arc<QueryScope>) -> Self {
        Self { scope }
    }
}

fn is_readable(scope: &QueryScope, table: &dyn SystemTable) -> bool {
    scope.permissions.allow(table.permission())
}

fn find(name: &str) -> Option<&'static dyn SystemTable> {
    TABLES.into_iter().find(|table| table.name() == name)
}

#[async_trait]
impl SchemaProvider for SystemSchema {
    fn table_names(&self) -> Vec<String> {
        let readable = TABLES
            .iter()
            .filter(|table| is_readable(&self.scope, **table));
        readable.map(|table| table.name().to_owned()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = find(name) else {
            return Ok(None);
        };
        if !is_readable(&self.scope, table) {
            return Err(refused_relation(SYSTEM_SCHEMA, name).into_datafusion());
        }
        let scope = Arc::clone(&self.scope);
        let rows = tokio::task::spawn_blocking(move || table.rows(&scope));
        let rows = rows
            .await
            .map_err(|error| DataFusionError::External(Box::new(error)))??;
        Ok(Some(Arc::new(MemTable::try_new(
            table.schema(),
            vec![vec![rows]],
        )?)))
    }

    fn table_exist(&self, name: &str) -> bool {
        find(name).is_some()
    }
}
