//! A planned statement, ready to run, and a prepared one.
//!
//! Guarantees: the announced schema is the schema of every batch; a stream that is dropped, or whose reader is gone
//! ([`Query::read_until`]), stops using CPU, also inside of a join; a query that runs longer than `query_timeout_ms`, or gives
//! more rows than `result_rows_max`, ends with an error that names the setting;
//! it is listed in `system.queries` from when it waits for its turn until it ends, and `KILL` stops it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chatlake_ingest::Cancellation;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::{
    RecordBatchStream, SendableRecordBatchStream, SessionState, TaskContext,
};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use tokio::time::Sleep;

use crate::bi_types::{readable_batch, readable_schema};
use crate::catalog::SYSTEM_SCHEMA;
use crate::database::Chatlake;
use crate::interrupt::Interrupt;
use crate::queries::{QueryOrigin, RunningQuery};
use crate::session::{Change, Session, row_values};
use crate::{Error, Result};

type BatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch, DataFusionError>> + Send>>;

/// What a query runs.
enum Work {
    /// A plan of the engine, with the state that holds what it reads.
    Plan(Arc<SessionState>, Box<LogicalPlan>),
    /// An answer that is there already.
    Ready(Vec<RecordBatch>),
    /// Something to be changed.
    Change(Box<Change>),
}

/// See the module's documentation.
pub struct Query {
    database: Chatlake,
    work: Work,
    schema: SchemaRef,
    origin: QueryOrigin,
    commit: Option<u64>,
    reader: Cancellation,
}

impl std::fmt::Debug for Query {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Query")
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}

impl Query {
    pub(crate) fn new(
        database: &Chatlake,
        origin: QueryOrigin,
        state: Arc<SessionState>,
        plan: LogicalPlan,
    ) -> Result<Self> {
        // the optimizer may still refuse the plan: say so now, and not when the first row is asked for
        let plan = state.optimize(&plan)?;
        let schema = readable_schema(plan.schema().as_arrow());
        Ok(Self {
            database: database.clone(),
            work: Work::Plan(state, Box::new(plan)),
            schema,
            origin,
            commit: None,
            reader: Cancellation::default(),
        })
    }

    fn ready(database: &Chatlake, work: Work, schema: SchemaRef) -> Self {
        Self {
            database: database.clone(),
            work,
            schema,
            origin: QueryOrigin::default(),
            commit: None,
            reader: Cancellation::default(),
        }
    }

    /// A statement that changes something when it runs.
    pub(crate) fn change_of(database: &Chatlake, change: Change) -> Result<Self> {
        let work = Work::Change(Box::new(change));
        Ok(Self::ready(database, work, Arc::new(Schema::empty())))
    }

    /// Remembers the commit that it reads.
    pub(crate) fn at_commit(self, commit: u64) -> Self {
        Self {
            commit: Some(commit),
            ..self
        }
    }

    /// The answer of a statement that gives no rows.
    pub(crate) fn empty(database: &Chatlake) -> Result<Self> {
        let schema = Arc::new(Schema::empty());
        Ok(Self::ready(database, Work::Ready(Vec::new()), schema))
    }

    /// The answer of `SHOW`.
    pub(crate) fn one_text(database: &Chatlake, name: &str, value: Option<String>) -> Result<Self> {
        let schema = show_schema();
        let columns: Vec<arrow::array::ArrayRef> = vec![
            Arc::new(StringArray::from(vec![name])),
            Arc::new(StringArray::from(vec![value])),
        ];
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), columns).map_err(DataFusionError::from)?;
        Ok(Self::ready(database, Work::Ready(vec![batch]), schema))
    }

    /// The columns of the result, in types that BI tools read.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The commit that it reads; `None` when it reads nothing of the lake.
    pub fn commit(&self) -> Option<u64> {
        self.commit
    }

    /// Does it change something when it runs? It then gives no rows.
    pub fn is_change(&self) -> bool {
        matches!(self.work, Work::Change(_))
    }

    /// Gives it a name by which `Chatlake::cancel_queries` stops it.
    #[must_use]
    pub fn labelled(mut self, label: &str) -> Self {
        self.origin.label = Some(label.into());
        self.work = match self.work {
            Work::Change(change) => Work::Change(Box::new(change.labelled(label))),
            other => other,
        };
        self
    }

    /// Tells when its reader is gone, to end also where it cannot be dropped: inside of a join.
    #[must_use]
    pub fn read_until(self, reader: Cancellation) -> Self {
        Self { reader, ..self }
    }

    /// Runs a statement that changes something; the number of rows that it inserted.
    ///
    /// # Errors
    /// When it fails, or gives rows.
    pub async fn change(self) -> Result<u64> {
        match self.work {
            Work::Change(change) => change.apply().await,
            Work::Ready(_) => Ok(0),
            Work::Plan(..) => Err(Error::Unsupported(
                "expected a statement without a result, found a query".to_owned(),
            )),
        }
    }

    /// Runs it: rows come as they are asked for. It waits for its turn when too many others run.
    ///
    /// # Errors
    /// When it waits too long, or the plan cannot be started. Errors while it runs come through the stream; see
    /// [`Error::from`].
    pub async fn stream(self) -> Result<SendableRecordBatchStream> {
        let settings = self.database.settings();
        let (timeout_ms, rows_max) = (settings.query_timeout_ms, settings.result_rows_max);
        let mut interrupt = None;
        let (inner, state, running): (BatchStream, _, _) = match self.work {
            Work::Ready(batches) => (ready(batches), None, None),
            Work::Change(change) => {
                change.apply().await?;
                (ready(Vec::new()), None, None)
            }
            Work::Plan(state, plan) => {
                let waits = !looks_at_queries_only(&plan);
                let queries = self.database.queries();
                let mut running = queries.admit(&self.origin, waits).await?;
                let ends = Interrupt::new(running.cancellation(), self.reader, timeout_ms);
                let started = start(&state, &plan, &ends).await;
                let inner = started.map_err(|error| running.failed(error))?;
                interrupt = Some(ends);
                (inner, Some(state), Some(running))
            }
        };
        let deadline = interrupt.as_ref().and_then(Interrupt::deadline);
        let deadline = deadline.map(|at| Box::pin(tokio::time::sleep_until(at)));
        let stop = running
            .as_ref()
            .map(|running| running.stop_signal().boxed());
        Ok(Box::pin(ReadableStream {
            inner,
            schema: self.schema,
            deadline,
            timeout_ms,
            rows_max,
            stop,
            interrupt,
            running,
            ended: false,
            _state: state,
        }))
    }

    /// Runs it and gathers all rows: for results known to be small.
    ///
    /// # Errors
    /// When it fails at any point.
    pub async fn collect(self) -> Result<Vec<RecordBatch>> {
        Ok(self.stream().await?.try_collect().await?)
    }
}

fn ready(batches: Vec<RecordBatch>) -> BatchStream {
    Box::pin(futures::stream::iter(batches.into_iter().map(Ok)))
}

async fn start(
    state: &Arc<SessionState>,
    plan: &LogicalPlan,
    ends: &Interrupt,
) -> Result<BatchStream> {
    let physical: Arc<dyn ExecutionPlan> = state
        .query_planner()
        .create_physical_plan(plan, state.as_ref())
        .await?;
    let physical = ends.clone().into_joins_of(physical)?;
    let context = Arc::new(TaskContext::from(state.as_ref()));
    Ok(execute_stream(physical, context)?)
}

/// Is it a plain look at `system.queries`? That one must work when all turns are taken, and cannot be made expensive.
fn looks_at_queries_only(plan: &LogicalPlan) -> bool {
    let (mut scan_count, mut is_plain) = (0, true);
    let visited = plan.apply_with_subqueries(|node| {
        match node {
            LogicalPlan::TableScan(scan) => {
                scan_count += 1;
                is_plain &= scan.table_name.schema() == Some(SYSTEM_SCHEMA)
                    && scan.table_name.table() == "queries";
            }
            LogicalPlan::Projection(_)
            | LogicalPlan::Filter(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::SubqueryAlias(_) => {}
            _ => is_plain = false,
        }
        Ok(TreeNodeRecursion::Continue)
    });
    visited.is_ok() && is_plain && scan_count == 1
}

/// The columns of `SHOW name`.
pub(crate) fn show_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
    ]))
}

/// Turns batches into readable types, counts them, watches the time and whether somebody stops the query.
struct ReadableStream {
    inner: BatchStream,
    schema: SchemaRef,
    deadline: Option<Pin<Box<Sleep>>>,
    timeout_ms: u64,
    rows_max: u64,
    stop: Option<BoxFuture<'static, ()>>,
    interrupt: Option<Interrupt>,
    running: Option<RunningQuery>,
    ended: bool,
    /// Tables that list tables (`information_schema`) ask the catalog while they run.
    _state: Option<Arc<SessionState>>,
}

impl ReadableStream {
    /// Why the query may not go on, if it may not.
    fn interruption(&mut self, context: &mut Context<'_>) -> Option<Error> {
        // a join may have noticed before the timer
        let is_late = self.interrupt.as_ref().is_some_and(Interrupt::is_late);
        if let Some(deadline) = &mut self.deadline
            && (deadline.as_mut().poll(context).is_ready() || is_late)
        {
            return Some(Error::Limit(format!(
                "the query ran longer than `query_timeout_ms` = {} allows",
                self.timeout_ms
            )));
        }
        let stop = self.stop.as_mut()?;
        let is_stopped = stop.as_mut().poll(context).is_ready();
        let running = self.running.as_ref().filter(|_| is_stopped)?;
        Some(running.stopped())
    }

    /// A batch in readable types, counted.
    fn readable(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let batch = readable_batch(batch, &self.schema).map_err(DataFusionError::from)?;
        let Some(running) = &self.running else {
            return Ok(batch);
        };
        let row_count = running.count(batch.num_rows(), batch.get_array_memory_size());
        if self.rows_max > 0 && row_count > self.rows_max {
            return Err(Error::Limit(format!(
                "expected a result of at most {} rows (`result_rows_max`), found more",
                self.rows_max
            )));
        }
        Ok(batch)
    }

    /// Ends the query by an error; what still runs is dropped with the plan.
    fn fail(&mut self, error: Error) -> DataFusionError {
        self.ended = true;
        self.inner = Box::pin(futures::stream::empty());
        if let Some(interrupt) = &self.interrupt {
            interrupt.stop();
        }
        let error = match &mut self.running {
            Some(running) => running.failed(error),
            None => error,
        };
        // its turn is free, also while the reader keeps the stream
        self.stop = None;
        self.running = None;
        error.into_datafusion()
    }
}

impl Stream for ReadableStream {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(error) = self.interruption(context) {
            return Poll::Ready(Some(Err(self.fail(error))));
        }
        let item = match ready!(self.inner.poll_next_unpin(context)) {
            Some(Ok(batch)) => Some(match self.readable(&batch) {
                Ok(batch) => Ok(batch),
                Err(error) => Err(self.fail(error)),
            }),
            Some(Err(error)) => {
                // a join that had to end says so in its own words
                let reason = self.interruption(context);
                Some(Err(self.fail(reason.unwrap_or_else(|| error.into()))))
            }
            None => {
                self.ended = true;
                if let Some(running) = &mut self.running {
                    running.finished();
                }
                self.stop = None;
                self.running = None;
                None
            }
        };
        Poll::Ready(item)
    }
}

impl Drop for ReadableStream {
    fn drop(&mut self) {
        // parts of it that run on other threads are not dropped before they come back
        if let Some(interrupt) = &self.interrupt {
            interrupt.stop();
        }
    }
}

impl RecordBatchStream for ReadableStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

/// A statement to be run with different values.
#[derive(Clone, Debug)]
pub struct Prepared {
    session: Session,
    sql: Arc<str>,
    schema: SchemaRef,
    parameters: SchemaRef,
}

impl Prepared {
    pub(crate) fn new(
        session: Session,
        sql: &str,
        schema: SchemaRef,
        parameters: SchemaRef,
    ) -> Self {
        Self {
            session,
            sql: sql.into(),
            schema,
            parameters,
        }
    }

    /// The columns of the result, as far as they are known before values are.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The placeholders `$1`, `$2`, … in order, with the types they want.
    pub fn parameter_schema(&self) -> SchemaRef {
        Arc::clone(&self.parameters)
    }

    /// The statement's text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// Plans it with the values of one row, in column order; a statement without placeholders needs none.
    ///
    /// # Errors
    /// When the number or types of the values do not fit.
    pub async fn bind(&self, parameters: &RecordBatch, row: usize) -> Result<Query> {
        let (expected, found) = (self.parameters.fields().len(), parameters.num_columns());
        if expected != found {
            return Err(Error::Sql(format!(
                "expected {expected} parameter values, found {found}"
            )));
        }
        if expected == 0 {
            return self.session.query(&self.sql).await;
        }
        if row >= parameters.num_rows() {
            return Err(Error::Sql(format!(
                "expected a row {row} of parameter values, found {}",
                parameters.num_rows()
            )));
        }
        self.session
            .query_with(&self.sql, Some(row_values(parameters, row)?))
            .await
    }
}
