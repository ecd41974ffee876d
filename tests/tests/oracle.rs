//! Every case of the oracle (`tests/data/oracle`) through our table functions, embedded and over Flight SQL; and again with
//! the records in other orders, in several loads, each twice.
//!
//! Guarantees: names of columns and all cells are compared exactly, a trial per case, arrival and door. Records for which
//! the arrival counts keep their order (specification §11: first-write-wins pairs and equal versions).

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

use std::sync::LazyLock;

use chatlake_tests::arrival::{Order, arranged};
use chatlake_tests::database::{DoorKind, Lake};
use chatlake_tests::lakes;
use chatlake_tests::oracle::{self, Case};
use sqllogictest::harness::{Arguments, Failed, Trial, run};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::OnceCell;

/// How the oracle's records come into a lake.
#[derive(Clone, Copy, Debug)]
struct Arrival {
    name: &'static str,
    order: Order,
    /// How often each record comes.
    copies: usize,
    /// In how many batches.
    load_count: usize,
    door: DoorKind,
}

const ARRIVALS: &[Arrival] = &[
    Arrival {
        name: "embedded",
        order: Order::Written,
        copies: 1,
        load_count: 1,
        door: DoorKind::Embedded,
    },
    Arrival {
        name: "flight",
        order: Order::Written,
        copies: 1,
        load_count: 1,
        door: DoorKind::Flight,
    },
    Arrival {
        name: "reversed in 20 loads",
        order: Order::Reversed,
        copies: 1,
        load_count: 20,
        door: DoorKind::Embedded,
    },
    Arrival {
        name: "shuffled",
        order: Order::Shuffled(1),
        copies: 1,
        load_count: 1,
        door: DoorKind::Embedded,
    },
    Arrival {
        name: "shuffled, each twice, in 7 loads",
        order: Order::Shuffled(2),
        copies: 2,
        load_count: 7,
        door: DoorKind::Embedded,
    },
    Arrival {
        name: "shuffled otherwise, each twice, in 7 loads",
        order: Order::Shuffled(3),
        copies: 2,
        load_count: 7,
        door: DoorKind::Embedded,
    },
];

/// The lakes of all trials: one per arrival, filled by the trial that comes first, ended with the process.
static LAKES: [OnceCell<Lake>; ARRIVALS.len()] = [const { OnceCell::const_new() }; ARRIVALS.len()];

/// Where the lakes live.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
});

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for case in oracle::cases() {
        for (arrival, lake) in ARRIVALS.iter().zip(&LAKES) {
            let case = case.clone();
            let name = format!("{} {}", case.name, arrival.name);
            trials.push(Trial::test(name, move || {
                RUNTIME.block_on(check(&case, lake, arrival))
            }));
        }
    }
    run(&arguments, trials).exit();
}

async fn check(case: &Case, lake: &OnceCell<Lake>, arrival: &Arrival) -> Result<(), Failed> {
    let lake = lake.get_or_init(|| filled(arrival)).await;
    let mut connection = lake.connect().await?;
    let (schema, batches) = connection.query(&case.sql).await?;
    let found = oracle::table(&schema, &batches);
    match oracle::difference(&case.expected, &found) {
        None => Ok(()),
        Some(difference) => Err(Failed::from(format!("{}\n{difference}", case.sql))),
    }
}

/// A lake with the oracle's records.
async fn filled(arrival: &Arrival) -> Lake {
    let lake = Lake::open(arrival.door).await;
    let input = lakes::oracle_input();
    let lines: Vec<&str> = input
        .lines()
        .flat_map(|line| vec![line; arrival.copies])
        .collect();
    let order = arranged(&lines, arrival.order);
    for load in order.chunks(lines.len().div_ceil(arrival.load_count)) {
        let text: String = load
            .iter()
            .flat_map(|number| [lines[*number], "\n"])
            .collect();
        lake.ingest(&text)
            .await
            .expect("the oracle's records are valid");
    }
    lake
}
