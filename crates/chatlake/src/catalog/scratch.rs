//! The schema `scratch`: the session's own tables; and a schema in which they stand behind its relations.
//!
//! Guarantees: a relation of the lake is never hidden by a scratch table.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

use crate::scratch::ScratchTables;

/// The scratch tables, behind the relations of another schema where there is one.
#[derive(Debug)]
pub(super) struct ScratchSchema {
    first: Option<Arc<dyn SchemaProvider>>,
    tables: Arc<ScratchTables>,
}

impl ScratchSchema {
    pub(super) fn new(tables: Arc<ScratchTables>) -> Self {
        Self {
            first: None,
            tables,
        }
    }

    /// Names that `first` does not have are looked for among the scratch tables.
    pub(super) fn behind(first: Arc<dyn SchemaProvider>, tables: Arc<ScratchTables>) -> Self {
        Self {
            first: Some(first),
            tables,
        }
    }
}

#[async_trait]
impl SchemaProvider for ScratchSchema {
    fn table_names(&self) -> Vec<String> {
        match &self.first {
            // they are listed once, in their own schema
            Some(first) => first.table_names(),
            None => self.tables.keys().cloned().collect(),
        }
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let Some(first) = &self.first
            && let Some(table) = first.table(name).await?
        {
            return Ok(Some(table));
        }
        self.tables
            .get(name)
            .map(|table| table.provider())
            .transpose()
    }

    fn table_exist(&self, name: &str) -> bool {
        self.first
            .as_ref()
            .is_some_and(|first| first.table_exist(name))
            || self.tables.contains_key(name)
    }
}
