//! From an optimized plan to one that runs: the engine's planner with the nodes of ours.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};

use crate::shared_plans::{SharedPlanner, share};
use crate::unnest_keys::ForgetKeysPlanner;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = share(plan)?;
        let nodes = DefaultPhysicalPlanner::with_extension_planners(vec![
            Arc::new(ForgetKeysPlanner),
            Arc::new(SharedPlanner::default()),
        ]);
        nodes.create_physical_plan(&plan, session).await
    }
}
