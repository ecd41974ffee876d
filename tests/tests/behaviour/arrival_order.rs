//! The same records in any order, in any number of loads, with repetitions: the same derived rows.
//!
//! Guarantees shown: invariant 4 of ARCHITECTURE.md, on the oracle's records. Two records that claim the same key (first
//! write wins, last write wins) keep their order, because there the arrival counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chatlake::Session;
use chatlake_tests::lakes;
use serde_json::Value;

/// Columns that say when a row arrived.
const ARRIVAL_COLUMNS: [&str; 1] = ["ingest_seq"];

/// xorshift64*: a fixed sequence for a fixed seed, so a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index + 1));
        }
    }
}

/// The keys that a record claims and that another record might claim too.
fn claims(record: &Value) -> Vec<String> {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let scope = format!("{} {}", text("chatbot_id"), text("account_id"));
    match record["type"].as_str().unwrap() {
        "capture" => {
            let messages = record["messages"].as_array().unwrap().iter();
            messages
                .map(|message| {
                    format!(
                        "message {scope} {} {}",
                        text("conversationId"),
                        message["id"]
                    )
                })
                .collect()
        }
        "message" => vec![format!(
            "message {scope} {} {}",
            text("conversation_id"),
            record["message_id"]
        )],
        kind => {
            let ids = [
                "agent_id",
                "entry_id",
                "event_id",
                "flow_id",
                "inbox_id",
                "run_id",
                "team_id",
                "trigger_id",
                "use_id",
                "workflow_id",
            ];
            let key: Vec<String> = ids.iter().map(|id| text(id)).collect();
            vec![format!(
                "{kind} {scope} {} {}",
                text("conversation_id"),
                key.join(" ")
            )]
        }
    }
}

/// Numbers of lines that must keep their order, as groups.
fn conflicts(lines: &[&str]) -> Vec<BTreeSet<usize>> {
    let mut claimed: HashMap<String, BTreeSet<usize>> = HashMap::new();
    for (number, line) in lines.iter().enumerate() {
        for key in claims(&serde_json::from_str(line).unwrap()) {
            claimed.entry(key).or_default().insert(number);
        }
    }
    claimed
        .into_values()
        .filter(|group| group.len() > 1)
        .collect()
}

/// A shuffled order of the lines in which those in conflict keep theirs.
fn shuffled(lines: &[&str], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..lines.len()).collect();
    Random(seed).shuffle(&mut order);
    let groups = conflicts(lines);
    // settle group after group until no group is out of order: groups may share lines
    loop {
        let before = order.clone();
        for group in &groups {
            let places: Vec<usize> = (0..order.len())
                .filter(|place| group.contains(&order[*place]))
                .collect();
            for (place, number) in places.into_iter().zip(group) {
                order[place] = *number;
            }
        }
        if order == before {
            return order;
        }
    }
}

/// Every view's rows, without what says when they arrived, in a fixed order.
async fn all_views(session: &Session) -> BTreeMap<String, Vec<Vec<String>>> {
    let mut found = BTreeMap::new();
    for table in session
        .tables()
        .await
        .unwrap()
        .into_iter()
        .filter(|table| table.schema == "lake")
    {
        let fields = table
            .arrow_schema
            .fields()
            .iter()
            .map(|field| field.name().as_str());
        let columns: Vec<&str> = fields
            .filter(|name| !ARRIVAL_COLUMNS.contains(name))
            .collect();
        let question = ["SELECT ", &columns.join(", "), " FROM ", &table.name].concat();
        let mut rows = lakes::ask(session, &question)
            .await
            .unwrap_or_else(|error| panic!("{question}: {error}"));
        rows.sort();
        found.insert(table.name, rows);
    }
    found
}

fn assert_same(
    expected: &BTreeMap<String, Vec<Vec<String>>>,
    found: &BTreeMap<String, Vec<Vec<String>>>,
    what: &str,
) {
    for (view, rows) in expected {
        assert_eq!(rows, &found[view], "{what}: `{view}`");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn views_do_not_depend_on_the_order_in_which_records_arrive() {
    let input = lakes::oracle_input();
    let lines: Vec<&str> = input.lines().collect();
    assert!(
        !conflicts(&lines).is_empty(),
        "the oracle has retries with other content"
    );
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, &input).await.unwrap();
    let expected = all_views(&chatlake.session()).await;
    assert!(
        expected.values().filter(|rows| !rows.is_empty()).count() > 20,
        "the oracle fills the views"
    );

    for (seed, load_count) in [(1, 1), (2, 2), (3, 7), (4, 20)] {
        let order = shuffled(&lines, seed);
        let chatlake = lakes::in_memory().await;
        for part in order.chunks(lines.len().div_ceil(load_count)) {
            let text: String = part
                .iter()
                .flat_map(|number| [lines[*number], "\n"])
                .collect();
            let report = lakes::ingest_text(&chatlake, &text).await.unwrap();
            assert_eq!(report.rejected, 0);
        }
        let what = format!("seed {seed}, {load_count} loads");
        assert_same(&expected, &all_views(&chatlake.session()).await, &what);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_come_again_change_nothing() {
    let input = lakes::oracle_input();
    let chatlake = lakes::in_memory().await;
    let first = lakes::ingest_text(&chatlake, &input).await.unwrap();
    let expected = all_views(&chatlake.session()).await;
    let second = lakes::ingest_text(&chatlake, &input).await.unwrap();
    assert_eq!((second.accepted, second.rejected), (0, 0), "{second:?}");
    assert_eq!(second.duplicates, first.accepted + first.duplicates);
    assert_same(
        &expected,
        &all_views(&chatlake.session()).await,
        "loaded twice",
    );

    let twice: String = input
        .lines()
        .flat_map(|line| [line, "\n", line, "\n"])
        .collect();
    let chatlake = lakes::in_memory().await;
    let report = lakes::ingest_text(&chatlake, &twice).await.unwrap();
    assert_eq!(report.accepted, first.accepted);
    assert_same(
        &expected,
        &all_views(&chatlake.session()).await,
        "each line twice",
    );
}
