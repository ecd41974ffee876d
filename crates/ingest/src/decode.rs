//! A chunk of NDJSON lines, decoded: rows for the stored tables and the outcome of every record.
//!
//! 1. Each line is parsed (`json`), its `type` looked up (`record`), unknown keys noted, the record checked.
//! 2. A valid record appends its rows to the builders of its type; a rejected one leaves only its code.
//! 3. The builders become one batch per record type and table.
//!
//! Guarantees: pure, so chunks can be decoded in parallel; lines that hold only blanks are no records; line numbers
//! count every line; a bad line never affects another one (domain specification §2.1).

#[cfg(test)]
mod tests;

use std::io::Write as _;

use arrow::array::RecordBatch;
use chatlake_schema::Table;

use crate::code::{Code, Reject, Warnings};
use crate::error::Result;
use crate::fields::Fields;
use crate::json::{self, Tape};
use crate::record::{RECORD_TYPES, Record};
use crate::report::Tally;
use crate::rows::{RowBuilder, TableRows};

/// Whole lines of the input.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Number of the first line, counted from 1.
    pub first_line: u64,
    /// The lines; each ends with a line feed, the last one of the input need not.
    pub text: Vec<u8>,
    /// Whether one more line follows that was too long to keep.
    pub is_followed_by_too_long: bool,
}

/// What the decoder needs to know.
#[derive(Clone, Copy, Debug)]
pub struct DecodeSettings {
    /// When the records were received, in µs, unless they say so themselves.
    pub received_at: i64,
    /// Bytes of a line at the most; a longer one is rejected.
    pub line_bytes_max: usize,
    /// Whether the lines of the rejects file are wanted.
    pub wants_rejects: bool,
    /// Whether the lines of the outcomes file are wanted.
    pub wants_outcomes: bool,
    /// Details of rejects and of warnings kept at the most.
    pub details_max: usize,
}

/// Rows of one record type and one table.
#[derive(Debug)]
pub struct DecodedRows {
    rows: TableRows,
    /// Whether the rows are parts of records whose fate another row tells.
    pub part_of_record: bool,
}

impl DecodedRows {
    /// The stored table that they are for.
    pub fn table(&self) -> &'static Table {
        self.rows.table
    }

    /// The rows as a batch of the table's schema; the chunk's first row gets `first_seq` for its `ingest_seq`.
    ///
    /// # Errors
    /// Only a bug of ours: a value is missing that the table needs.
    pub fn into_batch(self, first_seq: i64) -> Result<RecordBatch> {
        self.rows.into_batch(first_seq)
    }
}

/// What a chunk holds.
#[derive(Debug)]
pub struct DecodedChunk {
    /// Rows of all tables: numbers of `ingest_seq` to reserve.
    pub row_count: u64,
    /// The rows, one entry per record type and table that came up.
    pub rows: Vec<DecodedRows>,
    /// Records, rejects and warnings.
    pub tally: Tally,
    /// Lines of the rejects file.
    pub reject_lines: Vec<u8>,
    /// Lines of the outcomes file.
    pub outcome_lines: Vec<u8>,
}

/// Decodes a chunk.
///
/// # Errors
/// Only a bug of ours: a table's definition and the code that fills it disagree.
pub fn decode(chunk: &Chunk, settings: DecodeSettings) -> Result<DecodedChunk> {
    let mut decoder = Decoder::new(settings)?;
    let mut line_number = chunk.first_line;
    match str::from_utf8(&chunk.text) {
        Ok(text) => {
            for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                decoder.line(line_number, line);
                line_number += 1;
            }
        }
        Err(_) => {
            let lines = chunk.text.strip_suffix(b"\n").unwrap_or(&chunk.text);
            for line in lines.split(|&byte| byte == b'\n') {
                match str::from_utf8(line) {
                    Ok(line) => decoder.line(line_number, line),
                    Err(_) => decoder.not_text(line_number, line),
                }
                line_number += 1;
            }
        }
    }
    if chunk.is_followed_by_too_long {
        let line = if chunk.text.is_empty() {
            chunk.first_line
        } else {
            line_number
        };
        decoder.rejected(line, "", Code::RECORD_TOO_LARGE);
    }
    decoder.finish()
}

/// Blanks as the reference ingest sees them in a line of bytes.
fn is_blank(line: &str) -> bool {
    line.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t'..=b'\r'))
}

struct Decoder {
    settings: DecodeSettings,
    tape: Tape,
    warnings: Warnings,
    /// For each of [`RECORD_TYPES`] the builders of its outputs.
    builders: Vec<Vec<RowBuilder>>,
    row_count: i64,
    tally: Tally,
    reject_lines: Vec<u8>,
    outcome_lines: Vec<u8>,
}

impl Decoder {
    fn new(settings: DecodeSettings) -> Result<Self> {
        let builders = RECORD_TYPES.iter().map(|record_type| {
            record_type
                .outputs
                .iter()
                .map(|output| RowBuilder::new(output.table, output.columns))
                .collect()
        });
        Ok(Self {
            settings,
            tape: Tape::default(),
            warnings: Warnings::default(),
            builders: builders.collect::<Result<_>>()?,
            row_count: 0,
            tally: Tally::default(),
            reject_lines: Vec::new(),
            outcome_lines: Vec::new(),
        })
    }

    fn line(&mut self, number: u64, line: &str) {
        if is_blank(line) {
            return;
        }
        if line.len() > self.settings.line_bytes_max {
            return self.rejected(number, "", Code::RECORD_TOO_LARGE);
        }
        self.warnings.clear();
        match self.record(line) {
            Ok(()) => self.accepted(number),
            Err(Reject(code)) => self.rejected(number, line, code),
        }
    }

    fn not_text(&mut self, number: u64, line: &[u8]) {
        if line.len() > self.settings.line_bytes_max {
            return self.rejected(number, "", Code::RECORD_TOO_LARGE);
        }
        self.rejected(number, &String::from_utf8_lossy(line), Code::BAD_JSON);
    }

    fn record(&mut self, line: &str) -> Result<(), Reject> {
        let value = self.tape.parse(line).map_err(|_| Code::BAD_JSON)?;
        let object = value.object().ok_or(Code::BAD_JSON)?;
        let name = object.get("type").ok_or(Code::UNKNOWN_TYPE)?;
        let index = RECORD_TYPES
            .iter()
            .position(|record_type| name.is_text(record_type.name));
        let index = index.ok_or(Code::UNKNOWN_TYPE)?;
        let fields = Fields::new(object, "");
        fields.warn_unknown(RECORD_TYPES[index].known, &mut self.warnings);
        let mut record = Record {
            received_at: self.settings.received_at,
            warnings: &mut self.warnings,
            rows: &mut self.builders[index],
            row_count: &mut self.row_count,
        };
        (RECORD_TYPES[index].decode)(fields, &mut record)
    }

    fn accepted(&mut self, line: u64) {
        self.tally.record_count += 1;
        for code in self.warnings.codes() {
            self.tally
                .warnings
                .add(line, code.clone(), self.settings.details_max);
        }
        if self.settings.wants_outcomes {
            write_outcome(
                &mut self.outcome_lines,
                line,
                "accepted",
                self.warnings.codes(),
            );
        }
    }

    fn rejected(&mut self, line: u64, record: &str, code: Code) {
        self.tally.record_count += 1;
        if self.settings.wants_rejects {
            let (code_json, record) = (
                json::quote(code.as_str()),
                json::quote(record.trim_end_matches('\r')),
            );
            // Writing to a vector cannot fail.
            _ = writeln!(
                self.reject_lines,
                r#"{{"line":{line},"code":{code_json},"record":{record}}}"#
            );
        }
        if self.settings.wants_outcomes {
            write_outcome(
                &mut self.outcome_lines,
                line,
                "rejected",
                std::slice::from_ref(&code),
            );
        }
        self.tally
            .rejects
            .add(line, code, self.settings.details_max);
    }

    fn finish(self) -> Result<DecodedChunk> {
        let mut rows = Vec::new();
        for (record_type, builders) in RECORD_TYPES.iter().zip(self.builders) {
            for (output, builder) in record_type.outputs.iter().zip(builders) {
                if !builder.is_empty() {
                    rows.push(DecodedRows {
                        rows: builder.finish()?,
                        part_of_record: output.part_of_record,
                    });
                }
            }
        }
        Ok(DecodedChunk {
            row_count: self.row_count.unsigned_abs(),
            rows,
            tally: self.tally,
            reject_lines: self.reject_lines,
            outcome_lines: self.outcome_lines,
        })
    }
}

/// First line of the outcomes file.
pub(crate) const OUTCOME_HEADER: &str = "line,outcome,codes\r\n";

/// Appends `line,outcome,codes` (RFC 4180): the codes joined by `;`, quoted where they need it.
pub(crate) fn write_outcome(out: &mut Vec<u8>, line: u64, outcome: &str, codes: &[Code]) {
    let codes = codes.iter().map(Code::as_str).collect::<Vec<_>>().join(";");
    let needs_quotes = codes.contains([',', '"', '\n', '\r']);
    // Writing to a vector cannot fail.
    _ = if needs_quotes {
        write!(
            out,
            "{line},{outcome},\"{}\"\r\n",
            codes.replace('"', "\"\"")
        )
    } else {
        write!(out, "{line},{outcome},{codes}\r\n")
    };
}
