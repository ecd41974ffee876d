//! Listings: how the rows of an entity page are filtered, sorted and cut (domain specification §6).
//!
//! 1. Filters: OR inside of a field, AND across fields; NULL passes no filter and no bound.
//! 2. `total` counts what is left.
//! 3. Sort by the columns asked for, NULL last, text by its lower case and then itself; the key decides ties.
//! 4. Skip and fetch; then the columns asked for.
//!
//! Guarantees: made of plan nodes and bound values, never of SQL text.

use chatlake_analytics::{Page, SortColumn};
use datafusion::common::Column;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_nested::expr_fn::array_has_any;
use datafusion::functions_nested::expr_fn::make_array;
use datafusion::logical_expr::expr::{Sort, WindowFunction};
use datafusion::logical_expr::{
    Expr, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, lit,
};

use super::options::{Condition, PageOptions, Paging};
use crate::Result;

/// Name of the column that counts the rows of all screen pages.
pub(super) const TOTAL: &str = "total";

/// A column of a page, whose names have no qualifier.
pub(super) fn column(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// The rows that pass the conditions, but for those of the option `except`.
pub(super) fn filtered(
    state: &SessionState,
    page: &Page,
    plan: LogicalPlan,
    conditions: &[Condition],
    except: Option<&str>,
) -> Result<LogicalPlan> {
    let mut builder = LogicalPlanBuilder::from(plan);
    for condition in conditions {
        if let Condition::OneOf { option, .. } = condition
            && Some(option.as_str()) == except
        {
            continue;
        }
        builder = builder.filter(expression(state, page, condition)?)?;
    }
    Ok(builder.build()?)
}

/// The plan of a listing after its SQL.
pub(super) fn listed(
    state: &SessionState,
    page: &Page,
    plan: LogicalPlan,
    options: &PageOptions,
) -> Result<LogicalPlan> {
    let plan = filtered(state, page, plan, &options.conditions, None)?;
    let mut builder = LogicalPlanBuilder::from(plan);
    let mut shown: Vec<Expr> = options.columns.iter().map(|name| column(name)).collect();
    if matches!(options.paging, Paging::Screen { .. }) {
        let rows = WindowFunctionDefinition::AggregateUDF(count_udaf());
        let total = Expr::from(WindowFunction::new(rows, vec![lit(1)])).alias(TOTAL);
        builder = builder.window(vec![total])?;
        shown.push(column(TOTAL));
    }
    builder = builder.sort(sort_keys(state, page, &options.order)?)?;
    if let Paging::Screen { skip, rows } = options.paging {
        builder = builder.limit(skip, Some(rows))?;
    }
    Ok(builder.project(shown)?.build()?)
}

/// What to sort by: the columns asked for, then the key.
fn sort_keys(state: &SessionState, page: &Page, order: &[SortColumn]) -> Result<Vec<Sort>> {
    let lower = state.udf("simple_lower")?;
    let mut keys = Vec::new();
    let mut push = |name: &str, is_descending: bool| {
        let is_text = page
            .column(name)
            .is_some_and(|column| column.type_name == "TEXT");
        let key = |expr: Expr| expr.sort(!is_descending, false);
        if is_text {
            keys.push(key(lower.call(vec![column(name)])));
        }
        keys.push(key(column(name)));
    };
    for SortColumn {
        name,
        is_descending,
    } in order
    {
        push(name, *is_descending);
    }
    // ties are broken by the id itself, not by its lower case
    let key = page.listing.iter().flat_map(|listing| listing.key.iter());
    let ties = key.map(|name| column(name).sort(true, false));
    Ok(keys.into_iter().chain(ties).collect())
}

pub(super) fn expression(state: &SessionState, page: &Page, condition: &Condition) -> Result<Expr> {
    Ok(match condition {
        Condition::OneOf {
            column: name,
            values,
            ..
        } => {
            let values: Vec<Expr> = values.iter().map(|value| lit(value.as_str())).collect();
            let is_list = page
                .column(name)
                .is_some_and(|column| column.type_name == "TEXT[]");
            match is_list {
                true => array_has_any(column(name), make_array(values)),
                false => column(name).in_list(values, false),
            }
        }
        Condition::Custom { key, values } => {
            let value = state
                .udf("custom_value")?
                .call(vec![column("custom"), lit(key.as_str())]);
            value.in_list(
                values.iter().map(|value| lit(value.as_str())).collect(),
                false,
            )
        }
        Condition::AtLeast(name, bound) => column(name).gt_eq(lit(bound.clone())),
        Condition::AtMost(name, bound) => column(name).lt_eq(lit(bound.clone())),
        Condition::Holds(text) => {
            let contains = state.udf("contains_ci")?;
            let names = page
                .listing
                .iter()
                .flat_map(|listing| listing.search.iter());
            names
                .map(|name| contains.call(vec![column(name), lit(text.as_str())]))
                .reduce(Expr::or)
                .unwrap_or_else(|| lit(true))
        }
    })
}
