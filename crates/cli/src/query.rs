//! `chatlake query`: SQL from the argument, from a pipe, or from a prompt.
//!
//! Guarantees: a result is streamed, never gathered (tables are bounded by `--max-rows`); a file named by `--output`
//! appears only when every statement succeeded; Ctrl-C stops the running query.

mod execution;
mod prompt;
mod prompt_helper;

use std::io::{IsTerminal, Read, stdin, stdout};
use std::path::PathBuf;
use std::time::Instant;

use chatlake::Session;
use chatlake_types::split_statements;
use clap::Args;

use crate::configuration::Configuration;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::interrupt::Interrupts;
use crate::output::{Destination, OutputFormat, TableOptions};
use crate::{database, terminal};

use execution::run_statement;

/// A text of SQL is refused above this size.
const SQL_BYTES_MAX: u64 = 16 << 20;
/// Rows a table shows when nobody says otherwise.
const ROWS_SHOWN_DEFAULT: usize = 1_000;

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake query \"SELECT chatbot_id, count(*) FROM messages GROUP BY 1\"
  chatlake query --format csv --output users.csv \"SELECT * FROM users\"
  chatlake query --format parquet \"SELECT * FROM messages\" > messages.parquet
  echo \"SHOW TABLES; SELECT now()\" | chatlake query
  chatlake query                      a prompt with history; \\d lists tables, \\q leaves";

/// Arguments of `chatlake query`.
#[derive(Args, Clone, Debug)]
pub struct QueryArguments {
    /// SQL, several statements separated by `;` [default: read from a pipe, else a prompt]
    sql: Option<String>,

    /// What the result looks like
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    format: OutputFormat,

    /// Write the result to FILE instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Rows a table shows at the most; 0 shows all (the other formats always write all)
    #[arg(long, value_name = "COUNT", default_value_t = ROWS_SHOWN_DEFAULT)]
    max_rows: usize,
}

/// Runs `chatlake query`.
pub async fn run(configuration: &Configuration, arguments: &QueryArguments) -> Result<ExitStatus> {
    let wants_prompt = arguments.sql.is_none() && stdin().is_terminal();
    if arguments.format.is_binary()
        && arguments.output.is_none()
        && (wants_prompt || stdout().is_terminal())
    {
        return Err(Error::Usage(
            "expected --output FILE or a pipe for parquet and arrow, found a terminal".to_owned(),
        ));
    }
    if wants_prompt && arguments.output.is_some() {
        return Err(Error::Usage(
            "expected SQL as an argument or from a pipe for --output, found a prompt".to_owned(),
        ));
    }
    let sql = match &arguments.sql {
        Some(sql) => Some(sql.clone()),
        None if wants_prompt => None,
        None => Some(read_sql()?),
    };
    if sql
        .as_ref()
        .is_some_and(|sql| split_statements(sql).all().is_empty())
    {
        return Err(Error::Usage(
            "expected an SQL statement, found none".to_owned(),
        ));
    }
    let chatlake = database::open_existing(configuration).await?;
    let session = chatlake.session();
    match sql {
        Some(sql) => run_text(&session, &sql, arguments).await,
        None => prompt::run(&chatlake, arguments).await,
    }
}

/// Runs every statement of `sql`; all results go to one destination.
async fn run_text(session: &Session, sql: &str, arguments: &QueryArguments) -> Result<ExitStatus> {
    let statements = split_statements(sql).all();
    let mut destination = Destination::of(arguments.output.as_deref())?;
    let table = arguments.table_options(destination.is_terminal());
    let mut interrupts = Interrupts::listen();
    let mut result_count = 0_usize;
    for statement in statements {
        let started = Instant::now();
        let stream = &mut destination.stream;
        let one_result = arguments.format.is_binary() && result_count > 0;
        let running = run_statement(
            session,
            statement,
            arguments.format,
            stream,
            &table,
            one_result,
        );
        let summary = tokio::select! {
            summary = running => summary,
            () = interrupts.next() => Err(Error::Interrupted("the query was cancelled".to_owned())),
        }?;
        result_count += usize::from(summary.has_columns);
        if terminal::is_watched() {
            terminal::say(&summary.sentence(started.elapsed()));
        } else if summary.is_cut {
            terminal::say(&summary.cut_note());
        }
    }
    destination.finish()?;
    Ok(ExitStatus::Success)
}

impl QueryArguments {
    fn table_options(&self, on_terminal: bool) -> TableOptions {
        TableOptions {
            rows_max: self.max_rows,
            width_max: on_terminal.then(terminal::width).flatten(),
        }
    }
}

/// The whole of standard input, up to [`SQL_BYTES_MAX`].
fn read_sql() -> Result<String> {
    let mut bytes = Vec::new();
    let read = stdin()
        .lock()
        .take(SQL_BYTES_MAX + 1)
        .read_to_end(&mut bytes);
    read.map_err(|source| Error::File {
        action: "read SQL from",
        path: "-".to_owned(),
        source,
    })?;
    if bytes.len() as u64 > SQL_BYTES_MAX {
        return Err(Error::Usage(format!(
            "expected at most {SQL_BYTES_MAX} bytes of SQL, found more"
        )));
    }
    String::from_utf8(bytes).map_err(|error| {
        let position = error.utf8_error().valid_up_to();
        Error::Usage(format!(
            "expected SQL as UTF-8 text, found another byte at position {position}"
        ))
    })
}
