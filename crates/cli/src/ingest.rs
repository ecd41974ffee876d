//! `chatlake ingest`: records from files or standard input into the lake.
//!
//! Guarantees: one file is one atomic load; every file named can be opened before the lake is touched; a bad line never
//! affects others; Ctrl-C stores nothing of the current file and says so; what was stored before a failure is reported.

mod input;
mod progress;
mod report;
mod side_file;

use std::io::Write;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Instant;

use chatlake::{Chatlake, ErrorCode, IngestOptions, OnError};
use clap::{Args, ValueEnum};

use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::interrupt::Interrupts;
use crate::output::Destination;
use crate::{database, terminal};

pub use input::{FormatName, Input};
pub use report::FileReport;
use report::Totals;
use side_file::SideFile;

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake ingest records.ndjson.gz --rejects rejected.ndjson
  zcat *.gz | chatlake ingest - --json
  chatlake ingest messages-*.parquet --table messages
  chatlake ingest export.csv --table annotations --on-error skip

Records are NDJSON, one object per line with a `type`; .gz and .zst are recognised by their content.
Loading a file again changes nothing: its records are reported as duplicates.";

/// What happens at a bad row of a Parquet or CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OnErrorName {
    /// Store nothing of the file
    Abort,
    /// Leave the row out and go on
    Skip,
}

/// Arguments of `chatlake ingest`.
#[derive(Args, Clone, Debug)]
pub struct IngestArguments {
    /// Files to read; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,

    /// Format of all files [default: by name, else by content]
    #[arg(long, value_enum)]
    format: Option<FormatName>,

    /// Stored table the rows of Parquet and CSV files belong to [default: the file's name, if it is a table's]
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,

    /// Write rejected records to FILE, one JSON object per line: line (or row), code, record
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Write the outcome of every line to FILE as CSV: line,outcome,codes
    #[arg(long, value_name = "FILE")]
    outcomes: Option<PathBuf>,

    /// What happens at a bad row of a Parquet or CSV file (bad NDJSON lines are always left out) [default: abort]
    #[arg(long, value_enum)]
    on_error: Option<OnErrorName>,

    /// Ignore columns of Parquet and CSV files that the table does not have
    #[arg(long)]
    ignore_extra: bool,
}

/// Runs `chatlake ingest`.
pub async fn run(configuration: &Configuration, arguments: &IngestArguments) -> Result<ExitStatus> {
    let inputs = inputs(arguments)?;
    let rejects = arguments
        .rejects
        .as_deref()
        .map(|path| SideFile::create(path, &inputs))
        .transpose()?;
    let outcomes = arguments
        .outcomes
        .as_deref()
        .map(|path| SideFile::create(path, &inputs))
        .transpose()?;
    let chatlake = database::open_or_create(configuration).await?;
    let mut interrupts = Interrupts::listen();
    let mut totals = Totals::start(chatlake.url());
    let mut failure = None;
    for input in &inputs {
        let options = IngestOptions {
            rejects: rejects.as_ref().map(SideFile::writer),
            outcomes: outcomes.as_ref().map(SideFile::writer),
            ..arguments.options(&chatlake, input)
        };
        match ingest_one(&chatlake, input, options, &mut interrupts).await {
            Ok(report) => {
                if !arguments.json {
                    say(&report.text())?;
                }
                let was_interrupted = report.was_interrupted;
                totals.add(report);
                if was_interrupted {
                    finish(arguments, &totals)?;
                    return Err(Error::Interrupted(format!(
                        "`{}` is stored whole, what follows it is not",
                        input.name()
                    )));
                }
            }
            // another file may still be good; what concerns the lake concerns them all
            Err(error) if matches!(error.code(), ErrorCode::InvalidInput | ErrorCode::NotFound) => {
                terminal::say_error(&error);
                totals.add_failed(input.name(), &error);
                failure = Some(error);
            }
            Err(error) => {
                totals.add_failed(input.name(), &error);
                finish(arguments, &totals)?;
                return Err(error);
            }
        }
    }
    for side_file in [rejects, outcomes].into_iter().flatten() {
        side_file.finish()?;
    }
    finish(arguments, &totals)?;
    Ok(match failure {
        Some(error) => error.exit_status(),
        None if totals.rejected_count() > 0 => ExitStatus::SomeRejected,
        None => ExitStatus::Success,
    })
}

/// Checks what the command line says before anything is opened for writing.
fn inputs(arguments: &IngestArguments) -> Result<Vec<Input>> {
    let count = arguments.files.len();
    if arguments.outcomes.is_some() && count > 1 {
        return Err(Error::Usage(format!(
            "expected one FILE for --outcomes, whose lines have numbers, found {count}"
        )));
    }
    if arguments.rejects.is_some() && arguments.rejects == arguments.outcomes {
        return Err(Error::Usage(
            "expected two files for --rejects and --outcomes, found the same one twice".to_owned(),
        ));
    }
    if arguments.files.iter().filter(|file| *file == "-").count() > 1 {
        return Err(Error::Usage(
            "expected `-` once, found it more often: standard input can be read once".to_owned(),
        ));
    }
    let inputs = arguments
        .files
        .iter()
        .map(|file| Input::open(file, arguments.format, arguments.table.as_deref()));
    let inputs = inputs.collect::<Result<Vec<Input>>>()?;
    if let (Some(_), Some(bulk)) = (
        &arguments.outcomes,
        inputs.iter().find(|input| !input.is_ndjson()),
    ) {
        let name = bulk.name();
        return Err(Error::Usage(format!(
            "expected NDJSON for --outcomes, found the Parquet or CSV file `{name}`"
        )));
    }
    let for_bulk_only = arguments
        .on_error
        .map(|_| "--on-error")
        .or(arguments.ignore_extra.then_some("--ignore-extra"));
    if let (Some(option), Some(ndjson)) =
        (for_bulk_only, inputs.iter().find(|input| input.is_ndjson()))
    {
        let name = ndjson.name();
        return Err(Error::Usage(format!(
            "expected Parquet or CSV for {option}, found the NDJSON file `{name}`"
        )));
    }
    Ok(inputs)
}

impl IngestArguments {
    fn options(&self, chatlake: &Chatlake, input: &Input) -> IngestOptions {
        let on_error = match self.on_error {
            Some(OnErrorName::Skip) => OnError::Skip,
            Some(OnErrorName::Abort) | None => OnError::Abort,
        };
        IngestOptions {
            on_error,
            ignore_extra: self.ignore_extra,
            ..input.options(chatlake)
        }
    }
}

/// Loads one file, showing progress when a person is watching.
///
/// Ctrl-C asks the load to stop and waits until it has: it stores nothing then, unless it was already committing. A
/// second Ctrl-C does not wait, which is the same for the lake as a crash: what was not committed never happened.
pub async fn ingest_one(
    chatlake: &Chatlake,
    input: &Input,
    options: IngestOptions,
    interrupts: &mut Interrupts,
) -> Result<FileReport> {
    let started = Instant::now();
    let bar = progress::Bar::start(input);
    let cancellation = options.cancellation.clone();
    let options = IngestOptions {
        progress: Some(bar.callback()),
        ..options
    };
    let mut loading = pin!(chatlake.ingest(input.source(), options));
    let result = tokio::select! {
        result = &mut loading => result,
        () = interrupts.next() => {
            cancellation.cancel();
            tokio::select! {
                result = &mut loading => result,
                () = interrupts.next() => return Err(input.interrupted()),
            }
        }
    };
    bar.finish();
    let was_interrupted = cancellation.is_cancelled();
    match result {
        Ok(report) => {
            let mut report = FileReport::new(input, report, started.elapsed());
            report.was_interrupted = was_interrupted;
            Ok(report)
        }
        Err(_) if was_interrupted => Err(input.interrupted()),
        Err(source) => Err(input.failed(source)),
    }
}

/// Prints the end of the report: the JSON object, or totals over several files.
fn finish(arguments: &IngestArguments, totals: &Totals) -> Result<()> {
    if arguments.json {
        return say(&totals.json());
    }
    say(&totals.text())
}

fn say(text: &str) -> Result<()> {
    let mut destination = Destination::stdout();
    destination
        .stream
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    destination.finish()
}
