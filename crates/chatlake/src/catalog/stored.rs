//! The schema `stored`: every stored table as it is, with all versions.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

use super::QueryScope;
use crate::entity_table::EntityTable;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct StoredSchema {
    scope: Arc<QueryScope>,
}

impl StoredSchema {
    pub(super) fn new(scope: Arc<QueryScope>) -> Self {
        Self { scope }
    }
}

#[async_trait]
impl SchemaProvider for StoredSchema {
    fn table_names(&self) -> Vec<String> {
        chatlake_schema::tables()
            .iter()
            .map(|table| table.name.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = chatlake_schema::table(name) else {
            return Ok(None);
        };
        let root = self.scope.lake.location().root().clone();
        let provider = EntityTable::new(
            table,
            Arc::clone(&self.scope.snapshot),
            self.scope.visible.clone(),
            root,
        );
        Ok(Some(Arc::new(provider)))
    }

    fn table_exist(&self, name: &str) -> bool {
        chatlake_schema::table(name).is_some()
    }
}
