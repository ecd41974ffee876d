//! `CommandStatementQuery` and the ticket of every statement: plan in `get_flight_info`, run in `do_get`.
//!
//! Guarantees: planning runs nothing and keeps nothing; a ticket with several rows of parameters runs its statement once
//! per row and streams the results one after the other, under one schema.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::{CommandStatementQuery, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use chatlake::{Prepared, Query, Session};
use futures::{StreamExt, TryStreamExt, stream};

use crate::column_metadata::result_schema;
use crate::error::{Error, Result};
use crate::flight_info::flight_info;
use crate::options::FlightOptions;
use crate::placeholders::{changes_session, number_placeholders};
use crate::prepared_statements::limit;
use crate::result_stream::{BatchStream, FlightDataStream, stream_query};
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::StatementTicket;

/// Plans the command.
pub(crate) async fn get_flight_info(
    state: &State,
    call: CallSession,
    command: CommandStatementQuery,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    refuse_transaction(command.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &command.query)?;
    plan(
        state,
        call.session,
        StatementTicket {
            sql,
            parameters: None,
        },
        descriptor,
    )
    .await
}

/// Plans the run of a ticket.
pub(crate) async fn plan(
    state: &State,
    session: Session,
    ticket: StatementTicket,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let encoded = ticket.encode()?;
    let schema = state
        .executor
        .run(async move { Ok(Run::plan(&session, ticket).await?.schema) })
        .await?;
    flight_info(&schema, encoded, descriptor)
}

/// Runs a ticket.
pub(crate) async fn do_get(
    state: &State,
    call: CallSession,
    ticket: TicketStatementQuery,
) -> Result<FlightDataStream> {
    let options = state.options.clone();
    let run = state.executor.run(async move {
        let ticket = StatementTicket::decode(&ticket)?;
        accept_sql(&options, &call, &ticket.sql)?;
        Run::plan(&call.session, ticket).await?.start().await
    });
    let (schema, batches) = run.await?;
    stream_query(&state.executor, &state.options, schema, batches)
}

/// A statement that was planned.
pub(crate) struct Run {
    /// The schema of its result, as clients see it.
    pub schema: SchemaRef,
    rows: Rows,
}

/// The runs of the statement that lie ahead.
enum Rows {
    /// No row was bound.
    None,
    /// One run, the statement has no parameters.
    Once(Query),
    /// One run per row; the first is planned.
    Each {
        first: Query,
        prepared: Arc<Prepared>,
        parameters: RecordBatch,
    },
}

impl Run {
    /// Plans a ticket; only the first row of its parameters is looked at.
    pub(crate) async fn plan(session: &Session, ticket: StatementTicket) -> Result<Self> {
        let Some(parameters) = ticket.parameters else {
            let query = session.query(&ticket.sql).await?;
            return Ok(Self {
                schema: result_schema(&query.schema()),
                rows: Rows::Once(query),
            });
        };
        let prepared = session.prepare(&ticket.sql).await?;
        if parameters.num_rows() == 0 {
            return Ok(Self {
                schema: result_schema(&prepared.schema()),
                rows: Rows::None,
            });
        }
        let first = prepared.bind(&parameters, 0).await?;
        Ok(Self {
            schema: result_schema(&first.schema()),
            rows: Rows::Each {
                first,
                prepared: Arc::new(prepared),
                parameters,
            },
        })
    }

    /// Starts it: the schema and the batches to come.
    pub(crate) async fn start(self) -> Result<(SchemaRef, BatchStream)> {
        let schema = self.schema;
        let batches = match self.rows {
            Rows::None => stream::empty().boxed(),
            Rows::Once(query) => batches(query).await?,
            Rows::Each {
                first,
                prepared,
                parameters,
            } => {
                let first = batches(first).await?;
                let expected = Arc::clone(&schema);
                let others =
                    stream::iter(1..parameters.num_rows()).then(move |row| {
                        let (prepared, expected) = (Arc::clone(&prepared), Arc::clone(&expected));
                        let parameters = parameters.clone();
                        async move {
                            batches(bind_row(&prepared, &parameters, row, &expected).await?).await
                        }
                    });
                first.chain(others.try_flatten()).boxed()
            }
        };
        Ok((schema, batches))
    }
}

/// The statement with the parameters of one row, whose result must look like that of the first.
async fn bind_row(
    prepared: &Prepared,
    parameters: &RecordBatch,
    row: usize,
    expected: &SchemaRef,
) -> Result<Query> {
    let query = prepared.bind(parameters, row).await?;
    if result_schema(&query.schema()) != *expected {
        let reason = format!("row {row} gives a result with other columns than row 0");
        return Err(Error::Parameters(reason));
    }
    Ok(query)
}

async fn batches(query: Query) -> Result<BatchStream> {
    Ok(query
        .stream()
        .await?
        .map_err(|error| Error::Engine(error.into()))
        .boxed())
}

/// `sql` as the planner takes it, when it may run in this call.
pub(crate) fn accept_sql(options: &FlightOptions, call: &CallSession, sql: &str) -> Result<String> {
    limit(
        "bytes of SQL",
        "statement_bytes_max",
        options.statement_bytes_max,
        sql.len(),
    )?;
    if changes_session(sql) && !call.lasts {
        return Err(Error::WrongCall(
            "expected a session for `SET`, found none: connect with a user name (any will do), so that the client keeps \
             the token of its session",
        ));
    }
    Ok(number_placeholders(sql)?.into_owned())
}

/// There are no transactions to name.
pub(crate) fn refuse_transaction(transaction_id: Option<&Bytes>) -> Result<()> {
    match transaction_id {
        Some(id) if !id.is_empty() => Err(Error::WrongCall(
            "expected no transaction, found one: this server has no transactions",
        )),
        Some(_) | None => Ok(()),
    }
}
