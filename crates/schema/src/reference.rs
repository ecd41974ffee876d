//! The reference of the stored tables, written from their definitions.
//!
//! Guarantees: the text depends on the definitions alone.

use std::fmt::Write as _;

use crate::{Table, tables};

const OPENING: &str = "\
# Stored tables

Generated from `schemas/*.toml`; a test compares the two. These tables are in the schema `stored` and hold every
version that was written; the views of the schema `lake` show what counts ([views](views.md)).

Types: text is UTF-8, integer has 64 bits, float is a double, a timestamp is an instant in UTC with microseconds,
json is text that holds a JSON value. A table with a partition column is stored by chatbot and by the UTC date of that
column, which queries see as the column `day`.
";

/// What several rows of one key mean, for readers.
const MERGE_RULES: &str = "
| merge rule | meaning |
|---|---|
| first_write_wins | the first row of a key is stored, later ones are duplicates and ignored |
| newest_per_column | every version is stored; of each column the newest value that is not NULL counts |
| newest_row | every version is stored; the newest row counts as a whole |
| last_write_wins | registry: the row that arrived last counts as a whole |
";

/// Markdown text of `docs/reference/tables.md`.
pub fn reference_markdown() -> String {
    let mut text = format!("{OPENING}{MERGE_RULES}");
    for table in tables() {
        describe(&mut text, table);
    }
    text
}

fn describe(text: &mut String, table: &Table) {
    let Table {
        name,
        doc,
        merge,
        key,
        time_column,
        cluster_by,
        columns,
        ..
    } = table;
    let partition = time_column
        .as_ref()
        .map_or("none".to_owned(), |column| format!("`{column}`"));
    // Writing to a `String` cannot fail.
    let _ = write!(text, "\n## {name}\n\n{doc}\n\n");
    let _ = write!(
        text,
        "Key: {}. Merge rule: {merge}. Partition column: {partition}. ",
        quoted(key)
    );
    let _ = write!(
        text,
        "Sorted by: {}.\n\n| column | type | null | meaning |\n|---|---|---|---|\n",
        quoted(cluster_by)
    );
    for column in columns {
        let null = if column.nullable { "yes" } else { "no" };
        let unit = column
            .unit
            .as_ref()
            .map_or(String::new(), |unit| format!(" ({unit})"));
        let _ = writeln!(
            text,
            "| {} | {}{unit} | {null} | {} |",
            column.name, column.column_type, column.doc
        );
    }
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/reference/tables.md"
    );

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the developer asks for the file to be written anew"
    )]
    fn the_reference_is_up_to_date() {
        let expected = reference_markdown();
        if std::env::var("CHATLAKE_BLESS").is_ok() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference"))
                .expect("directory");
            std::fs::write(FILE, &expected).expect("the reference can be written");
        }
        let found = std::fs::read_to_string(FILE).unwrap_or_default();
        assert!(
            found == expected,
            "docs/reference/tables.md is out of date; run the tests with CHATLAKE_BLESS=1"
        );
    }

    #[test]
    fn every_column_is_described() {
        let text = reference_markdown();
        for column in tables().iter().flat_map(|table| &table.columns) {
            assert!(
                text.contains(&format!("| {} | {}", column.name, column.column_type)),
                "{}",
                column.name
            );
        }
        assert!(text.contains("| amount_usd | decimal(18,6) (USD) | no |"));
    }
}
