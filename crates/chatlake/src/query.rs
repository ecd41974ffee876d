//! A planned statement, ready to run, and a prepared one.
//!
//! Guarantees: the announced schema is the schema of every batch; a stream that is dropped stops using CPU; a query that
//! runs longer than `query_timeout_ms` ends with an error that names the setting.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;
use datafusion::execution::{
    RecordBatchStream, SendableRecordBatchStream, SessionState, TaskContext,
};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use futures::{Stream, StreamExt, TryStreamExt};
use tokio::time::{Instant, Sleep};

use crate::bi_types::{readable_batch, readable_schema};
use crate::database::Chatlake;
use crate::session::{Session, row_values};
use crate::{Error, Result};

type BatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch, DataFusionError>> + Send>>;

/// What a query runs.
enum Work {
    /// A plan of the engine, with the state that holds what it reads.
    Plan(Arc<SessionState>, Box<LogicalPlan>),
    /// An answer that is there already.
    Ready(Vec<RecordBatch>),
}

/// See the module's documentation.
pub struct Query {
    work: Work,
    schema: SchemaRef,
    timeout_ms: u64,
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
        state: Arc<SessionState>,
        plan: LogicalPlan,
    ) -> Result<Self> {
        // the optimizer may still refuse the plan: say so now, and not when the first row is asked for
        let plan = state.optimize(&plan)?;
        let schema = readable_schema(plan.schema().as_arrow());
        let timeout_ms = database.settings().query_timeout_ms;
        Ok(Self {
            work: Work::Plan(state, Box::new(plan)),
            schema,
            timeout_ms,
        })
    }

    /// The answer of a statement that gives no rows.
    pub(crate) fn empty(database: &Chatlake) -> Result<Self> {
        let schema = Arc::new(Schema::empty());
        Ok(Self {
            work: Work::Ready(Vec::new()),
            schema,
            timeout_ms: database.settings().query_timeout_ms,
        })
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
        Ok(Self {
            work: Work::Ready(vec![batch]),
            schema,
            timeout_ms: database.settings().query_timeout_ms,
        })
    }

    /// The columns of the result, in types that BI tools read.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Runs it: rows come as they are asked for.
    ///
    /// # Errors
    /// When the plan cannot be started. Errors while it runs come through the stream; see [`Error::from`].
    pub async fn stream(self) -> Result<SendableRecordBatchStream> {
        let (inner, state): (BatchStream, _) = match self.work {
            Work::Ready(batches) => (
                Box::pin(futures::stream::iter(batches.into_iter().map(Ok))),
                None,
            ),
            Work::Plan(state, plan) => {
                let physical: Arc<dyn ExecutionPlan> = state
                    .query_planner()
                    .create_physical_plan(&plan, state.as_ref())
                    .await?;
                let context = Arc::new(TaskContext::from(state.as_ref()));
                (execute_stream(physical, context)?, Some(state))
            }
        };
        let deadline = (self.timeout_ms > 0).then(|| {
            let limit = Duration::from_millis(self.timeout_ms);
            Box::pin(tokio::time::sleep_until(Instant::now() + limit))
        });
        Ok(Box::pin(ReadableStream {
            inner,
            schema: self.schema,
            deadline,
            timeout_ms: self.timeout_ms,
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

/// The columns of `SHOW name`.
pub(crate) fn show_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
    ]))
}

/// Turns batches into readable types and watches the time.
struct ReadableStream {
    inner: BatchStream,
    schema: SchemaRef,
    deadline: Option<Pin<Box<Sleep>>>,
    timeout_ms: u64,
    ended: bool,
    /// Tables that list tables (`information_schema`) ask the catalog while they run.
    _state: Option<Arc<SessionState>>,
}

impl Stream for ReadableStream {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            let error = Error::Limit(format!(
                "the query ran longer than `query_timeout_ms` = {} allows",
                self.timeout_ms
            ));
            self.ended = true;
            // what still runs is dropped with the plan
            self.inner = Box::pin(futures::stream::empty());
            return Poll::Ready(Some(Err(error.into_datafusion())));
        }
        let schema = Arc::clone(&self.schema);
        self.inner.poll_next_unpin(context).map(|item| {
            item.map(|batch| batch.and_then(|batch| Ok(readable_batch(&batch, &schema)?)))
        })
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
