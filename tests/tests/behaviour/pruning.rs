//! Which files a query plans to read: those of the chatbots and days that it asks for, and no others.
//!
//! Guarantees shown: design of reading in ARCHITECTURE.md: cost follows what is asked, never the number of files in the lake.

use std::fmt::Write;

use chatlake::{Chatlake, Session};
use chatlake_tests::lakes;

const CHATBOT_COUNT: u32 = 3;
const DAY_COUNT: u32 = 4;

/// Three chatbots, each with one conversation on each of the first four days of March 2026: 12 files of messages.
async fn lake_of_twelve_files() -> Chatlake {
    let mut records = String::new();
    for (chatbot, day) in
        (1..=CHATBOT_COUNT).flat_map(|chatbot| (1..=DAY_COUNT).map(move |day| (chatbot, day)))
    {
        writeln!(
            records,
            r#"{{"type":"message","chatbot_id":"b{chatbot}","conversation_id":"c{day}","message_id":"m","sent_at":"2026-03-0{day}T10:00:00Z","sender_type":"customer","content":"hello"}}"#
        )
        .unwrap();
    }
    let chatlake = lakes::in_memory().await;
    let report = lakes::ingest_text(&chatlake, &records).await.unwrap();
    assert_eq!(report.accepted, u64::from(CHATBOT_COUNT * DAY_COUNT));
    chatlake
}

/// The partitions `bot/day` of the files of messages in the plan, sorted.
async fn planned(session: &Session, question: &str) -> Vec<String> {
    let plan = lakes::ask(session, &["EXPLAIN ", question].concat())
        .await
        .unwrap();
    let text: String = plan.into_iter().flatten().collect();
    assert!(
        !text.contains("..."),
        "the plan does not show every file: {text}"
    );
    let parts = text.split("tables/messages/chatbot_id=").skip(1);
    let mut found: Vec<String> = parts
        .map(|part| {
            let (chatbot, rest) = part.split_once("/day=").unwrap();
            let (day, _) = rest.split_once('/').unwrap();
            [chatbot, "/", day.trim_start_matches("2026-03-0")].concat()
        })
        .collect();
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_reads_the_partitions_that_it_asks_for() {
    let session = lake_of_twelve_files().await.session();
    let cases: [(&str, &[&str]); 10] = [
        ("chatbot_id = 'b1' AND day = DATE '2026-03-02'", &["b1/2"]),
        ("chatbot_id = 'b1'", &["b1/1", "b1/2", "b1/3", "b1/4"]),
        (
            "chatbot_id = 'b1' AND sent_at >= TIMESTAMP '2026-03-02T00:00:00Z' AND sent_at < TIMESTAMP '2026-03-04T00:00:00Z'",
            &["b1/2", "b1/3"],
        ),
        (
            "chatbot_id = 'b1' AND sent_at BETWEEN TIMESTAMP '2026-03-02T00:00:00Z' AND TIMESTAMP '2026-03-03T00:00:00Z'",
            &["b1/2"],
        ),
        (
            "chatbot_id IN ('b1', 'b3') AND day = DATE '2026-03-04'",
            &["b1/4", "b3/4"],
        ),
        (
            "(chatbot_id = 'b1' OR chatbot_id = 'b2') AND day = DATE '2026-03-01'",
            &["b1/1", "b2/1"],
        ),
        ("chatbot_id = 'b2' AND conversation_id = 'c3'", &["b2/3"]),
        ("chatbot_id = 'nobody'", &[]),
        ("chatbot_id = 'b1' AND day > DATE '2026-03-04'", &[]),
        ("day = DATE '2026-03-02'", &["b1/2", "b2/2", "b3/2"]),
    ];
    for relation in ["stored.messages", "messages"] {
        for (condition, expected) in cases {
            let question = ["SELECT content FROM ", relation, " WHERE ", condition].concat();
            assert_eq!(planned(&session, &question).await, expected, "{question}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_variable_of_the_session_prunes_like_a_filter() {
    let session = lake_of_twelve_files().await.session();
    lakes::ask(&session, "SET chatlake.chatbot_id = 'b2'")
        .await
        .unwrap();
    let question = "SELECT content FROM messages WHERE day >= DATE '2026-03-03'";
    assert_eq!(planned(&session, question).await, ["b2/3", "b2/4"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn derived_relations_read_the_files_of_the_chatbot_asked_for() {
    let session = lake_of_twelve_files().await.session();
    for view in ["conversations", "message_facts", "sessions", "users"] {
        let question = ["SELECT * FROM ", view, " WHERE chatbot_id = 'b3'"].concat();
        let found = planned(&session, &question).await;
        assert!(
            !found.is_empty() && found.iter().all(|file| file.starts_with("b3/")),
            "{view}: {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_compared_with_a_moment_only_when_there_is_one() {
    let session = lake_of_twelve_files().await.session();
    let question = "SELECT content FROM messages";
    assert!(!is_filtered(&session, question).await);
    lakes::ask(&session, "SET chatlake.as_of = '2026-03-02T10:00:00Z'")
        .await
        .unwrap();
    assert!(is_filtered(&session, question).await);
    let count = "SELECT count(*), max(sent_at) FROM messages";
    let cut = lakes::ask(&session, count).await.unwrap();
    assert_eq!(cut, [["6", "2026-03-02T10:00:00Z"]]);
    lakes::ask(&session, "RESET chatlake.as_of").await.unwrap();
    assert!(!is_filtered(&session, question).await);
    let all = lakes::ask(&session, count).await.unwrap();
    assert_eq!(all, [["12", "2026-03-04T10:00:00Z"]]);
}

/// Does the plan look at rows to leave some out?
async fn is_filtered(session: &Session, question: &str) -> bool {
    let plan = lakes::ask(session, &["EXPLAIN ", question].concat())
        .await
        .unwrap();
    plan.into_iter()
        .flatten()
        .any(|text| text.contains("FilterExec") || text.contains("predicate="))
}
