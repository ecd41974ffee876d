//! What the server costs: a large answer beside a bare arrow-flight server, small queries, new connections.
//!
//! `cargo build --release -p chatlake-cli && cargo run --release -p chatlake-benches --bin flight -- --help`
//!
//! Guarantees: the server is the program `chatlake serve` with users and keys, in a process of its own, as is the bare server;
//! clients are those of arrow-rs, in this process; every time is that of a whole answer.

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints a table"
)]
#![expect(clippy::print_stderr, reason = "progress goes beside the table")]

use std::path::{Path, PathBuf};
use std::process::Command;

use chatlake_benches::flight::bare::Bare;
use chatlake_benches::flight::calls::{self, Count};
use chatlake_benches::flight::client::{bearer, shake_hands};
use chatlake_benches::flight::connections::{Visits, logins, visits};
use chatlake_benches::flight::door::{Client, Door, Ending, write_tls_files};
use chatlake_benches::flight::duckdb::DuckDb;
use chatlake_benches::flight::latencies::Latencies;
use chatlake_benches::flight::program::{Member, Program};
use chatlake_benches::flight::reading::{Readings, read};
use chatlake_benches::flight::served::Served;
use chatlake_benches::flight::{LISTEN, lakes};
use chatlake_benches::table::{Table, grouped};
use chatlake_benches::{Error, Result};
use clap::Parser;
use tokio::net::TcpListener;

/// Same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Rows that lie in the lake: ids, an instant, a short text.
const STORED_SQL: &str =
    "SELECT chatbot_id, conversation_id, message_id, sent_at, sender_type FROM messages";
/// Rows that are worked out; `LAST` stands for the last number.
const COMPUTED_SQL: &str = "SELECT value AS id, value * 0.5 AS v, \
    concat('conv-', CAST(value % 5000 AS VARCHAR)) AS s FROM generate_series(0, LAST)";

/// The stored rows, in memory: what the server itself costs.
const HELD_TABLE: &str = "CREATE TABLE scratch.held AS ";
const HELD_SQL: &str = "SELECT * FROM scratch.held";
/// Scratch tables may be as large as the largest answer.
const SCRATCH_LIMITS: [&str; 4] = ["--scratch-session-max", "4GiB", "--scratch-max", "4GiB"];

/// The part of the bare server's speed that is asked of ours.
const RATIO_WANTED: f64 = 0.8;
/// What is asked of the median of `SELECT 1` with authentication, in ms.
const SELECT_ONE_WANTED_MS: f64 = 3.0;
/// Connections at the same time, where several come at once.
const AT_ONCE: usize = 16;

/// Measures the server; prints Markdown tables.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rows of the large answers (of the stored one: approximately)
    #[arg(long, default_value_t = 10_000_000)]
    rows: u64,
    /// Readings of each large answer from each server, after one that does not count
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Small calls of each kind, after a fifth as many that do not count
    #[arg(long, default_value_t = 5_000)]
    calls: usize,
    /// Connections of each kind
    #[arg(long, default_value_t = 800)]
    connections: usize,
    /// Logins by password
    #[arg(long, default_value_t = 50)]
    logins: usize,
    /// Folder for the lake, kept and used again (default: a temporary one)
    #[arg(long)]
    data: Option<PathBuf>,
    /// The program `chatlake` (default: the one beside this program)
    #[arg(long)]
    program: Option<PathBuf>,
    /// Python with the module `duckdb`; without it the rows of DuckDB are left out
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Leave out the large answers
    #[arg(long)]
    no_reading: bool,
    /// Leave out small calls and connections
    #[arg(long)]
    no_calls: bool,
    #[command(flatten)]
    bare: BareStep,
}

/// The bare server, in a process of its own: it reads the answer of `sql` from the server at `bare`, and sends it from memory.
#[derive(Debug, clap::Args)]
struct BareStep {
    #[arg(long, hide = true, requires_all = ["key", "sql"])]
    bare: Option<String>,
    #[arg(long, hide = true)]
    key: Option<String>,
    #[arg(long, hide = true)]
    sql: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let step = &arguments.bare;
    if let (Some(address), Some(key), Some(sql)) = (&step.bare, &step.key, &step.sql) {
        return serve_bare(address, key, sql).await;
    }
    let scratch = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
    let program = Program::find(arguments.program.as_deref(), scratch.path())?;
    let member = program.add_member("bench")?;
    let folder = arguments.data.as_deref().unwrap_or(scratch.path());
    let lake = folder.join(format!("messages-{}-lake", arguments.rows));
    if !lakes::is_there(&lake) {
        eprintln!("making a lake of {} messages", grouped(arguments.rows));
        lakes::make_generated(&lake, arguments.rows, scratch.path()).await?;
    }
    if !arguments.no_reading {
        let duckdb = DuckDb::find(&arguments.python, scratch.path())?;
        compare_reading(&arguments, &program, &member, &lake, duckdb.as_ref()).await?;
    }
    if !arguments.no_calls {
        write_tls_files(scratch.path())?;
        measure_calls(&arguments, &program, &member, &lake, scratch.path()).await?;
    }
    Ok(())
}

/// The step of the bare server.
async fn serve_bare(address: &str, key: &str, sql: &str) -> Result<()> {
    let mut client = client_with_key(&Door::clear(address), key).await?;
    let bare = Bare::of(&mut client, sql).await?;
    drop(client);
    let listener = TcpListener::bind(LISTEN).await;
    let listener = listener.map_err(Error::io("listen"))?;
    let address = listener.local_addr().map_err(Error::io("listen"))?;
    let batch_count = bare.batch_count();
    println!("Serving {batch_count} batches from memory at grpc://{address}");
    bare.serve(listener).await
}

/// A client that sends a key with every call.
async fn client_with_key(door: &Door, key: &str) -> Result<Client> {
    let mut client = door.connect(Ending::Polite).await?;
    client.set_token(key.to_owned());
    Ok(client)
}

/// A large answer that is compared.
struct Answer {
    name: &'static str,
    /// What is run before it is asked for.
    before: Option<String>,
    sql: String,
    /// The same in DuckDB, where that has the rows too.
    in_duckdb: Option<String>,
}

/// The answers that are compared, over a lake of about `rows` messages.
fn answers(rows: u64, lake: &Path) -> [Answer; 3] {
    let computed = COMPUTED_SQL.replace("LAST", &rows.saturating_sub(1).to_string());
    let files = format!(
        " FROM read_parquet('{}/tables/messages/*/*/*.parquet')",
        lake.display()
    );
    [
        Answer {
            name: "rows in memory",
            before: Some([HELD_TABLE, STORED_SQL].concat()),
            sql: HELD_SQL.to_owned(),
            in_duckdb: None,
        },
        Answer {
            name: "stored rows",
            before: None,
            sql: STORED_SQL.to_owned(),
            in_duckdb: Some(STORED_SQL.replace(" FROM messages", &files)),
        },
        Answer {
            name: "computed rows",
            before: None,
            in_duckdb: Some([computed.as_str(), " AS series(value)"].concat()),
            sql: computed,
        },
    ]
}

/// Large answers from both servers, and from DuckDB.
async fn compare_reading(
    arguments: &Arguments,
    program: &Program,
    member: &Member,
    lake: &Path,
    duckdb: Option<&DuckDb>,
) -> Result<()> {
    let mut table = Table::new(&[
        "answer, read from",
        "rows",
        "MB",
        "median s",
        "least s",
        "rows/s",
        "MB/s",
    ]);
    let mut ratios = Vec::new();
    for answer in answers(arguments.rows, lake) {
        let name = answer.name;
        eprintln!("{name}: `{}`", answer.sql);
        let ours = program.serve(lake, None, &SCRATCH_LIMITS)?;
        let (our_readings, bare_readings) =
            read_in_turn(arguments.rounds, &ours, member, &answer).await?;
        ours.stop().await?;
        table.push(reading_row(&format!("{name}, chatlake"), &our_readings));
        table.push(reading_row(&format!("{name}, bare"), &bare_readings));
        let ratio = |of: fn(&Readings) -> f64| of(&bare_readings) / of(&our_readings);
        ratios.push((
            name,
            ratio(Readings::seconds_median),
            ratio(Readings::seconds_min),
        ));
        if let (Some(duckdb), Some(sql)) = (duckdb, &answer.in_duckdb) {
            let (version, readings) = duckdb.read(sql, arguments.rounds)?;
            let what = format!("{name}, DuckDB {version} in its process, no network");
            table.push(reading_row(&what, &readings));
        }
    }
    println!("{table}");
    for (name, of_medians, of_least) in ratios {
        let verdict = match of_medians >= RATIO_WANTED {
            true => "kept",
            false => "missed",
        };
        println!(
            "{name}: {:.0} % of the bare server's rows/s by medians, {:.0} % by the quickest; {:.0} % are asked for: {verdict}",
            of_medians * 100.0,
            of_least * 100.0,
            RATIO_WANTED * 100.0
        );
    }
    println!();
    Ok(())
}

/// An answer from our server and from the bare one that has it in memory, in turn.
async fn read_in_turn(
    rounds: usize,
    ours: &Served,
    member: &Member,
    answer: &Answer,
) -> Result<(Readings, Readings)> {
    let mut our_client = Door::clear(&ours.address).connect(Ending::Polite).await?;
    shake_hands(&mut our_client, &bearer(&member.key)).await?;
    if let Some(statement) = &answer.before {
        our_client.execute_update(statement.clone(), None).await?;
    }
    // by its token the bare server comes into the same session
    let token = our_client.token().cloned().unwrap_or_default();
    let bare = start_bare(ours, &token, &answer.sql)?;
    let mut bare_client = Door::clear(&bare.address).connect(Ending::Polite).await?;
    let (mut our_readings, mut bare_readings) = (Readings::default(), Readings::default());
    for round in 0..=rounds {
        let (ours, bare) = (
            read(&mut our_client, &answer.sql).await?,
            read(&mut bare_client, &answer.sql).await?,
        );
        eprintln!(
            "  round {round}: {:.2} s, bare {:.2} s",
            ours.seconds, bare.seconds
        );
        if round > 0 {
            our_readings.push(ours);
            bare_readings.push(bare);
        }
    }
    Ok((our_readings, bare_readings))
}

/// This program as the bare server, with what `ours` answers.
fn start_bare(ours: &Served, token: &str, sql: &str) -> Result<Served> {
    let this = std::env::current_exe().map_err(Error::io("find this program"))?;
    let mut command = Command::new(this);
    command.args(["--bare", &ours.address, "--key", token, "--sql", sql]);
    Served::start(command)
}

fn reading_row(what: &str, readings: &Readings) -> Vec<String> {
    let seconds = readings.seconds_median();
    let (rows, megabytes) = (readings.row_count(), readings.byte_count() as f64 / 1e6);
    vec![
        what.to_owned(),
        grouped(rows),
        format!("{megabytes:.0}"),
        format!("{seconds:.2}"),
        format!("{:.2}", readings.seconds_min()),
        grouped((rows as f64 / seconds) as u64),
        format!("{:.0}", megabytes / seconds),
    ]
}

/// Small calls and new connections, without TLS and with it.
async fn measure_calls(
    arguments: &Arguments,
    program: &Program,
    member: &Member,
    lake: &Path,
    tls_folder: &Path,
) -> Result<()> {
    let mut calls_table = Table::new(&[
        "small calls",
        "calls",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "longest ms",
    ]);
    let mut visits_table = Table::new(&[
        "connections",
        "count",
        "per second",
        "p50 ms",
        "p90 ms",
        "p99 ms",
        "longest ms",
    ]);
    let mut slowest_micros = 0;
    for tls in [None, Some(tls_folder)] {
        let served = program.serve(lake, tls, &[])?;
        let door = match tls {
            None => Door::clear(&served.address),
            Some(_) => Door::secured(&served.address)?,
        };
        eprintln!("small calls, {}", door.name());
        let micros = measure_small(arguments, &door, member, &mut calls_table).await?;
        slowest_micros = slowest_micros.max(micros);
        eprintln!("connections, {}", door.name());
        measure_visits(arguments, &door, member, &mut visits_table).await?;
        served.stop().await?;
    }
    println!("{calls_table}");
    let slowest_ms = f64::from(slowest_micros) / 1_000.0;
    let verdict = match slowest_ms <= SELECT_ONE_WANTED_MS {
        true => "kept",
        false => "missed",
    };
    println!(
        "`SELECT 1` with authentication: p50 of the slowest kind {slowest_ms:.2} ms, {SELECT_ONE_WANTED_MS} ms are asked for: {verdict}\n"
    );
    println!("{visits_table}");
    Ok(())
}

/// Small calls on one connection each; the largest p50 of `SELECT 1`, in µs.
async fn measure_small(
    arguments: &Arguments,
    door: &Door,
    member: &Member,
    table: &mut Table,
) -> Result<u32> {
    let count = Count {
        warm_up: arguments.calls / 5,
        measured: arguments.calls,
    };
    let mut by_token = door.connect(Ending::Polite).await?;
    shake_hands(&mut by_token, &member.password_header).await?;
    let mut by_key = client_with_key(door, &member.key).await?;
    let mut slowest_micros = 0;
    for (who, client) in [
        ("token of a login", &mut by_token),
        ("API key", &mut by_key),
    ] {
        let name = |what: &str| format!("{what}, {who}, {}", door.name());
        let latencies = calls::statements(client, count).await?;
        slowest_micros = slowest_micros.max(latencies.percentiles().p50_micros);
        table.push(small_row(name("`SELECT 1`"), &latencies));
        let latencies = calls::prepared(client, count).await?;
        table.push(small_row(name("prepared"), &latencies));
        let latencies = calls::bound(client, count).await?;
        table.push(small_row(name("prepared and bound"), &latencies));
    }
    Ok(slowest_micros)
}

fn small_row(what: String, latencies: &Latencies) -> Vec<String> {
    let percentiles = latencies.percentiles();
    let mut row = vec![what, grouped(percentiles.count as u64)];
    row.extend(percentiles.cells());
    row
}

/// New connections with a key, and logins by password on one connection.
async fn measure_visits(
    arguments: &Arguments,
    door: &Door,
    member: &Member,
    table: &mut Table,
) -> Result<()> {
    let header = member.key_header();
    for at_once in [1, AT_ONCE] {
        let found = visits(door, &header, arguments.connections, at_once).await?;
        let what = format!(
            "connect, handshake with a key, `SELECT 1`; {at_once} at once, {}",
            door.name()
        );
        table.push(visits_row(what, &found));
    }
    let found = logins(door, &member.password_header, arguments.logins).await?;
    let what = format!("login by password (Argon2id), {}", door.name());
    table.push(visits_row(what, &found));
    Ok(())
}

fn visits_row(what: String, visits: &Visits) -> Vec<String> {
    let percentiles = visits.latencies.percentiles();
    let mut row = vec![
        what,
        grouped(percentiles.count as u64),
        format!("{:.0}", visits.per_second()),
    ];
    row.extend(percentiles.cells());
    row
}
