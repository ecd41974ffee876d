//! Reads the header of a SQL file: comment lines `-- key: value` in front of the SQL.
//!
//! Guarantees: a header is read line by line in the order that its kind of file wants; what is missing, misplaced or
//! badly formed is named with the line found; the SQL after it is not empty and uses known placeholders only.

use crate::{Error, Reference, Result, ViewColumn};

/// Types that columns have.
const TYPE_NAMES: &[&str] = &[
    "BIGINT",
    "BOOLEAN",
    "DATE",
    "DECIMAL(18,2)",
    "DECIMAL(18,6)",
    "DECIMAL(38,0)",
    "DECIMAL(38,6)",
    "DOUBLE",
    "JSON",
    "TEXT",
    "TEXT[]",
    "TIMESTAMP",
];

/// A header that is being read, and the SQL behind it.
pub(crate) struct Header<'a> {
    /// The relation in messages, such as ``view `users` ``.
    pub(crate) what: String,
    lines: Vec<&'a str>,
    next: usize,
    sql: String,
}

impl<'a> Header<'a> {
    /// Takes the text of the file `name` (without `.sql`) apart; its first line is `-- kind: name`.
    pub(crate) fn open(kind: &'static str, name: &str, text: &'a str) -> Result<Self> {
        let lines: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("-- "))
            .collect();
        let rest: Vec<&str> = text.lines().skip(lines.len()).collect();
        let sql = rest.join("\n").trim().to_owned();
        let what = format!("{kind} `{name}`");
        let mut header = Self {
            what,
            lines,
            next: 0,
            sql,
        };
        let found = header.one(kind)?;
        if found != name {
            return Err(Error::OtherName {
                what: header.what,
                found: found.to_owned(),
            });
        }
        Ok(header)
    }

    /// The value of the next line, if its key is `key` and it says something.
    pub(crate) fn optional(&mut self, key: &str) -> Option<&'a str> {
        let value = self
            .lines
            .get(self.next)?
            .strip_prefix("-- ")?
            .strip_prefix(key)?
            .strip_prefix(": ")?
            .trim();
        (!value.is_empty()).then(|| {
            self.next += 1;
            value
        })
    }

    /// The value of the next line, whose key must be `key`.
    pub(crate) fn one(&mut self, key: &'static str) -> Result<&'a str> {
        self.optional(key).ok_or_else(|| self.misplaced(key))
    }

    /// The values of the following lines with this key.
    pub(crate) fn many(&mut self, key: &str) -> Vec<&'a str> {
        std::iter::from_fn(|| self.optional(key)).collect()
    }

    /// The following lines with this key as columns.
    pub(crate) fn columns(&mut self, key: &str) -> Result<Vec<ViewColumn>> {
        let lines = self.many(key);
        lines.into_iter().map(|line| self.column(line)).collect()
    }

    /// The following lines `reference`: `view | column, column`.
    pub(crate) fn references(&mut self) -> Result<Vec<Reference>> {
        let lines = self.many("reference");
        let reference = |line: &str| match line.split_once('|') {
            Some((view, columns)) if is_name(view.trim()) => Ok(Reference {
                view: view.trim().to_owned(),
                columns: names(columns),
            }),
            _ => Err(self.bad_line("a reference `view | column, column`", line)),
        };
        lines.into_iter().map(reference).collect()
    }

    /// Refuses names that are not among the columns.
    pub(crate) fn refuse_unknown(&self, names: &[String], columns: &[ViewColumn]) -> Result<()> {
        let is_known = |name: &String| columns.iter().any(|column| column.name == *name);
        match names.iter().find(|name| !is_known(name)) {
            Some(found) => Err(Error::UnknownColumn {
                what: self.what.clone(),
                found: found.clone(),
            }),
            None => Ok(()),
        }
    }

    /// The SQL, once every line of the header was read.
    pub(crate) fn sql(self, last_key: &'static str, placeholders: &[&str]) -> Result<String> {
        if self.next < self.lines.len() {
            return Err(self.misplaced(last_key));
        }
        if self.sql.is_empty() {
            return Err(Error::NoSql { what: self.what });
        }
        let unknown = named_placeholders(&self.sql)
            .find(|found| !placeholders.contains(found))
            .map(str::to_owned);
        let Some(found) = unknown else {
            return Ok(self.sql);
        };
        Err(Error::UnknownPlaceholder {
            known: quoted(placeholders.iter().map(|name| format!("${name}"))),
            found,
            what: self.what,
        })
    }

    fn misplaced(&self, expected: &'static str) -> Error {
        Error::Misplaced {
            what: self.what.clone(),
            expected,
            found: self
                .lines
                .get(self.next)
                .copied()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    pub(crate) fn bad_line(&self, expected: &'static str, found: &str) -> Error {
        Error::BadLine {
            what: self.what.clone(),
            expected,
            found: found.to_owned(),
        }
    }

    /// Reads `name | TYPE | doc`.
    fn column(&self, text: &str) -> Result<ViewColumn> {
        let bad = || self.bad_line("a column `name | TYPE | doc`", text);
        let parts: Vec<&str> = text.splitn(3, '|').map(str::trim).collect();
        let [name, type_name, doc] = parts.as_slice() else {
            return Err(bad());
        };
        if !is_name(name) || doc.is_empty() {
            return Err(bad());
        }
        self.known_type(type_name)?;
        Ok(ViewColumn {
            name: (*name).to_owned(),
            type_name: (*type_name).to_owned(),
            doc: (*doc).to_owned(),
        })
    }

    /// Is the type one that columns and options have?
    pub(crate) fn known_type(&self, type_name: &str) -> Result<()> {
        if TYPE_NAMES.contains(&type_name) {
            return Ok(());
        }
        Err(Error::UnknownType {
            what: self.what.clone(),
            known: TYPE_NAMES.join(", "),
            found: type_name.to_owned(),
        })
    }

    /// Refuses a name that stands twice.
    pub(crate) fn refuse_repeated<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<()> {
        let mut seen = std::collections::BTreeSet::new();
        for name in names {
            if !seen.insert(name) {
                return Err(Error::NamedTwice {
                    what: self.what.clone(),
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// Names separated by commas.
pub(crate) fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_owned()).collect()
}

/// Is it a name in lower case, as columns and options have?
pub(crate) fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    !name.is_empty() && name.bytes().all(is_part)
}

/// Names in backticks, separated by commas.
fn quoted(names: impl Iterator<Item = String>) -> String {
    names
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Names after each `$` of the SQL.
pub(crate) fn named_placeholders(sql: &str) -> impl Iterator<Item = &str> {
    let end = |text: &str| {
        text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(text.len())
    };
    sql.split('$')
        .skip(1)
        .map(move |text| text.get(..end(text)).unwrap_or_default())
}
