//! What the benches share: data of any size from a seed, measuring, and tables to paste into BENCHMARKS.md.
//!
//! Guarantees: the same shape gives the same records, byte for byte, on every machine.

pub mod conversations;
pub mod corpus;
pub mod duckdb_pages;
pub mod error;
pub mod flight;
pub mod measure;
pub mod ndjson;
pub mod pages;
pub mod parquet_files;
pub mod soak;
pub mod step;
pub mod table;

pub use error::{Error, Result};
