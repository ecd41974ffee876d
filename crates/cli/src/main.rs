//! `chatlake`: a lake of chatbot conversations on the command line.
//!
//! Guarantees: results go to stdout, everything else to stderr; every failure is one sentence `error: …` and an exit
//! code that `--help` lists; this program is the only reader of arguments, environment and configuration files.

mod auth;
mod check;
mod configuration;
mod database;
mod demo;
mod environment;
mod error;
mod exit;
mod export;
mod ingest;
mod interrupt;
mod logging;
mod output;
mod quantity;
mod query;
mod schema;
mod serve;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::configuration::{Configuration, Said};
use crate::error::{Error, Result};
use crate::exit::{EXIT_CODES_HELP, ExitStatus};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What threads that are stuck outside of us (a read from a terminal) may take before the process ends without them.
const SHUTDOWN_LIMIT: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
Examples:
  chatlake demo                                   real conversations, numbers, and a server
  chatlake ingest records.ndjson.gz               store records of your own
  chatlake query \"SELECT * FROM users LIMIT 10\"   ask in SQL
  chatlake serve                                  let BI tools and notebooks ask

Every setting is a flag, else a CHATLAKE_* environment variable, else a key of the configuration
file (the same names: --query-memory, CHATLAKE_QUERY_MEMORY, query_memory; options of the server in
its table [server]), else its default.";

/// Stores chatbot conversations in open Delta/Parquet tables and answers SQL about them.
#[derive(Parser, Debug)]
#[command(
    name = "chatlake",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Said,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Store records from NDJSON, Parquet or CSV files
    Ingest(ingest::IngestArguments),
    /// Ask in SQL: an argument, a pipe or a prompt
    Query(query::QueryArguments),
    /// Write a page and its daily series as CSV, NDJSON or Parquet files
    Export(export::ExportArguments),
    /// Serve the lake over Arrow Flight SQL
    Serve(Box<serve::ServeArguments>),
    /// Show tables and views with columns, types, units and documentation
    Schema(schema::SchemaArguments),
    /// Verify that the lake is whole
    Check(check::CheckArguments),
    /// Say who may ask the server: users, keys, roles
    Auth(auth::AuthArguments),
    /// Ingest real conversations, show what they say, and serve them
    Demo(demo::DemoArguments),
}

fn main() -> ExitCode {
    let arguments = match Arguments::from_arg_matches(&command().get_matches()) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let status = run(&arguments).unwrap_or_else(|error| {
        if error.is_broken_pipe() {
            return ExitStatus::Success;
        }
        terminal::say_error(&error);
        error.exit_status()
    });
    status.into()
}

/// The arguments with the examples and exit codes below each long help.
fn command() -> clap::Command {
    let mut command =
        Arguments::command().after_long_help(format!("{EXAMPLES}\n\n{EXIT_CODES_HELP}"));
    for (name, examples) in [
        ("auth", auth::EXAMPLES),
        ("check", check::EXAMPLES),
        ("demo", demo::EXAMPLES),
        ("export", export::EXAMPLES),
        ("ingest", ingest::EXAMPLES),
        ("query", query::EXAMPLES),
        ("schema", schema::EXAMPLES),
        ("serve", serve::EXAMPLES),
    ] {
        command = command.mut_subcommand(name, |subcommand| {
            subcommand
                .after_help(examples)
                .after_long_help(format!("{examples}\n\n{EXIT_CODES_HELP}"))
        });
    }
    command
}

fn run(arguments: &Arguments) -> Result<ExitStatus> {
    let configuration = Configuration::resolve(&arguments.global)?;
    logging::start(&configuration.log, configuration.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| Error::File {
            action: "start",
            path: "worker threads".to_owned(),
            source,
        })?;
    let status = runtime.block_on(run_command(&configuration, &arguments.command));
    runtime.shutdown_timeout(SHUTDOWN_LIMIT);
    status
}

async fn run_command(configuration: &Configuration, command: &Command) -> Result<ExitStatus> {
    match command {
        Command::Ingest(arguments) => ingest::run(configuration, arguments).await,
        Command::Query(arguments) => query::run(configuration, arguments).await,
        Command::Export(arguments) => export::run(configuration, arguments).await,
        Command::Serve(arguments) => serve::run(configuration, arguments).await,
        Command::Schema(arguments) => schema::run(configuration, arguments).await,
        Command::Auth(arguments) => auth::run(configuration, arguments).await,
        Command::Check(arguments) => check::run(configuration, arguments).await,
        Command::Demo(arguments) => demo::run(configuration, arguments).await,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_arguments_are_consistent() {
        super::command().debug_assert();
    }
}
