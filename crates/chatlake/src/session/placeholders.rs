//! The types of a statement's placeholders.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};

use crate::bi_types::readable_schema;
use crate::{Error, Result};

/// What the engine calls the function that `x = ANY(list)` means.
const LIST_SEARCH: &str = "array_has";

/// Placeholders in order, with the types the plan wants; those that stand in calls of pages, and those of which it says nothing, are
/// text.
pub(super) fn parameter_schema(plan: &LogicalPlan, in_pages: Vec<String>) -> Result<Schema> {
    let mut types = plan.get_parameter_types()?;
    add_lists(plan, &mut types)?;
    for name in in_pages {
        types.entry(name).or_insert(Some(DataType::Utf8));
    }
    let position = |name: &str| {
        name.trim_start_matches('$')
            .parse::<usize>()
            .unwrap_or(usize::MAX)
    };
    let mut names: Vec<_> = types.into_iter().collect();
    names.sort_by(|left, right| (position(&left.0), &left.0).cmp(&(position(&right.0), &right.0)));
    let field = |(name, data_type): (String, Option<DataType>)| {
        Field::new(name, data_type.unwrap_or(DataType::Utf8), true)
    };
    let schema = Schema::new(names.into_iter().map(field).collect::<Vec<_>>());
    Ok(readable_schema(&schema).as_ref().clone())
}

/// `x = ANY($1)`: the engine does not say that `$1` is a list of what `x` is.
fn add_lists(plan: &LogicalPlan, types: &mut HashMap<String, Option<DataType>>) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                if let Expr::ScalarFunction(call) = expr
                    && call.func.name() == LIST_SEARCH
                    && let [Expr::Placeholder(list), item] = call.args.as_slice()
                    && types.get(&list.id) == Some(&None)
                {
                    let inputs = node.inputs();
                    let mut known = inputs
                        .iter()
                        .filter_map(|input| item.get_type(input.schema()).ok());
                    let item = known.next().unwrap_or(DataType::Utf8);
                    types.insert(list.id.clone(), Some(DataType::new_list(item, true)));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

/// A placeholder without a value is the caller's mistake, and is said here rather than deep in the engine.
pub(super) fn refuse_unbound(plan: &LogicalPlan) -> Result<()> {
    let unbound = plan.get_parameter_types()?;
    let Some(name) = unbound.keys().min() else {
        return Ok(());
    };
    Err(Error::Sql(format!(
        "expected a value for the placeholder `{name}`, found none"
    )))
}
