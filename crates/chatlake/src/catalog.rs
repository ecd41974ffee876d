//! What a query can name: `chatlake.lake` (resolved views), `chatlake.bi` (flat views for BI tools), `chatlake.stored`
//! (stored tables with every version), `chatlake.system` (the lake itself), `chatlake.scratch` (the session's own tables).
//!
//! Guarantees: a catalog belongs to one query and shows one commit; a view is planned only when it is named, once per query.

pub(crate) mod page_calls;
mod scratch;
mod stored;
pub(crate) mod system;
mod uncut;
mod views;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use arrow::datatypes::SchemaRef;
use chatlake_analytics::Library;
use chatlake_storage::{Lake, LakeSnapshot};
use chatlake_types::{Permission, Permissions};
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::ParamValues;
use datafusion::execution::SessionState;
use datafusion::scalar::ScalarValue;

use crate::additions::Additions;
use crate::audit::AuditTrail;
use crate::catalog::page_calls::PageCalls;
use crate::catalog::views::{ViewKind, ViewSchema};
use crate::entity_table::visible_rows::VisibleRows;
use crate::queries::{Queries, QueryOrigin};
use crate::scratch::ScratchTables;

/// The name of the only catalog.
pub const CATALOG: &str = "chatlake";

/// The schema of resolved views, used when a query names none.
pub const DEFAULT_SCHEMA: &str = "lake";

/// The schema of flat views for BI tools.
pub(crate) const BI_SCHEMA: &str = "bi";

/// The schema of the session's own tables.
pub(crate) const SCRATCH_SCHEMA: &str = "scratch";

/// The schema of stored tables.
pub(crate) const STORED_SCHEMA: &str = "stored";

/// The schema of the lake itself.
pub(crate) const SYSTEM_SCHEMA: &str = "system";

/// The schemas that every session has.
pub(crate) const SCHEMAS: [&str; 5] = [
    BI_SCHEMA,
    DEFAULT_SCHEMA,
    SCRATCH_SCHEMA,
    STORED_SCHEMA,
    SYSTEM_SCHEMA,
];

/// The latest instant that SQL text can name: "no cut" for `$as_of`.
const END_OF_TIME_MICROS: i64 = 253_402_300_799_999_999;

/// A table or view as tools list it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    /// Schema, e.g. `lake`.
    pub schema: String,
    /// Name, unique in the schema.
    pub name: String,
    /// `TABLE` or `VIEW`.
    pub kind: &'static str,
    /// What one row is.
    pub doc: String,
    /// Columns, in types that BI tools read.
    pub arrow_schema: SchemaRef,
    /// Columns that identify a row and are never NULL; empty where none are known.
    pub primary_key: Vec<String>,
    /// What the rows belong to. Not enforced: the row that is meant may be missing.
    pub foreign_keys: Vec<ForeignKey>,
}

/// Columns that hold the primary key of another table or view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    /// The columns, in the order of the other table's key.
    pub columns: Vec<String>,
    /// Schema of the other table.
    pub schema: String,
    /// Name of the other table.
    pub table: String,
    /// The other table's key.
    pub key: Vec<String>,
}

/// What a query sees of the lake.
#[derive(Clone, Debug)]
pub(crate) struct QueryScope {
    pub(crate) lake: Arc<Lake>,
    pub(crate) snapshot: Arc<LakeSnapshot>,
    pub(crate) visible: VisibleRows,
    /// What those may do who name relations: the session for its own text, everything for the SQL of a page.
    pub(crate) permissions: Permissions,
    /// Who asks.
    pub(crate) user: Option<Arc<str>>,
    /// The audit log of the lake.
    pub(crate) audit: Option<Arc<dyn AuditTrail>>,
    /// The queries of the lake.
    pub(crate) queries: Arc<Queries>,
    /// The session's own tables.
    pub(crate) scratch: Arc<ScratchTables>,
    /// The schema of names without one: behind its relations stand the scratch tables.
    pub(crate) current_schema: Arc<str>,
    /// `chatlake.as_of`, in µs since 1970-01-01T00:00:00Z.
    pub(crate) as_of_micros: Option<i64>,
    /// The clock when the query began, in µs since 1970-01-01T00:00:00Z.
    pub(crate) now_micros: i64,
    /// The SQL of views and pages.
    pub(crate) library: Arc<Library>,
    /// What a page adds to what its SQL can name.
    pub(crate) page: Option<PageScope>,
}

/// What the SQL of one call of a page can name besides views.
#[derive(Clone, Debug)]
pub(crate) struct PageScope {
    /// Values of `chatlake_analytics::PAGE_PARAMETERS` but for `as_of` and `now`, and of the page's own options.
    pub(crate) parameters: HashMap<String, ScalarValue>,
    /// The local days of the window.
    pub(crate) window_days: Arc<dyn TableProvider>,
}

impl QueryScope {
    /// May the session see, and stop, a query of this origin? One's own, or all for who may read the whole lake.
    pub(crate) fn may_see(&self, origin: &QueryOrigin) -> bool {
        self.sees_all_users() || (self.user.is_some() && self.user == origin.user)
    }

    /// May the session see what others do?
    pub(crate) fn sees_all_users(&self) -> bool {
        self.visible.sees_everything() && self.permissions.allow(Permission::RawViews)
    }

    /// Does a schema of the lake have this relation?
    pub(crate) fn has_relation(&self, schema: &str, name: &str) -> bool {
        match schema {
            DEFAULT_SCHEMA => self.library.view(name).is_some(),
            BI_SCHEMA => self.library.bi_view(name).is_some(),
            STORED_SCHEMA => chatlake_schema::table(name).is_some(),
            SYSTEM_SCHEMA => system::TABLES.iter().any(|table| table.name() == name),
            _ => false,
        }
    }

    /// Values of the placeholders in the SQL of views, parts and pages.
    pub(crate) fn parameters(&self) -> ParamValues {
        let mut values = match &self.page {
            Some(page) => page.parameters.clone(),
            None => HashMap::new(),
        };
        let as_of = self.as_of_micros.unwrap_or(END_OF_TIME_MICROS);
        let now = self.as_of_micros.unwrap_or(self.now_micros);
        values.insert(chatlake_analytics::AS_OF.to_owned(), instant(as_of));
        values.insert(chatlake_analytics::NOW.to_owned(), instant(now));
        let values = values.into_iter();
        ParamValues::Map(values.map(|(name, value)| (name, value.into())).collect())
    }
}

/// An instant as SQL sees it; µs since 1970-01-01T00:00:00Z.
pub(crate) fn instant(micros: i64) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()))
}

/// The catalogs of one query.
#[derive(Debug)]
pub(crate) struct QueryCatalogs {
    catalog: Arc<QueryCatalog>,
}

#[derive(Debug)]
struct QueryCatalog {
    stored: Arc<stored::StoredSchema>,
    lake: Arc<ViewSchema>,
    bi: Arc<ViewSchema>,
    page_calls: Arc<PageCalls>,
    system: Arc<system::SystemSchema>,
    scratch: Arc<ScratchTables>,
    current_schema: Arc<str>,
    additions: Arc<Additions>,
}

impl QueryCatalogs {
    pub(crate) fn new(scope: QueryScope, additions: Arc<Additions>) -> Self {
        let scope = Arc::new(scope);
        let catalog = QueryCatalog {
            stored: Arc::new(stored::StoredSchema::new(Arc::clone(&scope))),
            lake: Arc::new(ViewSchema::new(ViewKind::Lake, Arc::clone(&scope))),
            bi: Arc::new(ViewSchema::new(ViewKind::Bi, Arc::clone(&scope))),
            page_calls: Arc::default(),
            scratch: Arc::clone(&scope.scratch),
            current_schema: Arc::clone(&scope.current_schema),
            system: Arc::new(system::SystemSchema::new(scope)),
            additions,
        };
        Self {
            catalog: Arc::new(catalog),
        }
    }

    /// Tells the views which session plans them (it holds this catalog, so it cannot be given at the beginning).
    pub(crate) fn set_planner(&self, state: Weak<SessionState>) {
        self.catalog.bi.set_planner(Weak::clone(&state));
        self.catalog.lake.set_planner(state);
    }

    /// The planned calls of pages in the query's text.
    pub(crate) fn page_calls(&self) -> &PageCalls {
        &self.catalog.page_calls
    }
}

impl CatalogProviderList for QueryCatalogs {
    fn register_catalog(
        &self,
        _: String,
        _: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        vec![CATALOG.to_owned()]
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        (name == CATALOG).then(|| Arc::clone(&self.catalog) as Arc<dyn CatalogProvider>)
    }
}

impl QueryCatalog {
    fn own_schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        match name {
            DEFAULT_SCHEMA => Some(Arc::clone(&self.lake) as Arc<dyn SchemaProvider>),
            BI_SCHEMA => Some(Arc::clone(&self.bi) as Arc<dyn SchemaProvider>),
            page_calls::SCHEMA => Some(Arc::clone(&self.page_calls) as Arc<dyn SchemaProvider>),
            STORED_SCHEMA => Some(Arc::clone(&self.stored) as Arc<dyn SchemaProvider>),
            SYSTEM_SCHEMA => Some(Arc::clone(&self.system) as Arc<dyn SchemaProvider>),
            other => self.additions.schema(other),
        }
    }
}

impl CatalogProvider for QueryCatalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names = SCHEMAS.map(str::to_owned).to_vec();
        // a session without scratch tables is not shown an empty schema
        names.retain(|name| name != SCRATCH_SCHEMA || !self.scratch.is_empty());
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let scratch = || Arc::clone(&self.scratch);
        if name == SCRATCH_SCHEMA {
            return Some(Arc::new(scratch::ScratchSchema::new(scratch())));
        }
        let schema = self.own_schema(name)?;
        if name == self.current_schema.as_ref() && !self.scratch.is_empty() {
            return Some(Arc::new(scratch::ScratchSchema::behind(schema, scratch())));
        }
        Some(schema)
    }
}
