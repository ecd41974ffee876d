//! The schemas `lake` and `bi`: relations planned from their SQL when they are named.
//!
//! Inside of a page the schema `lake` also has the parts and the relation `window_days`, with the page's parameters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use async_trait::async_trait;
use chatlake_analytics::{View, WINDOW_DAYS};
use chatlake_types::Permission;
use datafusion::catalog::view::ViewTable;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::common::Result;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;

use super::uncut::without_cut;
use super::{BI_SCHEMA, DEFAULT_SCHEMA, QueryScope};
use crate::Error;
use crate::permissions::require_relation;

/// Which of the library's views a schema holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ViewKind {
    /// The resolved views of domain specification §9.2.
    Lake,
    /// Flat relations for BI tools.
    Bi,
}

impl ViewKind {
    fn schema(self) -> &'static str {
        match self {
            Self::Lake => DEFAULT_SCHEMA,
            Self::Bi => BI_SCHEMA,
        }
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct ViewSchema {
    kind: ViewKind,
    scope: Arc<QueryScope>,
    planner: OnceLock<Weak<SessionState>>,
    planned: Mutex<HashMap<String, Arc<dyn TableProvider>>>,
}

impl ViewSchema {
    pub(super) fn new(kind: ViewKind, scope: Arc<QueryScope>) -> Self {
        Self {
            kind,
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

    fn view(&self, name: &str) -> Option<&View> {
        let library = &self.scope.library;
        match self.kind {
            ViewKind::Bi => library.bi_view(name),
            ViewKind::Lake => {
                let part = self.scope.page.as_ref().and_then(|_| library.part(name));
                part.or_else(|| library.view(name))
            }
        }
    }
}

#[async_trait]
impl SchemaProvider for ViewSchema {
    fn table_names(&self) -> Vec<String> {
        if !self.scope.permissions.allow(Permission::RawViews) {
            // what may not be read is not listed either
            return Vec::new();
        }
        let views = match self.kind {
            ViewKind::Bi => self.scope.library.bi(),
            ViewKind::Lake => self.scope.library.views(),
        };
        views.iter().map(|view| view.name.clone()).collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if let (WINDOW_DAYS, ViewKind::Lake, Some(page)) = (name, self.kind, &self.scope.page) {
            return Ok(Some(Arc::clone(&page.window_days)));
        }
        let Some(view) = self.view(name) else {
            return Ok(None);
        };
        require_relation(self.scope.permissions, self.kind.schema(), name)
            .map_err(Error::into_datafusion)?;
        if let Some(provider) = self.planned(name) {
            return Ok(Some(provider));
        }
        let state = self.planner.get().and_then(Weak::upgrade);
        let state = state
            .ok_or_else(|| DataFusionError::Internal("a view outlived its query".to_owned()))?;
        let plan = state.create_logical_plan(&view.sql).await?;
        let plan = match self.scope.as_of_micros {
            Some(_) => plan,
            None => without_cut(plan)?,
        };
        let plan = plan.with_param_values(self.scope.parameters())?;
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
        self.view(name).is_some()
    }
}
