//! What tools for PostgreSQL ask about tables, columns and types: the schema `pg_catalog`, its functions, and the dialect they ask in.
//!
//! 1. Tables and most functions are those of `datafusion-pg-catalog`; what it says about relations comes from the session
//!    ([`Relations`]), so that nobody is told of a table that they may not read.
//! 2. What is about the connection (who, where, which settings) is ours ([`functions`]).
//! 3. Questions that name any of it are rewritten by that library into SQL that the engine plans; all other statements reach the
//!    engine as they are.
//!
//! Guarantees: no row of the lake is here; an object keeps its OID for as long as a connection lasts.

mod functions;
mod relations;

use std::sync::{Arc, OnceLock};

use chatlake::{Additions, CATALOG, Session};
use chatlake_auth::Principal;
use datafusion::catalog::{MemoryCatalogProvider, SchemaProvider, TableFunctionImpl};
use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_pg_catalog::pg_catalog::context::{
    EmptyContextProvider, PgCatalogContextProvider, Role,
};
use datafusion_pg_catalog::pg_catalog::oid_type_planner::PgOidTypePlanner;
use datafusion_pg_catalog::pg_catalog::{
    PgCatalogSchemaProvider, PgCatalogStaticTables, setup_pg_catalog,
};
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;

use crate::error::{Error, Result};

pub(crate) use functions::SharedSettings;
pub(crate) use relations::Relations;

/// The schema's name.
pub(crate) const SCHEMA: &str = "pg_catalog";

/// Table functions of the library.
const TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "pg_get_keywords", "range"];

/// Words that a question about the catalog holds, in lower case. A statement that holds one by chance is rewritten too, and means
/// the same afterwards.
const WORDS: [&str; 12] = [
    "pg_",
    "information_schema",
    "::reg",
    "current_catalog",
    "current_database",
    "current_role",
    "current_schema",
    "current_setting",
    "current_user",
    "session_user",
    "version()",
    "_privilege(",
];

/// The parts that all connections of a server share.
pub(crate) struct PgCatalog {
    tables: Arc<PgCatalogStaticTables>,
    functions: Vec<Arc<ScalarUDF>>,
    table_functions: Vec<(String, Arc<dyn TableFunctionImpl>)>,
    parser: PostgresCompatibilityParser,
}

impl PgCatalog {
    /// Reads what the library brings.
    ///
    /// # Errors
    /// When that is not what it should be.
    pub(crate) fn load() -> Result<Self> {
        let tables = PgCatalogStaticTables::try_new().map_err(Error::encoding)?;
        let config = SessionConfig::new().with_create_default_catalog_and_schema(false);
        let context = SessionContext::new_with_config(config);
        context.register_catalog(CATALOG, Arc::new(MemoryCatalogProvider::new()));
        setup_pg_catalog(&context, CATALOG, EmptyContextProvider).map_err(Error::encoding)?;
        let state = context.state();
        let of_engine = SessionStateDefaults::default_scalar_functions();
        let is_new = |function: &&Arc<ScalarUDF>| {
            !of_engine
                .iter()
                .any(|known| known.name() == function.name())
        };
        let functions = state.scalar_functions().values().filter(is_new);
        let functions = functions.map(Arc::clone).collect();
        let table_functions = TABLE_FUNCTIONS.into_iter().filter_map(|name| {
            let function = state.table_functions().get(name)?;
            Some((name.to_owned(), Arc::clone(function.function())))
        });
        Ok(Self {
            tables: Arc::new(tables),
            functions,
            table_functions: table_functions.collect(),
            parser: PostgresCompatibilityParser::new(),
        })
    }

    /// The session with the catalog of its connection, and what the catalog says about relations.
    ///
    /// # Errors
    /// When the library refuses.
    pub(crate) fn join(
        &self,
        session: Session,
        principal: &Principal,
        settings: SharedSettings,
    ) -> Result<(Session, Relations)> {
        let relations = Relations::of(session.clone());
        let roles = Roles(Arc::from(principal.name.as_str()));
        let tables =
            PgCatalogSchemaProvider::try_new(relations.clone(), Arc::clone(&self.tables), roles);
        let tables: Arc<dyn SchemaProvider> = Arc::new(tables.map_err(Error::encoding)?);
        let mut functions = self.functions.clone();
        functions.extend(functions::of_connection(&principal.name, settings));
        let additions = Additions {
            schemas: vec![(SCHEMA.to_owned(), tables)],
            functions,
            table_functions: self.table_functions.clone(),
            type_planner: Some(Arc::new(PgOidTypePlanner)),
        };
        Ok((session.with_additions(additions), relations))
    }

    /// The statement that the engine plans, if it is a question about the catalog.
    ///
    /// # Errors
    /// 42601 when it cannot be parsed.
    pub(crate) fn rewrite(&self, text: &str) -> Result<Option<String>> {
        if !asks_catalog(text) {
            return Ok(None);
        }
        let mut statements = self
            .parser
            .parse(text)
            .map_err(|error| Error::sql("42601", format!("cannot parse the SQL text: {error}")))?;
        match (statements.pop(), statements.is_empty()) {
            (Some(statement), true) => Ok(Some(statement.to_string())),
            _ => Err(Error::sql("42601", "expected one statement")),
        }
    }
}

/// Does the text hold one of [`WORDS`]?
fn asks_catalog(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word))
}

/// The only role that a connection is told of: its own.
#[derive(Clone, Debug)]
struct Roles(Arc<str>);

#[async_trait::async_trait]
impl PgCatalogContextProvider for Roles {
    async fn roles(&self) -> Vec<String> {
        vec![self.0.to_string()]
    }

    async fn role(&self, name: &str) -> Option<Role> {
        (name == self.0.as_ref()).then(|| Role {
            name: name.to_owned(),
            is_superuser: false,
            can_login: true,
            can_create_db: false,
            can_create_role: false,
            can_create_user: false,
            can_replication: false,
            grants: Vec::new(),
            inherited_roles: Vec::new(),
        })
    }
}

/// Read once, whatever number of servers a process has.
pub(crate) fn shared() -> Result<&'static PgCatalog> {
    static CATALOG: OnceLock<PgCatalog> = OnceLock::new();
    match CATALOG.get() {
        Some(catalog) => Ok(catalog),
        None => {
            let loaded = PgCatalog::load()?;
            Ok(CATALOG.get_or_init(|| loaded))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_questions_about_the_catalog_are_rewritten() {
        let catalog = shared().unwrap();
        assert_eq!(
            catalog.rewrite("SELECT sender_type FROM messages").unwrap(),
            None
        );
        let rewritten = catalog
            .rewrite("SELECT relname FROM pg_class")
            .unwrap()
            .unwrap();
        assert!(rewritten.contains("pg_catalog.pg_class"), "{rewritten}");
        assert!(catalog.rewrite("SELECT 1; SELECT version()").is_err());
        assert!(catalog.rewrite("SELECT ( FROM pg_class").is_err());
    }
}
