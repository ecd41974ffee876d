//! The stored tables: `schemas/*.toml` read, checked and turned into Arrow schemas.
//!
//! Guarantees: the TOML files are the single source of truth and are part of the program; a definition that
//! breaks a rule of [`Error`] never gets past the tests.

mod column_type;
mod definitions;
mod error;
mod reference;
mod table;
mod validate;

pub use column_type::ColumnType;
pub use definitions::{table, tables};
pub use error::{Error, Result};
pub use reference::reference_markdown;
pub use table::{Column, MergeRule, Table};

/// Last column of every stored table: the arrival number of the row (domain specification §2.1).
pub const INGEST_SEQ: &str = "ingest_seq";

/// The column that names the tenant, where a table has one (domain specification §1).
pub const CHATBOT_ID: &str = "chatbot_id";
