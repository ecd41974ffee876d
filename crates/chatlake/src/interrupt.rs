//! Lets a query end inside of a join.
//!
//! An operator that is asked for a batch may work for minutes before it gives one: a join compares each batch of one side with
//! all of the other, and when its filter lets nothing through it comes back only after that. Here the filter itself asks,
//! each time that it is evaluated, whether the query has to end.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{FieldRef, Schema};
use chatlake_ingest::Cancellation;
use datafusion::common::internal_err;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::joins::{
    HashJoinExec, NestedLoopJoinExec, NestedLoopJoinExecBuilder,
};
use tokio::time::Instant;

use crate::Error;

/// Whoever reads a query: when it is dropped, the query ends, also where it cannot be dropped itself.
#[derive(Debug, Default)]
pub struct Reader(Cancellation);

impl Reader {
    /// What the query asks, see [`crate::Query::read_until`].
    pub fn is_gone(&self) -> Cancellation {
        self.0.clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Whether a query has to end: it was stopped, nobody reads it any more, or its time is over.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt {
    stop: Cancellation,
    reader: Cancellation,
    deadline: Option<Instant>,
}

impl Interrupt {
    /// By `stop`, by `reader`, or after `timeout_ms` from now; 0 is never.
    pub(crate) fn new(stop: Cancellation, reader: Cancellation, timeout_ms: u64) -> Self {
        let limit = Duration::from_millis(timeout_ms);
        Self {
            stop,
            reader,
            deadline: (timeout_ms > 0).then(|| Instant::now() + limit),
        }
    }

    /// When its time is over.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Has its time come?
    pub(crate) fn is_late(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Nobody reads it any more.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    fn is_due(&self) -> bool {
        self.stop.is_cancelled() || self.reader.is_cancelled() || self.is_late()
    }

    /// The plan with joins that ask.
    pub(crate) fn into_joins_of(
        self,
        plan: Arc<dyn ExecutionPlan>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let asking = plan.transform_up(|plan| {
            if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>()
                && let Some(filter) = join.filter()
            {
                let filter = self.asking(filter);
                let join = NestedLoopJoinExecBuilder::from(join).with_filter(Some(filter));
                return Ok(Transformed::yes(Arc::new(join.build()?) as _));
            }
            if let Some(join) = plan.downcast_ref::<HashJoinExec>()
                && let Some(filter) = join.filter()
            {
                let join = join.builder().with_filter(Some(self.asking(filter)));
                return Ok(Transformed::yes(join.build_exec()?));
            }
            Ok(Transformed::no(plan))
        })?;
        Ok(asking.data)
    }

    fn asking(&self, filter: &JoinFilter) -> JoinFilter {
        let expression = AskingExpr {
            inner: Arc::clone(filter.expression()),
            interrupt: self.clone(),
        };
        JoinFilter::new(
            Arc::new(expression),
            filter.column_indices().to_vec(),
            Arc::clone(filter.schema()),
        )
    }
}

/// An expression that fails once its query has to end.
#[derive(Debug)]
struct AskingExpr {
    inner: Arc<dyn PhysicalExpr>,
    interrupt: Interrupt,
}

impl PartialEq for AskingExpr {
    fn eq(&self, other: &Self) -> bool {
        self.inner.eq(&other.inner)
    }
}

impl Eq for AskingExpr {}

impl Hash for AskingExpr {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for AskingExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for AskingExpr {
    fn return_field(&self, input_schema: &Schema) -> Result<FieldRef> {
        self.inner.return_field(input_schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.interrupt.is_due() {
            return Err(Error::Stopped("the query was stopped".to_owned()).into_datafusion());
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        match <[Arc<dyn PhysicalExpr>; 1]>::try_from(children) {
            Ok([inner]) => Ok(Arc::new(Self {
                inner,
                interrupt: self.interrupt.clone(),
            })),
            Err(children) => internal_err!("expected one expression, found {}", children.len()),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::physical_expr::expressions::lit;

    use super::*;

    #[test]
    fn a_filter_fails_once_its_query_has_to_end() {
        let batch = RecordBatch::new_empty(Arc::new(Schema::empty()));
        let ends: [fn(Reader, Cancellation); 2] =
            [|reader, _| drop(reader), |_, stop| stop.cancel()];
        for end in ends {
            let (reader, stop) = (Reader::default(), Cancellation::default());
            let filter = AskingExpr {
                inner: lit(true),
                interrupt: Interrupt::new(stop.clone(), reader.is_gone(), 0),
            };
            assert!(filter.evaluate(&batch).is_ok());
            end(reader, stop);
            let failed = filter.evaluate(&batch).map(|_| ()).unwrap_err();
            assert!(matches!(Error::from(failed), Error::Stopped(_)));
        }
        let late = Interrupt::new(Cancellation::default(), Cancellation::default(), 1);
        while !late.is_late() {
            std::thread::yield_now();
        }
        assert!(late.is_due());
    }
}
