//! One connection that has logged in: whose it is, its session and settings, and what it has open.
//!
//! Guarantees: its principal is asked for again before every statement; at most `statement_count_max` statements and
//! `portal_count_max` portals are kept; all of it ends with the connection.

mod commands;
mod queries;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::datatypes::SchemaRef;
use chatlake::{Prepared, Query, Session};
use chatlake_auth::Principal;
use pgwire::messages::response::TransactionStatus;
use tokio::sync::OwnedSemaphorePermit;

use crate::columns::{Columns, Presentation};
use crate::command::{Command, TIME_ZONE};
use crate::error::{Error, Result};
use crate::parameters::Placeholders;
use crate::pg_catalog::{Relations, SharedSettings};
use crate::rows::Rows;
use crate::settings::Settings;
use crate::state::State;

/// See the module's documentation.
pub(crate) struct Client {
    state: Arc<State>,
    principal: Arc<Principal>,
    session: Session,
    relations: Relations,
    settings: SharedSettings,
    open: Mutex<Open>,
    _place: OwnedSemaphorePermit,
}

/// What a connection has open.
#[derive(Default)]
struct Open {
    statements: HashMap<String, Arc<Statement>>,
    portals: HashMap<String, Portal>,
}

/// A prepared statement.
pub(crate) struct Statement {
    text: String,
    command: Command,
    /// What the engine prepared, of a query or of that of a cursor.
    prepared: Option<Prepared>,
    /// The columns of its rows, with placeholders of the types that the client declared.
    schema: SchemaRef,
    /// Its placeholders.
    pub(crate) placeholders: Placeholders,
}

/// A statement with its values, or a cursor.
pub(crate) struct Portal {
    text: String,
    command: Command,
    columns: Option<Columns>,
    run: Run,
}

/// How far a portal is.
enum Run {
    /// Nothing has been asked of it.
    Planned(Option<Box<Query>>),
    /// Rows are left.
    Open(Rows),
    /// It gave all it has.
    Ended,
}

/// The answer to a statement.
pub(crate) enum Answer {
    /// It is done; what to say about it.
    Done(String),
    /// It is done, and clients want to hear of a setting that changed.
    Changed(String, &'static str, String),
    /// Rows, and the word in front of their number.
    Rows(Columns, Rows, &'static str),
    /// So many rows of a cursor, which is to be given back with those that are left.
    Fetched(usize, Box<Cursor>),
    /// There was no statement.
    Empty,
}

/// A cursor that was taken to be read.
pub(crate) struct Cursor {
    name: String,
    portal: Portal,
    /// Its columns.
    pub(crate) columns: Columns,
    /// Its rows.
    pub(crate) rows: Rows,
}

impl Portal {
    /// What it was sorted as.
    pub(crate) fn command(&self) -> &Command {
        &self.command
    }

    /// What it means now: a COMMIT may turn out to be a ROLLBACK.
    pub(crate) fn set_command(&mut self, command: Command) {
        self.command = command;
    }
}

impl Client {
    /// Somebody who has logged in with settings of the start packet.
    ///
    /// # Errors
    /// When the catalog cannot be joined.
    pub(crate) fn new(
        state: Arc<State>,
        principal: Arc<Principal>,
        peer: IpAddr,
        place: OwnedSemaphorePermit,
    ) -> Result<Self> {
        let settings: SharedSettings = Arc::default();
        let session = state.new_session(&principal, peer);
        let joined = state
            .catalog
            .join(session, &principal, Arc::clone(&settings))?;
        let (session, relations) = joined;
        Ok(Self {
            state,
            principal,
            session,
            relations,
            settings,
            open: Mutex::default(),
            _place: place,
        })
    }

    /// The settings as they are.
    pub(crate) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sorts a statement's text, if its principal may still ask and the transaction is good.
    ///
    /// # Errors
    /// When not, or the statement is one that is refused.
    pub(crate) fn admit(&self, text: &str, status: TransactionStatus) -> Result<Command> {
        self.state.check(&self.principal)?;
        let limit = self.state.options.statement_bytes_max;
        if text.len() > limit {
            return Err(Error::Limit {
                what: "bytes of SQL",
                option: "statement_bytes_max",
                limit,
                found: text.len(),
            });
        }
        let command = Command::of(text)?;
        self.admit_command(&command, status)?;
        Ok(command)
    }

    /// The same for a statement that is sorted already.
    pub(crate) fn admit_again(&self, command: &Command, status: TransactionStatus) -> Result<()> {
        self.state.check(&self.principal)?;
        self.admit_command(command, status)
    }

    fn admit_command(&self, command: &Command, status: TransactionStatus) -> Result<()> {
        if status == TransactionStatus::Error && !command.ends_failure() {
            return Err(Error::sql(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            ));
        }
        Ok(())
    }

    /// How values are shown now.
    fn presentation(&self) -> Presentation {
        Presentation {
            time_zone: self.time_zone().into(),
            formats: Arc::new(self.settings().formats()),
        }
    }

    /// The name that it shows.
    pub(crate) fn user(&self) -> &str {
        &self.principal.name
    }

    /// The zone of instants.
    pub(crate) fn time_zone(&self) -> String {
        let zone = self.engine_variable(TIME_ZONE);
        zone.ok().flatten().unwrap_or_else(|| "UTC".to_owned())
    }

    /// Closes what does not outlive a transaction.
    pub(crate) fn close_portals(&self) {
        self.open().portals.clear();
    }
}
