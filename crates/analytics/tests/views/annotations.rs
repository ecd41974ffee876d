//! What is known about messages and conversations (specification §3.2, §5.2).

use serde_json::{Value, json};

use crate::lake::{Lake, with};

const KNOWN: &str = "SELECT message_id, sentiment_score, behavior_flags, quality_flags, intent, topics FROM annotations \
                     ORDER BY message_id NULLS FIRST";

/// Adds an analysis of a message of conversation `c1`, or of the conversation.
fn annotate(lake: &mut Lake, message: Option<&str>, annotated_at: &str, fields: Value) {
    let row =
        json!({ "conversation_id": "c1", "message_id": message, "annotated_at": annotated_at });
    lake.add("annotations", with(row, fields));
}

#[tokio::test]
async fn a_kind_is_replaced_as_a_whole_and_a_skipped_kind_stays() {
    let mut lake = Lake::default();
    let first = json!({ "sentiment_score": -0.5, "behavior_flags": ["churn_risk", "frustrated_user"], "intent": "cancel" });
    annotate(&mut lake, Some("m1"), "2026-03-01T10:00:00Z", first);
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-02T10:00:00Z",
        json!({ "behavior_flags": ["churn_risk"], "topics": [] }),
    );
    assert_eq!(
        lake.query(KNOWN).await,
        ["m1 | -0.5 | [churn_risk] | NULL | cancel | []"]
    );

    // An empty list says that nothing was found; NULL says that nobody looked.
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-03T10:00:00Z",
        json!({ "behavior_flags": [], "sentiment_score": 0.0 }),
    );
    assert_eq!(
        lake.query(KNOWN).await,
        ["m1 | 0.0 | [] | NULL | cancel | []"]
    );
}

#[tokio::test]
async fn the_newest_analysis_counts_not_the_last_to_arrive() {
    let mut lake = Lake::default();
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-02T10:00:00Z",
        json!({ "intent": "newer", "topics": ["a"] }),
    );
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-01T10:00:00Z",
        json!({ "intent": "older" }),
    );
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-02T10:00:00Z",
        json!({ "topics": ["b"] }),
    );
    assert_eq!(
        lake.query(KNOWN).await,
        ["m1 | NULL | NULL | NULL | newer | [b]"]
    );
    assert_eq!(
        lake.query("SELECT count(*) FROM annotation_versions").await,
        ["3"]
    );
    assert_eq!(
        lake.query("SELECT annotated_at FROM annotations").await,
        ["2026-03-02T10:00:00Z"]
    );
}

#[tokio::test]
async fn a_conversation_and_its_messages_are_annotated_apart() {
    let mut lake = Lake::default();
    annotate(
        &mut lake,
        None,
        "2026-03-01T10:00:00Z",
        json!({ "intent": "whole", "quality_flags": ["slow"] }),
    );
    annotate(
        &mut lake,
        None,
        "2026-03-02T10:00:00Z",
        json!({ "intent": "whole_again" }),
    );
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-01T10:00:00Z",
        json!({ "intent": "part" }),
    );
    assert_eq!(
        lake.query(KNOWN).await,
        [
            "NULL | NULL | NULL | [slow] | whole_again | NULL",
            "m1 | NULL | NULL | NULL | part | NULL"
        ]
    );
}

#[tokio::test]
async fn a_resolution_belongs_to_the_conversation_whatever_it_was_said_about() {
    let mut lake = Lake::default();
    annotate(
        &mut lake,
        None,
        "2026-03-01T10:00:00Z",
        json!({ "resolution": "unresolved" }),
    );
    annotate(
        &mut lake,
        Some("m1"),
        "2026-03-02T10:00:00Z",
        json!({ "resolution": "fully_resolved" }),
    );
    annotate(
        &mut lake,
        None,
        "2026-03-03T10:00:00Z",
        json!({ "intent": "thanks" }),
    );
    lake.add(
        "annotations",
        json!({ "conversation_id": "c2", "annotated_at": "2026-03-01T10:00:00Z", "intent": "x" }),
    );
    assert_eq!(
        lake.query("SELECT * FROM resolutions").await,
        ["cb | c1 | fully_resolved"]
    );
    lake.as_of("2026-03-01T12:00:00Z");
    assert_eq!(
        lake.query("SELECT * FROM resolutions").await,
        ["cb | c1 | unresolved"]
    );
}

#[tokio::test]
async fn facts_of_the_user_are_on_messages_of_the_user_and_quality_on_answers() {
    let mut lake = Lake::default();
    lake.message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({}))
        .message("c1", "m2", "2026-03-01T10:01:00Z", "bot", json!({}))
        .message("c1", "m3", "2026-03-01T10:02:00Z", "system", json!({}))
        .message("c1", "m4", "2026-03-01T10:03:00Z", "customer", json!({}));
    for message in ["m1", "m2", "m3"] {
        let everything = json!({ "sentiment_score": 0.5, "behavior_flags": ["b"], "quality_flags": ["q"], "intent": "i",
                                 "topics": ["t"] });
        annotate(&mut lake, Some(message), "2026-03-01T11:00:00Z", everything);
    }
    // What is said about the conversation is no fact of its messages.
    annotate(
        &mut lake,
        None,
        "2026-03-01T11:00:00Z",
        json!({ "sentiment_score": -1.0 }),
    );
    let sql = "SELECT message_id, score, behavior_flags, quality_flags, intent, topics FROM message_facts \
               ORDER BY message_id";
    assert_eq!(
        lake.query(sql).await,
        [
            "m1 | 0.5 | [b] | NULL | i | [t]",
            "m2 | NULL | NULL | [q] | NULL | NULL",
            "m3 | NULL | NULL | NULL | NULL | NULL",
            "m4 | NULL | NULL | NULL | NULL | NULL",
        ]
    );
}
