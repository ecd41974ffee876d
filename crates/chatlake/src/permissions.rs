//! What a session may ask, said where names become plans (domain specification §9.5).
//!
//! A text names relations in two ways. Tables and views are looked up in the catalog of the query; it refuses them without
//! [`Permission::RawViews`], wherever in the text they stand. Calls of pages are planned one by one; each needs the permission
//! of its page's class. What a page itself reads is looked up in a catalog of its own, which refuses nothing.
//!
//! Guarantees: a refusal is `permission_denied` when the statement is planned, also below `EXPLAIN` and in what is prepared.

use chatlake_analytics::{Page, PageClass};
use chatlake_schema::Table;
use chatlake_types::{AccessScope, Permission, Permissions};
use datafusion::logical_expr::LogicalPlan;

use crate::{Error, Result};

/// Refuses every question of those who may only write.
pub(crate) fn require_queries(permissions: Permissions) -> Result<()> {
    if permissions.allow_queries() {
        return Ok(());
    }
    Err(Error::PermissionDenied(
        "this role may not ask anything".to_owned(),
    ))
}

/// Refuses a table or view without [`Permission::RawViews`].
pub(crate) fn require_relation(permissions: Permissions, schema: &str, name: &str) -> Result<()> {
    if permissions.allow(Permission::RawViews) {
        return Ok(());
    }
    Err(refused_relation(schema, name))
}

/// The refusal of a table or view.
pub(crate) fn refused_relation(schema: &str, name: &str) -> Error {
    Error::PermissionDenied(format!(
        "`{schema}.{name}` is for the roles owner and admin; other roles ask entity pages such as `users_page`"
    ))
}

/// Refuses a page whose class the role may not ask.
pub(crate) fn require_page(permissions: Permissions, page: &Page) -> Result<()> {
    let (needed, roles) = match page.class {
        PageClass::Entity => (Permission::EntityPages, "owner, admin, member and agent"),
        PageClass::Analytics => (Permission::AnalyticsPages, "owner and admin"),
    };
    if permissions.allow(needed) {
        return Ok(());
    }
    Err(Error::PermissionDenied(format!(
        "the page `{}` is for the roles {roles}",
        page.name
    )))
}

/// Refuses rows for a stored table without [`Permission::Ingest`], for a registry also without [`Permission::Registries`].
pub(crate) fn require_loads(permissions: Permissions, table: &Table) -> Result<()> {
    let needed = match table.is_partitioned() {
        true => Permission::Ingest,
        false => Permission::Registries,
    };
    if permissions.allow(Permission::Ingest) && permissions.allow(needed) {
        return Ok(());
    }
    Err(Error::PermissionDenied(format!(
        "this role may not load rows into `{}`",
        table.name
    )))
}

/// Refuses plans that show how many rows a file has: files of registries are shared by all accounts.
pub(crate) fn require_explanation(scope: &AccessScope, plan: &LogicalPlan) -> Result<()> {
    let what = match plan {
        LogicalPlan::Analyze(_) => "EXPLAIN ANALYZE",
        LogicalPlan::Explain(explain) if explain.verbose => "EXPLAIN VERBOSE",
        _ => return Ok(()),
    };
    if *scope == AccessScope::Everything {
        return Ok(());
    }
    Err(Error::PermissionDenied(format!(
        "{what} counts rows of files that several accounts share; plain EXPLAIN does not"
    )))
}
