//! `CommandStatementUpdate` and `CommandPreparedStatementUpdate`: statements that return no rows. They change the session:
//! its variables (`SET`) or its scratch tables; or they stop a query (`KILL`).
//!
//! Guarantees: the statement runs once per call (once per row of parameters); a query is refused, not run for nothing; the
//! count in the answer is that of rows inserted.

use arrow_flight::sql::{CommandPreparedStatementUpdate, CommandStatementUpdate};

use crate::commands::prepared_statement::ticket;
use crate::commands::statement::{Run, accept_sql};
use crate::error::{Error, Result};
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::StatementTicket;
use crate::transactions;

/// Runs a statement given as text and returns how many rows it changed.
pub(crate) async fn do_put_statement(
    state: &State,
    call: CallSession,
    command: CommandStatementUpdate,
) -> Result<i64> {
    transactions::check(state, &call, command.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &command.query)?;
    run(state, call, StatementTicket::new(sql, None)).await
}

/// Runs a prepared statement and returns how many rows it changed.
pub(crate) async fn do_put_prepared(
    state: &State,
    call: CallSession,
    command: &CommandPreparedStatementUpdate,
) -> Result<i64> {
    let ticket = ticket(state, &call, &command.prepared_statement_handle)?;
    run(state, call, ticket).await
}

async fn run(state: &State, call: CallSession, ticket: StatementTicket) -> Result<i64> {
    let run = state.executor.run(async move {
        let planned = Run::plan(&call.session, &ticket, "").await?;
        if planned.gives_rows() {
            return Err(Error::WrongCall(
                "expected a statement without a result, found a query: ask for its rows",
            ));
        }
        planned.change().await
    });
    Ok(i64::try_from(run.await?).unwrap_or(i64::MAX))
}
