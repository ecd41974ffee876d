//! The lakes that the benches of the server ask: made once, opened by the server alone afterwards.
//!
//! Guarantees: a lake that is there is taken as it is.

use std::io::Cursor;
use std::path::Path;

use chatlake::{Chatlake, Format, IngestOptions, OpenOptions, Source};

use crate::conversations::Shape;
use crate::parquet_files::write_messages;
use crate::{Error, Result};

/// The sample that `chatlake demo` loads.
const SAMPLE: &[u8] = include_bytes!("../../../crates/cli/sample/conversations.ndjson.zst");

/// Opens a lake; makes it when it is missing.
///
/// # Errors
/// When it cannot be opened.
pub async fn open(lake: &Path) -> Result<Chatlake> {
    let options = OpenOptions {
        create: true,
        ..OpenOptions::default()
    };
    Ok(Chatlake::open(&lake.to_string_lossy(), options).await?)
}

/// Was the lake made before?
pub fn is_there(lake: &Path) -> bool {
    lake.join("lake.json").exists()
}

/// Makes a lake of about `message_count` generated messages; `scratch` holds the files that it is loaded from.
///
/// # Errors
/// When a folder cannot be written to, or the lake refuses.
pub async fn make_generated(lake: &Path, message_count: u64, scratch: &Path) -> Result<()> {
    let shape = Shape {
        message_count,
        ..Shape::default()
    };
    let folder = scratch.join("parquet");
    let (files, _) = write_messages(shape, &folder)?;
    let chatlake = open(lake).await?;
    for file in files {
        let options = IngestOptions {
            table: Some("messages".to_owned()),
            ..IngestOptions::new(Format::Parquet, chatlake.clock().now_micros())
        };
        chatlake.ingest(Source::Path(file), options).await?;
    }
    std::fs::remove_dir_all(&folder).map_err(Error::io(format!("remove `{}`", folder.display())))
}

/// Makes a lake of the sample of real conversations.
///
/// # Errors
/// When the lake refuses.
pub async fn make_sample(lake: &Path) -> Result<()> {
    let chatlake = open(lake).await?;
    let options = IngestOptions::new(Format::Ndjson, chatlake.clock().now_micros());
    let source = Source::Reader(Box::new(Cursor::new(SAMPLE)));
    chatlake.ingest(source, options).await?;
    Ok(())
}
