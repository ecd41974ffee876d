//! Lets a condition on local days prune files: `local_day(instant, zone) >= DATE '2026-03-01'` says something about the
//! instant even where the zone is a column of another table, as in the daily views of the schema `bi`.
//!
//! 1. The condition of a filter or join leaves certain local days of an instant (`days`).
//! 2. Whatever the zone, these days lie between two midnights of UTC, so bounds on the instant follow.
//! 3. They are added where they will arrive at a scan that does not know them yet (`reach`); the engine's
//!    `push_down_filter` carries them there in its next pass.
//!
//! Guarantees: a row that passes the condition passes the bounds (a NULL passes neither), so no answer changes; a plan
//! that has the bounds stays as it is. A constant zone does not need this: there `local_day` itself makes exact instants of
//! the condition.

mod days;
mod reach;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::utils::{conjunction, split_conjunction};
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::optimizer::{ApplyOrder, Optimizer, OptimizerConfig, OptimizerRule};

use self::days::{Bound, bounded_days};

/// The rule of the engine that carries conditions towards scans.
const CARRIER: &str = "push_down_filter";

/// The engine's optimizer rules with [`LocalDayBounds`] right behind the one that carries conditions: there they lie where
/// they rest, and no later rule has yet taken `local_day` out of them as a common expression.
pub(crate) fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    let carrier = rules.iter().position(|rule| rule.name() == CARRIER);
    let place = carrier.map_or(rules.len(), |place| place + 1);
    rules.insert(place, Arc::new(LocalDayBounds));
    rules
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct LocalDayBounds;

impl OptimizerRule for LocalDayBounds {
    fn name(&self) -> &str {
        "local_day_bounds"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        match plan {
            LogicalPlan::Filter(mut filter) => {
                let inputs = [filter.input.as_ref()];
                let wider = with_bounds(&filter.predicate, &inputs);
                let is_wider = wider.is_some();
                filter.predicate = wider.unwrap_or(filter.predicate);
                let plan = LogicalPlan::Filter(filter);
                Ok(Transformed::new_transformed(plan, is_wider))
            }
            // a null-aware join tells a false condition from an unknown one
            LogicalPlan::Join(mut join) if !join.null_aware => {
                let inputs = reach::inputs_of_condition(&join);
                let wider = join
                    .filter
                    .as_ref()
                    .and_then(|condition| with_bounds(condition, &inputs));
                let is_wider = wider.is_some();
                join.filter = wider.or(join.filter);
                let plan = LogicalPlan::Join(join);
                Ok(Transformed::new_transformed(plan, is_wider))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

/// The condition and the bounds that follow from it, as far as they are news to a scan below `inputs`; `None` when nothing is.
fn with_bounds(condition: &Expr, inputs: &[&LogicalPlan]) -> Option<Expr> {
    let known = split_conjunction(condition);
    let mut news = Vec::new();
    for (instant, days) in bounded_days(condition) {
        for bound in Bound::around(days) {
            let is_known = known
                .iter()
                .any(|known| bound.follows_from(known, &instant));
            let is_missing = |input: &&LogicalPlan| reach::is_missing(input, &instant, bound);
            if !is_known && inputs.iter().any(is_missing) {
                news.push(bound.condition(&instant));
            }
        }
    }
    if news.is_empty() {
        return None;
    }
    conjunction(known.into_iter().cloned().chain(news))
}

#[cfg(test)]
mod tests;
