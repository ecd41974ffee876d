//! The reference of the views, written from their headers.
//!
//! Guarantees: the text depends on the headers alone.

use std::fmt::Write as _;

use crate::{View, views};

const OPENING: &str = "\
# Views

Generated from the headers of `crates/analytics/src/views/*.sql`; a test compares the two. The views are in the schema
`lake`, which queries use by default. They show what counts: duplicates are gone, versions are resolved. Where a view has
the column `chatbot_id`, a filter on it reads the files of that chatbot only; views of an account's registries have
`account_id`. A filter on `day`, where a view has it, reads the files of those days only.

`SET chatlake.as_of = '2026-03-12T16:00:00Z'` cuts everything that happened later, so that a result can be repeated.
Types: TIMESTAMP is an instant in UTC with microseconds, JSON is text that holds a JSON value, TEXT[] is a list of texts.
";

/// Markdown text of `docs/reference/views.md`.
pub fn reference_markdown() -> String {
    let mut text = OPENING.to_owned();
    for view in views() {
        describe(&mut text, view);
    }
    text
}

fn describe(text: &mut String, view: &View) {
    let View {
        name,
        doc,
        source,
        columns,
        ..
    } = view;
    // Writing to a `String` cannot fail.
    let _ = write!(
        text,
        "\n## {name}\n\n{doc} Source: {source}.\n\n| column | type | meaning |\n|---|---|---|\n"
    );
    for column in columns {
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            column.name, column.type_name, column.doc
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/views.md");

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
            "docs/reference/views.md is out of date; run the tests with CHATLAKE_BLESS=1"
        );
    }

    #[test]
    fn every_column_is_described() {
        let text = reference_markdown();
        for column in views().iter().flat_map(|view| &view.columns) {
            assert!(text.contains(&format!(
                "| {} | {} | {} |",
                column.name, column.type_name, column.doc
            )));
        }
        assert!(text.contains("\n## users\n"));
    }
}
