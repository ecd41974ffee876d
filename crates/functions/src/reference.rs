//! The reference of all functions, generated from their documentation.
//!
//! Guarantees: `docs/reference/functions.md` is exactly [`reference_markdown`], and every example
//! in it gives the answer written below it; tests check both. Run them with `CHATLAKE_BLESS=1` to
//! rewrite the file.

use std::fmt::Write;

use datafusion::logical_expr::{DocSection, Documentation};

use crate::{aggregate_functions, scalar_functions};

/// Section of functions of one row.
const SCALAR: DocSection = DocSection {
    include: true,
    label: "Scalar functions",
    description: Some("They compute a value from the values of one row."),
};

/// Section of functions of many rows.
const AGGREGATE: DocSection = DocSection {
    include: true,
    label: "Aggregate functions",
    description: Some(
        "They compute a value from many rows, with `GROUP BY`, over all rows, or over a window.",
    ),
};

/// What a function's file says about it.
pub(crate) struct Entry {
    /// How it is called.
    pub syntax: &'static str,
    /// What it answers, in Markdown.
    pub description: &'static str,
    /// Its arguments: name and meaning.
    pub arguments: &'static [(&'static str, &'static str)],
    /// A statement, and below it the first value it gives as a comment.
    pub example: &'static str,
}

impl Entry {
    /// The documentation of a scalar function.
    pub fn scalar(self) -> Documentation {
        self.documentation(SCALAR)
    }

    /// The documentation of an aggregate function.
    pub fn aggregate(self) -> Documentation {
        self.documentation(AGGREGATE)
    }

    fn documentation(self, section: DocSection) -> Documentation {
        let start = Documentation::builder(section, self.description, self.syntax);
        let add = |builder: datafusion::logical_expr::DocumentationBuilder,
                   argument: &(&str, &str)| {
            builder.with_argument(argument.0, argument.1)
        };
        self.arguments
            .iter()
            .fold(start, add)
            .with_sql_example(self.example)
            .build()
    }
}

/// The reference page `docs/reference/functions.md`.
pub fn reference_markdown() -> String {
    let mut page = String::from(
        "# Functions\n\n\
         Generated from the functions themselves; do not edit. All of SQL's usual functions are \
         there too.\n\n\
         Text may be of any string type, timestamps of any unit and zone; without a zone they are \
         UTC.\n\
         Where an argument is NULL the answer is NULL, unless it says otherwise below.\n",
    );
    let (scalars, aggregates) = (scalar_functions(), aggregate_functions());
    let scalars = scalars
        .iter()
        .map(|function| (function.name(), function.documentation()));
    section(&mut page, &SCALAR, scalars);
    let aggregates = aggregates
        .iter()
        .map(|function| (function.name(), function.documentation()));
    section(&mut page, &AGGREGATE, aggregates);
    page
}

fn section<'a>(
    page: &mut String,
    section: &DocSection,
    functions: impl Iterator<Item = (&'a str, Option<&'a Documentation>)>,
) {
    let about = section.description.unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {}\n\n{about}\n", section.label);
    for (name, documentation) in functions {
        let Some(documentation) = documentation else {
            continue;
        };
        let _ = write!(
            page,
            "\n### {name}\n\n`{}`\n\n",
            documentation.syntax_example
        );
        let _ = writeln!(page, "{}", documentation.description);
        for (at, (argument, meaning)) in documentation.arguments.iter().flatten().enumerate() {
            let gap = if at == 0 { "\n" } else { "" };
            let _ = writeln!(page, "{gap}* `{argument}`: {meaning}");
        }
        let example = documentation.sql_example.as_deref().unwrap_or_default();
        let _ = write!(page, "\n```sql\n{example}\n```\n");
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::testing::first_value;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the test asks for a rewrite this way"
    )]
    fn the_reference_page_is_what_the_functions_say() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let path = root.join("docs/reference/functions.md");
        let expected = reference_markdown();
        if std::env::var("CHATLAKE_BLESS").is_ok() {
            std::fs::create_dir_all(root.join("docs/reference")).expect("a directory");
            std::fs::write(&path, &expected).expect("a written page");
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == expected,
            "docs/reference/functions.md is not up to date: CHATLAKE_BLESS=1"
        );
    }

    #[tokio::test]
    async fn every_example_gives_the_answer_written_below_it() {
        let (scalars, aggregates) = (scalar_functions(), aggregate_functions());
        let scalars = scalars
            .iter()
            .map(|function| (function.name(), function.documentation()));
        let aggregates = aggregates
            .iter()
            .map(|function| (function.name(), function.documentation()));
        for (name, documentation) in scalars.chain(aggregates) {
            let documentation = documentation.unwrap_or_else(|| panic!("{name} says nothing"));
            assert!(
                documentation
                    .syntax_example
                    .starts_with(&format!("{name}(")),
                "{name}"
            );
            let example = documentation.sql_example.as_deref().unwrap_or_default();
            let (statement, answer) = example.rsplit_once("\n-- ").expect("statement and answer");
            assert_eq!(first_value(statement).await, answer, "{name}");
        }
    }
}
