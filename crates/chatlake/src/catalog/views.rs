//! The schema `lake`: the resolved views of domain specification §9.2, planned from their SQL when they are named.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use async_trait::async_trait;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;

use super::QueryScope;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct ViewSchema {
    scope: Arc<QueryScope>,
    planner: OnceLock<Weak<SessionState>>,
    planned: Mutex<HashMap<String, Arc<dyn TableProvider>>>,
}

impl ViewSchema {
    pub(super) fn new(scope: Arc<QueryScope>) -> Self {
        Self {
            scope,
            planner: OnceLock::new(),
            planned: Mutex::default(),
        }
    }

    pub(super) fn set_planner(&self, state: Weak<SessionState>) {
        // set once, right after the session was built
        let _ = self.planner.set(state);
    }

    fn planned(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.planned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .map(Arc::clone)
    }
}

#[async_trait]
impl SchemaProvider for ViewSchema {
    fn table_names(&self) -> Vec<String> {
        chatlake_analytics::views()
            .iter()
            .map(|view| view.name.clone())
            .collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(view) = chatlake_analytics::view(name) else {
            return Ok(None);
        };
        if let Some(provider) = self.planned(name) {
            return Ok(Some(provider));
        }
        let state = self.planner.get().and_then(Weak::upgrade);
        let state = state
            .ok_or_else(|| DataFusionError::Internal("a view outlived its query".to_owned()))?;
        let plan = state.create_logical_plan(&view.sql).await?;
        let plan = plan.with_param_values(self.scope.view_parameters())?;
        // types that follow from operators and unions are known after analysis
        let plan = state
            .analyzer()
            .execute_and_check(plan, state.config_options(), |_, _| {})?;
        let provider: Arc<dyn TableProvider> =
            Arc::new(ViewTable::new(plan, Some(view.sql.clone())));
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        planned.insert(name.to_owned(), Arc::clone(&provider));
        Ok(Some(provider))
    }

    fn table_exist(&self, name: &str) -> bool {
        chatlake_analytics::view(name).is_some()
    }
}
