//! What a view is: its name, documentation, columns and SQL.
//!
//! ```sql
//! -- view: name
//! -- doc: What one row is.
//! -- source: section of the domain specification
//! -- key: column, column
//! -- reference: other_view | column, column
//! -- column: name | TYPE | What the values mean.
//! SELECT …
//! ```
//!
//! `key` (the columns that identify a row and are never NULL) and `reference` (columns that hold the key of another view of
//! the same schema, in its order) are left out where there is none.
//!
//! Guarantees: a [`View`] obtained from this crate has all of this, in this order; every column has a unique name, a known
//! type and documentation. That the columns are those which the SQL gives is for a test with a planner to show.

use crate::Result;
use crate::header::{Header, names};

/// A derived relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Name, unique in its schema.
    pub name: String,
    /// What one row is and how it comes about.
    pub doc: String,
    /// Where the definition comes from: sections of the domain specification.
    pub source: String,
    /// The columns that identify a row; empty where there are none.
    pub key: Vec<String>,
    /// What the rows belong to.
    pub references: Vec<Reference>,
    /// The columns in the order in which the SQL gives them.
    pub columns: Vec<ViewColumn>,
    /// A SELECT statement; its only placeholders are those that it was read with.
    pub sql: String,
}

/// Columns that hold the key of another view of the same schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The other view.
    pub view: String,
    /// Columns of this view, in the order of the other one's key.
    pub columns: Vec<String>,
}

/// A column of a view or page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewColumn {
    /// Name, unique in the view.
    pub name: String,
    /// SQL type: BIGINT, BOOLEAN, DATE, DECIMAL(precision,scale), DOUBLE, JSON (text that holds JSON), TEXT, TEXT[] or
    /// TIMESTAMP (µs, UTC).
    pub type_name: String,
    /// What the values mean, with their unit.
    pub doc: String,
}

impl View {
    /// Reads and checks the text of the file `name` (without `.sql`).
    ///
    /// # Errors
    /// When the header is not as above, or the SQL has other placeholders than those given.
    pub(crate) fn parse(name: &str, text: &str, placeholders: &[&str]) -> Result<Self> {
        let mut header = Header::open("view", name, text)?;
        let doc = header.one("doc")?.to_owned();
        let source = header.one("source")?.to_owned();
        let key = header.optional("key").map_or_else(Vec::new, names);
        let references = header.references()?;
        let columns = header.columns("column")?;
        if columns.is_empty() {
            header.one("column")?;
        }
        header.refuse_repeated(columns.iter().map(|column| column.name.as_str()))?;
        header.refuse_unknown(&key, &columns)?;
        for reference in &references {
            header.refuse_unknown(&reference.columns, &columns)?;
        }
        let sql = header.sql("column", placeholders)?;
        Ok(Self {
            name: name.to_owned(),
            doc,
            source,
            key,
            references,
            columns,
            sql,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AS_OF, NOW};

    const GOOD: &str = "\
-- view: things
-- doc: Things as of now.
-- source: spec §9.2
-- key: id
-- reference: others | id
-- column: id | TEXT | Id.
-- column: at | TIMESTAMP | Time.

SELECT
  id,
  at -- when
FROM stored.things
WHERE at <= $as_of
";

    fn parse(text: &str) -> Result<View> {
        View::parse("things", text, &[AS_OF, NOW])
    }

    /// The error after replacing `from` by `to` in a good text.
    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        parse(&GOOD.replace(from, to)).expect_err(to).to_string()
    }

    #[test]
    fn a_good_text_is_taken_apart() {
        let view = parse(GOOD).expect("it is good");
        assert_eq!(
            (view.name.as_str(), view.doc.as_str(), view.source.as_str()),
            ("things", "Things as of now.", "spec §9.2")
        );
        let other = Reference {
            view: "others".to_owned(),
            columns: vec!["id".to_owned()],
        };
        assert_eq!(
            (view.key, view.references),
            (vec!["id".to_owned()], vec![other])
        );
        let at = ViewColumn {
            name: "at".to_owned(),
            type_name: "TIMESTAMP".to_owned(),
            doc: "Time.".to_owned(),
        };
        assert_eq!((view.columns.len(), view.columns.last()), (2, Some(&at)));
        assert_eq!(
            view.sql,
            "SELECT\n  id,\n  at -- when\nFROM stored.things\nWHERE at <= $as_of"
        );
    }

    #[test]
    fn a_header_out_of_order_or_incomplete_is_refused() {
        let misplaced = |key, found| {
            format!("expected `-- {key}: …` in the header of view `things`, found `{found}`")
        };
        assert_eq!(
            error_of("-- view: things\n", ""),
            misplaced("view", "-- doc: Things as of now.")
        );
        assert_eq!(
            error_of("Things as of now.", " "),
            misplaced("doc", "-- doc:  ")
        );
        assert_eq!(
            error_of("-- source: spec §9.2\n", ""),
            misplaced("source", "-- key: id")
        );
        assert_eq!(
            error_of("-- column: at", "-- colum: at"),
            misplaced("column", "-- colum: at | TIMESTAMP | Time.")
        );
        assert_eq!(
            error_of("view: things", "view: others"),
            "expected the header of view `things`, found `others`"
        );
    }

    #[test]
    fn a_column_without_name_type_or_documentation_is_refused() {
        let bad = |found| {
            format!("expected a column `name | TYPE | doc` in view `things`, found `{found}`")
        };
        assert_eq!(error_of("id | TEXT | Id.", "id | TEXT"), bad("id | TEXT"));
        assert_eq!(
            error_of("id | TEXT | Id.", "Id | TEXT | Id."),
            bad("Id | TEXT | Id.")
        );
        assert!(
            error_of("id | TEXT | Id.", "id | VARCHAR | Id.")
                .ends_with("in view `things`, found `VARCHAR`")
        );
        assert_eq!(
            error_of("column: at", "column: id"),
            "expected `id` of view `things` once"
        );
    }

    #[test]
    fn a_key_or_reference_of_other_columns_is_refused() {
        let unknown = "expected a column of view `things`, found `ident`";
        assert_eq!(error_of("key: id", "key: ident"), unknown);
        assert_eq!(error_of("others | id", "others | ident"), unknown);
        assert!(error_of("others | id", "others").starts_with("expected a reference"));
    }

    #[test]
    fn sql_is_there_and_uses_the_given_placeholders_only() {
        let sql = &GOOD[GOOD.find("SELECT").expect("SQL")..];
        assert_eq!(
            error_of(sql, ""),
            "expected SQL after the header of view `things`, found nothing"
        );
        let unknown = "expected the placeholders `$as_of`, `$now` in view `things`, found `$today`";
        assert_eq!(error_of("$as_of", "$today"), unknown);
        assert!(parse(&GOOD.replace("$as_of", "$now")).is_ok());
    }
}
