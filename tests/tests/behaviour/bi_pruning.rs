//! Which files a query on the schema `bi` plans to read: those of the chatbot and of the UTC days around the local days that
//! it asks for, although a local day is computed with the time zone of an account that stands in another table.
//!
//! Guarantees shown: what `local_day_bounds` of the query engine promises, on plans, and on answers in the zones that are
//! farthest from UTC.

use std::collections::BTreeSet;
use std::fmt::Write;

use chatlake::{Chatlake, Session};
use chatlake_tests::lakes;

/// Day of March less that of the local day, and time in UTC: where the first local day begins and where the last one ends.
type Ends = [(i64, &'static str); 2];

/// Chatbots, their zones, and the instants at which their local days from 2 to 9 March 2026 begin and end: day of March less
/// that of the local day, and time in UTC. The chatbot `free` is not registered.
const CHATBOTS: [(&str, &str, Ends); 3] = [
    (
        "east",
        "Pacific/Kiritimati",
        [(-1, "10:00:00"), (0, "09:59:59")],
    ),
    ("west", "Etc/GMT+12", [(0, "12:00:00"), (1, "11:59:59")]),
    ("free", "", [(0, "00:00:00"), (0, "23:59:59")]),
];

/// Views with the table of their facts and a measure that counts one for each instant.
const DAILY_VIEWS: [(&str, &str, &str); 6] = [
    ("daily_messages", "messages", "received"),
    ("daily_sentiment", "messages", "scored_messages"),
    ("daily_flags", "messages", "messages"),
    ("daily_flows", "flow_triggers", "times_triggered"),
    ("daily_credits", "credit_ledger", "templates_sent"),
    ("daily_ai_tools", "ai_tool_uses", "usage_count"),
];

/// Views of which only a part is pruned, since sessions follow from the whole history.
const SESSION_VIEWS: [(&str, &str); 2] = [
    ("daily_agents", "messages_sent"),
    ("daily_sessions", "new_sessions"),
];

/// At the first and last second of each local day a conversation of its own, with one record of every kind.
async fn lake_of_eight_local_days() -> Chatlake {
    let mut records = String::new();
    for (chatbot, zone, ends) in CHATBOTS {
        if !zone.is_empty() {
            let account = format!(r#""account_id":"of_{chatbot}""#);
            writeln!(
                records,
                r#"{{"type":"account",{account},"timezone":"{zone}"}}"#
            )
            .unwrap();
            writeln!(
                records,
                r#"{{"type":"chatbot",{account},"chatbot_id":"{chatbot}"}}"#
            )
            .unwrap();
        }
        for (local_day, (shift, time)) in (2..=9).flat_map(|day| ends.map(|end| (day, end))) {
            let instant = format!("2026-03-{:02}T{time}Z", local_day + shift);
            write_records(&mut records, chatbot, &instant);
        }
    }
    let chatlake = lakes::in_memory().await;
    let report = lakes::ingest_text(&chatlake, &records).await.unwrap();
    assert_eq!(
        (report.rejected, report.duplicates),
        (0, 0),
        "{:?}",
        report.rejects
    );
    chatlake
}

fn write_records(records: &mut String, chatbot: &str, instant: &str) {
    let place = format!(r#""chatbot_id":"{chatbot}","conversation_id":"c {instant}""#);
    for record in [
        format!(
            r#"{{"type":"message",{place},"message_id":"m","sent_at":"{instant}","sender_type":"customer","content":"x"}}"#
        ),
        format!(
            r#"{{"type":"message",{place},"message_id":"a","sent_at":"{instant}","sender_type":"agent","agent_id":"g","content":"x"}}"#
        ),
        format!(
            r#"{{"type":"annotation",{place},"message_id":"m","annotated_at":"{instant}","sentiment":{{"score":0.5}},"behavior_flags":["f"]}}"#
        ),
        format!(
            r#"{{"type":"flow_trigger",{place},"trigger_id":"{instant}","flow_id":"f","triggered_at":"{instant}"}}"#
        ),
        format!(
            r#"{{"type":"ai_tool_use",{place},"use_id":"{instant}","tool":"ai_writer","used_at":"{instant}"}}"#
        ),
        format!(
            r#"{{"type":"credit_entry","account_id":"of_{chatbot}","chatbot_id":"{chatbot}","entry_id":"{instant}","kind":"usage","amount_usd":1,"occurred_at":"{instant}"}}"#
        ),
    ] {
        writeln!(records, "{record}").unwrap();
    }
}

async fn explained(session: &Session, question: &str) -> String {
    let plan = lakes::ask(session, &["EXPLAIN ", question].concat()).await;
    plan.unwrap().into_iter().flatten().collect()
}

/// The partitions of a table's files in a plan: chatbot and day of March 2026.
fn partitions<'a>(plan: &'a str, table: &str) -> BTreeSet<(&'a str, &'a str)> {
    let folder = ["tables/", table, "/chatbot_id="].concat();
    let files = plan.split(folder.as_str()).skip(1);
    let partition = |file: &'a str| {
        let (chatbot, rest) = file.split_once("/day=2026-03-").unwrap();
        (chatbot, &rest[..2])
    };
    files.map(partition).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_day_reads_the_days_around_it() {
    let session = lake_of_eight_local_days().await.session();
    let cases: [(&str, &[&str]); 6] = [
        ("day = DATE '2026-03-05'", &["04", "05", "06"]),
        ("day > DATE '2026-03-08'", &["08", "09", "10"]),
        ("day < DATE '2026-03-03'", &["01", "02", "03"]),
        (
            "day BETWEEN DATE '2026-03-04' AND DATE '2026-03-05'",
            &["03", "04", "05", "06"],
        ),
        (
            "day IN (DATE '2026-03-05', DATE '2026-03-06')",
            &["04", "05", "06", "07"],
        ),
        (
            "day >= '2026-03-05' AND day < '2026-03-06'",
            &["04", "05", "06"],
        ),
    ];
    for (view, table, _) in DAILY_VIEWS {
        for (condition, days) in cases {
            for (chatbot, ..) in CHATBOTS {
                let question = [
                    "SELECT * FROM bi.",
                    view,
                    " WHERE chatbot_id = '",
                    chatbot,
                    "' AND ",
                    condition,
                ]
                .concat();
                let plan = explained(&session, &question).await;
                let expected = days.iter().map(|day| (chatbot, *day));
                let beyond: Vec<_> = partitions(&plan, table)
                    .into_iter()
                    .filter(|found| !days.contains(&found.1) || found.0 != chatbot)
                    .collect();
                assert!(beyond.is_empty(), "{question}: {beyond:?}");
                assert!(
                    expected
                        .into_iter()
                        .any(|file| partitions(&plan, table).contains(&file)),
                    "{question}: {plan}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_second_of_a_local_day_is_found() {
    let session = lake_of_eight_local_days().await.session();
    let measures = DAILY_VIEWS
        .iter()
        .map(|(view, _, measure)| (*view, *measure))
        .chain(SESSION_VIEWS);
    for (view, measure) in measures {
        for (chatbot, ..) in CHATBOTS {
            for day in 2..=9 {
                let question = format!(
                    "SELECT {measure} FROM bi.{view} WHERE chatbot_id = '{chatbot}' AND day = DATE '2026-03-0{day}'"
                );
                assert_eq!(
                    lakes::ask(&session, &question).await.unwrap(),
                    [["2"]],
                    "{question}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chatbot_reads_its_own_files_in_every_view() {
    let session = lake_of_eight_local_days().await.session();
    let tables = session.tables().await.unwrap();
    let views: Vec<_> = tables.iter().filter(|table| table.schema == "bi").collect();
    assert!(views.len() > 12, "only {} views", views.len());
    for view in views {
        let question = [
            "SELECT * FROM bi.",
            &view.name,
            " WHERE chatbot_id = 'west'",
        ]
        .concat();
        let plan = explained(&session, &question).await;
        let others = plan
            .split("/chatbot_id=")
            .skip(1)
            .filter(|file| !file.starts_with("west/"));
        assert_eq!(others.count(), 0, "{question}: {plan}");
    }
}
