//! What a view is: its name, documentation, columns and SQL.
//!
//! Guarantees: a [`View`] obtained from this crate has passed every check of `header.rs`.

/// A derived relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Name, unique in the schema `lake`.
    pub name: String,
    /// What one row is and how it comes about.
    pub doc: String,
    /// Where the definition comes from: sections of the domain specification.
    pub source: String,
    /// The columns in the order in which the SQL gives them.
    pub columns: Vec<ViewColumn>,
    /// A SELECT statement; its only placeholders are `$as_of` and `$now`.
    pub sql: String,
}

/// A column of a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewColumn {
    /// Name, unique in the view.
    pub name: String,
    /// SQL type: BIGINT, BOOLEAN, DATE, DECIMAL(18,2), DECIMAL(18,6), DOUBLE, JSON (text that holds JSON), TEXT, TEXT[] or
    /// TIMESTAMP (µs, UTC).
    pub type_name: String,
    /// What the values mean, with their unit.
    pub doc: String,
}
