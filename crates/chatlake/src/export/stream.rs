//! A file on its way out: rows are asked for, encoded and handed on, chunk by chunk.
//!
//! 1. A batch of rows is taken from the query and cut into pieces of about a megabyte.
//! 2. The instants of a piece move into the zone of the file, then the piece is encoded, on a thread for blocking work.
//! 3. What the format has written by then is the next chunk; a format that gathers first (Parquet) is given the next piece.
//!
//! Guarantees: the chunks in a row are the file; who stops asking stops the query.

use arrow::array::RecordBatch;
use datafusion::execution::SendableRecordBatchStream;
use futures::TryStreamExt;

use super::csv::{CsvOptions, LineEnd};
use super::encoder::{FileEncoder, does_not_fit, piece_row_count};
use super::files::FileCall;
use super::format::ExportFormat;
use super::instants::Instants;
use crate::{Error, Result};

/// How a file looks.
#[derive(Clone, Debug)]
pub(super) struct FileShape {
    format: ExportFormat,
    csv: CsvOptions,
    /// The zone of its instants.
    zone: String,
}

impl FileShape {
    /// The shape of the file of a call about an account in `timezone`.
    pub(super) fn new(call: &FileCall, timezone: String) -> Self {
        Self {
            format: call.format,
            csv: CsvOptions {
                line_end: LineEnd::CarriageReturnLineFeed,
                guards_formulas: !call.is_raw,
            },
            zone: match call.format {
                ExportFormat::Csv | ExportFormat::Ndjson => timezone,
                ExportFormat::Parquet => "UTC".to_owned(),
            },
        }
    }
}

/// See the module's documentation.
pub struct ExportStream {
    rows: SendableRecordBatchStream,
    instants: Instants,
    /// What opens the file, until it was handed out.
    opening: Vec<u8>,
    /// What is left of the batch that was taken last.
    rest: Option<RecordBatch>,
    /// None after the end, and after a failure.
    encoder: Option<Box<dyn FileEncoder>>,
    row_count: u64,
}

impl std::fmt::Debug for ExportStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExportStream")
            .field("row_count", &self.row_count)
            .finish_non_exhaustive()
    }
}

impl ExportStream {
    /// A file of the rows, which have readable types.
    pub(super) fn start(rows: SendableRecordBatchStream, shape: &FileShape) -> Result<Self> {
        let instants = Instants::new(&rows.schema(), &shape.zone);
        let mut opening = Vec::new();
        let encoder = shape
            .format
            .encoder(instants.schema(), shape.csv, &mut opening)?;
        Ok(Self {
            rows,
            instants,
            opening,
            rest: None,
            encoder: Some(encoder),
            row_count: 0,
        })
    }

    /// The next bytes of the file; `None` after its end.
    ///
    /// # Errors
    /// When the query fails, or the format cannot hold a value. Nothing comes after that.
    pub async fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        if !self.opening.is_empty() {
            return Ok(Some(std::mem::take(&mut self.opening)));
        }
        while let Some(mut encoder) = self.encoder.take() {
            let piece = self.next_piece().await?;
            let is_end = piece.is_none();
            let instants = self.instants.clone();
            let task = tokio::task::spawn_blocking(move || {
                let mut bytes = Vec::new();
                match piece {
                    Some(piece) => {
                        let piece = instants.convert(&piece);
                        let piece = piece.map_err(|error| does_not_fit("text", error))?;
                        encoder.encode(&piece, &mut bytes)?;
                    }
                    None => encoder.finish(&mut bytes)?,
                }
                Ok::<_, Error>((encoder, bytes))
            });
            let done = task.await;
            let (encoder, bytes) = done.map_err(|error| Error::Internal(error.to_string()))??;
            self.encoder = Some(encoder).filter(|_| !is_end);
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Rows encoded so far; all rows of the file after its last chunk.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// The next rows to encode together; `None` when there are no more.
    async fn next_piece(&mut self) -> Result<Option<RecordBatch>> {
        let batch = match self.rest.take() {
            Some(rest) => rest,
            None => match self.rows.try_next().await? {
                Some(batch) => batch,
                None => return Ok(None),
            },
        };
        let count = piece_row_count(&batch).min(batch.num_rows());
        let left = batch.num_rows() - count;
        self.rest = (left > 0).then(|| batch.slice(count, left));
        self.row_count += count as u64;
        Ok(Some(batch.slice(0, count)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use datafusion::error::DataFusionError;
    use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

    use super::*;
    use crate::export::sample;

    fn shape(format: ExportFormat) -> FileShape {
        FileShape {
            format,
            csv: CsvOptions {
                line_end: LineEnd::CarriageReturnLineFeed,
                guards_formulas: true,
            },
            zone: "America/New_York".to_owned(),
        }
    }

    fn rows(batches: Vec<Result<RecordBatch, DataFusionError>>) -> SendableRecordBatchStream {
        let schema = batches[0].as_ref().unwrap().schema();
        let batches = futures::stream::iter(batches);
        Box::pin(RecordBatchStreamAdapter::new(schema, batches))
    }

    async fn chunks(stream: &mut ExportStream) -> Vec<String> {
        let mut chunks = Vec::new();
        while let Some(chunk) = stream.next_chunk().await.unwrap() {
            assert!(!chunk.is_empty());
            chunks.push(String::from_utf8(chunk).unwrap());
        }
        chunks
    }

    #[tokio::test]
    async fn chunks_in_a_row_are_the_file() {
        let batch = sample::every_type("UTC");
        for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
            let shape = shape(format);
            let cut = [(0, 1), (1, 0), (1, 3)].map(|(start, count)| Ok(batch.slice(start, count)));
            let mut stream = ExportStream::start(rows(cut.into()), &shape).unwrap();
            let expected = sample::bytes_of(format, &sample::every_type(&shape.zone), shape.csv);
            assert_eq!(chunks(&mut stream).await.concat().into_bytes(), expected);
            assert_eq!(stream.row_count(), 4);
            assert!(stream.next_chunk().await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_large_batch_comes_in_several_chunks() {
        let long = "x".repeat(100_000);
        let texts: ArrayRef = Arc::new(StringArray::from(vec![long.as_str(); 64]));
        let batch = RecordBatch::try_from_iter([("text", texts)]).unwrap();
        let shape = shape(ExportFormat::Ndjson);
        let mut stream = ExportStream::start(rows(vec![Ok(batch)]), &shape).unwrap();
        let chunks = chunks(&mut stream).await;
        assert!(chunks.len() > 4, "{}", chunks.len());
        assert!(chunks.iter().all(|chunk| chunk.len() < 2_000_000));
        assert_eq!(stream.row_count(), 64);
    }

    #[tokio::test]
    async fn nothing_comes_after_a_failure() {
        let failure = DataFusionError::Execution("the disk is gone".to_owned());
        let batches = vec![Ok(sample::texts("text", &[Some("a")])), Err(failure)];
        let mut stream = ExportStream::start(rows(batches), &shape(ExportFormat::Csv)).unwrap();
        assert_eq!(stream.next_chunk().await.unwrap().unwrap(), b"text\r\n");
        assert_eq!(stream.next_chunk().await.unwrap().unwrap(), b"a\r\n");
        let error = stream.next_chunk().await.unwrap_err();
        assert_eq!(error.to_string(), "the disk is gone");
        assert!(stream.next_chunk().await.unwrap().is_none());
    }
}
