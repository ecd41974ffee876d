//! `chatlake check`: is the lake whole?
//!
//! Guarantees: changes nothing; reports every damage, not only the first; a damaged lake ends with its own exit code.

use std::fmt::Write as _;
use std::io::Write;

use chatlake::CheckReport;
use clap::Args;
use serde_json::json;

use crate::configuration::Configuration;
use crate::database;
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::output::Destination;
use crate::terminal::{self, grouped, one_line};

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake check --lake /data/lake
  chatlake check --json | jq .damages

Every data file must be there with the size and the rows that the logs say.";

/// Arguments of `chatlake check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

/// Runs `chatlake check`.
pub async fn run(configuration: &Configuration, arguments: &CheckArguments) -> Result<ExitStatus> {
    let chatlake = database::open_existing(configuration).await?;
    let report = chatlake.check().await?;
    let url = chatlake.url();
    let text = if arguments.json {
        json_text(url, &report)
    } else {
        human_text(url, &report)
    };
    let mut destination = Destination::stdout();
    destination
        .stream
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    destination.finish()?;
    if report.damages.is_empty() {
        return Ok(ExitStatus::Success);
    }
    let count = report.damages.len();
    terminal::say(&format!(
        "error: the lake `{url}` is damaged in {count} place{}",
        if count == 1 { "" } else { "s" }
    ));
    Ok(ExitStatus::Damaged)
}

fn human_text(url: &str, report: &CheckReport) -> String {
    let mut text = format!("{url} at commit {}\n", report.commit);
    let stored = report.tables.iter().filter(|table| table.file_count > 0);
    for table in stored {
        let (files, rows) = (grouped(table.file_count), grouped(table.row_count));
        let size = terminal::bytes(table.size_bytes);
        // writing to a String cannot fail
        let _ = writeln!(
            text,
            "  {:20} {files:>8} files {rows:>14} rows {size:>12}",
            table.table
        );
    }
    let orphan_count: u64 = report.tables.iter().map(|table| table.orphan_count).sum();
    if orphan_count > 0 {
        let orphans = grouped(orphan_count);
        let _ = writeln!(
            text,
            "{orphans} files belong to no commit (left by loads that died, harmless)"
        );
    }
    for damage in &report.damages {
        let _ = writeln!(
            text,
            "damaged: {}: {}",
            one_line(&damage.path),
            one_line(&damage.reason)
        );
    }
    if report.damages.is_empty() {
        text.push_str("the lake is whole\n");
    }
    text
}

fn json_text(url: &str, report: &CheckReport) -> String {
    let tables = report.tables.iter().map(|table| {
        json!({
            "table": table.table,
            "files": table.file_count,
            "rows": table.row_count,
            "bytes": table.size_bytes,
            "orphans": table.orphan_count,
        })
    });
    let damages = report
        .damages
        .iter()
        .map(|damage| json!({"path": damage.path, "reason": damage.reason}));
    let report = json!({
        "lake": url,
        "ok": report.damages.is_empty(),
        "commit": report.commit,
        "tables": tables.collect::<Vec<_>>(),
        "damages": damages.collect::<Vec<_>>(),
    });
    format!("{report}\n")
}
