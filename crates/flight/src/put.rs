//! `DoPut`: binds parameters, runs statements without a result, takes rows in.
//!
//! Guarantees: exactly one answer per call (JDBC fails without one); what a client sends is read up to a limit; the handle
//! stays the same when parameters are bound, and is sent back for clients that look for it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    Command, CommandPreparedStatementQuery, DoPutPreparedStatementResult, DoPutUpdateResult,
};
use arrow_flight::{FlightData, PutResult};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use prost::Message;
use tonic::{Status, Streaming};

use crate::command::{of_descriptor, unsupported};
use crate::commands::{ingest, update};
use crate::error::{Error, Result};
use crate::parameters::fit;
use crate::prepared_statements::limit;
use crate::sessions::CallSession;
use crate::state::State;

/// Answers to a `DoPut`.
pub(crate) type PutStream = BoxStream<'static, Result<PutResult, Status>>;

/// Reads what a client puts and answers it.
pub(crate) async fn do_put(
    state: &State,
    call: CallSession,
    mut messages: Streaming<FlightData>,
) -> Result<PutStream, Status> {
    let malformed = |reason: &str| Error::malformed("DoPut", reason);
    let first = messages
        .message()
        .await?
        .ok_or_else(|| malformed("expected a first message, found none"))?;
    let descriptor = first.flight_descriptor.as_ref();
    let descriptor = descriptor
        .ok_or_else(|| malformed("expected a descriptor in the first message, found none"))?;
    let answer = match of_descriptor(descriptor)? {
        Command::CommandPreparedStatementQuery(command) => {
            let messages = stream::iter([Ok(first)]).chain(messages);
            bind(state, &call, &command, messages)
                .await?
                .encode_to_vec()
        }
        Command::CommandPreparedStatementUpdate(command) => {
            let query = CommandPreparedStatementQuery {
                prepared_statement_handle: command.prepared_statement_handle.clone(),
            };
            let messages = stream::iter([Ok(first)]).chain(messages);
            bind(state, &call, &query, messages).await?;
            let record_count = update::do_put_prepared(state, call, &command).await?;
            DoPutUpdateResult { record_count }.encode_to_vec()
        }
        Command::CommandStatementIngest(command) => {
            let messages = stream::iter([Ok(first)]).chain(messages);
            let record_count = ingest::do_put(state, call, command, messages).await?;
            DoPutUpdateResult { record_count }.encode_to_vec()
        }
        Command::CommandStatementUpdate(command) => {
            let record_count = update::do_put_statement(state, call, command).await?;
            DoPutUpdateResult { record_count }.encode_to_vec()
        }
        other => return Err(unsupported("DoPut", &other).into()),
    };
    Ok(stream::iter([Ok(PutResult {
        app_metadata: answer.into(),
    })])
    .boxed())
}

/// Binds the parameters that `messages` hold, if they hold any.
async fn bind(
    state: &State,
    call: &CallSession,
    command: &CommandPreparedStatementQuery,
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> Result<DoPutPreparedStatementResult> {
    let handle = command.prepared_statement_handle.clone();
    let owner = &call.principal.name;
    let statement = state.prepared_statements.get(&handle, owner)?;
    let wanted = statement.parameter_schema;
    let bytes_max = state.options.parameter_bytes_max;
    // on the query threads, where a panic over forged bytes is only an error of this call
    let bound = state
        .executor
        .run(read_parameters(messages, wanted, bytes_max))
        .await?;
    if let Some(parameters) = bound {
        state.prepared_statements.bind(&handle, owner, parameters)?;
    }
    Ok(DoPutPreparedStatementResult {
        prepared_statement_handle: Some(handle),
    })
}

/// All parameters as one batch; `None` when the statement has none or the client sent no schema.
async fn read_parameters(
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
    wanted: SchemaRef,
    bytes_max: usize,
) -> Result<Option<RecordBatch>> {
    let mut bytes = 0;
    let counted = messages.map(move |message| {
        let message = message?;
        bytes += message.data_body.len() + message.data_header.len();
        limit(
            "bytes of parameters",
            "parameter_bytes_max",
            bytes_max,
            bytes,
        )
        .map_err(|error| FlightError::from_external_error(Box::new(error)))?;
        Ok(message)
    });
    // a message without a header has only the descriptor
    let data = counted.try_filter(|message| std::future::ready(!message.data_header.is_empty()));
    let mut batches = FlightRecordBatchStream::new_from_flight_data(data);
    let mut fitted = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(unreadable)? {
        fitted.push(fit(&batch, &wanted)?);
    }
    let Some(sent) = batches.schema().map(Arc::clone) else {
        return Ok(None);
    };
    if wanted.fields().is_empty() && sent.fields().is_empty() {
        return Ok(None);
    }
    if fitted.is_empty() {
        fitted.push(fit(&RecordBatch::new_empty(sent), &wanted)?);
    }
    let schema = fitted[0].schema();
    concat_batches(&schema, &fitted)
        .map(Some)
        .map_err(|error| Error::Parameters(error.to_string()))
}

/// What went wrong while reading what a client sent.
fn unreadable(error: FlightError) -> Error {
    match error {
        FlightError::Tonic(status) => Error::ClientGone(status.message().to_owned()),
        FlightError::ExternalError(error) => match error.downcast::<Error>() {
            Ok(error) => *error,
            Err(other) => Error::malformed("parameters", other.to_string()),
        },
        other => Error::malformed("parameters", other.to_string()),
    }
}
