//! A session: whose rows are seen, the variables that were set, and the way from SQL text to a running query.
//!
//! Guarantees: every statement sees the newest commit when it is planned, and nothing newer; statements read, set variables,
//! stop queries (`KILL`) and change the session's own scratch tables, nothing else; neither scope nor permissions can be widened
//! by SQL.

mod changes;
mod forks;
mod ingest;
mod placeholders;
mod statements;
mod tables;
mod variables;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use chatlake_storage::LakeSnapshot;
use chatlake_types::{Access, AccessScope, ErrorCode, Permissions};
use chrono::DateTime;
use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::scalar::ScalarValue;
use datafusion::sql::parser::Statement as EngineStatement;

use crate::additions::Additions;
use crate::audit::{AuditedAction, AuditedOutcome};
use crate::bi_types::readable_schema;
use crate::catalog::{DEFAULT_SCHEMA, QueryCatalogs, QueryScope};
use crate::database::Chatlake;
use crate::entity_table::visible_rows::VisibleRows;
use crate::export;
use crate::pages::{self, Placeholders};
use crate::permissions::{require_explanation, require_queries};
use crate::queries::QueryOrigin;
use crate::query::{Prepared, Query, show_schema};
use crate::scratch::Scratch;
pub(crate) use crate::session::changes::Change;
use crate::session::changes::PlannedChange;
pub use crate::session::forks::Savepoint;
pub use crate::session::ingest::IngestTarget;
use crate::session::placeholders::{parameter_schema, refuse_unbound};
use crate::session::statements::{Statement, parse};
use crate::session::variables::Variables;
use crate::{Error, Result};

/// See the module's documentation. Clones share the variables and the scratch tables.
#[derive(Clone, Debug)]
pub struct Session {
    database: Chatlake,
    scope: Arc<AccessScope>,
    permissions: Permissions,
    variables: Arc<Mutex<Variables>>,
    scratch: Arc<Scratch>,
    user: Option<Arc<str>>,
    peer: Option<IpAddr>,
    /// The commit that is read; the newest one when not set.
    snapshot: Option<Arc<LakeSnapshot>>,
    additions: Arc<Additions>,
}

impl Session {
    pub(crate) fn new(database: Chatlake, access: Access) -> Self {
        Self {
            scratch: Arc::new(database.new_scratch()),
            database,
            scope: Arc::new(access.scope),
            permissions: access.permissions,
            variables: Arc::default(),
            user: None,
            peer: None,
            snapshot: None,
            additions: Arc::default(),
        }
    }

    /// The session with more that its statements can name.
    #[must_use]
    pub fn with_additions(self, additions: Additions) -> Self {
        Self {
            additions: Arc::new(additions),
            ..self
        }
    }

    /// The database it belongs to.
    pub fn database(&self) -> &Chatlake {
        &self.database
    }

    /// What may be done in it.
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Plans one statement. `SET` takes effect here; everything else runs when the query's stream is polled.
    ///
    /// # Errors
    /// When the text is not one statement that this database runs, or names something that is not there.
    pub async fn query(&self, sql: &str) -> Result<Query> {
        self.query_with(sql, None).await
    }

    /// Plans one statement with values for its placeholders `$1`, `$2`, …
    pub(crate) async fn query_with(&self, sql: &str, values: Option<ParamValues>) -> Result<Query> {
        let planned = self.plan_with(sql, values).await;
        planned.inspect_err(|error| self.note_refusal(error, self.origin(sql)))
    }

    /// Tells the audit log when somebody wanted more than they may.
    pub(crate) fn note_refusal(&self, error: &Error, origin: QueryOrigin) {
        if error.code() == ErrorCode::PermissionDenied {
            let queries = self.database.queries();
            queries.record(&origin, AuditedOutcome::Refused, 0);
        }
    }

    async fn plan_with(&self, sql: &str, values: Option<ParamValues>) -> Result<Query> {
        require_queries(self.permissions)?;
        let statement = match parse(self.database.states().default(), sql)? {
            Statement::Set { name, value } => {
                let scope = self.newest_scope().await?;
                self.change_variables(&scope, |variables| variables.set(&name, &value))?;
                return Query::empty(&self.database);
            }
            Statement::Reset { name } => {
                let scope = self.newest_scope().await?;
                self.change_variables(&scope, |variables| variables.reset(&name))?;
                return Query::empty(&self.database);
            }
            Statement::Show { name } => {
                let value = self.variables().get(&name)?;
                return Query::one_text(&self.database, &name, value);
            }
            Statement::Kill { id } => {
                let scope = self.begin().await?.scope;
                let origin = self.origin(sql);
                let change = Change::kill(scope, Arc::clone(&self.scratch), id, origin);
                return Query::change_of(&self.database, change);
            }
            Statement::Read(statement) => statement,
        };
        let environment = self.begin().await?;
        let placeholders = Placeholders::Values(values.as_ref());
        let WithPages {
            statement, action, ..
        } = self
            .with_pages(&environment, statement, placeholders)
            .await?;
        let state = statement_state(&environment);
        let plan = state.statement_to_plan(statement).await?;
        require_explanation(&self.scope, &plan)?;
        let change = PlannedChange::of(&plan, &environment.scope)?;
        let read = change.as_ref().map_or(Some(&plan), PlannedChange::input);
        let query = match read {
            None => None,
            Some(plan) => {
                statements::verify(plan)?;
                let plan = match values {
                    Some(values) => plan.clone().with_param_values(values)?,
                    None => plan.clone(),
                };
                refuse_unbound(&plan)?;
                let commit = environment.scope.snapshot.commit();
                let origin = QueryOrigin {
                    action,
                    ..self.origin(sql)
                };
                Some(Query::new(&self.database, origin, state, plan)?.at_commit(commit))
            }
        };
        match (change, query) {
            (Some(change), query) => {
                let scratch = Arc::clone(&self.scratch);
                let change = change.ready(environment.scope, scratch, query)?;
                Query::change_of(&self.database, change)
            }
            (None, Some(query)) => Ok(query),
            (None, None) => Err(Error::Internal("a statement without a plan".to_owned())),
        }
    }

    /// What is known about a query before it runs.
    pub(crate) fn origin(&self, sql: &str) -> QueryOrigin {
        QueryOrigin {
            user: self.user.clone(),
            peer: self.peer,
            action: AuditedAction::Query,
            label: None,
            sql: sql.into(),
        }
    }

    /// Plans a statement that may hold placeholders, to be run many times.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn prepare(&self, sql: &str) -> Result<Prepared> {
        let prepared = self.prepare_statement(sql).await;
        prepared.inspect_err(|error| self.note_refusal(error, self.origin(sql)))
    }

    async fn prepare_statement(&self, sql: &str) -> Result<Prepared> {
        require_queries(self.permissions)?;
        let none = || Arc::new(Schema::empty());
        let statement = match parse(self.database.states().default(), sql)? {
            Statement::Read(statement) => statement,
            Statement::Show { .. } => {
                return Ok(Prepared::new(self.clone(), sql, show_schema(), none()));
            }
            Statement::Set { .. } | Statement::Reset { .. } | Statement::Kill { .. } => {
                return Ok(Prepared::new(self.clone(), sql, none(), none()));
            }
        };
        let environment = self.begin().await?;
        let placeholders = Placeholders::Unknown(Vec::new());
        let WithPages {
            statement,
            placeholders: in_pages,
            ..
        } = self
            .with_pages(&environment, statement, placeholders)
            .await?;
        let state = statement_state(&environment);
        let plan = state.statement_to_plan(statement).await?;
        require_explanation(&self.scope, &plan)?;
        let change = PlannedChange::of(&plan, &environment.scope)?;
        let read = change.as_ref().map_or(Some(&plan), PlannedChange::input);
        read.map_or(Ok(()), statements::verify)?;
        let parameters = parameter_schema(&plan, in_pages)?;
        if change.is_some() {
            return Ok(Prepared::new(
                self.clone(),
                sql,
                none(),
                Arc::new(parameters),
            ));
        }
        // types that follow from operators and functions are known after analysis
        let analyzed =
            state
                .analyzer()
                .execute_and_check(plan.clone(), state.config_options(), |_, _| {});
        let schema = analyzed
            .as_ref()
            .unwrap_or(&plan)
            .schema()
            .as_arrow()
            .clone();
        Ok(Prepared::new(
            self.clone(),
            sql,
            readable_schema(&schema),
            Arc::new(parameters),
        ))
    }

    fn variables(&self) -> Variables {
        self.variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Changes the variables, if they are still good together.
    fn change_variables(
        &self,
        scope: &Arc<AccessScope>,
        change: impl FnOnce(&mut Variables) -> Result<()>,
    ) -> Result<()> {
        let mut variables = self.variables();
        change(&mut variables)?;
        VisibleRows::new(Arc::clone(scope), variables.chatbot_id())?;
        *self
            .variables
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = variables;
        Ok(())
    }

    /// Plans the calls of pages in a statement and puts the plans in their place; also names the placeholders in the calls.
    async fn with_pages(
        &self,
        environment: &Environment,
        statement: Box<EngineStatement>,
        mut placeholders: Placeholders<'_>,
    ) -> Result<WithPages> {
        let mut statement = *statement;
        let library = self.database.library();
        let mut names = Vec::new();
        let mut action = AuditedAction::Query;
        for call in pages::find_calls(library, &mut statement, &mut placeholders)? {
            let planned = match call.name.as_str() {
                export::FUNCTION => {
                    action = AuditedAction::Export;
                    export::plan_export(self, &environment.scope, &call).await?
                }
                _ => pages::plan_call(self, &environment.scope, &call, None).await?,
            };
            names.push(environment.catalogs.page_calls().add(planned));
        }
        pages::replace_calls(library, &mut statement, names);
        let placeholders = match placeholders {
            Placeholders::Unknown(names) => names,
            Placeholders::Values(_) => Vec::new(),
        };
        Ok(WithPages {
            statement,
            placeholders,
            action,
        })
    }

    /// The session's scope with its chatbots named, at the newest commit.
    async fn newest_scope(&self) -> Result<Arc<AccessScope>> {
        let AccessScope::Accounts { .. } = self.scope.as_ref() else {
            return Ok(Arc::clone(&self.scope));
        };
        let lake = self.database.lake();
        lake.refresh().await?;
        self.scope_at(lake.snapshot()).await
    }

    /// The session's scope with its chatbots named, at one commit.
    async fn scope_at(&self, snapshot: Arc<LakeSnapshot>) -> Result<Arc<AccessScope>> {
        let AccessScope::Accounts { accounts } = self.scope.as_ref() else {
            return Ok(Arc::clone(&self.scope));
        };
        let registered = self.database.registered_chatbots();
        let commit = snapshot.commit();
        let found = match registered.at(commit) {
            Some(found) => found,
            None => {
                let everything = VisibleRows::new(Arc::new(AccessScope::Everything), None)?;
                let environment = self.environment(QueryScope {
                    permissions: Permissions::ALL,
                    as_of_micros: None,
                    ..self.query_scope(snapshot, everything)
                })?;
                registered.read(commit, &environment.state).await?
            }
        };
        Ok(Arc::new(found.scope_of(accounts)))
    }

    /// What one query sees: the newest commit, the session's scope and variables.
    pub(crate) async fn begin(&self) -> Result<Environment> {
        let lake = self.database.lake();
        let (snapshot, scope) = match &self.snapshot {
            // what was ever theirs to read does not stay so: the newest registry says whose the chatbots are
            Some(snapshot) => (Arc::clone(snapshot), self.newest_scope().await?),
            None => {
                lake.refresh().await?;
                let snapshot = self.database.newest_snapshot();
                let scope = self.scope_at(Arc::clone(&snapshot)).await?;
                (snapshot, scope)
            }
        };
        let visible = VisibleRows::new(scope, self.variables().chatbot_id())?;
        self.environment(self.query_scope(snapshot, visible))
    }

    /// Those rows of a snapshot, as the session's own text sees them.
    fn query_scope(&self, snapshot: Arc<LakeSnapshot>, visible: VisibleRows) -> QueryScope {
        let variables = self.variables();
        QueryScope {
            lake: Arc::clone(self.database.lake()),
            snapshot,
            visible,
            permissions: self.permissions,
            user: self.user.clone(),
            audit: self.database.audit().cloned(),
            queries: Arc::clone(self.database.queries()),
            scratch: Arc::new(self.scratch.tables()),
            current_schema: variables.schema(),
            as_of_micros: variables.as_of_micros(),
            now_micros: self.database.clock().now_micros(),
            library: Arc::clone(self.database.library()),
            page: None,
        }
    }

    /// The engine's state for a scope.
    pub(crate) fn environment(&self, scope: QueryScope) -> Result<Environment> {
        let now_micros = scope.now_micros;
        let additions = Arc::clone(&self.additions);
        let catalogs = Arc::new(QueryCatalogs::new(scope.clone(), additions));
        let mut state = self.database.states().in_zone(self.variables().timezone());
        state.register_catalog_list(Arc::clone(&catalogs) as _);
        if let Some(types) = &self.additions.type_planner {
            state = SessionStateBuilder::new_from_existing(state)
                .with_type_planner(Arc::clone(types))
                .build();
        }
        self.additions.register(&mut state)?;
        // `now()` and everything that leaves out `as_of` follow the lake's clock
        state.execution_props_mut().query_execution_start_time =
            DateTime::from_timestamp_micros(now_micros);
        let state = Arc::new(state);
        catalogs.set_planner(Arc::downgrade(&state));
        Ok(Environment {
            state,
            catalogs,
            scope,
        })
    }
}

/// A statement whose calls of pages are planned.
struct WithPages {
    statement: EngineStatement,
    /// Names of the placeholders in the calls.
    placeholders: Vec<String>,
    action: AuditedAction,
}

/// The engine's state for one query or page, with what it shows.
pub(crate) struct Environment {
    pub(crate) state: Arc<SessionState>,
    pub(crate) catalogs: Arc<QueryCatalogs>,
    pub(crate) scope: QueryScope,
}

/// Keeps the state by which views are planned, as long as a state with another default schema is used.
struct ViewPlanner(#[expect(dead_code, reason = "it is kept alive, not read")] Arc<SessionState>);

/// The state that plans the text of a statement: names without a schema are in the session's current one, while the SQL of
/// views and pages means the default one.
fn statement_state(environment: &Environment) -> Arc<SessionState> {
    let current = environment.scope.current_schema.as_ref();
    if current == DEFAULT_SCHEMA {
        return Arc::clone(&environment.state);
    }
    let mut state = environment.state.as_ref().clone();
    let config = state.config_mut();
    config.options_mut().catalog.default_schema = current.to_owned();
    config.set_extension(Arc::new(ViewPlanner(Arc::clone(&environment.state))));
    Arc::new(state)
}

/// One row of parameters as values, in column order.
pub(crate) fn row_values(parameters: &RecordBatch, row: usize) -> Result<ParamValues> {
    let values = parameters.columns().iter().map(|column| {
        let value = ScalarValue::try_from_array(column, row)?;
        Ok::<_, Error>(ScalarAndMetadata::from(value))
    });
    Ok(ParamValues::List(values.collect::<Result<_>>()?))
}
