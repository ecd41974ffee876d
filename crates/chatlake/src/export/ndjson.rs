//! NDJSON: one JSON object per row and line.
//!
//! Guarantees: every column is in every object, NULL as `null`; decimals are numbers with all their digits (a reader that
//! makes floats of them loses what floats lose); floats have the fewest digits that read back as the same number; instants
//! are RFC 3339 with the offset of their column's zone; lists are arrays; lines end in `\n`.

use arrow::array::RecordBatch;
use arrow::json::writer::{LineDelimited, WriterBuilder};

use super::encoder::{FileEncoder, does_not_fit};
use crate::Result;

/// Writes rows as JSON lines; needs no header.
#[derive(Clone, Copy, Debug, Default)]
pub struct NdjsonEncoder;

impl FileEncoder for NdjsonEncoder {
    fn encode(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        let mut writer = builder.build::<_, LineDelimited>(out);
        writer
            .write(batch)
            .and_then(|()| writer.finish())
            .map_err(|error| does_not_fit("JSON", error))
    }

    fn finish(&mut self, _: &mut Vec<u8>) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::csv::{CsvOptions, LineEnd};
    use crate::export::sample::{self, bytes_of, texts};

    fn ndjson(batch: &RecordBatch) -> String {
        let options = CsvOptions {
            line_end: LineEnd::LineFeed,
            guards_formulas: true,
        };
        let bytes = bytes_of(super::super::ExportFormat::Ndjson, batch, options);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_type_has_its_exact_json() {
        assert_eq!(
            ndjson(&sample::every_type("America/New_York")),
            "{\"n\":-7,\"rate\":0.1,\"mrr\":1234567.80,\"ok\":true,\"day\":\"2026-03-08\",\
              \"at\":\"2026-03-08T01:59:59.999-05:00\",\"tags\":[\"a\",\"b,c\"]}\n\
             {\"n\":9007199254740993,\"rate\":1.0e-7,\"mrr\":-0.05,\"ok\":false,\"day\":\"2026-11-01\",\
              \"at\":\"2026-03-08T03:00:00-04:00\",\"tags\":[]}\n\
             {\"n\":0,\"rate\":1.0e300,\"mrr\":0.00,\"ok\":true,\"day\":\"1969-12-31\",\
              \"at\":\"2026-03-12T12:00:00.000001-04:00\",\"tags\":[\"x\",null]}\n\
             {\"n\":null,\"rate\":null,\"mrr\":null,\"ok\":null,\"day\":null,\"at\":null,\"tags\":null}\n"
        );
    }

    #[test]
    fn text_is_escaped_and_nothing_is_a_formula_here() {
        let batch = texts("text", &[Some("say \"hi\"\n=1\u{1}"), None, Some("")]);
        assert_eq!(
            ndjson(&batch),
            "{\"text\":\"say \\\"hi\\\"\\n=1\\u0001\"}\n{\"text\":null}\n{\"text\":\"\"}\n"
        );
    }

    #[test]
    fn no_rows_are_no_bytes() {
        assert_eq!(ndjson(&texts("text", &[])), "");
    }
}
