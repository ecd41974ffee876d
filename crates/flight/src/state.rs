//! What all calls of one server share.
//!
//! Guarantees: nothing here grows without a limit of [`FlightOptions`].

use std::sync::Arc;

use arrow_flight::sql::metadata::{SqlInfoData, XdbcTypeInfoData};
use chatlake::Chatlake;
use tokio::sync::watch;

use crate::commands::{sql_info, xdbc_type_info};
use crate::error::Result;
use crate::executor::Executor;
use crate::options::FlightOptions;
use crate::prepared_statements::PreparedStatements;
use crate::sessions::Sessions;

/// The shared parts of a server.
pub(crate) struct State {
    pub options: FlightOptions,
    pub executor: Executor,
    pub prepared_statements: PreparedStatements,
    pub sessions: Sessions,
    /// The answers to `CommandGetSqlInfo`.
    pub sql_info: SqlInfoData,
    /// The answers to `CommandGetXdbcTypeInfo`.
    pub type_info: XdbcTypeInfoData,
}

impl State {
    /// Starts the query threads; `running_task_count` counts what they do.
    pub(crate) fn start(
        chatlake: Chatlake,
        options: FlightOptions,
        running_task_count: watch::Sender<usize>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            executor: Executor::start(options.query_threads(), running_task_count)?,
            prepared_statements: PreparedStatements::new(Arc::clone(chatlake.clock()), &options),
            sql_info: sql_info::answers(&options)?,
            type_info: xdbc_type_info::answers()?,
            sessions: Sessions::new(chatlake, &options),
            options,
        }))
    }
}
