//! The schema `stored`: every stored table as it is, with all versions.

use std::sync::Arc;

use async_trait::async_trait;
use chatlake_types::Permission;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

use super::{QueryScope, STORED_SCHEMA};
use crate::Error;
use crate::entity_table::EntityTable;
use crate::permissions::require_relation;

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
        // what may not be read is not listed either
        let readable = self.scope.permissions.allow(Permission::RawViews);
        chatlake_schema::tables()
            .iter()
            .filter(|_| readable)
            .map(|table| table.name.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(table) = chatlake_schema::table(name) else {
            return Ok(None);
        };
        require_relation(self.scope.permissions, STORED_SCHEMA, name)
            .map_err(Error::into_datafusion)?;
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
