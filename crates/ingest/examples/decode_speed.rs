//! How many NDJSON records one core decodes per second: `decode_speed FILE` (plain NDJSON, kept in memory).
//!
//! Guarantees: measures decoding alone, in chunks of the size that a load uses; nothing is stored.

#![expect(clippy::print_stdout, reason = "a program for a person")]

use std::error::Error;
use std::time::Instant;

use chatlake_ingest::{Chunk, DecodeSettings, decode};

/// Runs of which the fastest counts.
const RUN_COUNT: u32 = 5;

/// Bytes of a chunk; lines are kept whole.
const CHUNK_BYTES: usize = 4 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args()
        .nth(1)
        .ok_or("expected the path of a plain NDJSON file")?;
    let chunks = chunks(&std::fs::read(path)?);
    let bytes: usize = chunks.iter().map(|chunk| chunk.text.len()).sum();
    let settings = DecodeSettings {
        received_at: 0,
        line_bytes_max: 16 << 20,
        wants_rejects: false,
        wants_outcomes: false,
        details_max: 100,
    };
    for run in 1..=RUN_COUNT {
        let (mut records, mut rows, mut rejected) = (0, 0, 0);
        let started = Instant::now();
        for chunk in &chunks {
            let decoded = decode(chunk, settings)?;
            records += decoded.tally.record_count;
            rejected += decoded.tally.rejects.count;
            rows += decoded.row_count;
        }
        let seconds = started.elapsed().as_secs_f64();
        let (rate, megabytes) = (records as f64 / seconds, bytes as f64 / seconds / 1e6);
        println!(
            "run {run}: {records} records ({rejected} rejected), {rows} rows, {seconds:.3} s, {rate:.0} records/s, {megabytes:.0} MB/s"
        );
    }
    Ok(())
}

fn chunks(text: &[u8]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let target = rest.len().min(CHUNK_BYTES);
        let end = rest[target..]
            .iter()
            .position(|&byte| byte == b'\n')
            .map_or(rest.len(), |at| target + at + 1);
        let (chunk, later) = rest.split_at(end);
        chunks.push(Chunk {
            first_line: 1,
            text: chunk.to_vec(),
            is_followed_by_too_long: false,
        });
        rest = later;
    }
    chunks
}
