//! The relations of a session as `pg_catalog` lists them.
//!
//! Guarantees: what is listed is what [`Session::tables`] says, so it follows the permissions of the session; it is asked once
//! per statement.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::SchemaRef;
use chatlake::{CATALOG, Session, TableInfo};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::TableType;
use datafusion_pg_catalog::pg_catalog::catalog_info::CatalogInfo;

use super::SCHEMA;

/// See the module's documentation. Clones share what was asked.
#[derive(Clone, Debug)]
pub(crate) struct Relations {
    session: Session,
    known: Arc<Mutex<Option<Arc<Vec<TableInfo>>>>>,
}

impl Relations {
    /// The relations of a session.
    pub(crate) fn of(session: Session) -> Self {
        Self {
            session,
            known: Arc::default(),
        }
    }

    /// Asks anew, the next time.
    pub(crate) fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn tables(&self) -> Result<Arc<Vec<TableInfo>>, DataFusionError> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let tables = self.session.tables().await;
        let tables = Arc::new(tables.map_err(|error| DataFusionError::External(Box::new(error)))?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(&tables));
        Ok(tables)
    }

    /// Something of one relation, if it is there.
    async fn find<T>(
        &self,
        schema: &str,
        name: &str,
        of: impl FnOnce(&TableInfo) -> T,
    ) -> Result<Option<T>, DataFusionError> {
        let tables = self.tables().await?;
        let mut tables = tables.iter();
        let found = tables.find(|table| table.schema == schema && table.name == name);
        Ok(found.map(of))
    }
}

#[async_trait::async_trait]
impl CatalogInfo for Relations {
    async fn catalog_names(&self) -> Result<Vec<String>, DataFusionError> {
        Ok(vec![CATALOG.to_owned()])
    }

    /// Those with a relation, and those that tools take for granted.
    async fn schema_names(&self, _: &str) -> Result<Option<Vec<String>>, DataFusionError> {
        let tables = self.tables().await?;
        let mut names: Vec<String> = tables.iter().map(|table| table.schema.clone()).collect();
        names.extend(["information_schema".to_owned(), SCHEMA.to_owned()]);
        names.sort_unstable();
        names.dedup();
        Ok(Some(names))
    }

    async fn table_names(
        &self,
        _: &str,
        schema: &str,
    ) -> Result<Option<Vec<String>>, DataFusionError> {
        let tables = self.tables().await?;
        let names = tables.iter().filter(|table| table.schema == schema);
        Ok(Some(names.map(|table| table.name.clone()).collect()))
    }

    async fn table_schema(
        &self,
        _: &str,
        schema: &str,
        table: &str,
    ) -> Result<Option<SchemaRef>, DataFusionError> {
        let of = |found: &TableInfo| Arc::clone(&found.arrow_schema);
        self.find(schema, table, of).await
    }

    async fn table_type(
        &self,
        _: &str,
        schema: &str,
        table: &str,
    ) -> Result<Option<TableType>, DataFusionError> {
        let of = |found: &TableInfo| match found.kind {
            "VIEW" => TableType::View,
            _ => TableType::Base,
        };
        self.find(schema, table, of).await
    }
}
