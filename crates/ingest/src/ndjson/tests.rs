//! Tests of reading streams of records.

use std::io::{Cursor, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::options::{Cancellation, Format, IngestLimits, Progress, Source};
use crate::sink::memory::MemorySink;

const INPUT: &str = include_str!("../../tests/data/input.ndjson");
const BAD: &str = include_str!("../../tests/data/bad.ndjson");

/// Limits under which a chunk holds a line or two.
const SMALL: IngestLimits = IngestLimits {
    line_bytes_max: 16 << 20,
    chunk_bytes: 300,
    queued_chunks_max: 1,
    decode_tasks_max: 3,
    batch_rows_max: 2,
    batch_bytes: 1 << 20,
    report_details_max: 5,
};

fn options(limits: IngestLimits) -> IngestOptions {
    IngestOptions {
        limits,
        ..IngestOptions::new(Format::Ndjson, 1_773_331_200_000_000)
    }
}

fn text(text: &str) -> Input {
    Input::open(Source::Reader(Box::new(Cursor::new(
        text.to_owned().into_bytes(),
    ))))
    .unwrap()
}

/// A file that a test can look into.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_keep_their_order_however_the_input_is_cut() {
    let (mut whole, mut cut) = (MemorySink::default(), MemorySink::default());
    let whole_tally = load(&mut whole, text(INPUT), options(IngestLimits::default()))
        .await
        .unwrap();
    let cut_tally = load(&mut cut, text(INPUT), options(SMALL)).await.unwrap();
    assert_eq!(whole_tally, cut_tally);
    assert_eq!((whole_tally.record_count, whole.next_seq), (121, 144));
    assert_eq!(whole.next_seq, cut.next_seq);
    assert!(cut.rows.len() > whole.rows.len());
    for (table, column) in [
        ("messages", "message_id"),
        ("conversation_meta", "conversation_id"),
        ("agents", "agent_id"),
    ] {
        assert_eq!(whole.texts(table, column), cut.texts(table, column));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_and_outcomes_are_written_in_the_order_of_the_input() {
    let (rejects, outcomes) = (Shared::default(), Shared::default());
    let mut options = options(SMALL);
    options.rejects = Some(Box::new(rejects.clone()));
    options.outcomes = Some(Box::new(outcomes.clone()));
    let mut sink = MemorySink::default();
    let tally = load(&mut sink, text(BAD), options).await.unwrap();
    assert_eq!(
        outcomes.text(),
        include_str!("../../tests/data/bad_outcome.csv")
    );
    assert_eq!(tally.rejects.count, 31);
    assert_eq!(tally.rejects.first.len(), SMALL.report_details_max);
    assert_eq!(tally.rejects.codes.values().sum::<u64>(), 31);
    let lines: Vec<serde_json::Value> = rejects
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 31);
    assert_eq!(
        lines[0],
        serde_json::json!({"line": 2, "code": "bad_json", "record": "{\"type\":\"capture\","})
    );
    let bad_lines: Vec<_> = BAD.lines().collect();
    for line in lines {
        let number = usize::try_from(line["line"].as_u64().unwrap()).unwrap();
        assert_eq!(line["record"], bad_lines[number - 1]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_counts_raw_bytes_and_records_up_to_all_of_them() {
    let (bytes, records) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let seen = (Arc::clone(&bytes), Arc::clone(&records));
    let packed = zstd::encode_all(INPUT.as_bytes(), 1).unwrap();
    let packed_bytes = packed.len() as u64;
    let mut options = options(SMALL);
    options.progress = Some(Arc::new(move |progress: Progress| {
        assert!(seen.0.swap(progress.input_bytes, Ordering::SeqCst) <= progress.input_bytes);
        assert!(seen.1.swap(progress.record_count, Ordering::SeqCst) <= progress.record_count);
    }));
    let input = Input::open(Source::Reader(Box::new(Cursor::new(packed)))).unwrap();
    load(&mut MemorySink::default(), input, options)
        .await
        .unwrap();
    assert_eq!(
        (bytes.load(Ordering::SeqCst), records.load(Ordering::SeqCst)),
        (packed_bytes, 121)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_input_is_one_clear_error() {
    let mut packed = zstd::encode_all(INPUT.as_bytes(), 1).unwrap();
    packed.truncate(packed.len() / 2);
    let input = Input::open(Source::Reader(Box::new(Cursor::new(packed)))).unwrap();
    let error = load(&mut MemorySink::default(), input, options(SMALL))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the input after "),
        "{error}"
    );
    assert_eq!(error.code(), chatlake_types::ErrorCode::InvalidInput);
}

/// Gives lines for ever and cancels the load after some.
struct Endless {
    cancellation: Cancellation,
    left: u32,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.cancellation.cancel();
        }
        buffer.fill(b'\n');
        Ok(buffer.len())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_load_ends_although_its_input_does_not() {
    let options = options(SMALL);
    let endless = Endless {
        cancellation: options.cancellation.clone(),
        left: 50,
    };
    let input = Input::open(Source::Reader(Box::new(endless))).unwrap();
    let error = load(&mut MemorySink::default(), input, options)
        .await
        .unwrap_err();
    assert_eq!(error.code(), chatlake_types::ErrorCode::Cancelled);
}

/// A source with a bug.
struct Panicking;

impl Read for Panicking {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        panic!("a bug in a test's reader")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_panics_is_not_taken_for_the_end() {
    let input = Input::open(Source::Reader(Box::new(Panicking))).unwrap();
    let error = load(&mut MemorySink::default(), input, options(SMALL))
        .await
        .unwrap_err();
    assert_eq!(error.code(), chatlake_types::ErrorCode::Internal);
}

/// A file on a full disk.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejects_file_that_cannot_be_written_ends_the_load() {
    let mut options = options(SMALL);
    options.rejects = Some(Box::new(Full));
    let error = load(&mut MemorySink::default(), text(BAD), options)
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("cannot write the rejects"),
        "{error}"
    );
}
