//! Prepared statements: the actions that create and close them, and `CommandPreparedStatementQuery`.
//!
//! Guarantees: the ticket holds text and parameters, so it outlives the handle (ADBC closes the statement before others
//! read its partitions); a statement whose parameters are missing is refused before it runs.

use arrow::datatypes::SchemaRef;
use arrow_flight::sql::{ActionCreatePreparedStatementRequest, CommandPreparedStatementQuery};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use chatlake::Reader;

use crate::column_metadata::result_schema;
use crate::commands::statement::{Run, accept_sql, plan};
use crate::error::{Error, Result};
use crate::flight_info::schema_message;
use crate::messages::PreparedStatementResult;
use crate::parameters::wire_schema;
use crate::prepared_statements::PreparedStatement;
use crate::result_stream::{FlightDataStream, stream_query};
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::StatementTicket;
use crate::transactions;

/// Prepares a statement and keeps it.
pub(crate) async fn create(
    state: &State,
    call: CallSession,
    request: ActionCreatePreparedStatementRequest,
) -> Result<PreparedStatementResult> {
    transactions::check(state, &call, request.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &request.query)?;
    let owner = call.principal.name.clone();
    let prepare = state.executor.run(async move {
        let prepared = call.session.prepare(&sql).await?;
        Ok((
            sql,
            result_schema(&prepared.schema()),
            wire_schema(&prepared.parameter_schema()),
        ))
    });
    let (sql, dataset_schema, parameter_schema) = prepare.await?;
    let messages = (
        schema_message(&dataset_schema)?,
        schema_message(&parameter_schema)?,
    );
    let statement = PreparedStatement {
        owner,
        sql,
        parameter_schema,
        parameters: None,
    };
    Ok(PreparedStatementResult {
        prepared_statement_handle: state.prepared_statements.open(statement)?,
        dataset_schema: messages.0,
        parameter_schema: messages.1,
        // clients run a statement without columns as an update, and need no guess
        is_update: Some(dataset_schema.fields().is_empty()),
    })
}

/// Plans the command.
pub(crate) async fn get_flight_info(
    state: &State,
    call: CallSession,
    command: &CommandPreparedStatementQuery,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let ticket = ticket(state, &call, &command.prepared_statement_handle)?;
    plan(state, call, ticket, descriptor).await
}

/// The columns of the command's result; nothing is run.
pub(crate) async fn get_schema(
    state: &State,
    call: CallSession,
    command: &CommandPreparedStatementQuery,
) -> Result<SchemaRef> {
    let handle = &command.prepared_statement_handle;
    let sql = state
        .prepared_statements
        .get(handle, &call.principal.name)?
        .sql;
    let prepare = async move { Ok(result_schema(&call.session.prepare(&sql).await?.schema())) };
    state.executor.run(prepare).await
}

/// Runs the statement of a handle, for clients that skip `GetFlightInfo`.
pub(crate) async fn do_get(
    state: &State,
    call: CallSession,
    command: &CommandPreparedStatementQuery,
) -> Result<FlightDataStream> {
    let ticket = ticket(state, &call, &command.prepared_statement_handle)?;
    let reader = Reader::default();
    let gone = reader.is_gone();
    let run = state.executor.run(async move {
        let run = Run::plan(&call.session, &ticket, "").await?;
        run.start(&gone).await
    });
    let (schema, batches) = run.await?;
    stream_query(&state.executor, &state.options, schema, batches, reader)
}

/// What a handle stands for now.
pub(crate) fn ticket(state: &State, call: &CallSession, handle: &Bytes) -> Result<StatementTicket> {
    let owner = &call.principal.name;
    let statement = state.prepared_statements.get(handle, owner)?;
    let wanted = statement.parameter_schema.fields().len();
    if wanted > 0 && statement.parameters.is_none() {
        return Err(Error::Parameters(format!(
            "expected {wanted} of them, found none: bind them first"
        )));
    }
    Ok(StatementTicket::new(statement.sql, statement.parameters))
}
