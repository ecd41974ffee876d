//! Keeps `UNNEST` from passing on the keys of its input.
//!
//! The engine (DataFusion 55) copies what it knows of the input's keys to the output of `UNNEST`, where a key may stand in
//! several rows (apache/datafusion#24787). It would then drop keys of `ORDER BY` and `GROUP BY` and rows of joins that it
//! takes for superfluous. Below every `UNNEST` whose input has keys goes a node that forgets them; it has no physical plan
//! of its own, and conditions, columns and limits pass it.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{DFSchema, DFSchemaRef, FunctionalDependencies, Result, internal_err};
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, Projection, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};

/// Puts [`ForgetKeys`] where it is needed; see the module's documentation.
#[derive(Debug)]
pub(crate) struct UnnestKeys;

impl AnalyzerRule for UnnestKeys {
    fn name(&self) -> &str {
        "unnest_keys"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        let mut is_needed = false;
        plan.apply_with_subqueries(|node| {
            is_needed |= passes_keys_on(node);
            Ok(TreeNodeRecursion::Continue)
        })?;
        if !is_needed {
            return Ok(plan);
        }
        // what stands above was planned with the keys
        let forgotten = plan.transform_up_with_subqueries(|node| {
            let node = if passes_keys_on(&node) {
                forget_below(node)?
            } else {
                node
            };
            Ok(Transformed::yes(node.recompute_schema()?))
        })?;
        Ok(forgotten.data)
    }
}

fn passes_keys_on(plan: &LogicalPlan) -> bool {
    let LogicalPlan::Unnest(unnest) = plan else {
        return false;
    };
    !unnest.list_type_columns.is_empty()
        && !unnest.input.schema().functional_dependencies().is_empty()
}

/// An `UNNEST` over an input that has no keys any more. The projection right below it stays there: rules look for it.
fn forget_below(plan: LogicalPlan) -> Result<LogicalPlan> {
    let LogicalPlan::Unnest(mut unnest) = plan else {
        return Ok(plan);
    };
    unnest.input = Arc::new(match Arc::unwrap_or_clone(unnest.input) {
        LogicalPlan::Projection(projection) => {
            let input = ForgetKeys::above(projection.input)?;
            LogicalPlan::Projection(Projection::try_new(projection.expr, Arc::new(input))?)
        }
        other => ForgetKeys::above(Arc::new(other))?,
    });
    Ok(LogicalPlan::Unnest(unnest))
}

/// The rows of its input, of which no keys are known.
#[derive(Debug)]
struct ForgetKeys {
    input: LogicalPlan,
    schema: DFSchemaRef,
}

impl ForgetKeys {
    fn above(input: Arc<LogicalPlan>) -> Result<LogicalPlan> {
        let node = Self::new(Arc::unwrap_or_clone(input))?;
        Ok(LogicalPlan::Extension(Extension {
            node: Arc::new(node),
        }))
    }

    fn new(input: LogicalPlan) -> Result<Self> {
        let schema = DFSchema::clone(input.schema())
            .with_functional_dependencies(FunctionalDependencies::empty())?;
        Ok(Self {
            input,
            schema: Arc::new(schema),
        })
    }
}

// the schema follows from the input
impl PartialEq for ForgetKeys {
    fn eq(&self, other: &Self) -> bool {
        self.input == other.input
    }
}

impl Eq for ForgetKeys {}

impl Hash for ForgetKeys {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.input.hash(state);
    }
}

impl PartialOrd for ForgetKeys {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.input.partial_cmp(&other.input)
    }
}

impl UserDefinedLogicalNodeCore for ForgetKeys {
    fn name(&self) -> &'static str {
        "ForgetKeys"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        HashSet::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForgetKeys")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let [input] = <[LogicalPlan; 1]>::try_from(inputs).or_else(|inputs| {
            internal_err!("expected one input of ForgetKeys, found {}", inputs.len())
        })?;
        Self::new(input)
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![output_columns.to_vec()])
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }
}

/// Plans [`ForgetKeys`]: its plan is that of its input.
#[derive(Debug)]
pub(crate) struct ForgetKeysPlanner;

#[async_trait]
impl ExtensionPlanner for ForgetKeysPlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        inputs: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let is_ours = node.as_any().is::<ForgetKeys>();
        Ok(inputs.first().filter(|_| is_ours).map(Arc::clone))
    }
}
