//! Whether a bound on a column would arrive at a scan that does not have it yet.
//!
//! Guarantees: follows the ways on which the engine's `push_down_filter` carries a condition on one column, and no others;
//! so what is missing will arrive, and has arrived after one pass.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{Column, DFSchema, JoinType};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Join, LogicalPlan, TableScan};

use super::days::Bound;

/// Would a scan below `plan`, or `plan` itself, hear of the bound for the first time?
pub(super) fn is_missing(plan: &LogicalPlan, instant: &Column, bound: Bound) -> bool {
    let Some(at) = plan.schema().maybe_index_of_column(instant) else {
        return false;
    };
    let below = |input: &LogicalPlan, instant: &Column| is_missing(input, instant, bound);
    match plan {
        LogicalPlan::TableScan(scan) => is_missing_in_scan(scan, at, instant, bound),
        LogicalPlan::Filter(filter) => {
            let conditions = split_conjunction(&filter.predicate);
            let is_known = conditions
                .iter()
                .any(|known| bound.follows_from(known, instant));
            !is_known && below(&filter.input, instant)
        }
        LogicalPlan::Projection(projection) => {
            column(projection.expr.get(at)).is_some_and(|instant| below(&projection.input, instant))
        }
        LogicalPlan::Aggregate(aggregate) => {
            group_column(aggregate, at).is_some_and(|instant| below(&aggregate.input, instant))
        }
        LogicalPlan::SubqueryAlias(alias) => {
            below(&alias.input, &column_at(alias.input.schema(), at))
        }
        LogicalPlan::Union(union) => {
            let mut inputs = union.inputs.iter();
            inputs.any(|input| below(input, &column_at(input.schema(), at)))
        }
        LogicalPlan::Join(join) => inputs_kept_whole(join)
            .iter()
            .any(|input| below(input, instant)),
        LogicalPlan::Unnest(unnest) => below(&unnest.input, instant),
        LogicalPlan::Repartition(repartition) => below(&repartition.input, instant),
        LogicalPlan::Distinct(Distinct::All(input)) => below(input, instant),
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => below(&sort.input, instant),
        _ => false,
    }
}

fn is_missing_in_scan(scan: &TableScan, at: usize, instant: &Column, bound: Bound) -> bool {
    let data_type = scan.projected_schema.field(at).data_type();
    let is_instant = matches!(data_type, DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC");
    let is_known = scan
        .filters
        .iter()
        .any(|known| bound.follows_from(known, instant));
    is_instant && scan.fetch.is_none() && !is_known
}

/// The inputs that the condition of a join may narrow.
pub(super) fn inputs_of_condition(join: &Join) -> Vec<&LogicalPlan> {
    some_inputs(join, join.join_type.on_lr_is_preserved())
}

/// The inputs that a filter above a join may narrow.
fn inputs_kept_whole(join: &Join) -> Vec<&LogicalPlan> {
    let kept = match join.join_type {
        JoinType::Inner => (true, true),
        JoinType::Left | JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => {
            (true, false)
        }
        JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => {
            (false, true)
        }
        JoinType::Full => (false, false),
    };
    some_inputs(join, kept)
}

fn some_inputs(join: &Join, (left, right): (bool, bool)) -> Vec<&LogicalPlan> {
    let left = left.then_some(join.left.as_ref());
    let right = right.then_some(join.right.as_ref());
    left.into_iter().chain(right).collect()
}

/// The grouped column that the aggregate gives out at a place; none with grouping sets.
fn group_column(aggregate: &Aggregate, at: usize) -> Option<&Column> {
    let is_set = |expr: &Expr| matches!(expr, Expr::GroupingSet(_));
    if aggregate.group_expr.iter().any(is_set) {
        return None;
    }
    column(aggregate.group_expr.get(at))
}

/// The column that an expression hands on, perhaps under another name.
fn column(expr: Option<&Expr>) -> Option<&Column> {
    match expr? {
        Expr::Alias(alias) => column(Some(&alias.expr)),
        expr => expr.try_as_col(),
    }
}

fn column_at(schema: &DFSchema, at: usize) -> Column {
    Column::from(schema.qualified_field(at))
}
