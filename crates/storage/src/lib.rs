//! The lake on disk or in an object store: files, journal, Delta logs, the file index, loads.
//!
//! Guarantees: a load is visible whole or not at all; what was committed survives a crash; first write wins exactly;
//! the cost of a commit and of finding files follows what changed and what is asked, not the number of files.
//! This is the only room that knows Delta, object stores and Parquet writers.

mod check;
mod data_file;
mod delta;
mod durable_local;
mod error;
mod file_index;
mod identity;
mod journal;
mod lake;
mod lease;
mod load;
mod location;
mod page_cache;
mod paths;
mod read;
mod settings;

pub use check::{Damage, LakeCheck, TableCheck};
pub use data_file::{DataFile, FileStats, Partition};
pub use error::{Error, Result};
pub use file_index::{LakeSnapshot, TableFiles};
pub use lake::{CommitInfo, Lake};
pub use load::{Load, LoadReceipt, Rows, TableReceipt};
pub use location::Location;
pub use paths::DAY_COLUMN;
pub use settings::StorageSettings;
