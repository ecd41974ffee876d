//! One statement, from SQL to written rows.
//!
//! Guarantees: batches are written as they arrive; dropping the future cancels the query; a table that is full stops it.

use std::time::Duration;

use chatlake::Session;
use futures::TryStreamExt;

use crate::error::{Error, Result};
use crate::output::{self, OutputFormat, OutputStream, TableOptions};
use crate::terminal::{elapsed, grouped};

/// What running one statement came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Summary {
    /// Rows written.
    pub row_count: u64,
    /// More rows exist than were shown.
    pub is_cut: bool,
    /// Statements like `SET` have no columns and write nothing.
    pub has_columns: bool,
}

impl Summary {
    /// What a person reads below a result.
    pub fn sentence(&self, duration: Duration) -> String {
        let time = elapsed(duration);
        match (self.has_columns, self.is_cut) {
            (false, _) => format!("done in {time}"),
            (true, false) if self.row_count == 1 => format!("1 row in {time}"),
            (true, false) => format!("{} rows in {time}", grouped(self.row_count)),
            (true, true) => format!("{} ({time})", self.cut_note()),
        }
    }

    /// Says that there is more.
    pub fn cut_note(&self) -> String {
        format!(
            "the first {} rows are shown, there are more: --max-rows 0 shows all",
            grouped(self.row_count)
        )
    }
}

/// Runs `statement` and writes its rows to `stream`; with `one_result_max` a further result is an error, because the
/// format holds only one.
pub async fn run_statement(
    session: &Session,
    statement: &str,
    format: OutputFormat,
    stream: &mut OutputStream,
    table: &TableOptions,
    one_result_max: bool,
) -> Result<Summary> {
    let query = session.query(statement).await?;
    let schema = query.schema();
    let mut batches = query.stream().await?;
    if schema.fields().is_empty() {
        while batches
            .try_next()
            .await
            .map_err(chatlake::Error::from)?
            .is_some()
        {}
        return Ok(Summary::default());
    }
    if one_result_max {
        return Err(Error::Usage(
            "expected one result for parquet or arrow, found a second one".to_owned(),
        ));
    }
    let mut summary = Summary {
        has_columns: true,
        ..Summary::default()
    };
    let mut writer = output::writer(format, &schema, stream, table)?;
    let written = async {
        while let Some(batch) = batches.try_next().await.map_err(chatlake::Error::from)? {
            writer.write(&batch)?;
            summary.row_count += batch.num_rows() as u64;
            if writer.is_full() {
                summary.row_count = table.rows_max as u64;
                summary.is_cut = true;
                break;
            }
        }
        writer.finish()
    }
    .await;
    drop(writer);
    written.map_err(|error| stream.explain(error))?;
    Ok(summary)
}
