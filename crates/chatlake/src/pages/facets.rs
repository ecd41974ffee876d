//! `facets`: the values that the filters of a listing offer, with the number of rows that have them (domain
//! specification §6, ♦24).
//!
//! Guarantees: all filters apply but the facet's own; NULL is no value; ordered by field, n descending, value.

use std::collections::BTreeSet;

use chatlake_analytics::{Filter, Library, Page};
use datafusion::arrow::datatypes::DataType;
use datafusion::execution::SessionState;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, cast, lit};
use serde_json::Value;

use super::calls::{PageCall, shortened};
use super::listing::{column, expression, filtered};
use super::options::Condition;
use super::values::{self, bad_value};
use crate::shared_plans::relation;
use crate::{Error, Result};

/// Name of the function.
pub(crate) const FACETS: &str = "facets";

/// A call of `facets`, as a call of the page that it is about, and the facet asked for.
pub(super) fn page_of<'a>(
    library: &'a Library,
    call: &PageCall,
) -> Result<(&'a Page, PageCall, Option<String>)> {
    let mut of_page = call.clone();
    let mut take = |name: &str, at: usize| -> Result<Option<String>> {
        let value = of_page.named.remove(name);
        let by_position = call.positional.get(at).cloned();
        if value.is_some() && by_position.is_some() {
            return Err(Error::Sql(format!(
                "bad_value:{name}: expected the option once, found it twice"
            )));
        }
        values::text(name, &value.or(by_position).unwrap_or(Value::Null))
    };
    let (entity, field) = (take("entity", 2)?, take("field", 3)?);
    let said = call.positional.iter().rposition(|value| !value.is_null());
    if call.positional.len() > 5 || said.is_some_and(|last| last > 3) {
        return Err(Error::Sql(format!(
            "expected `facets(chatbot_id, period, entity [, field] [, options])`, found {} values by position",
            call.positional.len()
        )));
    }
    of_page.positional.truncate(2);
    let pages = || {
        let pages = library.pages().iter();
        pages.filter(|page| {
            let facets = page
                .listing
                .iter()
                .flat_map(|listing| listing.filters.iter());
            page.name.ends_with("_page") && facets.clone().any(|filter| filter.is_facet)
        })
    };
    let entity_of = |page: &Page| page.name.trim_end_matches("_page").to_owned();
    let wrong = |found: &str| {
        let known: Vec<String> = pages()
            .map(|page| format!("`{}`", entity_of(page)))
            .collect();
        let found = Value::String(found.to_owned());
        bad_value("entity", &format!("one of {}", known.join(", ")), &found)
    };
    let page = match (&entity, call.is_blank) {
        (Some(entity), _) => pages()
            .find(|page| entity_of(page) == *entity)
            .ok_or_else(|| wrong(entity))?,
        (None, true) => pages().next().ok_or_else(|| wrong("none"))?,
        (None, false) => return Err(wrong("none")),
    };
    of_page.name.clone_from(&page.name);
    if let Some(field) = &field {
        known_facet(page, field)?;
    }
    Ok((page, of_page, field))
}

fn facets(page: &Page) -> impl Iterator<Item = &Filter> {
    let filters = page
        .listing
        .iter()
        .flat_map(|listing| listing.filters.iter());
    filters.filter(|filter| filter.is_facet)
}

fn known_facet(page: &Page, field: &str) -> Result<()> {
    if facets(page).any(|facet| facet.name == field) {
        return Ok(());
    }
    let known: Vec<String> = facets(page)
        .map(|facet| format!("`{}`", facet.name))
        .collect();
    let found = Value::String(shortened(field));
    Err(bad_value(
        "field",
        &format!("one of {}", known.join(", ")),
        &found,
    ))
}

/// The plan of `facets` over the unfiltered rows of its page.
pub(super) fn counted(
    state: &SessionState,
    page: &Page,
    rows: &LogicalPlan,
    conditions: &[Condition],
    field: Option<&str>,
) -> Result<LogicalPlan> {
    let facets: Vec<&Filter> = facets(page)
        .filter(|facet| field.is_none_or(|field| facet.name == field))
        .collect();
    let rows = match facets.len() {
        // the plan of one facet leaves out what it does not need of the page
        ..=1 => rows.clone(),
        2.. => shared(state, page, rows, conditions, &facets)?,
    };
    let mut all: Option<LogicalPlanBuilder> = None;
    for facet in facets {
        let plan = filtered(state, page, rows.clone(), conditions, Some(&facet.name))?;
        let is_list = page
            .column(&facet.column)
            .is_some_and(|column| column.type_name == "TEXT[]");
        let mut builder = LogicalPlanBuilder::from(plan).project(vec![column(&facet.column)])?;
        if is_list {
            builder = builder.unnest_column(facet.column.as_str())?;
        }
        let builder = builder
            .filter(column(&facet.column).is_not_null())?
            .project(vec![
                lit(facet.name.as_str()).alias("field"),
                cast(column(&facet.column), DataType::Utf8).alias("value"),
            ])?
            .aggregate(
                vec![column("field"), column("value")],
                vec![count(lit(1)).alias("n")],
            )?;
        all = Some(match all {
            None => builder,
            Some(others) => others.union(builder.build()?)?,
        });
    }
    let all = all.ok_or_else(|| Error::Internal("a page without facets".to_owned()))?;
    let order = vec![
        column("field").sort(true, false),
        column("n").sort(false, false),
        column("value").sort(true, false),
    ];
    Ok(all.sort(order)?.build()?)
}

/// What the facets and conditions need of the page's rows, worked out once for all facets.
fn shared(
    state: &SessionState,
    page: &Page,
    rows: &LogicalPlan,
    conditions: &[Condition],
    facets: &[&Filter],
) -> Result<LogicalPlan> {
    let mut names: BTreeSet<String> = facets.iter().map(|facet| facet.column.clone()).collect();
    for condition in conditions {
        let expression = expression(state, page, condition)?;
        names.extend(
            expression
                .column_refs()
                .into_iter()
                .map(|column| column.name.clone()),
        );
    }
    let columns = names.iter().map(|name| column(name));
    let rows = LogicalPlanBuilder::from(rows.clone()).project(columns)?;
    Ok(relation(state, &rows.build()?)?)
}
