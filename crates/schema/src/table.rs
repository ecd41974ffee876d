//! What a stored table is: its columns, key and merge rule, and how its files are laid out.
//!
//! Guarantees: a [`Table`] obtained from this crate has passed every check of `validate.rs`.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use serde::Deserialize;

use crate::{CHATBOT_ID, ColumnType};

/// What several rows of one key mean (domain specification §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeRule {
    /// The first row of a key is stored, later ones are duplicates and ignored.
    FirstWriteWins,
    /// Every version is stored; a column's newest value that is not NULL counts.
    NewestPerColumn,
    /// Every version is stored; the newest row counts as a whole.
    NewestRow,
    /// Registry: every change is stored; the row that arrived last counts as a whole.
    LastWriteWins,
}

impl fmt::Display for MergeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FirstWriteWins => "first_write_wins",
            Self::NewestPerColumn => "newest_per_column",
            Self::NewestRow => "newest_row",
            Self::LastWriteWins => "last_write_wins",
        })
    }
}

/// A column of a stored table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Name, unique in the table.
    pub name: String,
    /// Type of the values.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
    /// Whether a value may be missing.
    #[serde(default)]
    pub nullable: bool,
    /// Unit or range of the numbers, e.g. `USD per month`.
    pub unit: Option<String>,
    /// What the values mean.
    pub doc: String,
}

/// A stored table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Name, unique in the lake.
    pub name: String,
    /// What one row is and which row of a key counts.
    pub doc: String,
    /// What several rows of one key mean.
    pub merge: MergeRule,
    /// Columns that identify a row, or in version tables a version, without `ingest_seq`.
    pub key: Vec<String>,
    /// `chatbot_id` where the table has that column.
    pub chatbot_column: Option<String>,
    /// Column whose UTC date is the partition day; `None` for registries, which are not partitioned.
    pub time_column: Option<String>,
    /// Sort order of the rows in a data file.
    pub cluster_by: Vec<String>,
    /// Columns that get a bloom filter in data files: the ids by which duplicates are looked for.
    pub bloom: Vec<String>,
    /// All columns, `ingest_seq` last.
    pub columns: Vec<Column>,
}

impl Table {
    /// The table as an Arrow schema: the declared columns in order, without a `day` column.
    pub fn arrow_schema(&self) -> SchemaRef {
        let field = |column: &Column| {
            Field::new(
                &column.name,
                column.column_type.arrow_type(),
                column.nullable,
            )
        };
        Arc::new(Schema::new(
            self.columns.iter().map(field).collect::<Vec<_>>(),
        ))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Position of the column of this name.
    pub fn column_index(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Whether rows are partitioned by the UTC day of [`Table::time_column`].
    pub fn is_partitioned(&self) -> bool {
        self.time_column.is_some()
    }
}

/// A table as a TOML file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Definition {
    name: String,
    doc: String,
    merge: MergeRule,
    key: Vec<String>,
    time_column: Option<String>,
    cluster_by: Vec<String>,
    bloom: Vec<String>,
    columns: Vec<Column>,
}

impl From<Definition> for Table {
    fn from(definition: Definition) -> Self {
        let Definition {
            name,
            doc,
            merge,
            key,
            time_column,
            cluster_by,
            bloom,
            columns,
        } = definition;
        let has_chatbot = columns.iter().any(|column| column.name == CHATBOT_ID);
        let chatbot_column = has_chatbot.then(|| CHATBOT_ID.to_owned());
        Self {
            name,
            doc,
            merge,
            key,
            chatbot_column,
            time_column,
            cluster_by,
            bloom,
            columns,
        }
    }
}
