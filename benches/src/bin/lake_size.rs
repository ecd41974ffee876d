//! What the number of files in a lake costs: opening it, committing to it, planning and running a small query.
//!
//! `cargo run --release -p chatlake-benches --bin lake_size -- --help`
//!
//! Guarantees: the lakes are real, each file was written by a load; every size is measured in a process of its own. Commit
//! and planning must not grow with the lake: the last row compares the largest lake with the smallest.

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints a table"
)]
#![expect(clippy::print_stderr, reason = "progress goes beside the table")]

use std::fmt::Write;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use chatlake::{Chatlake, Format, IngestOptions, OpenOptions, Source};
use chatlake_benches::conversations::FIRST_DAY_MICROS;
use chatlake_benches::measure::{Stopwatch, median, parquet_files, peak_memory_bytes};
use chatlake_benches::table::{Table, grouped, megabytes};
use chatlake_benches::{Error, Result, step};
use clap::Parser;
use serde_json::{Value, json};

/// Same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Days of each chatbot; one file each.
const DAY_COUNT: u64 = 100;
/// Messages in each file.
const MESSAGES_PER_FILE: u64 = 10;
/// Files that one load writes.
const FILES_PER_LOAD: u64 = 10_000;
const MILLIS_PER_DAY: i64 = 86_400_000;

/// One chatbot, seven days: what a page asks for.
const QUESTION: &str = "SELECT count(*), max(sent_at) FROM messages \
    WHERE chatbot_id = 'cb_5' AND sent_at >= TIMESTAMP '2026-02-01T00:00:00Z' AND sent_at < TIMESTAMP '2026-02-08T00:00:00Z'";

/// Measures lakes of growing numbers of files; prints a Markdown table.
#[derive(Debug, Parser)]
struct Arguments {
    /// Numbers of data files
    #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
    files: Vec<u64>,
    /// Repetitions of each measurement; the median counts
    #[arg(long, default_value_t = 21)]
    runs: usize,
    /// Folder for the lakes, kept and used again (default: a temporary one)
    #[arg(long)]
    data: Option<PathBuf>,
    /// One measurement, in a process of its own: `build` or `measure`
    #[arg(long, hide = true)]
    step: Option<String>,
    #[arg(long, hide = true, default_value = ".")]
    lake: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let answer = match arguments.step.as_deref() {
        None => return compare(&arguments),
        Some("build") => {
            build(
                &arguments.lake,
                arguments.files.first().copied().unwrap_or_default(),
            )
            .await?
        }
        Some(_) => measure(&arguments.lake, arguments.runs).await?,
    };
    println!("{answer}");
    Ok(())
}

async fn open(lake: &Path) -> Result<Chatlake> {
    Ok(Chatlake::open(
        &lake.to_string_lossy(),
        OpenOptions {
            create: true,
            ..OpenOptions::default()
        },
    )
    .await?)
}

async fn ingest(chatlake: &Chatlake, records: String) -> Result<()> {
    let options = IngestOptions::new(Format::Ndjson, chatlake.clock().now_micros());
    let source = Source::Reader(Box::new(Cursor::new(records.into_bytes())));
    let report = chatlake.ingest(source, options).await?;
    if report.rejected > 0 {
        let message = format!("{} records were rejected", report.rejected);
        return Err(Error::Step {
            step: "ingest".to_owned(),
            message,
        });
    }
    Ok(())
}

/// Messages for the data file number `file` (one chatbot, one day); `tag` tells apart what is written in turn.
fn push_file(records: &mut String, file: u64, tag: &str) {
    let (chatbot, day) = (file / DAY_COUNT, (file % DAY_COUNT) as i64);
    let start_ms = FIRST_DAY_MICROS / 1_000 + day * MILLIS_PER_DAY;
    for index in 0..MESSAGES_PER_FILE {
        let sent_at_ms = start_ms + index as i64 * 60_000;
        // a `String` takes whatever is written to it
        let _ = writeln!(
            records,
            r#"{{"type":"message","chatbot_id":"cb_{chatbot}","conversation_id":"c{day}","message_id":"{tag}{day}-{index}","sent_at":{sent_at_ms},"sender_type":"customer","content":"message {index} of day {day}"}}"#
        );
    }
}

/// Builds a lake with `file_count` data files.
async fn build(lake: &Path, file_count: u64) -> Result<Value> {
    let watch = Stopwatch::start();
    let chatlake = open(lake).await?;
    let mut first = 0;
    while first < file_count {
        let end = (first + FILES_PER_LOAD).min(file_count);
        let mut records = String::new();
        (first..end).for_each(|file| push_file(&mut records, file, "m"));
        ingest(&chatlake, records).await?;
        first = end;
    }
    Ok(json!({"seconds": watch.seconds()}))
}

/// Measures an existing lake. Every commit adds one file to it.
async fn measure(lake: &Path, runs: usize) -> Result<Value> {
    let watch = Stopwatch::start();
    let chatlake = open(lake).await?;
    let open_seconds = watch.seconds();
    let open_peak_bytes = peak_memory_bytes();
    let session = chatlake.session();
    let (mut plans, mut answers, mut commits) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let watch = Stopwatch::start();
        let query = session.query(QUESTION).await?;
        plans.push(watch.seconds());
        let watch = Stopwatch::start();
        query.collect().await?;
        answers.push(watch.seconds());
        let mut records = String::new();
        push_file(
            &mut records,
            1,
            &format!("again-{}-{run}-", chatlake.clock().now_micros()),
        );
        let watch = Stopwatch::start();
        ingest(&chatlake, records).await?;
        commits.push(watch.seconds());
    }
    let (file_count, _) = parquet_files(&lake.join("tables"));
    Ok(json!({
        "files": file_count, "open": open_seconds, "open_peak_bytes": open_peak_bytes,
        "plan": median(plans), "answer": median(answers), "commit": median(commits),
    }))
}

fn milliseconds(cost: &Value, name: &str) -> String {
    format!("{:.2}", cost[name].as_f64().unwrap_or(f64::NAN) * 1_000.0)
}

fn compare(arguments: &Arguments) -> Result<()> {
    let scratch = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
    let folder = arguments
        .data
        .clone()
        .unwrap_or_else(|| scratch.path().to_owned());
    let header = [
        "files",
        "build s",
        "open ms",
        "peak MB after open",
        "plan ms",
        "answer ms",
        "commit of one file ms",
    ];
    let mut table = Table::new(&header);
    let mut costs = Vec::new();
    for file_count in &arguments.files {
        let (lake, files) = (
            folder.join(format!("lake-{file_count}")),
            file_count.to_string(),
        );
        let lake_text = lake.to_string_lossy();
        let built = if lake.join("lake.json").exists() {
            "-".to_owned()
        } else {
            eprintln!("building a lake of {} files", grouped(*file_count));
            let built =
                step::run_again(&["--step", "build", "--files", &files, "--lake", &lake_text])?;
            format!("{:.1}", built["seconds"].as_f64().unwrap_or(f64::NAN))
        };
        let runs = arguments.runs.to_string();
        let cost = step::run_again(&["--step", "measure", "--runs", &runs, "--lake", &lake_text])?;
        table.push(vec![
            grouped(cost["files"].as_u64().unwrap_or_default()),
            built,
            milliseconds(&cost, "open"),
            cost["open_peak_bytes"]
                .as_u64()
                .map_or_else(|| "-".to_owned(), megabytes),
            milliseconds(&cost, "plan"),
            milliseconds(&cost, "answer"),
            milliseconds(&cost, "commit"),
        ]);
        costs.push(cost);
    }
    println!("{table}");
    if let [first, .., last] = &costs[..] {
        let ratio = |name: &str| {
            last[name].as_f64().unwrap_or(f64::NAN) / first[name].as_f64().unwrap_or(f64::NAN)
        };
        println!(
            "largest against smallest: open {:.1}x, plan {:.2}x, answer {:.2}x, commit {:.2}x",
            ratio("open"),
            ratio("plan"),
            ratio("answer"),
            ratio("commit")
        );
    }
    Ok(())
}
