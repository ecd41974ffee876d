//! `CommandStatementQuery` and the ticket of every statement: plan in `get_flight_info`, run in `do_get`.
//!
//! Guarantees: planning a query runs nothing and keeps nothing; a statement that changes something runs once, when it is
//! planned (drivers that do not know `is_update` may never ask for its stream); a ticket is read at the commit and with the
//! variables that it was planned with, and with several rows of parameters it runs its statement once
//! per row and streams the results one after the other, under one schema.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{CommandStatementQuery, TicketStatementQuery};
use arrow_flight::{FlightDescriptor, FlightInfo};
use chatlake::{Cancellation, Prepared, Query, Reader, Session};
use futures::{StreamExt, TryStreamExt, stream};

use crate::column_metadata::result_schema;
use crate::error::{Error, Result};
use crate::flight_info::expiring_flight_info;
use crate::options::FlightOptions;
use crate::placeholders::{changes_session, number_placeholders};
use crate::prepared_statements::limit;
use crate::result_stream::{BatchStream, FlightDataStream, stream_batch, stream_query};
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::{StatementTicket, TicketPlan};
use crate::transactions;

/// Plans the command.
pub(crate) async fn get_flight_info(
    state: &State,
    call: CallSession,
    command: CommandStatementQuery,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    transactions::check(state, &call, command.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &command.query)?;
    plan(state, call, StatementTicket::new(sql, None), descriptor).await
}

/// The columns of the command's result; nothing is run.
pub(crate) async fn get_schema(
    state: &State,
    call: CallSession,
    command: CommandStatementQuery,
) -> Result<SchemaRef> {
    transactions::check(state, &call, command.transaction_id.as_ref())?;
    let sql = accept_sql(&state.options, &call, &command.query)?;
    let prepare = async move { Ok(result_schema(&call.session.prepare(&sql).await?.schema())) };
    state.executor.run(prepare).await
}

/// Plans the run of a ticket; a statement that changes something is run.
pub(crate) async fn plan(
    state: &State,
    call: CallSession,
    mut ticket: StatementTicket,
    descriptor: FlightDescriptor,
) -> Result<FlightInfo> {
    let label = format!("{:032x}", rand::random::<u128>());
    let expires_at_ms = state.ticket_expiry_ms();
    let planning = state.executor.run(async move {
        let run = Run::plan(&call.session, &ticket, &label).await?;
        let (schema, commit) = (Arc::clone(&run.schema), run.commit);
        let changed_rows = match run.gives_rows() {
            true => None,
            false => Some(run.change().await?),
        };
        ticket.plan = Some(TicketPlan {
            principal: call.principal.name.clone(),
            commit,
            settings: call.session.settings(),
            label,
            expires_at_ms,
            changed_rows,
        });
        Ok((schema, ticket))
    });
    let (schema, ticket) = planning.await?;
    let encoded = ticket.encode(&state.ticket_key)?;
    expiring_flight_info(&schema, encoded, expires_at_ms, descriptor)
}

/// Runs a ticket.
pub(crate) async fn do_get(
    state: &State,
    call: CallSession,
    ticket: TicketStatementQuery,
) -> Result<FlightDataStream> {
    let ticket = StatementTicket::decode(&ticket, &state.ticket_key)?;
    let Some(plan) = ticket.plan.clone() else {
        return Err(Error::malformed("ticket", "expected a planned statement"));
    };
    plan.check(&call.principal.name, state.now_ms())?;
    if plan.changed_rows.is_some() {
        let nothing = RecordBatch::new_empty(Arc::new(Schema::empty()));
        return Ok(stream_batch(&state.options, nothing));
    }
    let reader = Reader::default();
    let gone = reader.is_gone();
    let run = state.executor.run(async move {
        let mut session = call.session.with_settings(&plan.settings).await?;
        if let Some(commit) = plan.commit {
            session = session.at_commit(commit).await?;
        }
        let run = Run::plan(&session, &ticket, &plan.label).await?;
        run.start(&gone).await
    });
    let (schema, batches) = run.await?;
    stream_query(&state.executor, &state.options, schema, batches, reader)
}

/// A statement that was planned.
pub(crate) struct Run {
    /// The schema of its result, as clients see it.
    pub schema: SchemaRef,
    /// The commit that it reads.
    pub commit: Option<u64>,
    /// What the runs are called.
    label: Arc<str>,
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
    pub(crate) async fn plan(
        session: &Session,
        ticket: &StatementTicket,
        label: &str,
    ) -> Result<Self> {
        let run = |schema: SchemaRef, commit, rows| Self {
            schema: result_schema(&schema),
            commit,
            label: label.into(),
            rows,
        };
        let Some(parameters) = &ticket.parameters else {
            let query = session.query(&ticket.sql).await?;
            return Ok(run(query.schema(), query.commit(), Rows::Once(query)));
        };
        let prepared = session.prepare(&ticket.sql).await?;
        if parameters.num_rows() == 0 {
            return Ok(run(prepared.schema(), None, Rows::None));
        }
        let first = prepared.bind(parameters, 0).await?;
        let (schema, commit) = (first.schema(), first.commit());
        let rows = Rows::Each {
            first,
            prepared: Arc::new(prepared),
            parameters: parameters.clone(),
        };
        Ok(run(schema, commit, rows))
    }

    /// Is it a query? Everything else changes something and has no columns.
    pub(crate) fn gives_rows(&self) -> bool {
        !self.schema.fields().is_empty()
    }

    /// Runs a statement that changes something, once per row of parameters; how many rows it changed.
    pub(crate) async fn change(self) -> Result<u64> {
        let label = self.label;
        match self.rows {
            Rows::None => Ok(0),
            Rows::Once(query) => Ok(query.labelled(&label).change().await?),
            Rows::Each {
                first,
                prepared,
                parameters,
            } => {
                let mut changed_rows = first.labelled(&label).change().await?;
                for row in 1..parameters.num_rows() {
                    let query = bind_row(&prepared, &parameters, row, &self.schema).await?;
                    changed_rows += query.labelled(&label).change().await?;
                }
                Ok(changed_rows)
            }
        }
    }

    /// Starts it: the schema and the batches to come, until the reader is `gone`.
    pub(crate) async fn start(self, gone: &Cancellation) -> Result<(SchemaRef, BatchStream)> {
        let (schema, label) = (self.schema, self.label);
        let batches = match self.rows {
            Rows::None => stream::empty().boxed(),
            Rows::Once(query) => batches(query, &label, gone).await?,
            Rows::Each {
                first,
                prepared,
                parameters,
            } => {
                let first = batches(first, &label, gone).await?;
                let (expected, gone) = (Arc::clone(&schema), gone.clone());
                let others = stream::iter(1..parameters.num_rows()).then(move |row| {
                    let (prepared, expected) = (Arc::clone(&prepared), Arc::clone(&expected));
                    let (parameters, label) = (parameters.clone(), Arc::clone(&label));
                    let gone = gone.clone();
                    async move {
                        let query = bind_row(&prepared, &parameters, row, &expected).await?;
                        batches(query, &label, &gone).await
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

async fn batches(query: Query, label: &str, gone: &Cancellation) -> Result<BatchStream> {
    Ok(query
        .labelled(label)
        .read_until(gone.clone())
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
    if let Some(word) = changes_session(sql)
        && !call.lasts()
    {
        return Err(Error::NoSession(word));
    }
    Ok(number_placeholders(sql)?.into_owned())
}
