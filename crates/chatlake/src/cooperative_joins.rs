//! Makes joins give their thread back, so that a query that is dropped or out of time stops.
//!
//! The engine's operators yield when they read input; a join may make millions of rows out of one input batch without
//! reading anything. Here every operator with several inputs, and `UNNEST`, is wrapped into one that yields between
//! the batches it gives out.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::Result;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coop::CooperativeExec;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct CooperativeJoins;

impl PhysicalOptimizerRule for CooperativeJoins {
    fn name(&self) -> &'static str {
        "CooperativeJoins"
    }

    fn schema_check(&self) -> bool {
        true
    }

    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let wrapped = plan.transform_up(|plan| {
            let multiplies = plan.children().len() > 1 || plan.name() == "UnnestExec";
            Ok(if multiplies {
                Transformed::yes(Arc::new(CooperativeExec::new(plan)) as _)
            } else {
                Transformed::no(plan)
            })
        })?;
        Ok(wrapped.data)
    }
}
