//! Works out once what a query needs several times.
//!
//! A view that is named twice is planned twice, and the engine runs both. For sessions, whose state machine reads the whole
//! history of a chatbot, that was most of the time of the agents page. 1. [`share`] finds aggregates that are costly
//! and equal in an optimized plan, over the same tables; [`relation`] makes a relation of which is known from the start that it is read
//! several times. 2. [`SharedPlanner`] makes each of them a [`SharedExec`]; those of one group have one place for the rows.
//! 3. The first that is run works the rows out, all others wait for them.
//!
//! Guarantees: nothing is shared between queries; the rows count against the memory of queries until the last reader is
//! gone; a query that is dropped stops the work.

mod relation;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering as AtomicOrdering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::utils::memory::get_record_batch_memory_size;
use datafusion::common::{DFSchemaRef, internal_err};
use datafusion::datasource::source_as_provider;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties,
    collect_partitioned,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::future::{BoxFuture, FutureExt, Shared};
use futures::{StreamExt, TryStreamExt, stream};

use self::relation::SharedRelation;
pub(crate) use self::relation::relation;

/// Aggregates whose input is much larger than what they give.
const COSTLY_AGGREGATES: [&str; 1] = ["session_spans"];

/// The plan with its costly equal parts marked as shared.
pub(crate) fn share(plan: &LogicalPlan) -> Result<LogicalPlan> {
    let mut groups: Vec<(&LogicalPlan, usize, u64)> = Vec::new();
    plan.apply(|node| {
        if is_costly(node) {
            match groups.iter_mut().find(|(other, ..)| is_same(other, node)) {
                Some((_, count, _)) => *count += 1,
                None => groups.push((node, 1, next_group())),
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    groups.retain(|(_, count, _)| *count > 1);
    if groups.is_empty() {
        return Ok(plan.clone());
    }
    let marked = plan.clone().transform_down(|node| {
        let group = match is_costly(&node) {
            true => groups.iter().find(|(other, ..)| is_same(other, &node)),
            false => None,
        };
        let Some((.., group)) = group else {
            return Ok(Transformed::no(node));
        };
        let node = Arc::new(SharedPlan {
            group: *group,
            input: node,
        });
        let marked = LogicalPlan::Extension(Extension { node });
        Ok(Transformed::new(marked, true, TreeNodeRecursion::Jump))
    })?;
    Ok(marked.data)
}

/// A number that no other group of this process has.
fn next_group() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, AtomicOrdering::Relaxed)
}

fn is_costly(plan: &LogicalPlan) -> bool {
    let LogicalPlan::Aggregate(aggregate) = plan else {
        return false;
    };
    aggregate.aggr_expr.iter().any(|expr| {
        matches!(expr, Expr::AggregateFunction(call) if COSTLY_AGGREGATES.contains(&call.func.name()))
    })
}

/// Are they equal, and over the same tables? Two chatbots' tables have the same names.
fn is_same(left: &LogicalPlan, right: &LogicalPlan) -> bool {
    match (tables(left), tables(right)) {
        (Ok(of_left), Ok(of_right)) => of_left == of_right && left == right,
        _ => false,
    }
}

/// The tables that a plan reads, as addresses that live as long as the plan.
fn tables(plan: &LogicalPlan) -> Result<Vec<*const ()>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let provider = source_as_provider(&scan.source)?;
            found.push(Arc::as_ptr(&provider).cast::<()>());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

/// One of several equal parts of a plan.
#[derive(Debug, PartialEq, Eq, Hash)]
struct SharedPlan {
    /// Parts of the same number are equal.
    group: u64,
    input: LogicalPlan,
}

impl PartialOrd for SharedPlan {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.group, &self.input).partial_cmp(&(other.group, &other.input))
    }
}

impl UserDefinedLogicalNodeCore for SharedPlan {
    fn name(&self) -> &'static str {
        "Shared"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shared")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        match <[LogicalPlan; 1]>::try_from(inputs) {
            Ok([input]) => Ok(Self {
                group: self.group,
                input,
            }),
            Err(inputs) => internal_err!("expected one input, found {}", inputs.len()),
        }
    }
}

/// Plans the shared parts of one query.
#[derive(Debug, Default)]
pub(crate) struct SharedPlanner {
    groups: Mutex<HashMap<u64, Arc<SharedRows>>>,
    relations: Mutex<HashMap<u64, Arc<SharedExec>>>,
}

impl SharedPlanner {
    /// The relation, planned once for all who read it.
    async fn relation(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &SharedRelation,
        session: &dyn Session,
    ) -> Result<Arc<SharedExec>> {
        let relations = || {
            self.relations
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let known = relations().get(&node.group()).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let input = planner.create_physical_plan(node.rows(), session).await?;
        let planned = Arc::new(SharedExec {
            is_leaf: true,
            ..SharedExec::new(input, Arc::default())
        });
        Ok(Arc::clone(
            relations().entry(node.group()).or_insert(planned),
        ))
    }
}

#[async_trait]
impl ExtensionPlanner for SharedPlanner {
    async fn plan_extension(
        &self,
        planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        session: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        if let Some(node) = node.as_any().downcast_ref::<SharedRelation>() {
            return Ok(Some(self.relation(planner, node, session).await?));
        }
        let (Some(node), [input]) = (node.as_any().downcast_ref::<SharedPlan>(), inputs) else {
            return Ok(None);
        };
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let rows = Arc::clone(groups.entry(node.group).or_default());
        Ok(Some(Arc::new(SharedExec::new(Arc::clone(input), rows))))
    }
}

/// Rows by partition, and the memory they take.
#[derive(Debug)]
struct Worked {
    partitions: Vec<Vec<RecordBatch>>,
    _reservation: MemoryReservation,
}

type Work = Shared<BoxFuture<'static, std::result::Result<Arc<Worked>, Arc<DataFusionError>>>>;

/// The place for the rows of equal parts: empty until one of them is run.
#[derive(Default)]
struct SharedRows {
    work: Mutex<Option<Work>>,
}

impl fmt::Debug for SharedRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedRows").finish_non_exhaustive()
    }
}

impl SharedRows {
    /// The rows, worked out by `input` if nobody began yet.
    fn of(&self, input: &Arc<dyn ExecutionPlan>, context: &Arc<TaskContext>) -> Work {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            // a task of its own: whoever waits may not be asked again before others are
            let task = SpawnedTask::spawn(worked(Arc::clone(input), Arc::clone(context)));
            async move {
                let ended = task.join().await;
                ended
                    .unwrap_or_else(|error| Err(DataFusionError::ExecutionJoin(Box::new(error))))
                    .map_err(Arc::new)
            }
            .boxed()
            .shared()
        };
        work.get_or_insert_with(begin).clone()
    }
}

async fn worked(input: Arc<dyn ExecutionPlan>, context: Arc<TaskContext>) -> Result<Arc<Worked>> {
    let reservation = MemoryConsumer::new("shared rows").register(context.memory_pool());
    let partitions = collect_partitioned(input, context).await?;
    let batches = partitions.iter().flatten();
    reservation.try_grow(batches.map(get_record_batch_memory_size).sum())?;
    Ok(Arc::new(Worked {
        partitions,
        _reservation: reservation,
    }))
}

/// The rows of a plan that others of the query need too.
#[derive(Debug)]
struct SharedExec {
    input: Arc<dyn ExecutionPlan>,
    rows: Arc<SharedRows>,
    properties: Arc<PlanProperties>,
    /// Whether the input was optimized by itself and is not to be looked into: a relation's.
    is_leaf: bool,
}

impl SharedExec {
    fn new(input: Arc<dyn ExecutionPlan>, rows: Arc<SharedRows>) -> Self {
        // without an order: what is above one of them must not change what the others get
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            input.output_partitioning().clone(),
            input.pipeline_behavior(),
            input.boundedness(),
        );
        Self {
            input,
            rows,
            properties: Arc::new(properties),
            is_leaf: false,
        }
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SharedExec")
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &'static str {
        "SharedExec"
    }

    fn schema(&self) -> SchemaRef {
        self.input.schema()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.children().len()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        match self.is_leaf {
            true => Vec::new(),
            false => vec![&self.input],
        }
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if self.is_leaf {
            return Ok(self);
        }
        match <[Arc<dyn ExecutionPlan>; 1]>::try_from(children) {
            Ok([input]) => Ok(Arc::new(Self::new(input, Arc::clone(&self.rows)))),
            Err(children) => internal_err!("expected one input, found {}", children.len()),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let work = self.rows.of(&self.input, &context);
        let batches = async move {
            let worked = work.await.map_err(DataFusionError::Shared)?;
            let count = worked.partitions.get(partition).map_or(0, Vec::len);
            // the memory is taken until the last reader is gone
            let batches = (0..count).map(move |at| Ok(worked.partitions[partition][at].clone()));
            Ok::<_, DataFusionError>(stream::iter(batches))
        };
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            stream::once(batches).try_flatten().boxed(),
        )))
    }
}
