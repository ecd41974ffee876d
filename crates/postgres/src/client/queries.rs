//! Statements that the engine answers: prepared, bound to values, run, fetched in parts.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chatlake::{Prepared, Query};
use pgwire::messages::data::FORMAT_CODE_BINARY;
use pgwire::messages::extendedquery::{Bind, Parse};
use pgwire::messages::response::TransactionStatus;

use super::{Answer, Client, Cursor, Portal, Run, Statement};
use crate::columns::Columns;
use crate::command::{Command, read_only};
use crate::error::{Error, Result};
use crate::parameters::Placeholders;
use crate::rows::Rows;

/// The name of what has none.
const UNNAMED: &str = "";

/// Size of the name of a statement or portal, in bytes.
const NAME_BYTES_MAX: usize = 255;

fn require_short(name: &str) -> Result<()> {
    if name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    let wrong = format!("expected a name of at most {NAME_BYTES_MAX} bytes");
    Err(Error::sql("42622", wrong))
}

/// A name of the protocol.
fn name_of(name: Option<&String>) -> &str {
    name.map_or(UNNAMED, String::as_str)
}

impl Client {
    /// What the engine is given for a statement; to be called on the threads for queries.
    fn engine_text(&self, text: &str) -> impl FnOnce() -> Result<String> + Send + use<> {
        let (catalog, relations) = (self.state.catalog, self.relations.clone());
        let text = text.to_owned();
        move || match catalog.rewrite(&text)? {
            Some(rewritten) => {
                relations.forget();
                Ok(rewritten)
            }
            None => Ok(text),
        }
    }

    /// Plans a query, away from the threads that speak to clients.
    async fn plan(&self, text: &str) -> Result<Query> {
        let text = self.engine_text(text);
        let session = self.session.clone();
        let plan = async move { require_reading(session.query(&text()?).await?) };
        self.state.executor.run(plan).await
    }

    /// Stops a running query of one's own, or any for who sees the whole lake.
    pub(super) async fn kill(&self, text: &str) -> Result<()> {
        let (session, text) = (self.session.clone(), text.to_owned());
        let kill = async move { Ok(session.query(&text).await?.change().await?) };
        self.state.executor.run(kill).await.map(|_| ())
    }

    /// Runs a query that was planned.
    fn start(&self, query: Query, columns: &Columns) -> Result<Rows> {
        let queue_count_max = self.state.options.batch_queue_count_max;
        Rows::start(&self.state.executor, query, columns, queue_count_max)
    }

    /// The answer to a query without placeholders, as text.
    pub(crate) async fn query(&self, text: &str) -> Result<Answer> {
        let shown = self.presentation();
        let query = self.plan(text).await?;
        let columns = Columns::of(&query.schema(), &[], &shown)?;
        let rows = self.start(query, &columns)?;
        Ok(Answer::Rows(columns, rows, tag_of(text)))
    }

    /// Keeps a statement for later.
    ///
    /// # Errors
    /// When it cannot be planned, its name is taken, or there are too many.
    pub(crate) async fn prepare(&self, parse: &Parse, status: TransactionStatus) -> Result<()> {
        let name = name_of(parse.name.as_ref());
        let texts = chatlake_types::split_statements(&parse.query).all();
        let text = match texts.as_slice() {
            [] => "",
            [one] => *one,
            _ => {
                let wrong = "cannot insert multiple commands into a prepared statement";
                return Err(Error::sql("42601", wrong));
            }
        };
        let command = self.admit(text, status)?;
        if name != UNNAMED {
            self.require_room_for_statement(name, text)?;
        }
        let prepared = match &command {
            Command::Query if !text.is_empty() => Some(self.prepare_query(text).await?),
            Command::Declare(_, query) => Some(self.prepare_query(query).await?),
            _ => None,
        };
        let none = || Arc::new(arrow::datatypes::Schema::empty());
        let wanted = prepared
            .as_ref()
            .map_or_else(none, Prepared::parameter_schema);
        let placeholders = Placeholders::new(wanted, &parse.type_oids);
        let schema = match &prepared {
            Some(prepared) => self.schema_of(prepared, &placeholders).await,
            None => none(),
        };
        let statement = Statement {
            text: text.to_owned(),
            command,
            prepared,
            schema,
            placeholders,
        };
        self.open()
            .statements
            .insert(name.to_owned(), Arc::new(statement));
        Ok(())
    }

    fn require_room_for_statement(&self, name: &str, text: &str) -> Result<()> {
        require_short(name)?;
        let open = self.open();
        if open.statements.contains_key(name) {
            let taken = format!("prepared statement \"{name}\" already exists");
            return Err(Error::sql("42P05", taken));
        }
        let limit = self.state.options.statement_count_max;
        if open.statements.len() >= limit {
            return Err(Error::Limit {
                what: "prepared statements",
                option: "statement_count_max",
                limit,
                found: open.statements.len() + 1,
            });
        }
        let kept = open.statements.values().map(|kept| kept.text.len());
        let (found, limit) = (
            kept.sum::<usize>() + text.len(),
            self.state.options.message_bytes_max,
        );
        if found > limit {
            return Err(Error::Limit {
                what: "bytes of prepared statements",
                option: "message_bytes_max",
                limit,
                found,
            });
        }
        Ok(())
    }

    async fn prepare_query(&self, text: &str) -> Result<Prepared> {
        let text = self.engine_text(text);
        let session = self.session.clone();
        let prepare = async move { Ok(session.prepare(&text()?).await?) };
        self.state.executor.run(prepare).await
    }

    /// The columns of a prepared query. What a placeholder stands for by itself has the type that the client declared, which
    /// the engine learns with a value: with NULL here.
    async fn schema_of(&self, prepared: &Prepared, placeholders: &Placeholders) -> SchemaRef {
        if !placeholders.are_declared() {
            return prepared.schema();
        }
        let (statement, nulls) = (prepared.clone(), placeholders.nulls());
        let plan = async move { Ok(statement.bind(&nulls?, 0).await?.schema()) };
        // what is wrong with the statement is said when it is bound
        let known = self.state.executor.run(plan).await;
        known.unwrap_or_else(|_| prepared.schema())
    }

    /// A prepared statement.
    ///
    /// # Errors
    /// When there is none of this name.
    pub(crate) fn statement(&self, name: Option<&String>) -> Result<Arc<Statement>> {
        let name = name_of(name);
        let found = self.open().statements.get(name).map(Arc::clone);
        found.ok_or_else(|| {
            Error::sql(
                "26000",
                format!("prepared statement \"{name}\" does not exist"),
            )
        })
    }

    /// The columns of a prepared statement, if it gives rows.
    pub(crate) fn columns_of(&self, statement: &Statement) -> Result<Option<Columns>> {
        let shown = self.presentation();
        match (&statement.command, &statement.prepared) {
            (Command::Query, Some(_)) => Columns::of(&statement.schema, &[], &shown).map(Some),
            (command, _) => self.columns_of_command(command, &shown),
        }
    }

    /// Gives a statement its values: a portal.
    ///
    /// # Errors
    /// When the values do not fit, the query cannot be planned with them, or there are too many portals.
    pub(crate) async fn bind(&self, bind: &Bind, status: TransactionStatus) -> Result<()> {
        let statement = self.statement(bind.statement_name.as_ref())?;
        self.admit_again(&statement.command, status)?;
        let name = name_of(bind.portal_name.as_ref());
        self.require_room_for_portal(name)?;
        let shown = self.presentation();
        let values = statement.placeholders.row(bind)?;
        let codes = bind.result_column_format_codes.as_slice();
        if matches!(statement.command, Command::Fetch(..)) && codes.contains(&FORMAT_CODE_BINARY) {
            return Err(Error::sql("0A000", "rows of a cursor are text here"));
        }
        let query = match &statement.prepared {
            None => None,
            Some(prepared) => {
                self.relations.forget();
                let prepared = prepared.clone();
                let plan = async move { require_reading(prepared.bind(&values, 0).await?) };
                Some(Box::new(self.state.executor.run(plan).await?))
            }
        };
        let columns = match (&statement.command, &query) {
            (Command::Query, Some(query)) => Some(Columns::of(&query.schema(), codes, &shown)?),
            (command, _) => self.columns_of_command(command, &shown)?,
        };
        let portal = Portal {
            text: statement.text.clone(),
            command: statement.command.clone(),
            columns,
            run: Run::Planned(query),
        };
        self.open().portals.insert(name.to_owned(), portal);
        Ok(())
    }

    fn require_room_for_portal(&self, name: &str) -> Result<()> {
        require_short(name)?;
        let open = self.open();
        if name != UNNAMED && open.portals.contains_key(name) {
            return Err(Error::sql(
                "42P03",
                format!("cursor \"{name}\" already exists"),
            ));
        }
        let limit = self.state.options.portal_count_max;
        if open.portals.len() >= limit && !open.portals.contains_key(name) {
            return Err(Error::Limit {
                what: "portals",
                option: "portal_count_max",
                limit,
                found: open.portals.len() + 1,
            });
        }
        Ok(())
    }

    /// The columns of a portal, if it gives rows.
    pub(crate) fn columns_of_portal(&self, name: Option<&String>) -> Result<Option<Columns>> {
        let name = name_of(name);
        let open = self.open();
        let portal = open.portals.get(name);
        let portal = portal.ok_or_else(|| no_portal(name))?;
        Ok(portal.columns.clone())
    }

    /// Takes a portal to work with it; whoever took it gives it back.
    pub(crate) fn take_portal(&self, name: Option<&String>) -> Result<(String, Portal)> {
        let taken = self.open().portals.remove_entry(name_of(name));
        taken.ok_or_else(|| no_portal(name_of(name)))
    }

    /// Gives a portal back.
    pub(crate) fn give_portal(&self, name: String, portal: Portal) {
        self.open().portals.insert(name, portal);
    }

    /// What a portal gives when it is asked for the first time, or again.
    pub(crate) async fn execute(
        &self,
        portal: &mut Portal,
        status: TransactionStatus,
    ) -> Result<Answer> {
        self.admit_again(&portal.command, status)?;
        if portal.text.is_empty() {
            return Ok(Answer::Empty);
        }
        let columns = portal.columns.clone();
        match (std::mem::replace(&mut portal.run, Run::Ended), columns) {
            (Run::Planned(Some(query)), Some(columns)) => {
                let rows = self.start(*query, &columns)?;
                Ok(Answer::Rows(columns, rows, tag_of(&portal.text)))
            }
            (Run::Planned(Some(query)), None) => {
                if let Command::Declare(name, text) = &portal.command {
                    self.open_cursor(name, text, *query)?;
                }
                Ok(Answer::Done("DECLARE CURSOR".to_owned()))
            }
            (Run::Planned(None), _) => self.perform(&portal.command, &portal.text).await,
            (Run::Open(rows), Some(columns)) => {
                Ok(Answer::Rows(columns, rows, tag_of(&portal.text)))
            }
            (Run::Ended, Some(columns)) => Ok(Answer::Rows(
                columns,
                Rows::ready(Vec::new()),
                tag_of(&portal.text),
            )),
            (Run::Open(_) | Run::Ended, None) => {
                Err(Error::sql("55000", "the portal cannot be run again"))
            }
        }
    }

    /// Keeps the rows that are left of a portal.
    pub(crate) fn keep(portal: &mut Portal, rows: Rows) {
        portal.run = Run::Open(rows);
    }

    /// Forgets a statement.
    pub(crate) fn close_statement(&self, name: Option<&String>) {
        self.open().statements.remove(name_of(name));
    }

    /// Forgets a portal.
    pub(crate) fn close_portal(&self, name: Option<&String>) {
        self.open().portals.remove(name_of(name));
    }

    /// Opens a cursor over a query.
    pub(super) async fn declare(&self, name: &str, text: &str) -> Result<()> {
        let query = self.plan(text).await?;
        self.open_cursor(name, text, query)
    }

    fn open_cursor(&self, name: &str, text: &str, query: Query) -> Result<()> {
        self.require_room_for_portal(name)?;
        let columns = Columns::of(&query.schema(), &[], &self.presentation())?;
        let rows = self.start(query, &columns)?;
        let portal = Portal {
            text: text.to_owned(),
            command: Command::Query,
            columns: Some(columns),
            run: Run::Open(rows),
        };
        self.open().portals.insert(name.to_owned(), portal);
        Ok(())
    }

    /// Takes a cursor to read so many rows of it, or all that are left.
    pub(super) fn fetch(&self, name: &str, count: Option<usize>) -> Result<Answer> {
        let (name, mut portal) = self.take_portal(Some(&name.to_owned()))?;
        let columns = portal.columns.clone().unwrap_or_else(Columns::none);
        let rows = match std::mem::replace(&mut portal.run, Run::Ended) {
            Run::Open(rows) => rows,
            Run::Planned(_) | Run::Ended => Rows::ready(Vec::new()),
        };
        let cursor = Cursor {
            name,
            portal,
            columns,
            rows,
        };
        Ok(Answer::Fetched(
            count.unwrap_or(usize::MAX),
            Box::new(cursor),
        ))
    }

    /// Gives a cursor back with the rows that are left.
    pub(crate) fn give_cursor(&self, mut cursor: Cursor) {
        Self::keep(&mut cursor.portal, cursor.rows);
        self.give_portal(cursor.name, cursor.portal);
    }
}

/// Refuses what would change scratch tables: the first word of a statement does not tell it all.
fn require_reading(query: Query) -> Result<Query> {
    match query.is_change() {
        true => Err(read_only("a change of tables")),
        false => Ok(query),
    }
}

fn no_portal(name: &str) -> Error {
    Error::sql(
        "34000",
        format!("portal or cursor \"{name}\" does not exist"),
    )
}

/// The word in front of the number of rows.
fn tag_of(text: &str) -> &'static str {
    let begins = |word: &str| {
        text.get(..word.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    if begins("EXPLAIN") {
        "EXPLAIN"
    } else if begins("SHOW") {
        "SHOW"
    } else {
        "SELECT"
    }
}
