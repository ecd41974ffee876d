//! NDJSON: chunks of lines, decoded in parallel.
//!
//! Guarantees: records keep their order, so `ingest_seq` follows the input.

#[cfg(test)]
mod tests;

use chatlake_storage::Rows;

use crate::decode::{Chunk, DecodeSettings, DecodedChunk, OUTCOME_HEADER, decode};
use crate::error::{Error, Result};
use crate::input::Input;
use crate::lines::LineChunks;
use crate::options::IngestOptions;
use crate::pipeline::{self, Checked, Reporting};
use crate::report::Tally;
use crate::sink::RowSink;

/// Loads the records of an input.
pub(crate) async fn load(
    sink: &mut impl RowSink,
    input: Input,
    mut options: IngestOptions,
) -> Result<Tally> {
    let reporting = Reporting::new(&mut options, OUTCOME_HEADER)?;
    let limits = options.limits;
    let settings = DecodeSettings {
        received_at: options.received_at_micros,
        line_bytes_max: limits.line_bytes_max,
        wants_rejects: reporting.wants_rejects(),
        wants_outcomes: reporting.wants_outcomes(),
        details_max: limits.report_details_max,
    };
    let byte_count = input.byte_count();
    let read_count = input.byte_count();
    let mut state = Some(input);
    let mut chunks = None;
    let read = move || {
        let read_error = |source| Error::Read {
            input_bytes: read_count.get(),
            source,
        };
        if let Some(input) = state.take() {
            let text = input.unpack().map_err(read_error)?;
            chunks = Some(LineChunks::new(
                text,
                limits.chunk_bytes,
                limits.line_bytes_max,
            ));
        }
        chunks
            .as_mut()
            .map_or(Ok(None), |chunks| chunks.next_chunk().map_err(read_error))
    };
    let check = move |chunk: Chunk| Ok(checked(decode(&chunk, settings)?));
    pipeline::run(sink, reporting, byte_count, read, check).await
}

fn checked(decoded: DecodedChunk) -> Checked {
    let DecodedChunk {
        row_count,
        rows,
        tally,
        reject_lines,
        outcome_lines,
    } = decoded;
    let rows = move |first_seq| {
        let numbered = rows.into_iter().map(|rows| {
            let (table, part_of_record) = (rows.table(), rows.part_of_record);
            Ok(Rows {
                table,
                batch: rows.into_batch(first_seq)?,
                part_of_record,
            })
        });
        numbered.collect()
    };
    Checked {
        row_count,
        tally,
        reject_lines,
        outcome_lines,
        rows: Box::new(rows),
    }
}
