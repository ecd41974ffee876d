//! `CommandStatementIngest`: rows as Arrow batches, into a scratch table of the session or into a stored table.
//!
//! Guarantees: batches are taken one by one as they come; the four modes (create, append, replace, create or append) do what
//! they say; options that nobody knows are refused, not ignored; the count in the answer is that of rows that were new.

use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{CommandStatementIngest, TableExistsOption, TableNotExistOption};
use chatlake::{CATALOG, IfAbsent, IfExists, IngestTarget};
use futures::{Stream, StreamExt, TryStreamExt};
use tonic::Status;

use crate::error::{Error, Result};
use crate::sessions::CallSession;
use crate::state::State;
use crate::transactions;

/// Takes the rows of `messages` in; how many were new.
pub(crate) async fn do_put(
    state: &State,
    call: CallSession,
    command: CommandStatementIngest,
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> Result<i64> {
    transactions::check(state, &call, command.transaction_id.as_ref())?;
    let target = target(command)?;
    let sessions = &state.sessions;
    let open = sessions.with_transactions(&call, |transactions, _| Ok(transactions.is_any()));
    let is_in_transaction = open.unwrap_or(false);
    // on the query threads, where a panic over forged bytes is only an error of this call
    let ingest = state.executor.run(async move {
        let is_stored = call.session.is_stored(&target).await?;
        if !is_stored && !call.lasts() {
            return Err(Error::NoSession("INSERT"));
        }
        if is_stored && is_in_transaction {
            return Err(Error::WrongCall(
                "expected no open transaction, found one: rows of stored tables are committed at once and cannot be rolled \
                 back (turn autocommit on)",
            ));
        }
        // a message without a header has only the descriptor
        let data = messages.map_err(FlightError::from);
        let data = data.try_filter(|message| std::future::ready(!message.data_header.is_empty()));
        let mut batches = FlightRecordBatchStream::new_from_flight_data(data);
        let first = batches.try_next().await.map_err(unreadable)?;
        let schema = batches.schema().cloned();
        let schema = schema.ok_or_else(|| {
            Error::malformed("ingestion", "expected a schema and batches, found none")
        })?;
        let first = futures::stream::iter(first.map(Ok));
        let batches = first.chain(batches).map_err(|error| match unreadable(error) {
            Error::ClientGone(reason) => chatlake::Error::Stopped(reason),
            other => chatlake::Error::Sql(other.to_string()),
        });
        let session = call.session;
        Ok(session.ingest(&target, schema, batches.boxed()).await?)
    });
    Ok(i64::try_from(ingest.await?).unwrap_or(i64::MAX))
}

/// What the command asks for.
fn target(command: CommandStatementIngest) -> Result<IngestTarget> {
    let malformed = |reason: &str| Error::malformed("ingestion", reason);
    if let Some(option) = command.options.keys().min() {
        return Err(malformed(&format!("the option `{option}` is not known")));
    }
    let catalog = command.catalog.as_deref().unwrap_or_default();
    if !catalog.is_empty() && catalog != CATALOG {
        return Err(malformed(&format!(
            "expected the catalog `{CATALOG}`, found `{catalog}`"
        )));
    }
    let options = command.table_definition_options;
    let options = options.ok_or_else(|| malformed("expected what to do with the table"))?;
    let if_exists = match options.if_exists() {
        TableExistsOption::Append => IfExists::Append,
        TableExistsOption::Fail => IfExists::Fail,
        TableExistsOption::Replace => IfExists::Replace,
        TableExistsOption::Unspecified => {
            return Err(malformed("expected what to do when the table is there"));
        }
    };
    let if_absent = match options.if_not_exist() {
        TableNotExistOption::Create => IfAbsent::Create,
        TableNotExistOption::Fail => IfAbsent::Fail,
        TableNotExistOption::Unspecified => {
            return Err(malformed("expected what to do when the table is not there"));
        }
    };
    Ok(IngestTarget {
        schema: command.schema,
        table: command.table,
        if_exists,
        if_absent,
        is_temporary: command.temporary,
    })
}

/// What went wrong while reading what a client sent.
fn unreadable(error: FlightError) -> Error {
    match error {
        FlightError::Tonic(status) => Error::ClientGone(status.message().to_owned()),
        other => Error::malformed("ingestion", other.to_string()),
    }
}
