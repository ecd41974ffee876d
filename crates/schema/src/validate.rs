//! Checks one definition of a stored table.
//!
//! Guarantees, for a table that passes:
//! 1. it is named like its file, and all names are in snake case;
//! 2. columns are unique, documented, and `ingest_seq` (integer, not null) is the last one;
//! 3. key, sort order and bloom filters name columns, each once; `ingest_seq` is in no key and ends the sort order;
//! 4. columns of the key are not null, but for `annotations.message_id` (NULL annotates the conversation);
//! 5. exactly the registries have no time column; a time column is a timestamp and not null.

use crate::{ColumnType, Error, INGEST_SEQ, MergeRule, Result, Table};

/// Checks `table`, read from the file `name` (without `.toml`).
pub(crate) fn validate(name: &str, table: &Table) -> Result<()> {
    if table.name != name {
        return Err(Error::OtherName {
            expected: name.to_owned(),
            found: table.name.clone(),
        });
    }
    check_columns(table)?;
    check_list(table, "key", &table.key)?;
    check_list(table, "cluster_by", &table.cluster_by)?;
    check_list(table, "bloom", &table.bloom)?;
    check_order(table)?;
    check_key(table)?;
    check_time(table)
}

fn check_columns(table: &Table) -> Result<()> {
    let of = || table.name.clone();
    let names = table
        .columns
        .iter()
        .map(|column| &column.name)
        .chain([&table.name]);
    if let Some(name) = names.clone().find(|name| !is_snake_case(name)) {
        return Err(Error::BadName {
            table: of(),
            name: name.clone(),
        });
    }
    if let Some(column) = first_repeated(table.columns.iter().map(|column| column.name.as_str())) {
        return Err(Error::NamedTwice {
            table: of(),
            column: column.to_owned(),
            list: "columns",
        });
    }
    let undocumented = table
        .columns
        .iter()
        .find(|column| column.doc.trim().is_empty());
    if let Some(what) = undocumented.map(|column| column.name.as_str()).or(table
        .doc
        .trim()
        .is_empty()
        .then_some("doc"))
    {
        return Err(Error::Empty {
            table: of(),
            what: what.to_owned(),
        });
    }
    let is_ingest_seq = |column: &crate::Column| {
        column.name == INGEST_SEQ && column.column_type == ColumnType::Integer && !column.nullable
    };
    if table.columns.last().is_some_and(is_ingest_seq) {
        Ok(())
    } else {
        Err(Error::NoIngestSeq { table: of() })
    }
}

fn check_list(table: &Table, list: &'static str, columns: &[String]) -> Result<()> {
    if columns.is_empty() && list != "bloom" {
        return Err(Error::Empty {
            table: table.name.clone(),
            what: list.to_owned(),
        });
    }
    if let Some(column) = columns.iter().find(|column| table.column(column).is_none()) {
        return Err(Error::UnknownColumn {
            table: table.name.clone(),
            column: column.clone(),
            list,
        });
    }
    match first_repeated(columns.iter().map(String::as_str)) {
        Some(column) => Err(Error::NamedTwice {
            table: table.name.clone(),
            column: column.to_owned(),
            list,
        }),
        None => Ok(()),
    }
}

/// Rows of a file have one order only, so the sort order ends in the tie-breaker, which no key holds.
fn check_order(table: &Table) -> Result<()> {
    let is_total = table
        .cluster_by
        .last()
        .is_some_and(|column| column == INGEST_SEQ);
    if !is_total || table.key.iter().any(|column| column == INGEST_SEQ) {
        return Err(Error::IngestSeqMisplaced {
            table: table.name.clone(),
        });
    }
    Ok(())
}

fn check_key(table: &Table) -> Result<()> {
    let nullable = table.key.iter().find(|column| {
        let may_be_null = table.name == "annotations" && column.as_str() == "message_id";
        !may_be_null && table.column(column).is_some_and(|column| column.nullable)
    });
    match nullable {
        Some(column) => Err(Error::Nullable {
            table: table.name.clone(),
            column: column.clone(),
            list: "key",
        }),
        None => Ok(()),
    }
}

fn check_time(table: &Table) -> Result<()> {
    let of = || table.name.clone();
    let is_registry = table.merge == MergeRule::LastWriteWins;
    let Some(name) = &table.time_column else {
        return if is_registry {
            Ok(())
        } else {
            Err(Error::Partitioning { table: of() })
        };
    };
    if is_registry {
        return Err(Error::Partitioning { table: of() });
    }
    let list = "time_column";
    let Some(column) = table.column(name) else {
        return Err(Error::UnknownColumn {
            table: of(),
            column: name.clone(),
            list,
        });
    };
    if column.column_type != ColumnType::Timestamp {
        return Err(Error::WrongType {
            table: of(),
            column: name.clone(),
            expected: "a timestamp",
        });
    }
    if column.nullable {
        Err(Error::Nullable {
            table: of(),
            column: name.clone(),
            list,
        })
    } else {
        Ok(())
    }
}

fn is_snake_case(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(allowed)
}

fn first_repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests;
