//! What a load came to, for people and as JSON.
//!
//! Guarantees: the JSON report is one object; its `accepted`, `duplicates`, `rejected` and `warnings` are the sums over
//! all files, `files` holds each file's own report in the order of the command line, and `failed` the files of which
//! nothing was stored.

use std::fmt::Write;
use std::time::{Duration, Instant};

use chatlake::IngestReport;
use serde_json::{Value, json};

use super::Input;
use crate::error::Error;
use crate::terminal::{self, elapsed, grouped};

/// Rejects and kinds of warnings a person is shown per file.
const DETAIL_COUNT_MAX: usize = 5;

/// The report of one file.
#[derive(Debug)]
pub struct FileReport {
    name: String,
    /// What a position in the file is called: `line` or `row`.
    place: &'static str,
    report: IngestReport,
    duration: Duration,
    /// Somebody asked to stop when it was too late for this file.
    pub was_interrupted: bool,
}

impl FileReport {
    /// The report of `input`, which took `duration`.
    pub fn new(input: &Input, report: IngestReport, duration: Duration) -> Self {
        Self {
            name: input.name().to_owned(),
            place: if input.is_ndjson() { "line" } else { "row" },
            report,
            duration,
            was_interrupted: false,
        }
    }

    /// Records that were not stored because they are wrong.
    pub fn rejected_count(&self) -> u64 {
        self.report.rejected
    }

    fn counts(&self) -> Counts {
        let report = &self.report;
        Counts {
            accepted: report.accepted,
            duplicates: report.duplicates,
            rejected: report.rejected,
            warnings: report.warnings.count,
        }
    }

    /// What a person reads about the file; ends with a newline.
    pub fn text(&self) -> String {
        let counts = self.counts();
        let records = counts.accepted + counts.duplicates + counts.rejected;
        let mut text = format!(
            "{}: {} records in {}",
            self.name,
            grouped(records),
            elapsed(self.duration)
        );
        if counts.accepted == 0 && counts.duplicates > 0 && counts.rejected == 0 {
            text.push_str(", all of them known before: nothing was changed");
        }
        text.push('\n');
        push_line(&mut text, "accepted", counts.accepted, &self.stored());
        push_line(&mut text, "duplicates", counts.duplicates, "");
        push_line(&mut text, "rejected", counts.rejected, &self.rejects());
        if counts.warnings > 0 {
            push_line(&mut text, "warnings", counts.warnings, &self.warnings());
        }
        text
    }

    /// `messages 9,798, annotations 8,702`: what is new in the lake.
    fn stored(&self) -> String {
        let tables = self.report.tables.iter().filter(|table| table.rows > 0);
        let tables: Vec<String> = tables
            .map(|table| format!("{} {}", table.table, grouped(table.rows)))
            .collect();
        if tables.is_empty() {
            return String::new();
        }
        format!("rows: {}", tables.join(", "))
    }

    fn rejects(&self) -> String {
        let first = self.report.rejects.first.iter().take(DETAIL_COUNT_MAX);
        let mut details: Vec<String> = first
            .map(|found| format!("{} {}: {}", self.place, found.line, found.code))
            .collect();
        let more = self.report.rejected.saturating_sub(details.len() as u64);
        if more > 0 && !details.is_empty() {
            details.push(format!(
                "and {} more (--rejects FILE keeps them all)",
                grouped(more)
            ));
        }
        details.join(", ")
    }

    fn warnings(&self) -> String {
        let mut codes: Vec<_> = self.report.warnings.codes.iter().collect();
        // most frequent first; the map has them by name
        codes.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let more = codes.len().saturating_sub(DETAIL_COUNT_MAX);
        let shown = codes.into_iter().take(DETAIL_COUNT_MAX);
        let mut details: Vec<String> = shown
            .map(|(code, count)| format!("{code} × {}", grouped(*count)))
            .collect();
        if more > 0 {
            details.push(format!("and {more} other codes"));
        }
        details.join(", ")
    }

    fn json(&self) -> Value {
        let (counts, report) = (self.counts(), &self.report);
        json!({
            "file": self.name,
            "accepted": counts.accepted,
            "duplicates": counts.duplicates,
            "rejected": counts.rejected,
            "warnings": counts.warnings,
            "elapsed_ms": milliseconds(self.duration),
            "reject_codes": report.rejects.codes,
            "first_rejects": report.rejects.first,
            "warning_codes": report.warnings.codes,
            "first_warnings": report.warnings.first,
            "tables": report.tables,
            "input_bytes": report.input_bytes,
            "commit": report.commit,
        })
    }
}

/// Writes `  accepted  19,590  details`.
fn push_line(text: &mut String, name: &str, count: u64, details: &str) {
    let line = format!("  {name:10} {:>12}  {details}", grouped(count));
    // writing to a String cannot fail
    let _ = writeln!(text, "{}", line.trim_end());
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Numbers of records, and of warnings about them.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    accepted: u64,
    duplicates: u64,
    rejected: u64,
    warnings: u64,
}

/// The reports of all files of one run.
#[derive(Debug)]
pub struct Totals {
    lake: String,
    started: Instant,
    files: Vec<FileReport>,
    failed: Vec<Value>,
}

impl Totals {
    /// No report yet, for the lake at `url`.
    pub fn start(url: &str) -> Self {
        Self {
            lake: url.to_owned(),
            started: Instant::now(),
            files: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// Adds the report of a file that was loaded.
    pub fn add(&mut self, report: FileReport) {
        self.files.push(report);
    }

    /// Adds a file that could not be loaded.
    pub fn add_failed(&mut self, name: &str, error: &Error) {
        let sentence = terminal::one_line(&error.to_string());
        self.failed
            .push(json!({"file": name, "code": error.code().as_str(), "error": sentence}));
    }

    /// Records rejected in all files.
    pub fn rejected_count(&self) -> u64 {
        self.sum().rejected
    }

    fn sum(&self) -> Counts {
        self.files
            .iter()
            .map(FileReport::counts)
            .fold(Counts::default(), |sum, counts| Counts {
                accepted: sum.accepted + counts.accepted,
                duplicates: sum.duplicates + counts.duplicates,
                rejected: sum.rejected + counts.rejected,
                warnings: sum.warnings + counts.warnings,
            })
    }

    /// The sums over several files for a person; empty for a single one, whose report says it all.
    pub fn text(&self) -> String {
        if self.files.len() < 2 {
            return String::new();
        }
        let sum = self.sum();
        let time = elapsed(self.started.elapsed());
        let [accepted, duplicates, rejected] =
            [sum.accepted, sum.duplicates, sum.rejected].map(grouped);
        format!(
            "{} files in {time}: {accepted} accepted, {duplicates} duplicates, {rejected} rejected\n",
            self.files.len()
        )
    }

    /// The whole report as one JSON object and a newline.
    pub fn json(&self) -> String {
        let sum = self.sum();
        let report = json!({
            "lake": self.lake,
            "accepted": sum.accepted,
            "duplicates": sum.duplicates,
            "rejected": sum.rejected,
            "warnings": sum.warnings,
            "elapsed_ms": milliseconds(self.started.elapsed()),
            "files": self.files.iter().map(FileReport::json).collect::<Vec<_>>(),
            "failed": self.failed,
        });
        format!("{report}\n")
    }
}
