//! What the demo prints: chatbots, messages per day, users by sentiment, flags.
//!
//! Guarantees: every number comes out of SQL in a `.sql` file; the days are taken from the data (the last ones of the
//! busiest chatbot that have messages), so old conversations are as readable as new ones.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{Date32Type, Int64Type, SchemaRef};
use chatlake::{Query, Session};
use chatlake_types::Day;

use crate::error::{Error, Result};
use crate::output::{OutputStream, RowWriter, TableOptions, TableWriter};
use crate::terminal::{self, grouped};

const OVERVIEW: &str = include_str!("overview.sql");
const DAYS: &str = include_str!("days.sql");
const USERS: &str = include_str!("users.sql");
const BANDS: &str = include_str!("bands.sql");
const FLAGS: &str = include_str!("flags.sql");

/// Width of the longest bar in columns.
const BAR_WIDTH: u64 = 40;

/// Writes the numbers about the lake.
pub async fn write(session: &Session, stream: &mut OutputStream, is_terminal: bool) -> Result<()> {
    let table = TableOptions {
        rows_max: 0,
        width_max: is_terminal.then(terminal::width).flatten(),
    };
    let overview = gather(session.query(OVERVIEW).await?).await?;
    let Some(chatbot_id) = overview.first_text() else {
        let nothing = "\nNo messages yet: there is nothing to count.";
        return writeln!(stream, "{nothing}").map_err(Error::Output);
    };
    overview.write("Chatbots", stream, &table)?;

    let days = about_chatbot(session, DAYS, &chatbot_id).await?.days();
    let count = days.len();
    let heading =
        format!("Messages per day: {chatbot_id}, the last {count} days (UTC) that have any");
    stream
        .write_all(bars(&heading, &days).as_bytes())
        .map_err(Error::Output)?;

    for (heading, sql) in [
        ("Users by sentiment", BANDS),
        ("The least happy users", USERS),
        ("What was noticed in messages", FLAGS),
    ] {
        let result = gather(session.query(sql).await?).await?;
        if result.row_count() > 0 {
            result.write(heading, stream, &table)?;
        }
    }
    Ok(())
}

/// A small result (every query of the demo has a LIMIT, or groups by a handful of values).
struct SmallResult {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

impl SmallResult {
    fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }

    /// The first column of the first row.
    fn first_text(&self) -> Option<String> {
        let batch = self.batches.iter().find(|batch| batch.num_rows() > 0)?;
        Some(batch.column(0).as_string_opt::<i32>()?.value(0).to_owned())
    }

    /// Rows of (day, count), oldest first.
    fn days(&self) -> Vec<(Day, u64)> {
        let mut found = Vec::new();
        for batch in &self.batches {
            let days = batch.column(0).as_primitive_opt::<Date32Type>();
            let counts = batch.column(1).as_primitive_opt::<Int64Type>();
            if let (Some(days), Some(counts)) = (days, counts) {
                let rows = days.values().iter().zip(counts.values());
                found.extend(
                    rows.map(|(day, count)| (Day(*day), u64::try_from(*count).unwrap_or(0))),
                );
            }
        }
        found.reverse();
        found
    }

    fn write(
        &self,
        heading: &str,
        stream: &mut OutputStream,
        options: &TableOptions,
    ) -> Result<()> {
        writeln!(stream, "\n{heading}\n").map_err(Error::Output)?;
        let mut table = TableWriter::new(&self.schema, stream, options);
        for batch in &self.batches {
            table.write(batch)?;
        }
        table.finish()
    }
}

async fn gather(query: Query) -> Result<SmallResult> {
    let schema = query.schema();
    Ok(SmallResult {
        schema,
        batches: query.collect().await?,
    })
}

/// Runs `sql` with `$1` bound to the chatbot.
async fn about_chatbot(session: &Session, sql: &str, chatbot_id: &str) -> Result<SmallResult> {
    let value: ArrayRef = Arc::new(StringArray::from(vec![chatbot_id]));
    let parameters =
        RecordBatch::try_from_iter([("$1", value)]).map_err(|error| Error::Format {
            format: "a parameter",
            reason: error.to_string(),
        })?;
    let prepared = session.prepare(sql).await?;
    gather(prepared.bind(&parameters, 0).await?).await
}

/// One bar per day; the busiest day is [`BAR_WIDTH`] wide, and no day with messages is without a bar.
fn bars(heading: &str, days: &[(Day, u64)]) -> String {
    let most = days
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or(0)
        .max(1);
    let mut lines = vec![String::new(), heading.to_owned(), String::new()];
    for (day, count) in days {
        let width = (count * BAR_WIDTH).div_ceil(most);
        let bar = "█".repeat(usize::try_from(width).unwrap_or(0));
        lines.push(format!(" {day}  {bar} {}", grouped(*count)));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_day_has_the_longest_bar_and_a_quiet_one_still_has_one() {
        let text = bars("days", &[(Day(0), 1), (Day(1), 4_000)]);
        let widths: Vec<usize> = text
            .lines()
            .skip(3)
            .map(|line| line.matches('█').count())
            .collect();
        assert_eq!(widths, [1, 40]);
        assert!(text.ends_with(" 4,000\n"), "{text}");
    }

    #[test]
    fn no_days_are_no_bars() {
        assert_eq!(bars("days", &[]).matches('█').count(), 0);
    }
}
