//! Many clients for a while, with cancels, kills and slow readers: what the server holds before, meanwhile and after.
//!
//! `cargo build --release -p chatlake-cli && cargo run --release -p chatlake-benches --bin soak -- --help`
//!
//! 1. A server (`chatlake serve`, in a process of its own) is visited for a while, so that caches are full and threads are there.
//! 2. Without clients it is waited until sessions are over and pages were given back; what it holds then is the start.
//! 3. The clients come for as long as was asked for; every ten seconds it is looked from outside what the server holds.
//! 4. They go, it is waited as before, and what the server holds is compared with the start.
//!
//! Guarantees: the program ends with 1 when anything was not as it should be: files that stayed open, queries that still run, memory
//! over the tolerance, an answer or a code that no client expected.

#![expect(
    clippy::print_stdout,
    reason = "a bench is a program that prints a table"
)]
#![expect(clippy::print_stderr, reason = "progress goes beside the table")]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chatlake_analytics::Library;
use chatlake_benches::flight::client::shake_hands;
use chatlake_benches::flight::door::{Client, Door, Ending, write_tls_files};
use chatlake_benches::flight::lakes;
use chatlake_benches::flight::program::Program;
use chatlake_benches::flight::served::Served;
use chatlake_benches::pages::{Questions, Subject};
use chatlake_benches::soak::samples::Samples;
use chatlake_benches::soak::tally::{Tally, lock};
use chatlake_benches::soak::verdict::{Comparison, Holding};
use chatlake_benches::soak::visitor::{Site, visit};
use chatlake_benches::table::megabytes;
use chatlake_benches::{Error, Result};
use clap::Parser;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

/// Same allocator as the program.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Settings of the server that differ from its defaults: what clients leave behind is kept for a minute and not for a day, so that
/// the end can be waited for, and every client has a session, also when all of them are a few users.
const SERVER: [&str; 6] = [
    "--session-idle",
    "60s",
    "--transaction-idle",
    "30s",
    "--user-sessions-max",
    "10000",
];
/// Users, and keys.
const MEMBER_COUNT: usize = 8;
const SAMPLE_INTERVAL: Duration = Duration::from_secs(10);
/// How long the allocator has to give pages back once the sessions are over.
const DECAY: Duration = Duration::from_secs(15);
/// Pages that are asked, over this period.
const PAGES: [&str; 6] = [
    "analytics_messages",
    "analytics_messages_daily",
    "chat_users_page",
    "organizations_page",
    "sentiment_trend",
    "users_page",
];
const PERIOD: &str = "last_30_days";

/// Visits a server with many clients; prints Markdown tables; ends with 1 when something was not as it should be.
#[derive(Debug, Parser)]
struct Arguments {
    /// Clients at the same time
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    clients: u32,
    /// How long they stay, in minutes
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// How long as many clients stay before the start is measured, in seconds
    #[arg(long, default_value_t = 60.0)]
    warm_up_seconds: f64,
    /// How long is waited without clients, in seconds: longer than the server keeps an idle session (60)
    #[arg(long, default_value_t = 75.0)]
    settle_seconds: f64,
    /// Pause of a client between two actions, on average, in ms
    #[arg(long, default_value_t = 4_000)]
    pause_ms: u64,
    /// By how many MB memory may have grown at the end; by a quarter it always may
    #[arg(long, default_value_t = 200)]
    tolerance_mb: u64,
    /// Another seed, other actions
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder of a lake to be asked (default: a temporary one with the sample of `chatlake demo`)
    #[arg(long)]
    lake: Option<PathBuf>,
    /// The program `chatlake` (default: the one beside this program)
    #[arg(long)]
    program: Option<PathBuf>,
    /// Come over TLS
    #[arg(long)]
    tls: bool,
    /// Further arguments of `chatlake serve`, after `--`
    #[arg(last = true)]
    server: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let scratch = tempfile::tempdir().map_err(Error::io("make a temporary folder"))?;
    let lake = match &arguments.lake {
        Some(lake) => lake.clone(),
        None => scratch.path().join("lake"),
    };
    let (served, site) = open(&arguments, &lake, scratch.path()).await?;
    let mut guard = watcher(&site).await?;
    let tally = Arc::new(Mutex::new(Tally::default()));
    eprintln!("warm-up: {:.0} s", arguments.warm_up_seconds);
    let mut unseen = Samples::of(served.process_id());
    run(
        &arguments,
        &site,
        arguments.warm_up_seconds,
        &tally,
        &mut unseen,
    )
    .await?;
    settle(&arguments, &site).await?;
    let before = Holding::look(served.process_id(), &mut guard).await?;

    // findings of the warm-up count, its times do not
    let tally = Arc::new(Mutex::new(cooled_down(&tally)));
    let mut samples = Samples::of(served.process_id());
    let (clients, minutes) = (arguments.clients, arguments.minutes);
    eprintln!("{clients} clients for {minutes} minutes");
    run(&arguments, &site, minutes * 60.0, &tally, &mut samples).await?;
    settle(&arguments, &site).await?;
    let comparison = Comparison {
        before,
        after: Holding::look(served.process_id(), &mut guard).await?,
        tolerance_bytes: arguments.tolerance_mb * 1_000_000,
    };
    drop(guard);
    let has_stopped = served.stop().await?;
    Ok(report(&tally, &samples, &comparison, has_stopped))
}

/// Takes the findings along into a new tally.
fn cooled_down(tally: &Mutex<Tally>) -> Tally {
    let mut next = Tally::default();
    for finding in lock(tally).findings() {
        next.find("warm-up", "see below".to_owned(), finding);
    }
    next
}

/// Starts the server; what its visitors need to know.
async fn open(arguments: &Arguments, lake: &Path, scratch: &Path) -> Result<(Served, Arc<Site>)> {
    let program = Program::find(arguments.program.as_deref(), scratch)?;
    let mut members = Vec::new();
    for number in 0..MEMBER_COUNT {
        members.push(program.add_member(&format!("soak-{number}"))?);
    }
    if !lakes::is_there(lake) {
        eprintln!("making a lake of the sample");
        lakes::make_sample(lake).await?;
    }
    let subject = Subject::find(&lakes::open(lake).await?, None).await?;
    let mut questions = Questions::of(Library::built_in(), &subject).asked;
    questions.retain(|question| PAGES.contains(&question.name.as_str()));
    let pages = questions
        .iter()
        .map(|question| subject.sql(question, PERIOD));
    let mut more = SERVER.to_vec();
    more.extend(arguments.server.iter().map(String::as_str));
    let tls = arguments.tls.then_some(scratch);
    if tls.is_some() {
        write_tls_files(scratch)?;
    }
    let served = program.serve(lake, tls, &more)?;
    let door = match arguments.tls {
        false => Door::clear(&served.address),
        true => Door::secured(&served.address)?,
    };
    let site = Site {
        pages: pages.collect(),
        narrow: subject.narrow(),
        pause: Duration::from_millis(arguments.pause_ms),
        seed: arguments.seed,
        door,
        members,
    };
    Ok((served, Arc::new(site)))
}

/// A client that sends its key with every call: its connection is open at the start and at the end.
async fn watcher(site: &Site) -> Result<Client> {
    let mut client = site.door.connect(Ending::Polite).await?;
    if let Some(member) = site.members.first() {
        client.set_token(member.key.clone());
    }
    Ok(client)
}

/// Lets the clients visit for a while.
async fn run(
    arguments: &Arguments,
    site: &Arc<Site>,
    seconds: f64,
    tally: &Arc<Mutex<Tally>>,
    samples: &mut Samples,
) -> Result<()> {
    let until = Instant::now() + Duration::from_secs_f64(seconds.max(0.0));
    let mut visitors = JoinSet::new();
    for number in 0..arguments.clients as usize {
        visitors.spawn(visit(Arc::clone(site), number, until, Arc::clone(tally)));
    }
    let mut looks = interval(SAMPLE_INTERVAL);
    loop {
        tokio::select! {
            _ = looks.tick() => eprintln!("  {}", samples.take(tally)?),
            ended = visitors.join_next() => match ended {
                None => return Ok(()),
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    lock(tally).find("a client", "panic".to_owned(), &error.to_string());
                }
            },
        }
    }
}

/// Waits until what clients leave behind is over.
async fn settle(arguments: &Arguments, site: &Site) -> Result<()> {
    eprintln!("nobody there: {:.0} s", arguments.settle_seconds);
    sleep(Duration::from_secs_f64(arguments.settle_seconds.max(0.0))).await;
    // a login looks for sessions that are over, and shows that the server still lets people in
    let mut client = site.door.connect(Ending::Polite).await?;
    if let Some(member) = site.members.first() {
        shake_hands(&mut client, &member.password_header).await?;
    }
    drop(client);
    sleep(DECAY).await;
    Ok(())
}

/// Prints everything; the code to end with.
fn report(
    tally: &Mutex<Tally>,
    samples: &Samples,
    comparison: &Comparison,
    has_stopped: bool,
) -> ExitCode {
    let tally = lock(tally);
    println!("{}", samples.table);
    println!("{}", tally.actions_table());
    println!("{}", tally.refusals_table());
    println!("{}", comparison.table());
    println!(
        "Most memory that a sample saw: {} MB.",
        megabytes(samples.memory_bytes_max())
    );
    let mut broken = comparison.broken();
    if tally.finding_count() > 0 {
        let count = tally.finding_count();
        broken.push(format!("expected no findings, found {count}; the first:"));
        broken.extend(
            tally
                .findings()
                .iter()
                .map(|finding| format!("  {finding}")),
        );
    }
    if !has_stopped {
        broken.push("expected the server to stop when told to, found that it did not".to_owned());
    }
    if broken.is_empty() {
        println!("Everything returned to the start.");
        return ExitCode::SUCCESS;
    }
    println!("NOT as it should be:");
    for line in broken {
        println!("  {line}");
    }
    ExitCode::FAILURE
}
