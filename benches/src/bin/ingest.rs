//! How fast records come in: NDJSON and bulk Parquet, beside DuckDB on the same files when Python has it.
//!
//! `cargo run --release -p chatlake-benches --bin ingest -- --help`
//!
//! Guarantees: each measurement runs in a process of its own, so peak memory is its own; input files are made before the
//! clock starts; a lake is new for each first load.

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints a table"
)]
#![expect(clippy::print_stderr, reason = "progress goes beside the table")]

use std::path::{Path, PathBuf};
use std::process::Command;

use chatlake::{Chatlake, Format, IngestOptions, OpenOptions, Source};
use chatlake_benches::conversations::Shape;
use chatlake_benches::measure::{Stopwatch, parquet_files, peak_memory_bytes};
use chatlake_benches::table::{Table, grouped, megabytes};
use chatlake_benches::{Error, Result, ndjson, parquet_files as bulk, step};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};

/// Same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Measures ingest; prints a Markdown table.
#[derive(Debug, Parser)]
struct Arguments {
    /// NDJSON records to generate
    #[arg(long, default_value_t = 400_000)]
    records: u64,
    /// Messages in the generated Parquet files
    #[arg(long, default_value_t = 10_000_000)]
    messages: u64,
    /// Folder for generated input, kept and used again (default: a temporary one)
    #[arg(long)]
    data: Option<PathBuf>,
    /// One more NDJSON file (also .gz, .zst) to load, e.g. a set of real conversations
    #[arg(long)]
    sample: Option<PathBuf>,
    /// Do not run DuckDB even if `python3 -c 'import duckdb'` works
    #[arg(long)]
    no_duckdb: bool,
    /// Python with the module `duckdb`
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    #[command(flatten)]
    step: Step,
}

/// One measurement, in a process of its own.
#[derive(Debug, clap::Args)]
struct Step {
    #[arg(long, hide = true, requires_all = ["input", "lake"])]
    step: Option<Kind>,
    #[arg(long, hide = true)]
    input: Vec<PathBuf>,
    #[arg(long, hide = true)]
    lake: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Ndjson,
    Parquet,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match (arguments.step.step, &arguments.step.lake) {
        (Some(kind), Some(lake)) => run_step(kind, &arguments.step.input, lake).await,
        _ => compare(&arguments),
    }
}

/// Loads the files into the lake and prints what it cost as one JSON object.
async fn run_step(kind: Kind, inputs: &[PathBuf], lake: &Path) -> Result<()> {
    let watch = Stopwatch::start();
    let url = lake.to_string_lossy();
    let chatlake = Chatlake::open(
        &url,
        OpenOptions {
            create: true,
            ..OpenOptions::default()
        },
    )
    .await?;
    let (mut accepted, mut duplicates, mut rejected) = (0, 0, 0);
    for input in inputs {
        let received_at_micros = chatlake.clock().now_micros();
        let options = match kind {
            Kind::Ndjson => IngestOptions::new(Format::Ndjson, received_at_micros),
            Kind::Parquet => IngestOptions {
                table: Some("messages".to_owned()),
                ..IngestOptions::new(Format::Parquet, received_at_micros)
            },
        };
        let report = chatlake
            .ingest(Source::Path(input.clone()), options)
            .await?;
        accepted += report.accepted;
        duplicates += report.duplicates;
        rejected += report.rejected;
    }
    let seconds = watch.seconds();
    let (file_count, file_bytes) = parquet_files(&lake.join("tables"));
    println!(
        "{}",
        json!({
            "seconds": seconds, "accepted": accepted, "duplicates": duplicates, "rejected": rejected,
            "peak_bytes": peak_memory_bytes(), "files": file_count, "file_bytes": file_bytes,
        })
    );
    Ok(())
}

/// The input files, made when they are not there yet.
struct Input {
    ndjson: PathBuf,
    parquet: PathBuf,
}

fn prepare(arguments: &Arguments, folder: &Path) -> Result<Input> {
    std::fs::create_dir_all(folder).map_err(Error::io(format!("create `{}`", folder.display())))?;
    let ndjson = folder.join(format!("records-{}.ndjson", arguments.records));
    if !ndjson.exists() {
        eprintln!("generating {} NDJSON records", grouped(arguments.records));
        // about one record in five is a capture of ten messages, so this is enough
        let shape = Shape {
            message_count: arguments.records * 10,
            ..Shape::default()
        };
        let (records, messages) = ndjson::write_records(shape, arguments.records, &ndjson)?;
        eprintln!(
            "  {} records with {} messages",
            grouped(records),
            grouped(messages)
        );
    }
    let parquet = folder.join(format!("messages-{}", arguments.messages));
    if !parquet.exists() {
        eprintln!(
            "generating Parquet files of about {} messages",
            grouped(arguments.messages)
        );
        let shape = Shape {
            message_count: arguments.messages,
            ..Shape::default()
        };
        let (files, rows) = bulk::write_messages(shape, &parquet)?;
        eprintln!("  {} files with {} rows", files.len(), grouped(rows));
    }
    Ok(Input { ndjson, parquet })
}

fn measure(kind: Kind, inputs: &[PathBuf], lake: &Path) -> Result<Value> {
    let name = if matches!(kind, Kind::Ndjson) {
        "ndjson"
    } else {
        "parquet"
    };
    let (lake, inputs) = (
        lake.to_string_lossy(),
        inputs.iter().map(|input| input.to_string_lossy()),
    );
    let inputs: Vec<_> = inputs.collect();
    let mut arguments = vec!["--step", name, "--lake", &lake];
    for input in &inputs {
        arguments.extend(["--input", input]);
    }
    step::run_again(&arguments)
}

fn size_bytes(path: &Path) -> u64 {
    if path.is_dir() {
        parquet_files(path).1
    } else {
        std::fs::metadata(path).map_or(0, |file| file.len())
    }
}

struct Results {
    table: Table,
}

impl Results {
    fn new() -> Self {
        let header = [
            "what",
            "records",
            "seconds",
            "records/s",
            "MB/s in",
            "peak MB",
            "files",
            "MB out",
            "duplicates",
            "rejected",
        ];
        Self {
            table: Table::new(&header),
        }
    }

    fn push(&mut self, what: &str, input_bytes: u64, cost: &Value) {
        let seconds = cost["seconds"].as_f64().unwrap_or(f64::NAN);
        let number = |name: &str| cost[name].as_u64();
        let count = |name: &str| number(name).map_or_else(|| "-".to_owned(), grouped);
        let of_us =
            ["accepted", "duplicates", "rejected"].map(|name| number(name).unwrap_or_default());
        let records = number("records").unwrap_or(of_us.iter().sum());
        self.table.push(vec![
            what.to_owned(),
            grouped(records),
            format!("{seconds:.2}"),
            grouped((records as f64 / seconds) as u64),
            format!("{:.1}", input_bytes as f64 / 1e6 / seconds),
            number("peak_bytes").map_or_else(|| "-".to_owned(), megabytes),
            count("files"),
            number("file_bytes").map_or_else(|| "-".to_owned(), megabytes),
            count("duplicates"),
            count("rejected"),
        ]);
    }
}

fn compare(arguments: &Arguments) -> Result<()> {
    let scratch = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
    let folder = arguments
        .data
        .clone()
        .unwrap_or_else(|| scratch.path().join("data"));
    let input = prepare(arguments, &folder)?;
    let mut results = Results::new();
    let ndjson_bytes = size_bytes(&input.ndjson);
    let ndjson_input = std::slice::from_ref(&input.ndjson);
    let lake = scratch.path().join("ndjson");
    results.push(
        "chatlake, NDJSON",
        ndjson_bytes,
        &measure(Kind::Ndjson, ndjson_input, &lake)?,
    );
    results.push(
        "chatlake, the same NDJSON again",
        ndjson_bytes,
        &measure(Kind::Ndjson, ndjson_input, &lake)?,
    );
    if let Some(sample) = &arguments.sample {
        let lake = scratch.path().join("sample");
        let cost = measure(Kind::Ndjson, std::slice::from_ref(sample), &lake)?;
        results.push("chatlake, sample", size_bytes(sample), &cost);
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&input.parquet)
        .map_err(Error::io(format!("read `{}`", input.parquet.display())))?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    let parquet_bytes = size_bytes(&input.parquet);
    let bulk = measure(Kind::Parquet, &files, &scratch.path().join("parquet"))?;
    results.push("chatlake, Parquet bulk", parquet_bytes, &bulk);
    let row_count = bulk["accepted"].as_u64().unwrap_or_default();
    add_duckdb(arguments, &input, scratch.path(), row_count, &mut results)?;
    println!("{}", results.table);
    Ok(())
}

fn add_duckdb(
    arguments: &Arguments,
    input: &Input,
    scratch: &Path,
    row_count: u64,
    results: &mut Results,
) -> Result<()> {
    let mut probe = Command::new(&arguments.python);
    probe.args(["-c", "import duckdb"]);
    if arguments.no_duckdb || !probe.output().is_ok_and(|output| output.status.success()) {
        println!(
            "DuckDB is skipped: not asked for, or `{} -c 'import duckdb'` fails\n",
            arguments.python.display()
        );
        return Ok(());
    }
    let script = scratch.join("duckdb_ingest.py");
    std::fs::write(&script, include_str!("../duckdb_ingest.py"))
        .map_err(Error::io("write the DuckDB script"))?;
    let jobs = [
        ("ndjson", &input.ndjson, arguments.records),
        ("parquet", &input.parquet, row_count),
    ];
    for (kind, source, records) in jobs {
        let output = scratch.join(format!("duckdb-{kind}"));
        let mut command = Command::new(&arguments.python);
        command.arg(&script).arg(kind).arg(source).arg(&output);
        let mut cost = step::answer(command, "duckdb")?;
        let (file_count, file_bytes) = parquet_files(&output);
        cost["records"] = json!(records);
        cost["files"] = json!(file_count);
        cost["file_bytes"] = json!(file_bytes);
        let version = cost["version"].as_str().unwrap_or_default();
        let what = format!("DuckDB {version}, {kind} to partitioned Parquet");
        results.push(&what, size_bytes(source), &cost);
    }
    Ok(())
}
