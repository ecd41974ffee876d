//! CSV as in RFC 4180.
//!
//! Guarantees:
//! 1. the first line names the columns; the text is UTF-8 without a byte order mark;
//! 2. a value is quoted when it holds a comma, a quote or a line end, quotes inside are doubled;
//! 3. NULL is an empty field and an empty text is `""`, so the two stay apart;
//! 4. decimals have all their digits, floats the fewest that read back as the same number, instants are RFC 3339 with the
//!    offset of their column's zone and a fraction only where there is one, nested values (lists) are JSON;
//! 5. on demand no text is a formula to a spreadsheet: text that starts with `=`, `+`, `-`, `@`, a tab or a carriage return
//!    gets a `'` in front. Ids and phone numbers are exempt, as tools look them up (domain specification §7.10).

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::json::writer::{EncoderOptions, NullableEncoder, make_encoder};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::encoder::{FileEncoder, does_not_fit};
use crate::Result;

/// What differs between CSV files for different readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// What ends a line.
    pub line_end: LineEnd,
    /// Whether text that a spreadsheet would take for a formula gets a `'` in front.
    pub guards_formulas: bool,
}

/// What ends a line of CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `\r\n`, which RFC 4180 asks for.
    CarriageReturnLineFeed,
    /// `\n`: every CSV reader takes it, and `cut` and `tail` work.
    LineFeed,
}

impl LineEnd {
    fn bytes(self) -> &'static [u8] {
        match self {
            Self::CarriageReturnLineFeed => b"\r\n",
            Self::LineFeed => b"\n",
        }
    }
}

/// Writes rows as comma-separated values.
#[derive(Debug)]
pub struct CsvEncoder {
    options: CsvOptions,
    /// Which columns hold text that is guarded.
    guarded: Vec<bool>,
}

impl CsvEncoder {
    /// Appends the header to `out`.
    pub fn start(schema: &Schema, options: CsvOptions, out: &mut Vec<u8>) -> Self {
        for (index, field) in schema.fields().iter().enumerate() {
            separate(index, out);
            push_field(field.name(), out);
        }
        out.extend_from_slice(options.line_end.bytes());
        let is_guarded = |field: &FieldRef| {
            options.guards_formulas && is_text(field.data_type()) && !is_looked_up(field.name())
        };
        let guarded = schema.fields().iter().map(is_guarded).collect();
        Self { options, guarded }
    }
}

impl FileEncoder for CsvEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        let texts = FormatOptions::new();
        let nested = EncoderOptions::default();
        let mut columns = Vec::with_capacity(batch.num_columns());
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            columns.push(Column::of(field, array.as_ref(), &texts, &nested)?);
        }
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter_mut().enumerate() {
                separate(index, out);
                text.clear();
                if !column.push(row, &mut text)? {
                    continue;
                }
                if self.guarded.get(index) == Some(&true) && is_formula(&text) {
                    text.insert(0, '\'');
                }
                push_field(&text, out);
            }
            out.extend_from_slice(self.options.line_end.bytes());
        }
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<()> {
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
    Text(&'a StringArray),
}

impl<'a> Column<'a> {
    fn of(
        field: &'a FieldRef,
        array: &'a dyn Array,
        texts: &FormatOptions<'a>,
        nested: &'a EncoderOptions,
    ) -> Result<Self> {
        let column = match array.data_type() {
            DataType::Utf8 => return Ok(Self::Text(array.as_string())),
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

    /// Appends the value of `row`; false for NULL.
    fn push(&mut self, row: usize, text: &mut String) -> Result<bool> {
        match self {
            Self::Text(array) if array.is_null(row) => return Ok(false),
            Self::Plain { array, .. } | Self::Nested { array, .. } if array.is_null(row) => {
                return Ok(false);
            }
            Self::Text(array) => text.push_str(array.value(row)),
            Self::Plain { formatter, .. } => {
                let written = formatter.value(row).write(text);
                written.map_err(|error| does_not_fit("CSV", error))?;
            }
            Self::Nested { encoder, .. } => {
                let mut json = Vec::new();
                encoder.encode(row, &mut json);
                text.push_str(&String::from_utf8_lossy(&json));
            }
        }
        Ok(true)
    }
}

/// Columns of ids and phone numbers: `+49…` and `-7` are values that people and programs look up, and no formula.
fn is_looked_up(name: &str) -> bool {
    ["id", "phone"].iter().any(|word| {
        name.strip_suffix(word)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    })
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Would a spreadsheet take the text for a formula?
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn separate(index: usize, out: &mut Vec<u8>) {
    if index > 0 {
        out.push(b',');
    }
}

fn push_field(text: &str, out: &mut Vec<u8>) {
    let needs_quotes = text.is_empty()
        || text
            .bytes()
            .any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !needs_quotes {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.extend_from_slice(b"\"\"");
        }
        out.extend_from_slice(part.as_bytes());
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::sample::{self, bytes_of, texts};

    const PLAIN: CsvOptions = CsvOptions {
        line_end: LineEnd::LineFeed,
        guards_formulas: false,
    };
    const GUARDED: CsvOptions = CsvOptions {
        line_end: LineEnd::LineFeed,
        guards_formulas: true,
    };

    fn csv(batch: &RecordBatch, options: CsvOptions) -> String {
        let bytes = bytes_of(super::super::ExportFormat::Csv, batch, options);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_what_needs_it_is_quoted() {
        for (text, expected) in [
            ("plain", "plain"),
            (" kept ", " kept "),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("two\rlines", "\"two\rlines\""),
            ("semi;colon\tand tab", "semi;colon\tand tab"),
            ("Größe 日本 👍", "Größe 日本 👍"),
        ] {
            let batch = texts("text", &[Some(text)]);
            assert_eq!(csv(&batch, PLAIN), format!("text\n{expected}\n"));
        }
    }

    #[test]
    fn null_and_empty_text_stay_apart_and_names_are_quoted_too() {
        let batch = texts("a,b", &[None, Some("")]);
        assert_eq!(csv(&batch, PLAIN), "\"a,b\"\n\n\"\"\n");
    }

    #[test]
    fn every_type_has_its_exact_text() {
        let options = CsvOptions {
            line_end: LineEnd::CarriageReturnLineFeed,
            guards_formulas: true,
        };
        assert_eq!(
            csv(&sample::every_type("America/New_York"), options),
            "n,rate,mrr,ok,day,at,tags\r\n\
             -7,0.1,1234567.80,true,2026-03-08,2026-03-08T01:59:59.999-05:00,\"[\"\"a\"\",\"\"b,c\"\"]\"\r\n\
             9007199254740993,1e-7,-0.05,false,2026-11-01,2026-03-08T03:00:00-04:00,[]\r\n\
             0,1e300,0.00,true,1969-12-31,2026-03-12T12:00:00.000001-04:00,\"[\"\"x\"\",null]\"\r\n\
             ,,,,,,\r\n"
        );
    }

    #[test]
    fn text_that_looks_like_a_formula_is_guarded() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+49 170", "'+49 170"),
            ("-5", "'-5"),
            ("@cmd", "'@cmd"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            (
                "=HYPERLINK(\"u\",\"x\")",
                "\"'=HYPERLINK(\"\"u\"\",\"\"x\"\")\"",
            ),
            (" =1", " =1"),
            ("'=1", "'=1"),
            ("a=b", "a=b"),
            ("", "\"\""),
            ("\n=1", "\"\n=1\""),
        ] {
            let batch = texts("name", &[Some(text)]);
            assert_eq!(
                csv(&batch, GUARDED),
                format!("name\n{expected}\n"),
                "{text}"
            );
        }
        assert_eq!(csv(&texts("name", &[Some("=1")]), PLAIN), "name\n=1\n");
        assert_eq!(csv(&texts("name", &[None]), GUARDED), "name\n\n");
    }

    #[test]
    fn ids_phone_numbers_and_numbers_are_as_they_are() {
        for name in ["id", "user_id", "phone", "user_phone"] {
            let batch = texts(name, &[Some("+49")]);
            assert_eq!(csv(&batch, GUARDED), format!("{name}\n+49\n"));
        }
        for name in ["paid", "phones", "smartphone", "id_text", "Id"] {
            let batch = texts(name, &[Some("+49")]);
            assert_eq!(csv(&batch, GUARDED), format!("{name}\n'+49\n"));
        }
    }

    #[test]
    fn no_rows_are_a_header() {
        let batch = sample::every_type("UTC").slice(0, 0);
        assert_eq!(csv(&batch, PLAIN), "n,rate,mrr,ok,day,at,tags\n");
    }
}
