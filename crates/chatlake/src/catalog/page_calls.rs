//! The planned calls of pages of one query: each `page(…)` in its text was replaced by a relation of this schema.
//!
//! Guarantees: the schema is not listed; names are numbers in the order of the calls.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;

/// Name of the schema; nobody can type it by accident.
pub(crate) const SCHEMA: &str = "$pages";

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct PageCalls {
    planned: Mutex<Vec<Arc<dyn TableProvider>>>,
}

impl PageCalls {
    /// Adds a planned call and gives its name.
    pub(crate) fn add(&self, provider: Arc<dyn TableProvider>) -> String {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        planned.push(provider);
        planned.len().to_string()
    }

    fn get(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        let at = name.parse::<usize>().ok()?.checked_sub(1)?;
        let planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        planned.get(at).map(Arc::clone)
    }
}

#[async_trait]
impl SchemaProvider for PageCalls {
    fn table_names(&self) -> Vec<String> {
        Vec::new()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        Ok(self.get(name))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}
