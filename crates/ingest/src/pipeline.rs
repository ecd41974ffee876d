//! The stages that every format shares: one thread reads, several check, one task hands over in order.
//!
//! 1. A blocking thread pulls parts (chunks of lines, batches of rows) out of the input into a bounded queue.
//! 2. Parts are checked on blocking threads, a bounded number at the same time.
//! 3. The checked parts arrive in the order of the input: numbers are reserved, rows appended, lines written.
//!
//! Guarantees: memory is bounded by the queue and the number of checkers; a caller who cancels, or goes away, stops
//! every stage at its next part.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use chatlake_storage::Rows;
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;

use crate::error::{Error, Result};
use crate::input::ByteCount;
use crate::options::{Cancellation, IngestLimits, IngestOptions, Progress, ProgressCallback};
use crate::report::Tally;
use crate::sink::RowSink;

/// A checked part of the input.
pub(crate) struct Checked {
    /// Numbers of `ingest_seq` that the rows need.
    pub(crate) row_count: u64,
    pub(crate) tally: Tally,
    /// Lines of the rejects file.
    pub(crate) reject_lines: Vec<u8>,
    /// Lines of the outcomes file.
    pub(crate) outcome_lines: Vec<u8>,
    /// The rows, once the first number is known.
    pub(crate) rows: Box<dyn FnOnce(i64) -> Result<Vec<Rows>> + Send>,
}

/// Where a load writes and tells what it does, and what ends it early.
pub(crate) struct Reporting {
    rejects: Option<LineWriter>,
    outcomes: Option<LineWriter>,
    progress: Option<ProgressCallback>,
    pub(crate) cancellation: Cancellation,
    pub(crate) limits: IngestLimits,
}

/// A file that gets lines.
struct LineWriter {
    what: &'static str,
    writer: BufWriter<Box<dyn Write + Send>>,
}

impl LineWriter {
    fn write(&mut self, lines: &[u8]) -> Result<()> {
        self.writer.write_all(lines).map_err(|source| Error::Write {
            what: self.what,
            source,
        })
    }

    fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(|source| Error::Write {
            what: self.what,
            source,
        })
    }
}

impl Reporting {
    /// Takes the writers and callbacks out of the options; `outcome_header` is written at once.
    pub(crate) fn new(options: &mut IngestOptions, outcome_header: &str) -> Result<Self> {
        let lines = |what, writer: Option<Box<dyn Write + Send>>| {
            writer.map(|writer| LineWriter {
                what,
                writer: BufWriter::new(writer),
            })
        };
        let mut outcomes = lines("outcomes", options.outcomes.take());
        if let Some(outcomes) = &mut outcomes {
            outcomes.write(outcome_header.as_bytes())?;
        }
        Ok(Self {
            rejects: lines("rejects", options.rejects.take()),
            outcomes,
            progress: options.progress.clone(),
            cancellation: options.cancellation.clone(),
            limits: options.limits,
        })
    }

    pub(crate) fn wants_rejects(&self) -> bool {
        self.rejects.is_some()
    }

    pub(crate) fn wants_outcomes(&self) -> bool {
        self.outcomes.is_some()
    }

    fn write(&mut self, checked: &Checked) -> Result<()> {
        if let Some(rejects) = &mut self.rejects {
            rejects.write(&checked.reject_lines)?;
        }
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.write(&checked.outcome_lines)?;
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<()> {
        self.rejects
            .iter_mut()
            .chain(&mut self.outcomes)
            .try_for_each(LineWriter::flush)
    }
}

/// Runs the stages: `read` gives parts until there are none, `check` checks one.
pub(crate) async fn run<P, R, C>(
    sink: &mut impl RowSink,
    mut reporting: Reporting,
    byte_count: ByteCount,
    read: R,
    check: C,
) -> Result<Tally>
where
    P: Send + 'static,
    R: FnMut() -> Result<Option<P>> + Send + 'static,
    C: Fn(P) -> Result<Checked> + Send + Sync + 'static,
{
    let parts = read_parts(read, reporting.limits.queued_chunks_max);
    let check = Arc::new(check);
    let checking = parts.map(move |part| {
        let check = Arc::clone(&check);
        tokio::task::spawn_blocking(move || check(part?))
    });
    let mut checking = std::pin::pin!(checking.buffered(reporting.limits.decode_tasks_max.max(1)));
    let cancellation = reporting.cancellation.clone();
    let mut tally = Tally::default();
    loop {
        let next = tokio::select! {
            biased;
            () = cancellation.cancelled() => return Err(Error::Cancelled),
            next = checking.next() => next,
        };
        let Some(checked) = next else {
            break;
        };
        let checked = checked??;
        reporting.write(&checked)?;
        let first_seq = sink.reserve_ingest_seq(checked.row_count);
        for rows in (checked.rows)(first_seq)? {
            sink.append(rows).await?;
        }
        tally.merge(checked.tally, reporting.limits.report_details_max);
        if let Some(progress) = &reporting.progress {
            progress(Progress {
                input_bytes: byte_count.get(),
                record_count: tally.record_count,
            });
        }
    }
    reporting.finish()?;
    Ok(tally)
}

/// Parts read on a thread of their own, as a stream that never holds more than `queued_max` of them.
fn read_parts<P, R>(mut read: R, queued_max: usize) -> impl Stream<Item = Result<P>>
where
    P: Send + 'static,
    R: FnMut() -> Result<Option<P>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(queued_max.max(1));
    // It ends with the input, or when nobody receives any more.
    let reader = tokio::task::spawn_blocking(move || {
        while let Some(part) = read().transpose() {
            let is_last = part.is_err();
            if sender.blocking_send(part).is_err() || is_last {
                break;
            }
        }
    });
    futures::stream::unfold(
        (receiver, Some(reader)),
        |(mut receiver, reader)| async move {
            if let Some(part) = receiver.recv().await {
                return Some((part, (receiver, reader)));
            }
            // A reader that panicked would otherwise look like the end of the input.
            let error = reader?.await.err()?;
            Some((Err(error.into()), (receiver, None)))
        },
    )
}
