//! Lakes for tests: empty ones in memory or in a folder, filled from fixtures or from text.
//!
//! Guarantees: every lake is its own; the clock stands at [`NOW_MICROS`], the moment the oracle was written for.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use chatlake::{
    Chatlake, Clock, Error, FixedClock, Format, IngestOptions, IngestReport, OpenOptions, Session,
    Source,
};

use crate::{cells, house};

/// 2026-03-12T16:00:00Z in µs since 1970-01-01T00:00:00Z.
pub const NOW_MICROS: i64 = 1_773_331_200_000_000;

/// Where the clock of the tests stands.
pub fn clock() -> Arc<dyn Clock> {
    Arc::new(FixedClock(NOW_MICROS))
}

/// Opens the lake at `url` (made when absent) with the clock of the tests.
pub async fn open(url: &str) -> Result<Chatlake, Error> {
    Chatlake::open(
        url,
        OpenOptions {
            create: true,
            clock: clock(),
            ..OpenOptions::default()
        },
    )
    .await
}

/// Opens a lake in a folder.
pub async fn open_folder(folder: &Path) -> Result<Chatlake, Error> {
    open(
        folder
            .to_str()
            .expect("a temporary folder has a UTF-8 name"),
    )
    .await
}

/// An empty lake in memory.
pub async fn in_memory() -> Chatlake {
    open("memory://").await.expect("a lake in memory opens")
}

/// How NDJSON is taken in by tests.
pub fn ndjson() -> IngestOptions {
    IngestOptions::new(Format::Ndjson, NOW_MICROS)
}

/// Loads NDJSON text as one batch.
pub async fn ingest_text(chatlake: &Chatlake, text: &str) -> Result<IngestReport, Error> {
    let source = Source::Reader(Box::new(Cursor::new(text.to_owned().into_bytes())));
    chatlake.ingest(source, ndjson()).await
}

/// The text of the fixture `path` below `tests/data`.
pub fn fixture(path: &str) -> String {
    house::read(&format!("tests/data/{path}"))
}

/// The oracle's records.
pub fn oracle_input() -> String {
    fixture("oracle/input.ndjson")
}

/// All rows of a query as text, in the form of [`cells`].
pub async fn ask(session: &Session, sql: &str) -> Result<Vec<Vec<String>>, Error> {
    let batches: Vec<RecordBatch> = session.query(sql).await?.collect().await?;
    Ok(cells::rows(&batches))
}

/// The one value of a query as a number.
pub async fn count(session: &Session, sql: &str) -> u64 {
    let rows = ask(session, sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows[0][0]
        .parse()
        .unwrap_or_else(|_| panic!("{sql}: expected a number, found {rows:?}"))
}
