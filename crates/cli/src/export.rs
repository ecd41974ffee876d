//! `chatlake export`: a page, and its daily series, as files.
//!
//! Guarantees: rows are written as they come, so memory does not grow with the export; no file appears before all of them
//! are complete; Ctrl-C stops the running query and leaves nothing behind.

mod options;
mod target;

use std::io::{IsTerminal, Write, stdout};
use std::path::PathBuf;

use chatlake::{ExportFile, ExportFormat, ExportRequest};
use clap::{Args, ValueEnum};

use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::interrupt::Interrupts;
use crate::output::{Destination, OutputStream};
use crate::{database, terminal};

use options::page_options;
use target::Target;

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake export users_page --chatbot shop
  chatlake export users_page --chatbot shop --option plan=pro --option plan=enterprise --output pro.csv
  chatlake export analytics_messages --chatbot shop --period last_30_days --output reports/
  chatlake export export_sessions --chatbot shop --period custom --option from=2026-03-01 --option to=2026-03-31
  chatlake export conversations_page --chatbot shop --format ndjson --output - | head

The rows are those of the page's function in SQL. A listing is exported whole, unless --option page=… or page_size=…
asks for a part. A page that has a daily series (analytics_messages: analytics_messages_daily) gets it as a second file.
Instants carry the offset of the account's time zone in CSV and NDJSON, and are UTC in Parquet.";

/// Arguments of `chatlake export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArguments {
    /// The page: the name of its function, such as users_page or analytics_messages
    page: String,

    /// The chatbot that the page is about
    #[arg(long, value_name = "ID")]
    chatbot: String,

    /// today, this_month, last_7_days, custom, … [default: the page's own]
    #[arg(long, value_name = "PERIOD")]
    period: Option<String>,

    /// An option of the page, such as plan=pro or as_of=2026-03-12T16:00:00Z; a list when given more than once. A value
    /// that reads as JSON is JSON (50, true, "50"), every other one is text
    #[arg(long = "option", value_name = "NAME=VALUE")]
    named_options: Vec<String>,

    /// Options of the page as one JSON object; --option counts where both name one
    #[arg(long, value_name = "JSON")]
    options: Option<String>,

    /// How the files are written [default: as the ending of --output FILE says, else csv]
    #[arg(long, value_enum)]
    format: Option<FileFormat>,

    /// Where the files go: a folder, a FILE (its daily series gets `_daily` before the ending), or - for standard output,
    /// which holds one file
    #[arg(
        long,
        short,
        value_name = "FOLDER|FILE|-",
        default_value = ".",
        hide_default_value = true
    )]
    output: PathBuf,

    /// Leave text in CSV as it is, also where a spreadsheet would take it for a formula
    #[arg(long)]
    raw: bool,
}

/// How files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FileFormat {
    /// As RFC 4180 says, for spreadsheets: text that looks like a formula gets a ' in front
    Csv,
    /// One JSON object per line and row
    Ndjson,
    /// Parquet, zstd-compressed
    Parquet,
}

impl From<FileFormat> for ExportFormat {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Ndjson => Self::Ndjson,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}

/// Runs `chatlake export`.
pub async fn run(configuration: &Configuration, arguments: &ExportArguments) -> Result<ExitStatus> {
    let target = Target::of(&arguments.output);
    let format = arguments
        .format
        .map(ExportFormat::from)
        .or_else(|| target.format())
        .unwrap_or(ExportFormat::Csv);
    if format == ExportFormat::Parquet && target == Target::Standard && stdout().is_terminal() {
        return Err(Error::Usage(
            "expected a file or a pipe for parquet, found a terminal".to_owned(),
        ));
    }
    let request = ExportRequest {
        page: arguments.page.clone(),
        chatbot_id: arguments.chatbot.clone(),
        period: arguments.period.clone(),
        options: Some(page_options(
            arguments.options.as_deref(),
            &arguments.named_options,
            arguments.raw,
        )?),
        format,
    };
    let chatlake = database::open_existing(configuration).await?;
    let files = chatlake.session().export(&request).await?.files;
    let names: Vec<&str> = files.iter().map(ExportFile::name).collect();
    let paths = target.paths(&names)?;
    let mut interrupts = Interrupts::listen();
    let mut written = Vec::with_capacity(files.len());
    for (file, path) in files.into_iter().zip(paths) {
        let mut destination = Destination::of(path.as_deref())?;
        let row_count = tokio::select! {
            row_count = write(file, &mut destination.stream) => row_count,
            () = interrupts.next() => Err(Error::Interrupted("the export was cancelled".to_owned())),
        }?;
        written.push((destination, path, row_count));
    }
    // no file takes its place before all of them are complete
    for (destination, path, row_count) in written {
        destination.finish()?;
        if let (true, Some(path)) = (terminal::is_watched(), path) {
            let rows = terminal::grouped(row_count);
            terminal::say(&format!("{}: {rows} rows", path.display()));
        }
    }
    Ok(ExitStatus::Success)
}

/// Writes a file as its rows come; the number of rows.
async fn write(file: ExportFile, stream: &mut OutputStream) -> Result<u64> {
    let mut chunks = file.start().await?;
    while let Some(chunk) = chunks.next_chunk().await? {
        stream.write_all(&chunk).map_err(Error::Output)?;
    }
    Ok(chunks.row_count())
}
