//! `--format csv`: a header and rows, quoted as RFC 4180 says.
//!
//! Guarantees: a value is quoted when it holds a comma, a quote or a line end, quotes inside are doubled; NULL is an
//! empty field and an empty text is `""`, so the two stay apart; nested values (lists) are JSON; lines end in `\n`
//! (every CSV reader takes it, and `cut` and `tail` work).

use std::io::Write;

use arrow::array::Array;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{OutputStream, RowWriter, does_not_fit};
use crate::error::{Error, Result};

/// Writes rows as comma-separated values.
pub struct CsvWriter<'a> {
    stream: &'a mut OutputStream,
}

impl<'a> CsvWriter<'a> {
    /// Writes the header.
    pub fn start(schema: &SchemaRef, stream: &'a mut OutputStream) -> Result<Self> {
        let mut line = Vec::new();
        for (index, field) in schema.fields().iter().enumerate() {
            separate(index, &mut line);
            push_quoted(field.name(), &mut line);
        }
        line.push(b'\n');
        stream.write_all(&line).map_err(Error::Output)?;
        Ok(Self { stream })
    }
}

impl RowWriter for CsvWriter<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let texts = FormatOptions::new();
        let nested = EncoderOptions::default();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            columns.push(Column::of(field, array.as_ref(), &texts, &nested)?);
        }
        let mut lines = Vec::new();
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter_mut().enumerate() {
                separate(index, &mut lines);
                column.push(row, &mut lines)?;
            }
            lines.push(b'\n');
        }
        self.stream.write_all(&lines).map_err(Error::Output)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(())
    }
}

/// How the values of one column become text.
enum Column<'a> {
    Plain {
        array: &'a dyn Array,
        formatter: ArrayFormatter<'a>,
    },
    Nested {
        array: &'a dyn Array,
        encoder: NullableEncoder<'a>,
    },
}

impl<'a> Column<'a> {
    fn of(
        field: &'a FieldRef,
        array: &'a dyn Array,
        texts: &FormatOptions<'a>,
        nested: &'a EncoderOptions,
    ) -> Result<Self> {
        let column = match array.data_type() {
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..) => {
                make_encoder(field, array, nested).map(|encoder| Self::Nested { array, encoder })
            }
            _ => ArrayFormatter::try_new(array, texts)
                .map(|formatter| Self::Plain { array, formatter }),
        };
        column.map_err(|error| does_not_fit("CSV", error))
    }

    fn push(&mut self, row: usize, line: &mut Vec<u8>) -> Result<()> {
        match self {
            Self::Plain { array, .. } | Self::Nested { array, .. } if array.is_null(row) => {}
            Self::Plain { formatter, .. } => {
                let text = formatter
                    .value(row)
                    .try_to_string()
                    .map_err(|error| does_not_fit("CSV", error))?;
                push_quoted(&text, line);
            }
            Self::Nested { encoder, .. } => {
                let mut json = Vec::new();
                encoder.encode(row, &mut json);
                push_quoted(&String::from_utf8_lossy(&json), line);
            }
        }
        Ok(())
    }
}

fn separate(index: usize, line: &mut Vec<u8>) {
    if index > 0 {
        line.push(b',');
    }
}

fn push_quoted(text: &str, line: &mut Vec<u8>) {
    let needs_quotes = text.is_empty()
        || text
            .bytes()
            .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !needs_quotes {
        line.extend_from_slice(text.as_bytes());
        return;
    }
    line.push(b'"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            line.extend_from_slice(b"\"\"");
        }
        line.extend_from_slice(part.as_bytes());
    }
    line.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_it_is_quoted() {
        for (text, expected) in [
            ("plain", "plain"),
            (" kept ", " kept "),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
        ] {
            let mut line = Vec::new();
            push_quoted(text, &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
