//! The options of one call, checked against the page's header (domain specification §4, §6, §9.1, §9.7).
//!
//! Guarantees: every option that is given is known and has a value of its type, and every argument is there, before
//! anything is read; `unknown_option`, `unknown_column`, `bad_value`, `bad_period`, `bad_range`, `range_too_long` name what was expected.

use std::collections::HashMap;

use chatlake_analytics::{Library, Listing, Page, PageClass, PageOption, SortColumn};
use chatlake_functions::period::{ANALYTICS_DAYS_MAX, Period, Preset};
use datafusion::scalar::ScalarValue;
use serde_json::{Map, Value};

use super::calls::{PageCall, shortened};
use super::listing::TOTAL;
use super::values::{self, bad_value};
use crate::{Error, Result};

/// Rows of a screen page (domain specification §6).
const PAGE_SIZES: [i64; 4] = [10, 20, 50, 100];

/// Rows of a screen page when nothing is said.
const PAGE_SIZE_DEFAULT: i64 = 20;

/// The period whose ends are `from` and `to`.
const CUSTOM_PERIOD: &str = "custom";

/// Prefix of options that filter by a key of the column `custom`.
const CUSTOM_PREFIX: &str = "custom.";

/// Which rows of a listing are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paging {
    /// One screen page, with the column `total`.
    Screen {
        /// Rows before it.
        skip: usize,
        /// Rows of it.
        rows: usize,
    },
    /// Every row, without `total`: for exports.
    All,
}

/// A condition on the rows of a listing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// The column holds one of the values; a list holds any of them.
    OneOf {
        /// The option.
        option: String,
        /// The column.
        column: String,
        /// The values.
        values: Vec<String>,
    },
    /// A key of the column `custom` has one of the values.
    Custom {
        /// The key.
        key: String,
        /// The values.
        values: Vec<String>,
    },
    /// The column is at least this.
    AtLeast(String, ScalarValue),
    /// The column is at most this.
    AtMost(String, ScalarValue),
    /// One of the columns of the listing's search holds this text.
    Holds(String),
}

/// What a call asks for.
#[derive(Clone, Debug)]
pub(super) struct PageOptions {
    pub(super) chatbot_id: String,
    pub(super) period: Period,
    pub(super) inbox_id: Option<String>,
    pub(super) as_of_micros: Option<i64>,
    /// The page's own options by name.
    pub(super) own: HashMap<String, ScalarValue>,
    /// Names of the columns to show, the key first where it was left out.
    pub(super) columns: Vec<String>,
    pub(super) conditions: Vec<Condition>,
    pub(super) order: Vec<SortColumn>,
    pub(super) paging: Paging,
}

/// Is the drill page asked for instead?
pub(super) fn wants_drill(call: &PageCall) -> Result<bool> {
    let value = call.named.get("drill").unwrap_or(&Value::Null);
    Ok(values::boolean("drill", value)?.unwrap_or(false))
}

/// The drill page of a page.
pub(super) fn drill_page<'a>(library: &'a Library, page: &Page) -> Result<&'a Page> {
    library
        .page(&format!("{}_drill", page.name))
        .ok_or_else(|| {
            Error::Sql(format!(
                "bad_value:drill: expected a page with a drill page, found `{}`",
                page.name
            ))
        })
}

impl PageOptions {
    /// Reads a call of the page.
    pub(super) fn read(page: &Page, call: &PageCall) -> Result<Self> {
        let mut named = call.named.clone();
        name_positional(page, call, &mut named)?;
        refuse_unknown(page, &named)?;
        let take = |name: &str| named.get(name).cloned().unwrap_or(Value::Null);
        let chatbot_id = match values::text("chatbot_id", &take("chatbot_id"))? {
            Some(chatbot_id) => chatbot_id,
            None if call.is_blank => String::new(),
            None => {
                return Err(bad_value(
                    "chatbot_id",
                    "the id of a chatbot",
                    &take("chatbot_id"),
                ));
            }
        };
        let mut own = HashMap::new();
        for option in &page.options {
            let value = own_value(option, &take(&option.name), call.is_blank)?;
            own.insert(option.name.clone(), value);
        }
        let mut options = Self {
            chatbot_id,
            period: period(page, &named, call.is_blank)?,
            inbox_id: values::trimmed("inbox_id", &take("inbox_id"))?,
            as_of_micros: values::instant_micros("as_of", &take("as_of"))?,
            own,
            columns: columns(page, &take("columns"))?,
            conditions: Vec::new(),
            order: Vec::new(),
            paging: Paging::All,
        };
        if let Some(listing) = &page.listing {
            options.conditions = conditions(page, listing, &named)?;
            options.order = order(page, listing, &take("sort"))?;
            options.paging = paging(&take("page"), &take("page_size"))?;
        }
        Ok(options)
    }
}

/// Gives the values by position their names: chatbot, period, arguments.
fn name_positional(page: &Page, call: &PageCall, named: &mut Map<String, Value>) -> Result<()> {
    let arguments = page.options.iter().filter(|option| option.is_argument);
    let mut names: Vec<&str> = vec!["chatbot_id"];
    let mut open: Vec<&str> = arguments
        .map(|option| option.name.as_str())
        .filter(|name| !named.contains_key(*name))
        .collect();
    // options may be NULL, or a placeholder without a value
    let ends_in_null = call.positional.last().is_some_and(Value::is_null);
    let said = call.positional.len() - usize::from(ends_in_null);
    // a page without a period takes one all the same, where it is one value too many otherwise
    if page.has_period || said > 1 + open.len() {
        names.push("period");
    }
    names.append(&mut open);
    match (
        call.positional.len().saturating_sub(names.len()),
        call.positional.last(),
    ) {
        (0, _) | (1, Some(Value::Null)) => {}
        (1, Some(last)) => return Err(bad_value("options", "a JSON object", last)),
        (_, _) => {
            return Err(Error::Sql(format!(
                "expected `{}({} [, options])`, found {} values by position",
                page.name,
                names.join(", "),
                call.positional.len()
            )));
        }
    }
    for (name, value) in names.into_iter().zip(&call.positional) {
        if named.insert(name.to_owned(), value.clone()).is_some() {
            return Err(Error::Sql(format!(
                "bad_value:{name}: expected the option once, found it twice"
            )));
        }
    }
    Ok(())
}

fn refuse_unknown(page: &Page, named: &Map<String, Value>) -> Result<()> {
    let known = page.option_names();
    let has_custom = page.listing.is_some() && page.column("custom").is_some();
    let unknown = named.keys().find(|name| {
        let is_custom =
            has_custom && name.len() > CUSTOM_PREFIX.len() && name.starts_with(CUSTOM_PREFIX);
        !(is_custom || known.contains(name) || ["chatbot_id", "period"].contains(&name.as_str()))
    });
    let Some(unknown) = unknown else {
        return Ok(());
    };
    let unknown = shortened(unknown);
    Err(Error::Sql(format!(
        "unknown_option:{unknown}: `{}` has the options {}{}",
        page.name,
        known
            .iter()
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>()
            .join(", "),
        if has_custom { ", `custom.<key>`" } else { "" }
    )))
}

/// The value of one of the page's own options.
fn own_value(option: &PageOption, value: &Value, is_blank: bool) -> Result<ScalarValue> {
    let default = option
        .default
        .as_ref()
        .map(|text| Value::String(text.clone()));
    let value = match value {
        Value::Null => default.as_ref().unwrap_or(value),
        given => given,
    };
    let bound = values::typed(&option.name, &option.type_name, value)?;
    if bound.is_null() && option.is_argument && !is_blank {
        return Err(Error::Sql(format!(
            "bad_value:{}: expected a value, found none",
            option.name
        )));
    }
    let is_known = match &bound {
        ScalarValue::Utf8(Some(text)) if !option.values.is_empty() => option.values.contains(text),
        _ => true,
    };
    if !is_known {
        let expected = option
            .values
            .iter()
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>();
        return Err(bad_value(
            &option.name,
            &format!("one of {}", expected.join(", ")),
            value,
        ));
    }
    Ok(bound)
}

fn period(page: &Page, named: &Map<String, Value>, is_blank: bool) -> Result<Period> {
    let (default, day_count_max) = match page.class {
        _ if !page.has_period => (Preset::AllTime, None),
        PageClass::Entity => (Preset::ThisMonth, None),
        PageClass::Analytics => (Preset::Last7Days, Some(ANALYTICS_DAYS_MAX)),
    };
    let take = |name: &str| named.get(name).unwrap_or(&Value::Null);
    let from = values::day("from", take("from"))?;
    let to = values::day("to", take("to"))?;
    let found = match named.get("period") {
        None => return Ok(Period::Preset(default)),
        Some(Value::Null) if is_blank => return Ok(Period::Preset(default)),
        Some(Value::String(name)) => name.clone(),
        Some(Value::Null) => "NULL".to_owned(),
        Some(other) => other.to_string(),
    };
    // placeholders may stand for the ends of the range
    if is_blank && found.trim() == CUSTOM_PERIOD && (from.is_none() || to.is_none()) {
        return Ok(Period::Preset(default));
    }
    let period = Period::parse(found.trim(), from, to, day_count_max)
        .map_err(|error| Error::Sql(error.to_string()))?;
    match page.has_period {
        true => Ok(period),
        false => Ok(Period::Preset(default)),
    }
}

/// Names of the columns to show.
fn columns(page: &Page, value: &Value) -> Result<Vec<String>> {
    let chosen = match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.split(',').map(|name| name.trim().to_owned()).collect()),
        other => values::texts("columns", other)?,
    };
    // a screen page always has it
    let is_total = |name: &String| page.listing.is_some() && name == TOTAL;
    let chosen = chosen.map(|mut chosen: Vec<String>| {
        chosen.retain(|name| !is_total(name));
        chosen
    });
    let all = || page.columns.iter().map(|column| column.name.clone());
    let chosen: Vec<String> = match chosen {
        None => return Ok(all().collect()),
        Some(chosen) => chosen,
    };
    let mut columns: Vec<String> = Vec::new();
    let key = page.listing.iter().flat_map(|listing| listing.key.iter());
    for name in key.filter(|name| !chosen.contains(name)).chain(&chosen) {
        known_column(page, name)?;
        if !columns.contains(name) {
            columns.push(name.clone());
        }
    }
    Ok(columns)
}

fn known_column(page: &Page, name: &str) -> Result<()> {
    if page.column(name).is_some() {
        return Ok(());
    }
    let known = page.columns.iter().chain(&page.extras);
    let known: Vec<String> = known.map(|column| format!("`{}`", column.name)).collect();
    Err(Error::Sql(format!(
        "unknown_column:{}: `{}` has the columns {}",
        shortened(name),
        page.name,
        known.join(", ")
    )))
}

fn conditions(
    page: &Page,
    listing: &Listing,
    named: &Map<String, Value>,
) -> Result<Vec<Condition>> {
    let mut conditions = Vec::new();
    for filter in &listing.filters {
        let value = named.get(&filter.name).unwrap_or(&Value::Null);
        if let Some(values) = values::texts(&filter.name, value)? {
            conditions.push(Condition::OneOf {
                option: filter.name.clone(),
                column: filter.column.clone(),
                values,
            });
        }
    }
    for (name, value) in named {
        if let Some(key) = name.strip_prefix(CUSTOM_PREFIX)
            && let Some(values) = values::texts(name, value)?
        {
            let key = key.to_owned();
            conditions.push(Condition::Custom { key, values });
        }
    }
    for (name, column) in &listing.ranges {
        let type_name = page
            .column(column)
            .map_or("DOUBLE", |column| &column.type_name);
        let bound = |option: String| match named.get(&option) {
            Some(value) => values::bound(&option, type_name, value),
            None => Ok(None),
        };
        let column = || column.clone();
        let least = bound(format!("{name}_min"))?;
        conditions.extend(least.map(|value| Condition::AtLeast(column(), value)));
        let most = bound(format!("{name}_max"))?;
        conditions.extend(most.map(|value| Condition::AtMost(column(), value)));
    }
    if !listing.search.is_empty()
        && let Some(value) = named.get("search")
        && let Some(text) = values::trimmed("search", value)?
    {
        conditions.push(Condition::Holds(text));
    }
    Ok(conditions)
}

fn order(page: &Page, listing: &Listing, value: &Value) -> Result<Vec<SortColumn>> {
    let order: Vec<SortColumn> = match value {
        Value::String(text) if !text.trim().is_empty() => {
            text.split(',').map(SortColumn::parse).collect()
        }
        Value::Array(_) => {
            let names = values::texts("sort", value)?.unwrap_or_default();
            names.iter().map(|name| SortColumn::parse(name)).collect()
        }
        Value::Null | Value::String(_) => listing.order.clone(),
        other => return Err(bad_value("sort", "the name of a column", other)),
    };
    for column in &order {
        known_column(page, &column.name)?;
        if page
            .column(&column.name)
            .is_some_and(|column| column.type_name == "TEXT[]")
        {
            return Err(bad_value("sort", "a column that is no list", value));
        }
    }
    Ok(order)
}

fn paging(page: &Value, page_size: &Value) -> Result<Paging> {
    let number = values::integer("page", page)?.unwrap_or(1);
    let rows = values::integer("page_size", page_size)?.unwrap_or(PAGE_SIZE_DEFAULT);
    if !PAGE_SIZES.contains(&rows) {
        return Err(bad_value("page_size", "10, 20, 50 or 100", page_size));
    }
    let skip = number
        .checked_sub(1)
        .and_then(|before| before.checked_mul(rows))
        .and_then(|skip| usize::try_from(skip).ok());
    match (skip, usize::try_from(rows)) {
        (Some(skip), Ok(rows)) => Ok(Paging::Screen { skip, rows }),
        _ => Err(bad_value("page", "a number from 1", page)),
    }
}

#[cfg(test)]
mod tests;
