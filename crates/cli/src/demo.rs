//! `chatlake demo`: the first command a person runs. Ingests real conversations, shows what they say, serves them.
//!
//! Guarantees: needs no network and no file besides the program; a second run stores nothing and says so; without a
//! named address it serves even when the usual port is taken.

mod numbers;

use chatlake::Chatlake;
use clap::Args;

use crate::configuration::{Configuration, ServerSaid};
use crate::database;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::ingest::{Input, ingest_one};
use crate::interrupt::Interrupts;
use crate::output::Destination;
use crate::serve::{self, FlightArguments};

/// The sample, as `ingest` takes it; its sources and licences are in `sample/SOURCES.md`.
const SAMPLE: &[u8] = include_bytes!("../sample/conversations.ndjson.zst");
/// What the sample is called in reports.
const SAMPLE_NAME: &str = "the bundled sample";

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake demo                             the bundled sample, then Flight SQL
  chatlake demo --no-serve my.ndjson.gz     the same numbers about your own records
  chatlake demo --lake memory://            leaves nothing behind

The sample holds real conversations from 2017 to 2024 (an airline, banks, restaurants, rides and an
IRC help channel; CC BY-SA 4.0). The days shown are the last ones that have messages.";

/// Arguments of `chatlake demo`.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// Files to ingest [default: the bundled sample]
    #[arg(value_name = "FILE")]
    files: Vec<String>,

    /// Print the numbers and end
    #[arg(long)]
    no_serve: bool,

    #[command(flatten)]
    flight: FlightArguments,
}

/// Runs `chatlake demo`.
pub async fn run(configuration: &Configuration, arguments: &DemoArguments) -> Result<ExitStatus> {
    let inputs = if arguments.files.is_empty() {
        vec![Input::embedded(SAMPLE_NAME, SAMPLE)]
    } else {
        arguments
            .files
            .iter()
            .map(|file| Input::open(file, None, None))
            .collect::<Result<_>>()?
    };
    // a wrong address is told before anything is stored
    let listener = if arguments.no_serve {
        None
    } else {
        Some(serve::listen(configuration, &arguments.flight, serve::OPEN_TO_ALL).await?)
    };
    let chatlake = database::open_or_create(configuration).await?;
    let mut interrupts = Interrupts::listen();
    let mut rejected_count = 0;
    for input in &inputs {
        let report =
            ingest_one(&chatlake, input, input.options(&chatlake), &mut interrupts).await?;
        if report.was_interrupted {
            return Err(Error::Interrupted(format!(
                "`{}` is stored whole",
                input.name()
            )));
        }
        rejected_count += report.rejected_count();
        print(&report.text())?;
    }
    tokio::select! {
        written = print_numbers(&chatlake) => written?,
        () = interrupts.next() => {
            return Err(Error::Interrupted("the records are stored, the numbers are not shown".to_owned()));
        }
    }
    print(&hint(chatlake.url()))?;
    if let Some(listener) = listener {
        let options = serve::options(configuration, &arguments.flight, ServerSaid::default())?;
        return serve::serve(chatlake, listener, options, None, None).await;
    }
    Ok(if rejected_count > 0 {
        ExitStatus::SomeRejected
    } else {
        ExitStatus::Success
    })
}

async fn print_numbers(chatlake: &Chatlake) -> Result<()> {
    let mut destination = Destination::stdout();
    let is_terminal = destination.is_terminal();
    let stream = &mut destination.stream;
    let written = numbers::write(&chatlake.session(), stream, is_terminal).await;
    written.map_err(|error| destination.stream.explain(error))?;
    destination.finish()
}

fn print(text: &str) -> Result<()> {
    use std::io::Write;
    let mut destination = Destination::stdout();
    destination
        .stream
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    destination.finish()
}

/// How to go on asking, with the program as it was called here.
fn hint(url: &str) -> String {
    let program = std::env::args()
        .next()
        .unwrap_or_else(|| "chatlake".to_owned());
    format!("\nAsk on: {program} query --lake {url} \"SELECT * FROM conversations LIMIT 5\"\n\n")
}
