//! `CommandStatementUpdate` and `CommandPreparedStatementUpdate`: statements that return no rows. The server is read-only,
//! so these are the ones that change the session (`SET`).
//!
//! Guarantees: the statement runs once per call (once per row of parameters); a query is refused, not run for nothing; the
//! count in the answer is that of rows changed in the lake, 0.

use arrow_flight::sql::{CommandPreparedStatementUpdate, CommandStatementUpdate};
use futures::TryStreamExt;

use crate::commands::prepared_statement::ticket;
use crate::commands::statement::{Run, accept_sql, refuse_transaction};
use crate::error::{Error, Result};
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::StatementTicket;

/// Runs a statement given as text and returns how many rows of the lake it changed.
pub(crate) async fn do_put_statement(
    state: &State,
    call: CallSession,
    command: CommandStatementUpdate,
) -> Result<i64> {
    refuse_transaction(command.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &command.query)?;
    run(
        state,
        call,
        StatementTicket {
            sql,
            parameters: None,
        },
    )
    .await
}

/// Runs a prepared statement and returns how many rows of the lake it changed.
pub(crate) async fn do_put_prepared(
    state: &State,
    call: CallSession,
    command: &CommandPreparedStatementUpdate,
) -> Result<i64> {
    let ticket = ticket(state, &command.prepared_statement_handle)?;
    run(state, call, ticket).await
}

async fn run(state: &State, call: CallSession, ticket: StatementTicket) -> Result<i64> {
    let run = state.executor.run(async move {
        let planned = Run::plan(&call.session, ticket).await?;
        if !planned.schema.fields().is_empty() {
            return Err(Error::WrongCall(
                "expected a statement without a result, found a query: ask for its rows",
            ));
        }
        let (_, batches) = planned.start().await?;
        batches.try_for_each(|_| async { Ok(()) }).await
    });
    run.await?;
    Ok(0)
}
