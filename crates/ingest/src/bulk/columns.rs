//! Which column of a file is which column of the table (domain specification §2.6).
//!
//! Guarantees: names match exactly and in any order; no column is silently lost, missing or taken twice.

use chatlake_schema::Table;

use crate::bulk::rules;
use crate::error::{Error, Result};

/// For each column of the file its place in the table; `None` for one that is not read, because it is ignored or
/// because the table derives it.
pub(super) fn places(
    table: &Table,
    names: &[&str],
    ignore_extra: bool,
) -> Result<Vec<Option<usize>>> {
    let wrong = |problem: String| Error::Columns {
        table: table.name.clone(),
        problem,
    };
    if let Some(name) = rules::required_columns(table)?.find(|required| !names.contains(required)) {
        return Err(wrong(format!(
            "expected a column `{name}`, found {}",
            listed(names)
        )));
    }
    let read: Vec<_> = rules::read_columns(table)?.collect();
    let mut places = Vec::with_capacity(names.len());
    for name in names {
        let place = table.column_index(name);
        if place.is_none() && !ignore_extra {
            let known: Vec<_> = table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect();
            let known = listed(&known);
            return Err(wrong(format!(
                "found an extra column `{name}`, expected only {known} (extra columns can be ignored)"
            )));
        }
        let place = place.filter(|_| read.contains(name));
        if place.is_some() && places.contains(&place) {
            return Err(wrong(format!("column `{name}` comes twice")));
        }
        places.push(place);
    }
    Ok(places)
}

/// Names for a message.
fn listed(names: &[&str]) -> String {
    const NAMES_MAX: usize = 50;
    if names.is_empty() {
        return "no columns".to_owned();
    }
    let shown: Vec<_> = names
        .iter()
        .take(NAMES_MAX)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = if names.len() > NAMES_MAX {
        " and more"
    } else {
        ""
    };
    format!("{}{more}", shown.join(", "))
}
