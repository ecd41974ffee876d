//! Statements that the connection answers itself: transactions, settings, cursors.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

use super::{Answer, Client};
use crate::columns::{Columns, Presentation};
use crate::command::{Command, is_of_engine};
use crate::error::{Error, Result};
use crate::rows::rows_of;

impl Client {
    /// Does what a command says. What it means for the transaction is the caller's business.
    pub(crate) async fn perform(&self, command: &Command, text: &str) -> Result<Answer> {
        let done = |tag: &str| Ok(Answer::Done(tag.to_owned()));
        match command {
            Command::Begin(tag) | Command::Savepoint(tag) => done(tag),
            Command::SetTransaction => done("SET"),
            Command::Commit => done("COMMIT"),
            Command::Rollback | Command::RollbackTo => done("ROLLBACK"),
            Command::Set(name, value) => self.set(name, value).await,
            Command::Reset(name) => self.reset(name).await,
            Command::ResetAll => {
                self.reset_all().await?;
                done("RESET")
            }
            Command::Show(name) => self.show(name),
            Command::DiscardAll => {
                self.reset_all().await?;
                *self.open() = super::Open::default();
                done("DISCARD ALL")
            }
            Command::Deallocate(name) => {
                match name {
                    Some(_) => self.close_statement(name.as_ref()),
                    None => self.open().statements.clear(),
                }
                done("DEALLOCATE")
            }
            Command::Declare(name, query) => {
                self.declare(name, query).await?;
                done("DECLARE CURSOR")
            }
            Command::Fetch(count, name) => self.fetch(name, *count),
            Command::Close(name) => {
                match name {
                    Some(_) => self.close_portal(name.as_ref()),
                    None => self.close_portals(),
                }
                done("CLOSE CURSOR")
            }
            Command::Kill => {
                self.kill(text).await?;
                done("KILL")
            }
            Command::Query => self.query(text).await,
        }
    }

    /// The columns that a command will give, if it gives rows.
    pub(super) fn columns_of_command(
        &self,
        command: &Command,
        shown: &Presentation,
    ) -> Result<Option<Columns>> {
        match command {
            Command::Show(name) => Columns::of(&text_columns(&[name]), &[], shown).map(Some),
            Command::Fetch(_, name) => self.columns_of_portal(Some(name)),
            _ => Ok(None),
        }
    }

    /// A setting of the start packet; what is not known is ignored, as clients send what suits other servers.
    pub(crate) async fn set_at_start(&self, name: &str, value: &str) -> Result<()> {
        if is_of_engine(&name.to_ascii_lowercase()) {
            self.set(&name.to_ascii_lowercase(), value).await?;
        } else if crate::settings::Settings::knows(name) {
            self.settings().set(name, value)?;
        }
        Ok(())
    }

    async fn set(&self, name: &str, value: &str) -> Result<Answer> {
        if is_of_engine(name) {
            self.session.set(name, value).await?;
            let value = self.engine_variable(name)?.unwrap_or_default();
            return Ok(match name {
                crate::command::TIME_ZONE => Answer::Changed("SET".to_owned(), "TimeZone", value),
                _ => Answer::Done("SET".to_owned()),
            });
        }
        let mut settings = self.settings();
        let reported = settings.set(name, value)?;
        let value = settings.get(name).unwrap_or_default().to_owned();
        Ok(changed("SET", reported, value))
    }

    async fn reset(&self, name: &str) -> Result<Answer> {
        if is_of_engine(name) {
            self.session.set(name, "").await?;
            return Ok(Answer::Done("RESET".to_owned()));
        }
        let mut settings = self.settings();
        let reported = settings.reset(name);
        let value = settings.get(name).unwrap_or_default().to_owned();
        Ok(changed("RESET", reported, value))
    }

    async fn reset_all(&self) -> Result<()> {
        self.settings().reset_all();
        for name in [
            crate::command::TIME_ZONE,
            "chatlake.chatbot_id",
            "chatlake.as_of",
        ] {
            self.session.set(name, "").await?;
        }
        Ok(())
    }

    fn show(&self, name: &str) -> Result<Answer> {
        let value = if is_of_engine(name) {
            self.engine_variable(name)?
        } else {
            self.settings().get(name).map(str::to_owned)
        };
        let values: ArrayRef = Arc::new(StringArray::from(vec![value]));
        self.table(&[name], vec![values])
    }

    /// A small table of texts.
    fn table(&self, names: &[&str], columns: Vec<ArrayRef>) -> Result<Answer> {
        let schema = Arc::new(text_columns(names));
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(Error::encoding)?;
        let shown = self.presentation();
        let columns = Columns::of(&schema, &[], &shown)?;
        let rows = rows_of(&batch, &columns)?;
        Ok(Answer::Rows(columns, rows, "SHOW"))
    }

    /// A variable of the engine, as text; `None` when it is not set.
    pub(super) fn engine_variable(&self, name: &str) -> Result<Option<String>> {
        Ok(self.session.show(name)?)
    }
}

fn text_columns(names: &[&str]) -> Schema {
    let field = |name: &&str| Field::new(*name, DataType::Utf8, true);
    Schema::new(names.iter().map(field).collect::<Vec<_>>())
}

fn changed(tag: &str, reported: Option<&'static str>, value: String) -> Answer {
    match reported {
        Some(name) => Answer::Changed(tag.to_owned(), name, value),
        None => Answer::Done(tag.to_owned()),
    }
}
