//! Rows of a CSV file (RFC 4180, with a header line), batch by batch.
//!
//! Guarantees: an empty field is NULL, but for the content of a message, where it is the empty text; a row that has not
//! as many fields as the header, or is not UTF-8, is rejected on its own; a row without end cannot fill the memory.

use std::io::{self, Read};
use std::sync::Arc;

use arrow::array::{ArrayRef, StringBuilder};
use chatlake_schema::Table;
use csv::{ByteRecord, ErrorKind, ReaderBuilder, StringRecord};

use crate::bulk::BatchReader;
use crate::bulk::check::RawBatch;
use crate::bulk::columns::places;
use crate::error::{Error, Result};
use crate::input::{ByteCount, Input};
use crate::options::IngestLimits;

/// Bytes that the CSV reader fetches at once.
const BUFFER_BYTES: usize = 256 << 10;

/// The column whose empty field is a value.
const CONTENT: &str = "content";

/// Reads CSV.
pub(super) struct CsvRows {
    reader: csv::Reader<RowBudget>,
    record: ByteRecord,
    /// For each field of a row its place in the table.
    places: Vec<Option<usize>>,
    column_count: usize,
    content_place: Option<usize>,
    next_row: u64,
    limits: IngestLimits,
    byte_count: ByteCount,
}

impl CsvRows {
    /// Opens an input and matches its header with the table's columns.
    pub(super) fn open(
        input: Input,
        table: &Table,
        ignore_extra: bool,
        limits: IngestLimits,
    ) -> Result<Self> {
        let byte_count = input.byte_count();
        let text = input.unpack().map_err(|source| Error::Read {
            input_bytes: byte_count.get(),
            source,
        })?;
        let text = RowBudget::new(text, limits.line_bytes_max);
        let reader = ReaderBuilder::new()
            .flexible(true)
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(text);
        let mut rows = Self {
            reader,
            record: ByteRecord::new(),
            places: Vec::new(),
            column_count: table.columns.len(),
            content_place: table.column_index(CONTENT),
            next_row: 1,
            limits,
            byte_count,
        };
        let header = rows
            .reader
            .byte_headers()
            .cloned()
            .map_err(|error| rows.error(&error))?;
        rows.reader.get_mut().renew();
        let names: Vec<_> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name.trim_ascii()))
            .collect();
        let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
        rows.places = places(table, &names, ignore_extra)?;
        Ok(rows)
    }

    /// What a failure to read means.
    fn error(&self, error: &csv::Error) -> Error {
        let row = self.next_row;
        match error.kind() {
            ErrorKind::Io(source) if source.kind() == io::ErrorKind::FileTooLarge => {
                let bytes = self.limits.line_bytes_max;
                Error::Csv {
                    row,
                    problem: format!(
                        "expected a row of at most {bytes} bytes, found a longer one (a quote that is never closed?)"
                    ),
                }
            }
            ErrorKind::Io(source) => {
                let source = io::Error::new(source.kind(), source.to_string());
                Error::Read {
                    input_bytes: self.byte_count.get(),
                    source,
                }
            }
            _ => Error::Csv {
                row,
                problem: error.to_string(),
            },
        }
    }

    /// Appends the fields of the current record, NULLs for one that cannot be read; true when it could.
    fn append_record(&mut self, columns: &mut [Option<StringBuilder>]) -> bool {
        let record = std::mem::take(&mut self.record);
        let is_whole = record.len() == self.places.len();
        let (record, is_readable) = match StringRecord::from_byte_record(record) {
            Ok(record) if is_whole => {
                for (place, field) in self.places.iter().zip(&record) {
                    let column = place.and_then(|place| columns[place].as_mut());
                    let value = Some(field)
                        .filter(|field| !field.is_empty() || *place == self.content_place);
                    column
                        .into_iter()
                        .for_each(|column| column.append_option(value));
                }
                (record.into_byte_record(), true)
            }
            Ok(record) => (record.into_byte_record(), false),
            Err(error) => (error.into_byte_record(), false),
        };
        if !is_readable {
            columns
                .iter_mut()
                .flatten()
                .for_each(StringBuilder::append_null);
        }
        self.record = record;
        is_readable
    }
}

impl BatchReader for CsvRows {
    fn next_batch(&mut self) -> Result<Option<RawBatch>> {
        let mut columns: Vec<Option<StringBuilder>> =
            (0..self.column_count).map(|_| None).collect();
        for place in self.places.iter().flatten() {
            columns[*place] = Some(StringBuilder::new());
        }
        let (mut row_count, mut byte_count) = (0, 0);
        let mut unreadable = Vec::new();
        let first_row = self.next_row;
        while row_count < self.limits.batch_rows_max.max(1)
            && byte_count < self.limits.chunk_bytes.max(1)
        {
            let mut record = std::mem::take(&mut self.record);
            let is_read = self.reader.read_byte_record(&mut record);
            self.record = record;
            if !is_read.map_err(|error| self.error(&error))? {
                break;
            }
            self.reader.get_mut().renew();
            byte_count += self.record.as_slice().len();
            if !self.append_record(&mut columns) {
                unreadable.push(row_count);
            }
            row_count += 1;
            self.next_row += 1;
        }
        let finish = |column: StringBuilder| -> ArrayRef { Arc::new({ column }.finish()) };
        let columns = columns
            .into_iter()
            .map(|column| column.map(finish))
            .collect();
        Ok((row_count > 0).then_some(RawBatch {
            first_row,
            row_count,
            columns,
            unreadable,
        }))
    }
}

/// Lets no more bytes pass for one row than a limit.
struct RowBudget {
    inner: Box<dyn Read + Send>,
    row_bytes_max: usize,
    left: usize,
}

impl RowBudget {
    fn new(inner: Box<dyn Read + Send>, row_bytes_max: usize) -> Self {
        let mut budget = Self {
            inner,
            row_bytes_max,
            left: 0,
        };
        budget.renew();
        budget
    }

    /// A row has ended; what the reader has fetched of the next one is at most one buffer.
    fn renew(&mut self) {
        self.left = self.row_bytes_max.saturating_add(BUFFER_BYTES);
    }
}

impl Read for RowBudget {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let length = buffer.len().min(self.left);
        let length = self.inner.read(&mut buffer[..length])?;
        self.left -= length;
        Ok(length)
    }
}
