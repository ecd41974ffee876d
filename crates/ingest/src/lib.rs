//! From files to rows: NDJSON records decoded, checked and exploded, Parquet and CSV tables checked in bulk.
//!
//! Guarantees: a record is stored whole or rejected whole with one code (domain specification §2); one input is one
//! load, so all of it becomes visible at once or nothing does; memory is bounded whatever the size of the input.

mod bulk;
mod code;
mod decimal;
mod decode;
mod error;
mod fields;
mod ingest;
mod input;
mod json;
mod lines;
mod ndjson;
mod options;
mod pipeline;
mod record;
mod report;
mod rows;
mod sink;
mod timestamp;

pub use code::Code;
pub use decode::{Chunk, DecodeSettings, DecodedChunk, DecodedRows, decode};
pub use error::{Error, Result};
pub use ingest::ingest;
pub use options::{
    Cancellation, Format, IngestLimits, IngestOptions, OnError, Progress, ProgressCallback, Source,
};
pub use record::workflow_run_id;
pub use report::{CodeCounts, IngestReport, LineCode, TableCounts, Tally};
