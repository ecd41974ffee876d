//! Loads into a real lake (in memory): what becomes visible, what a retry does, what a failure leaves behind.
//!
//! Guarantees: through the public interface only; no network, no clock but a fixed one.

#![expect(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs::File;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray};
use chatlake_ingest::{
    Cancellation, Format, IngestOptions, IngestReport, OnError, Result, Source, ingest,
};
use chatlake_storage::{Lake, Location, StorageSettings};
use chatlake_types::{ErrorCode, FixedClock};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// 2026-03-12T16:00:00Z in µs.
const NOW: i64 = 1_773_331_200_000_000;

const INPUT: &str = include_str!("data/input.ndjson");

async fn lake() -> Arc<Lake> {
    let location = Location::parse("memory://").unwrap();
    Lake::open(
        location,
        StorageSettings::default(),
        Arc::new(FixedClock(NOW)),
        true,
    )
    .await
    .unwrap()
}

fn text(text: impl Into<Vec<u8>>) -> Source {
    Source::Reader(Box::new(Cursor::new(text.into())))
}

async fn ndjson(lake: &Arc<Lake>, input: &str) -> Result<IngestReport> {
    ingest(lake, text(input), IngestOptions::new(Format::Ndjson, NOW)).await
}

fn bulk(format: Format, table: &str) -> IngestOptions {
    IngestOptions {
        table: Some(table.to_owned()),
        ..IngestOptions::new(format, NOW)
    }
}

/// Rows stored per table.
fn rows(report: &IngestReport) -> Vec<(&str, u64)> {
    report
        .tables
        .iter()
        .map(|table| (table.table.as_str(), table.rows))
        .collect()
}

fn outcome(report: &IngestReport) -> (u64, u64, u64) {
    (report.accepted, report.duplicates, report.rejected)
}

#[tokio::test(flavor = "multi_thread")]
async fn loading_an_input_again_changes_nothing_and_counts_duplicates() {
    let lake = lake().await;
    let first = ndjson(&lake, INPUT).await.unwrap();
    assert_eq!(first.commit, Some(1));
    assert_eq!(first.accepted + first.duplicates, 121);
    let again = ndjson(&lake, INPUT).await.unwrap();
    assert_eq!(outcome(&again), (0, 121, 0));
    assert_eq!(again.commit, None);
    assert!(
        again.tables.iter().all(|table| table.rows == 0),
        "{:?}",
        again.tables
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_counts_by_its_metadata_not_by_its_messages() {
    let capture = |at: &str, id: &str| {
        format!(
            r#"{{"type":"capture","chatbot_id":"a","conversationId":"b","received_at":"2026-03-12T15:00:00Z","metadataAt":"{at}","messages":[{{"id":"{id}","role":"user","content":"x"}}]}}"#
        )
    };
    let lake = lake().await;
    let first = capture("2026-03-12T15:00:00Z", "1");
    assert_eq!(outcome(&ndjson(&lake, &first).await.unwrap()), (1, 0, 0));
    assert_eq!(outcome(&ndjson(&lake, &first).await.unwrap()), (0, 1, 0));
    let later = ndjson(&lake, &capture("2026-03-12T15:30:00Z", "1"))
        .await
        .unwrap();
    assert_eq!(outcome(&later), (1, 0, 0));
    assert_eq!(rows(&later), [("conversation_meta", 1), ("messages", 0)]);
    assert_eq!(later.tables[1].duplicate_rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_ends_in_damage_stores_nothing() {
    let lake = lake().await;
    let mut packed = zstd::encode_all(INPUT.repeat(500).as_bytes(), 1).unwrap();
    packed.truncate(packed.len() - 5);
    let error = ingest(&lake, text(packed), IngestOptions::new(Format::Ndjson, NOW))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidInput);
    assert!(lake.commits().is_empty());
    // The writer is free again, and numbering goes on.
    assert_eq!(ndjson(&lake, INPUT).await.unwrap().commit, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_load_stores_nothing() {
    let lake = lake().await;
    let cancellation = Cancellation::default();
    cancellation.cancel();
    let options = IngestOptions {
        cancellation,
        ..IngestOptions::new(Format::Ndjson, NOW)
    };
    let error = ingest(&lake, text(INPUT), options).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::Cancelled);
    assert!(lake.commits().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_input_is_no_trouble_and_no_commit() {
    let lake = lake().await;
    for input in ["", "\n\n \n"] {
        let report = ndjson(&lake, input).await.unwrap();
        assert_eq!((outcome(&report), report.commit), ((0, 0, 0), None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_that_do_not_fit_the_format_are_refused() {
    let lake = lake().await;
    let message = async |source, options| {
        ingest(&lake, source, options)
            .await
            .unwrap_err()
            .to_string()
    };
    let csv = || IngestOptions::new(Format::Csv, NOW);
    assert_eq!(
        message(text(""), csv()).await,
        "a table name is needed for format csv"
    );
    assert_eq!(
        message(text(""), bulk(Format::Ndjson, "flows")).await,
        "a table name is not taken by format ndjson"
    );
    assert_eq!(
        message(text(""), bulk(Format::Parquet, "flows")).await,
        "expected a file path for Parquet, found a stream"
    );
    let unknown = message(text(""), bulk(Format::Csv, "nope")).await;
    assert!(
        unknown.starts_with("expected the name of a stored table (accounts, agents"),
        "{unknown}"
    );
    assert!(unknown.ends_with("found `nope`"), "{unknown}");
    let outcomes = IngestOptions {
        outcomes: Some(Box::new(std::io::sink())),
        ..bulk(Format::Csv, "flows")
    };
    assert_eq!(
        message(text(""), outcomes).await,
        "an outcomes file is not taken by format csv"
    );
    let missing = message(
        Source::Path("no/such/file".into()),
        IngestOptions::new(Format::Ndjson, NOW),
    )
    .await;
    assert!(
        missing.starts_with("cannot open `no/such/file`"),
        "{missing}"
    );
}

/// Good messages `first..last` of one conversation.
fn messages(first: usize, last: usize) -> RecordBatch {
    let same = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text; last - first])) };
    let ids: StringArray = (first..last)
        .map(|number| Some(format!("m{number}")))
        .collect();
    let times = TimestampMicrosecondArray::from(vec![NOW; last - first]);
    RecordBatch::try_from_iter([
        ("content", same("hi")),
        ("message_id", Arc::new(ids) as ArrayRef),
        ("chatbot_id", same("cb")),
        ("conversation_id", same("c")),
        ("sent_at", Arc::new(times)),
        ("sender_type", same("customer")),
    ])
    .unwrap()
}

fn parquet(folder: &TempDir, name: &str, batches: &[RecordBatch]) -> PathBuf {
    let path = folder.path().join(name);
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batches[0].schema(), None).unwrap();
    batches
        .iter()
        .for_each(|batch| writer.write(batch).unwrap());
    writer.close().unwrap();
    path
}

async fn load_parquet(lake: &Arc<Lake>, path: &Path) -> Result<IngestReport> {
    ingest(
        lake,
        Source::Path(path.to_owned()),
        bulk(Format::Parquet, "messages"),
    )
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parquet_file_is_loaded_once_however_often_it_is_given() {
    let (lake, folder) = (lake().await, TempDir::new().unwrap());
    let path = parquet(
        &folder,
        "messages.parquet",
        &[messages(0, 70_000), messages(70_000, 100_000)],
    );
    let report = load_parquet(&lake, &path).await.unwrap();
    assert_eq!(
        (outcome(&report), rows(&report)),
        ((100_000, 0, 0), vec![("messages", 100_000)])
    );
    assert_eq!(report.input_bytes, path.metadata().unwrap().len());
    let again = load_parquet(&lake, &path).await.unwrap();
    assert_eq!((outcome(&again), again.commit), ((0, 100_000, 0), None));
    // A record of the same key is the same message.
    let record = r#"{"type":"message","chatbot_id":"cb","conversation_id":"c","message_id":"m5","sender_type":"bot","sent_at":"2026-03-12T14:00:00Z","content":"other"}"#;
    assert_eq!(outcome(&ndjson(&lake, record).await.unwrap()), (0, 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_parquet_file_is_one_clear_error_wherever_it_is_damaged() {
    let (lake, folder) = (lake().await, TempDir::new().unwrap());
    let path = parquet(&folder, "good.parquet", &[messages(0, 2_000)]);
    let good = std::fs::read(&path).unwrap();
    let damaged = folder.path().join("damaged.parquet");
    for length in [0, 3, 8, good.len() / 2, good.len() - 1] {
        std::fs::write(&damaged, &good[..length]).unwrap();
        let error = load_parquet(&lake, &damaged).await.unwrap_err();
        assert_eq!(
            error.code(),
            ErrorCode::InvalidInput,
            "cut at {length}: {error}"
        );
        assert!(
            error.to_string().contains("is not a readable Parquet file"),
            "{error}"
        );
    }
    std::fs::write(&damaged, INPUT).unwrap();
    assert_eq!(
        load_parquet(&lake, &damaged).await.unwrap_err().code(),
        ErrorCode::InvalidInput
    );
    assert!(lake.commits().is_empty());
}

const CSV: &str = "\u{feff}sent_at,chatbot_id,conversation_id,message_id,sender_type,content\r
2026-03-12T14:00:00Z,cb,c,m1,customer,\"two\r\nlines, \"\"quoted\"\"\"\r
2026-03-12 14:00:00,cb,c,m2,customer,naive\r
2026-03-12T14:00:00+01:00, cb ,c,m3,BOT,\r
2026-03-12T14:00:00Z,cb,c,m4\r
2026-03-12T14:00:00Z,cb,c,m5,robot,x\r
";

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_file_stops_at_its_first_bad_row_or_skips_bad_rows() {
    let lake = lake().await;
    let error = ingest(&lake, text(CSV), bulk(Format::Csv, "messages"))
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("row 2 is rejected with `bad_timestamp:sent_at`"),
        "{error}"
    );
    assert!(lake.commits().is_empty());

    let folder = TempDir::new().unwrap();
    let rejects = folder.path().join("rejects.ndjson");
    let mut options = bulk(Format::Csv, "messages");
    options.on_error = OnError::Skip;
    options.rejects = Some(Box::new(File::create(&rejects).unwrap()));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(CSV.as_bytes()).unwrap();
    let report = ingest(&lake, text(packed.finish().unwrap()), options)
        .await
        .unwrap();
    assert_eq!(
        (outcome(&report), rows(&report)),
        ((2, 0, 3), vec![("messages", 2)])
    );
    let expected = "{\"row\":2,\"code\":\"bad_timestamp:sent_at\"}\n{\"row\":4,\"code\":\"bad_csv\"}\n{\"row\":5,\"code\":\"bad_value:sender_type\"}\n";
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_row_without_end_cannot_fill_the_memory() {
    let lake = lake().await;
    let mut options = bulk(Format::Csv, "flows");
    options.limits.line_bytes_max = 1_000;
    let endless = format!("chatbot_id,flow_id,name\ncb,f,\"{}", "x".repeat(1 << 20));
    let error = ingest(&lake, text(endless), options).await.unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read the CSV text at row 1: expected a row of at most 1000 bytes"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn extra_columns_are_an_error_unless_they_are_ignored() {
    let lake = lake().await;
    let csv = "chatbot_id,flow_id,colour\ncb,f,red\n";
    let error = ingest(&lake, text(csv), bulk(Format::Csv, "flows"))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("found an extra column `colour`"),
        "{error}"
    );
    let options = IngestOptions {
        ignore_extra: true,
        ..bulk(Format::Csv, "flows")
    };
    assert_eq!(
        outcome(&ingest(&lake, text(csv), options).await.unwrap()),
        (1, 0, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_can_be_a_task_of_its_own() {
    let lake = lake().await;
    let task = tokio::spawn(async move { ndjson(&lake, INPUT).await });
    assert_eq!(task.await.unwrap().unwrap().commit, Some(1));
}
