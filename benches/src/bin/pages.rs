//! How long every page takes over the sample's largest chatbot, from Parquet, beside DuckDB on the same files.
//!
//! `cargo run --release -p chatlake-benches --bin pages -- --help`
//!
//! Guarantees: a time is that of a whole answer, from text to the last row, and the median of several after one that does
//! not count; the pages are those of the library; where DuckDB's rows are fewer or more, it is said.

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints a table"
)]
#![expect(clippy::print_stderr, reason = "progress goes beside the table")]

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatlake::{Chatlake, Format, IngestOptions, OpenOptions, Settings, Source};
use chatlake_analytics::Library;
use chatlake_benches::duckdb_pages;
use chatlake_benches::pages::answers::{Answers, Costs};
use chatlake_benches::pages::cost::Cost;
use chatlake_benches::pages::{Question, Questions, Subject, WORKFLOW_ID, cells};
use chatlake_benches::table::grouped;
use chatlake_benches::{Error, Result};
use clap::Parser;
use serde_json::{Value, json};

/// Same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// The sample that `chatlake demo` loads.
const SAMPLE: &[u8] = include_bytes!("../../../crates/cli/sample/conversations.ndjson.zst");

/// Table, path below the lake and chatbot of each active file.
const FILES_SQL: &str = "SELECT table_name, path, chatbot_id FROM system.files ORDER BY path";
const MESSAGES_SQL: &str = "SELECT count(*) AS n FROM messages";
const CONVERSATIONS_SQL: &str = "SELECT count(*) AS n FROM conversations";
/// A session that is narrowed to a chatbot sees the files of that one only.
const OWN_FILES_SQL: &str = "SELECT count(*) AS n FROM system.files";

/// Measures every page; prints a Markdown table for each period.
#[derive(Debug, Parser)]
struct Arguments {
    /// NDJSON records (also .gz, .zst) [default: the sample of `chatlake demo`]
    #[arg(long, value_name = "FILE")]
    sample: Option<PathBuf>,
    /// Folder of the reference implementation, whose SQL DuckDB runs
    #[arg(long, value_name = "FOLDER")]
    oracle: Option<PathBuf>,
    /// Chatbot [default: the one with the most messages]
    #[arg(long)]
    chatbot: Option<String>,
    /// Periods that have a name
    #[arg(long, value_delimiter = ',', default_value = "all_time,last_30_days")]
    periods: Vec<String>,
    /// Only pages whose names begin like this
    #[arg(long, value_delimiter = ',')]
    pages: Vec<String>,
    /// Answers of which the median is taken, after one that does not count
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Seconds after which a page is not asked again, and after which DuckDB is interrupted
    #[arg(long, default_value_t = 5.0)]
    seconds_max: f64,
    /// Folder for the lake, kept and used again (default: a temporary one)
    #[arg(long)]
    lake: Option<PathBuf>,
    /// A folder of SQL files in the place of those built in
    #[arg(long, value_name = "FOLDER")]
    sql: Option<PathBuf>,
    /// Do not run DuckDB
    #[arg(long)]
    no_duckdb: bool,
    /// Python with the module `duckdb`
    #[arg(long, default_value = "python3")]
    python: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let scratch = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
    let lake = arguments.lake.clone();
    let lake = lake.unwrap_or_else(|| scratch.path().join("lake"));
    let library = match &arguments.sql {
        None => Arc::clone(Library::built_in()),
        Some(folder) => Arc::new(Library::with_folder(folder).map_err(chatlake::Error::from)?),
    };
    let subject = load(&arguments, &lake).await?;
    // opened anew, as by somebody who finds the lake and did not write it
    let chatlake = open(&arguments, &lake).await?;
    let questions = chosen(&arguments, Questions::of(&library, &subject));
    introduce(&chatlake, &subject, &questions).await?;
    let costs = measure_all(&arguments, &chatlake, &subject, &questions.asked).await;
    let missing = match arguments.no_duckdb {
        true => Some("it was not asked for".to_owned()),
        false => duckdb_pages::missing(&arguments.python, arguments.oracle.as_deref()),
    };
    let duckdb = match missing {
        Some(reason) => Err(reason),
        None => {
            eprintln!("DuckDB answers {} questions", questions.asked.len());
            let job = duckdb_job(&arguments, &lake, &chatlake, &subject, &questions.asked).await?;
            let folder = scratch.path().join("duckdb");
            duckdb_pages::answer(&arguments.python, &job, &folder)
                .map_err(|error| error.to_string())
        }
    };
    let answers = Answers {
        questions: &questions.asked,
        costs,
        duckdb: duckdb.as_ref().unwrap_or(&Value::Null),
    };
    for period in &arguments.periods {
        println!("{}", answers.report(period));
    }
    explain(&arguments, &questions, &duckdb);
    Ok(())
}

async fn open(arguments: &Arguments, lake: &Path) -> Result<Chatlake> {
    let options = OpenOptions {
        create: true,
        settings: Settings {
            sql_folder: arguments.sql.clone(),
            ..Settings::default()
        },
        ..OpenOptions::default()
    };
    Ok(Chatlake::open(&lake.to_string_lossy(), options).await?)
}

/// Loads the sample into a new lake; gives the chatbot a workflow to try out.
async fn load(arguments: &Arguments, lake: &Path) -> Result<Subject> {
    let is_new = !lake.join("lake.json").exists();
    let chatlake = open(arguments, lake).await?;
    if is_new {
        let source = match &arguments.sample {
            Some(path) => Source::Path(path.clone()),
            None => Source::Reader(Box::new(Cursor::new(SAMPLE))),
        };
        ingest(&chatlake, source).await?;
    }
    let subject = Subject::find(&chatlake, arguments.chatbot.as_deref()).await?;
    // the condition is the one that the reference implementation has SQL for
    let workflow = json!({
        "type": "workflow", "chatbot_id": subject.chatbot, "workflow_id": WORKFLOW_ID, "name": "Churn alert",
        "trigger": "user_message", "actions": [], "status": "active",
        "conditions": {"op": "and", "all": [
            {"kind": "flag", "value": "churn_risk", "cmp": "detected"},
            {"kind": "sentiment_score", "cmp": "<", "value": -0.5},
        ]},
    });
    let record = Cursor::new(workflow.to_string().into_bytes());
    ingest(&chatlake, Source::Reader(Box::new(record))).await?;
    Ok(subject)
}

async fn ingest(chatlake: &Chatlake, source: Source) -> Result<()> {
    let options = IngestOptions::new(Format::Ndjson, chatlake.clock().now_micros());
    let report = chatlake.ingest(source, options).await?;
    if report.rejected > 0 {
        eprintln!("{} records were rejected", grouped(report.rejected));
    }
    Ok(())
}

/// The questions that were asked for.
fn chosen(arguments: &Arguments, mut questions: Questions) -> Questions {
    let is_chosen = |name: &str| {
        let mut beginnings = arguments.pages.iter();
        arguments.pages.is_empty() || beginnings.any(|beginning| name.starts_with(beginning))
    };
    questions.asked.retain(|question| is_chosen(&question.name));
    questions.unasked.retain(|(page, _)| is_chosen(page));
    questions
}

/// Says what the numbers are about.
async fn introduce(chatlake: &Chatlake, subject: &Subject, questions: &Questions) -> Result<()> {
    let session = chatlake.session();
    session.query(&subject.narrow()).await?;
    let mut counts = Vec::new();
    for sql in [MESSAGES_SQL, CONVERSATIONS_SQL, OWN_FILES_SQL] {
        let rows = cells(&session, sql).await?;
        let count = rows.first().and_then(|row| row.first()).cloned().flatten();
        let count = count.and_then(|text| text.parse().ok());
        counts.push(grouped(count.unwrap_or_default()));
    }
    println!(
        "chatbot `{}` as of {}: {} messages in {} conversations, {} Parquet files; {} questions\n",
        subject.chatbot,
        subject.as_of,
        counts[0],
        counts[1],
        counts[2],
        questions.asked.len(),
    );
    Ok(())
}

async fn measure_all(
    arguments: &Arguments,
    chatlake: &Chatlake,
    subject: &Subject,
    questions: &[Question],
) -> Costs {
    let session = chatlake.session();
    let mut costs = Costs::new();
    for (index, period) in arguments.periods.iter().enumerate() {
        eprintln!("Chatlake answers {} questions, {period}", questions.len());
        for question in questions {
            if question.has_period || index == 0 {
                let sql = subject.sql(question, period);
                let cost = Cost::measure(&session, &sql, arguments.runs, arguments.seconds_max);
                let cost = cost.await.map_err(|error| error.to_string());
                costs.insert((period.clone(), question.name.clone()), cost);
            }
        }
    }
    costs
}

/// What `duckdb_pages.py` is to do.
async fn duckdb_job(
    arguments: &Arguments,
    lake: &Path,
    chatlake: &Chatlake,
    subject: &Subject,
    questions: &[Question],
) -> Result<Value> {
    let question = |question: &Question| {
        json!({
            "name": question.name, "page": question.page, "argument": question.argument,
            "has_period": question.has_period,
        })
    };
    Ok(json!({
        "lake": lake, "oracle": arguments.oracle, "chatbot": subject.chatbot, "as_of": subject.as_of,
        "files": cells(&chatlake.session(), FILES_SQL).await?, "values": subject.values,
        "periods": arguments.periods, "runs": arguments.runs, "seconds_max": arguments.seconds_max,
        "questions": questions.iter().map(question).collect::<Vec<_>>(),
    }))
}

/// What the columns are, and what is missing.
fn explain(
    arguments: &Arguments,
    questions: &Questions,
    duckdb: &std::result::Result<Value, String>,
) {
    println!(
        "Milliseconds: median of {} whole answers after one that does not count; of fewer when they take {} s together. \
         Where the first takes longer, it counts itself, and DuckDB is interrupted.",
        arguments.runs, arguments.seconds_max
    );
    match duckdb {
        Err(reason) => println!("DuckDB's columns are empty: {reason}."),
        Ok(answer) => println!(
            "DuckDB {} runs the reference implementation's SQL. Parquet: its raw tables are views over the chatbot's own \
             files. Memory: the whole lake was loaded into its tables before ({:.1} s). In both, every other relation is a \
             view; the period's bounds and days are computed before. `-`: the reference has no SQL for it.",
            answer["version"].as_str().unwrap_or_default(),
            answer["load_seconds"].as_f64().unwrap_or(f64::NAN),
        ),
    }
    for (page, argument) in &questions.unasked {
        println!("`{page}` was not asked: there is no value for `{argument}`.");
    }
}
