//! From files to rows: NDJSON records decoded, checked and exploded, Parquet and CSV tables checked in bulk.
//!
//! Guarantees: a record is stored whole or rejected whole with one code (domain specification §2); one input is one
//! load, so all of it becomes visible at once or nothing does; memory is bounded whatever the size of the input.

mod code;
mod decimal;
mod decode;
mod error;
mod fields;
mod json;
mod record;
mod report;
mod rows;
mod timestamp;

pub use code::Code;
pub use decode::{Chunk, DecodeSettings, DecodedChunk, DecodedRows, decode};
pub use error::{Error, Result};
pub use report::{CodeCounts, IngestReport, LineCode, TableCounts, Tally};
