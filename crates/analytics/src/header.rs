//! Reads the header of a view: SQL comments that say what the view is.
//!
//! ```sql
//! -- view: name
//! -- doc: What one row is.
//! -- source: section of the domain specification
//! -- column: name | TYPE | What the values mean.
//! SELECT …
//! ```
//!
//! Guarantees, for a text that passes:
//! 1. it opens with `view` (the file's name), `doc`, `source` and one `column` line per output column, in this order;
//! 2. every column has a unique name, a known type and documentation;
//! 3. SQL follows, and its only placeholders are `$as_of` and `$now`.
//!
//! That the columns are those which the SQL gives is for a test with a planner to show (`tests/views.rs`).

use crate::{AS_OF, Error, NOW, Result, View, ViewColumn};

/// Types that columns of views have.
const TYPE_NAMES: &[&str] = &[
    "BIGINT",
    "BOOLEAN",
    "DATE",
    "DECIMAL(18,2)",
    "DECIMAL(18,6)",
    "DOUBLE",
    "JSON",
    "TEXT",
    "TEXT[]",
    "TIMESTAMP",
];

/// Reads and checks the text of the file `name` (without `.sql`).
pub(crate) fn parse(name: &str, text: &str) -> Result<View> {
    let mut lines = text.lines();
    let found = entry(name, "view", lines.next())?;
    if found != name {
        return Err(Error::OtherName {
            expected: name.to_owned(),
            found: found.to_owned(),
        });
    }
    let doc = entry(name, "doc", lines.next())?.to_owned();
    let source = entry(name, "source", lines.next())?.to_owned();
    let mut columns = vec![column(name, entry(name, "column", lines.next())?)?];
    let mut rest = lines.clone();
    while let Some(line) = rest.next().filter(|line| line.starts_with("--")) {
        columns.push(column(name, entry(name, "column", Some(line))?)?);
        lines = rest.clone();
    }
    if let Some(column) = repeated(&columns) {
        return Err(Error::NamedTwice {
            view: name.to_owned(),
            column: column.name.clone(),
        });
    }
    let sql = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    if sql.is_empty() {
        return Err(Error::NoSql {
            view: name.to_owned(),
        });
    }
    if let Some(found) = placeholders(&sql).find(|found| ![AS_OF, NOW].contains(found)) {
        return Err(Error::UnknownPlaceholder {
            view: name.to_owned(),
            found: found.to_owned(),
        });
    }
    Ok(View {
        name: name.to_owned(),
        doc,
        source,
        columns,
        sql,
    })
}

/// The text after `-- key:`, which must not be empty.
fn entry<'a>(view: &str, key: &'static str, line: Option<&'a str>) -> Result<&'a str> {
    let line = line.unwrap_or_default();
    let value = line
        .strip_prefix("-- ")
        .and_then(|line| line.strip_prefix(key))
        .and_then(|line| line.strip_prefix(": "));
    match value.map(str::trim).filter(|value| !value.is_empty()) {
        Some(value) => Ok(value),
        None => Err(Error::Misplaced {
            view: view.to_owned(),
            expected: key,
            found: line.to_owned(),
        }),
    }
}

/// Reads `name | TYPE | doc`.
fn column(view: &str, text: &str) -> Result<ViewColumn> {
    let bad = || Error::BadColumn {
        view: view.to_owned(),
        found: text.to_owned(),
    };
    let parts: Vec<&str> = text.splitn(3, '|').map(str::trim).collect();
    let [name, type_name, doc] = parts.as_slice() else {
        return Err(bad());
    };
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name || doc.is_empty() {
        return Err(bad());
    }
    if !TYPE_NAMES.contains(type_name) {
        let (known, found) = (TYPE_NAMES.join(", "), (*type_name).to_owned());
        return Err(Error::UnknownType {
            view: view.to_owned(),
            known,
            found,
        });
    }
    Ok(ViewColumn {
        name: (*name).to_owned(),
        type_name: (*type_name).to_owned(),
        doc: (*doc).to_owned(),
    })
}

fn repeated(columns: &[ViewColumn]) -> Option<&ViewColumn> {
    let is_repeated = |at: usize, column: &ViewColumn| {
        columns
            .iter()
            .take(at)
            .any(|earlier| earlier.name == column.name)
    };
    columns
        .iter()
        .enumerate()
        .find(|(at, column)| is_repeated(*at, column))
        .map(|(_, column)| column)
}

/// Names after each `$` of the SQL.
fn placeholders(sql: &str) -> impl Iterator<Item = &str> {
    let end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    sql.split('$')
        .skip(1)
        .map(move |text| text.get(..end(text)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
-- view: things
-- doc: Things as of now.
-- source: spec §9.2
-- column: id | TEXT | Id.
-- column: at | TIMESTAMP | Time.

SELECT
  id,
  at -- when
FROM stored.things
WHERE at <= $as_of
";

    /// The error after replacing `from` by `to` in a good text.
    fn error_of(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "{from}");
        parse("things", &GOOD.replace(from, to))
            .expect_err(to)
            .to_string()
    }

    #[test]
    fn a_good_text_is_taken_apart() {
        let view = parse("things", GOOD).expect("it is good");
        assert_eq!(
            (view.name.as_str(), view.doc.as_str(), view.source.as_str()),
            ("things", "Things as of now.", "spec §9.2")
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
            misplaced("source", "-- column: id | TEXT | Id.")
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
            "expected column `id` of view `things` once"
        );
    }

    #[test]
    fn sql_is_there_and_uses_the_two_placeholders_only() {
        let sql = &GOOD[GOOD.find("SELECT").expect("SQL")..];
        assert_eq!(
            error_of(sql, ""),
            "expected SQL after the header of view `things`, found nothing"
        );
        let unknown =
            "expected the placeholders `$as_of` and `$now` in view `things`, found `$today`";
        assert_eq!(error_of("$as_of", "$today"), unknown);
        assert!(parse("things", &GOOD.replace("$as_of", "$now")).is_ok());
    }
}
