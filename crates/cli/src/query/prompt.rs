//! The interactive prompt of `chatlake query`.
//!
//! Guarantees: a failed or cancelled statement never ends the prompt; Ctrl-C cancels the running query or clears the
//! line; the history survives the session in the XDG state folder and holds at most [`HISTORY_ENTRIES_MAX`] entries.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use chatlake::{Chatlake, Session};
use chatlake_types::split_statements;
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};

use super::prompt_helper::PromptHelper;
use super::{QueryArguments, run_statement};
use crate::error::{Error, Result, reason};
use crate::exit::ExitStatus;
use crate::output::Destination;
use crate::{environment, interrupt, schema, terminal};

/// Entries the history keeps.
const HISTORY_ENTRIES_MAX: usize = 10_000;

const HELP: &str = "\
  SQL;             runs SQL, over several lines up to the `;`
  \\d               lists tables and views
  \\d NAME          shows the columns of a table or view
  \\timing          turns the time after each result on or off
  \\q               leaves (also quit, exit, Ctrl-D)
  Tab completes names, Ctrl-R searches the history, Ctrl-C cancels.";

/// Reads and runs statements until the person leaves.
pub async fn run(chatlake: &Chatlake, arguments: &QueryArguments) -> Result<ExitStatus> {
    let mut prompt = Prompt::start(chatlake, arguments).await?;
    terminal::say(&format!(
        "chatlake {} · lake {} · help shows commands",
        env!("CARGO_PKG_VERSION"),
        chatlake.url()
    ));
    // Reading blocks this thread only: it is the one that waits for the program's end, no worker of the runtime.
    loop {
        let line = match prompt.editor.readline("chatlake> ") {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                return Err(Error::File {
                    action: "read from",
                    path: "the terminal".to_owned(),
                    source: io_error(error),
                });
            }
        };
        let text = line.trim();
        if text.is_empty() {
            continue;
        }
        prompt.remember(text);
        match prompt.answer(text).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) if error.is_broken_pipe() => return Err(error),
            Err(error) => terminal::say_error(&error),
        }
    }
    Ok(ExitStatus::Success)
}

struct Prompt<'a> {
    session: Session,
    arguments: &'a QueryArguments,
    editor: Editor<PromptHelper, FileHistory>,
    history: Option<PathBuf>,
    shows_time: bool,
}

impl<'a> Prompt<'a> {
    async fn start(chatlake: &Chatlake, arguments: &'a QueryArguments) -> Result<Self> {
        let session = chatlake.session();
        let tables = session.tables().await?;
        let names = tables.iter().flat_map(|table| {
            let columns = table
                .arrow_schema
                .fields()
                .iter()
                .map(|field| field.name().clone());
            columns.chain([table.name.clone()])
        });
        let terminal_failed = |error| Error::File {
            action: "open",
            path: "the terminal".to_owned(),
            source: io_error(error),
        };
        let config = Config::builder()
            .max_history_size(HISTORY_ENTRIES_MAX)
            .map_err(terminal_failed)?
            .history_ignore_space(true)
            .build();
        let mut editor = Editor::with_config(config).map_err(terminal_failed)?;
        editor.set_helper(Some(PromptHelper::new(names)));
        let history =
            environment::state_directory().map(|folder| folder.join("chatlake").join("history"));
        if let Some(path) = history.as_deref().filter(|path| path.is_file())
            && let Err(error) = editor.load_history(path)
        {
            terminal::say(&format!(
                "cannot read the history `{}`: {error}",
                path.display()
            ));
        }
        Ok(Self {
            session,
            arguments,
            editor,
            history,
            shows_time: true,
        })
    }

    /// Adds the statement to the history at once, so that it survives whatever happens next.
    fn remember(&mut self, text: &str) {
        let Ok(true) = self.editor.add_history_entry(text) else {
            return;
        };
        let Some(path) = self.history.clone() else {
            return;
        };
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let saved = made
            .map_err(ReadlineError::Io)
            .and_then(|()| self.editor.append_history(&path));
        if let Err(error) = saved {
            terminal::say(&format!(
                "cannot write the history `{}`: {error}",
                path.display()
            ));
            self.history = None;
        }
    }

    /// Runs a command or statements; false when the person wants to leave.
    async fn answer(&mut self, text: &str) -> Result<bool> {
        let mut words = text.trim_end_matches(';').split_whitespace();
        let command = words.next().unwrap_or_default();
        match (command.to_ascii_lowercase().as_str(), words.next()) {
            ("\\q" | "quit" | "exit", None) => return Ok(false),
            ("help" | "\\?" | "\\h", None) => terminal::say(HELP),
            ("\\d", name) => self.describe(name).await?,
            ("\\timing", None) => {
                self.shows_time = !self.shows_time;
                terminal::say(if self.shows_time {
                    "timing is on"
                } else {
                    "timing is off"
                });
            }
            _ if command.starts_with('\\') => {
                return Err(Error::Usage(format!(
                    "expected \\d, \\timing, \\q or help, found `{text}`"
                )));
            }
            _ => self.run_statements(text).await?,
        }
        Ok(true)
    }

    async fn describe(&self, name: Option<&str>) -> Result<()> {
        let mut destination = Destination::stdout();
        let tables = schema::selected(self.session.tables().await?, name)?;
        let text = if name.is_some() {
            schema::described(&tables)
        } else {
            schema::listed(&tables)
        };
        destination
            .stream
            .write_all(text.as_bytes())
            .map_err(Error::Output)?;
        destination.finish()
    }

    async fn run_statements(&self, text: &str) -> Result<()> {
        let table = self.arguments.table_options(true);
        for statement in split_statements(text).all() {
            let started = Instant::now();
            let mut destination = Destination::stdout();
            let running = run_statement(
                &self.session,
                statement,
                self.arguments.format,
                &mut destination.stream,
                &table,
                false,
            );
            let summary = tokio::select! {
                summary = running => summary?,
                () = interrupt::ctrl_c() => {
                    return Err(Error::Interrupted("the query was cancelled".to_owned()));
                }
            };
            destination.finish()?;
            if self.shows_time {
                terminal::say(&summary.sentence(started.elapsed()));
            } else if summary.is_cut {
                terminal::say(&summary.cut_note());
            }
        }
        Ok(())
    }
}

fn io_error(error: ReadlineError) -> std::io::Error {
    match error {
        ReadlineError::Io(error) => std::io::Error::new(error.kind(), reason(&error)),
        other => std::io::Error::other(other.to_string()),
    }
}
