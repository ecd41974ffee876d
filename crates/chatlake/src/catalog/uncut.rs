//! Views of all times: what a view says of `$as_of` when there is none.
//!
//! Guarantees: the same rows as under an instant after all others. Without the comparison nothing is compared row by row, and
//! no file is opened to see whether it could hold later rows.

use chatlake_analytics::AS_OF;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

/// Turns conditions `x <= $as_of` into `x IS NOT NULL`, which the optimizer leaves out where `x` is never NULL.
pub(super) fn without_cut(plan: LogicalPlan) -> Result<LogicalPlan> {
    let uncut = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::Filter(_) => node.map_expressions(|condition| condition.transform_up(uncut)),
        other => Ok(Transformed::no(other)),
    })?;
    Ok(uncut.data)
}

fn uncut(expr: Expr) -> Result<Transformed<Expr>> {
    Ok(match expr {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::LtEq,
            right,
        }) if is_as_of(&right) => Transformed::yes(left.is_not_null()),
        other => Transformed::no(other),
    })
}

fn is_as_of(expr: &Expr) -> bool {
    matches!(expr, Expr::Placeholder(placeholder) if placeholder.id.strip_prefix('$') == Some(AS_OF))
}
