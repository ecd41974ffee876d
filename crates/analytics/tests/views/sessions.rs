//! Sessions and assignments (specification §5.4, §5.5): the 24-hour rule and who is assigned when.

use serde_json::json;

use crate::lake::Lake;

const SESSIONS: &str =
    "SELECT session_no, started_at, resolved_at, reopens FROM sessions ORDER BY session_no";

fn inbound(lake: &mut Lake, sent_at: &str) {
    lake.message("c1", &format!("m{sent_at}"), sent_at, "customer", json!({}));
}

fn event(lake: &mut Lake, event: &str, occurred_at: &str) {
    lake.event("c1", event, occurred_at, json!({ "actor": "agent" }));
}

#[tokio::test]
async fn the_worked_example_of_the_specification() {
    // §11: the clock runs from the first resolve, so 24.5 hours later a new session starts.
    let mut lake = Lake::default();
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T20:00:00Z");
    inbound(&mut lake, "2026-03-02T11:30:00Z");
    lake.now("2026-03-02T12:00:00Z");
    let sql = "SELECT session_no, started_at, resolved_at, ended_at, reopens, is_active, status FROM sessions \
               ORDER BY session_no";
    assert_eq!(
        lake.query(sql).await,
        [
            "1 | 2026-03-01T10:00:00Z | 2026-03-01T11:00:00Z | 2026-03-02T11:00:00Z | 0 | false | resolved",
            "2 | 2026-03-02T11:30:00Z | NULL | NULL | 0 | true | unassigned",
        ]
    );
}

#[tokio::test]
async fn a_second_before_24_hours_reopens_and_24_hours_start_anew() {
    let mut lake = Lake::default();
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    inbound(&mut lake, "2026-03-02T10:59:59Z");
    assert_eq!(
        lake.query(SESSIONS).await,
        ["1 | 2026-03-01T10:00:00Z | NULL | 1"]
    );
    event(&mut lake, "resolved", "2026-03-02T12:00:00Z");
    inbound(&mut lake, "2026-03-03T12:00:00Z");
    assert_eq!(
        lake.query(SESSIONS).await,
        [
            "1 | 2026-03-01T10:00:00Z | 2026-03-02T12:00:00Z | 1",
            "2 | 2026-03-03T12:00:00Z | NULL | 0"
        ]
    );
}

#[tokio::test]
async fn at_exactly_24_hours_a_session_is_no_longer_active() {
    let mut lake = Lake::default();
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    for (now, expected) in [
        ("2026-03-02T10:59:59Z", "true"),
        ("2026-03-02T11:00:00Z", "false"),
    ] {
        lake.now(now);
        assert_eq!(
            lake.query("SELECT is_active FROM sessions").await,
            [expected]
        );
    }
}

#[tokio::test]
async fn answers_open_nothing_and_a_resolve_of_nothing_is_nothing() {
    let mut lake = Lake::default();
    lake.message("c1", "m1", "2026-03-01T09:00:00Z", "bot", json!({}))
        .message("c1", "m2", "2026-03-01T09:00:00Z", "broadcast", json!({}));
    event(&mut lake, "resolved", "2026-03-01T10:00:00Z");
    assert!(lake.query(SESSIONS).await.is_empty());
    // An answer after the resolve does not reopen either.
    inbound(&mut lake, "2026-03-01T11:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T12:00:00Z");
    lake.message(
        "c1",
        "m3",
        "2026-03-01T13:00:00Z",
        "agent",
        json!({ "agent_id": "a1" }),
    );
    assert_eq!(
        lake.query(SESSIONS).await,
        ["1 | 2026-03-01T11:00:00Z | 2026-03-01T12:00:00Z | 0"]
    );
}

#[tokio::test]
async fn at_one_instant_inbound_comes_before_opened_before_resolved() {
    let mut lake = Lake::default();
    event(&mut lake, "resolved", "2026-03-01T10:00:00Z");
    event(&mut lake, "opened", "2026-03-01T10:00:00Z");
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    let sql = "SELECT session_no, is_incoming, resolved_at, reopens FROM sessions";
    assert_eq!(
        lake.query(sql).await,
        ["1 | true | 2026-03-01T10:00:00Z | 0"]
    );
}

#[tokio::test]
async fn a_session_is_incoming_when_the_customer_touched_it_first() {
    let mut lake = Lake::default();
    lake.event(
        "by_customer",
        "opened",
        "2026-03-01T10:00:00Z",
        json!({ "actor": "customer" }),
    )
    .event(
        "by_agent",
        "opened",
        "2026-03-01T10:00:00Z",
        json!({ "actor": "agent" }),
    )
    .message(
        "by_agent",
        "m1",
        "2026-03-01T10:01:00Z",
        "customer",
        json!({}),
    )
    .event(
        "reopened",
        "reopened",
        "2026-03-01T10:00:00Z",
        json!({ "actor": "customer" }),
    )
    .message(
        "written",
        "m1",
        "2026-03-01T10:00:00Z",
        "customer",
        json!({}),
    );
    let sql = "SELECT conversation_id, is_incoming FROM sessions ORDER BY conversation_id";
    assert_eq!(
        lake.query(sql).await,
        [
            "by_agent | false",
            "by_customer | true",
            "reopened | false",
            "written | true"
        ]
    );
}

#[tokio::test]
async fn the_assignee_stays_over_a_reopen_and_is_reset_by_a_new_session() {
    let mut lake = Lake::default();
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    lake.event(
        "c1",
        "assigned",
        "2026-03-01T10:05:00Z",
        json!({ "agent_id": "a1" }),
    )
    .event(
        "c1",
        "assigned",
        "2026-03-01T10:06:00Z",
        json!({ "team_id": "t1" }),
    );
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    inbound(&mut lake, "2026-03-01T12:00:00Z");
    let sql = "SELECT session_no, agent_id, team_id, status FROM sessions ORDER BY session_no";
    assert_eq!(lake.query(sql).await, ["1 | a1 | t1 | assigned"]);
    event(&mut lake, "resolved", "2026-03-01T13:00:00Z");
    inbound(&mut lake, "2026-03-05T13:00:00Z");
    assert_eq!(
        lake.query(sql).await,
        ["1 | a1 | t1 | resolved", "2 | NULL | NULL | unassigned"]
    );
}

#[tokio::test]
async fn a_repeated_assignment_changes_nothing_and_unassigned_clears_both() {
    let mut lake = Lake::default();
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    lake.event(
        "c1",
        "assigned",
        "2026-03-01T10:01:00Z",
        json!({ "agent_id": "a1", "team_id": "t1" }),
    )
    .event(
        "c1",
        "assigned",
        "2026-03-01T10:02:00Z",
        json!({ "agent_id": "a1" }),
    )
    .event(
        "c1",
        "assigned",
        "2026-03-01T10:03:00Z",
        json!({ "agent_id": "a2" }),
    )
    .event(
        "c1",
        "unassigned",
        "2026-03-01T10:04:00Z",
        json!({ "agent_id": "a2" }),
    )
    .event(
        "c1",
        "assigned",
        "2026-03-01T10:05:00Z",
        json!({ "team_id": "t1" }),
    );
    let sql = "SELECT event, agent_changed, team_changed, agent_now, team_now FROM assignments ORDER BY occurred_at";
    assert_eq!(
        lake.query(sql).await,
        [
            "assigned | true | true | a1 | t1",
            "assigned | false | false | a1 | t1",
            "assigned | true | false | a2 | t1",
            "unassigned | false | false | NULL | NULL",
            "assigned | false | true | NULL | t1",
        ]
    );
    assert_eq!(
        lake.query("SELECT agent_id, team_id, status FROM sessions")
            .await,
        ["NULL | t1 | assigned"]
    );
    lake.event("c1", "unassigned", "2026-03-01T10:06:00Z", json!({}));
    assert_eq!(
        lake.query("SELECT agent_id, team_id, status FROM sessions")
            .await,
        ["NULL | NULL | unassigned"]
    );
}

#[tokio::test]
async fn an_assignment_outside_any_session_counts_but_assigns_no_session() {
    let mut lake = Lake::default();
    lake.event(
        "c1",
        "assigned",
        "2026-03-01T09:00:00Z",
        json!({ "agent_id": "a1" }),
    );
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    lake.event(
        "c1",
        "assigned",
        "2026-03-02T11:00:00Z",
        json!({ "agent_id": "a1" }),
    )
    .event(
        "c1",
        "assigned",
        "2026-03-02T12:00:00Z",
        json!({ "agent_id": "a2" }),
    );
    let sql = "SELECT session_no, agent_id, agent_changed FROM assignments ORDER BY occurred_at";
    // 24 hours after the resolve the session has ended; the repeat of a1 outside sessions is a no-op.
    assert_eq!(
        lake.query(sql).await,
        ["NULL | a1 | true", "NULL | a1 | false", "NULL | a2 | true"]
    );
    assert_eq!(
        lake.query("SELECT agent_id, status FROM sessions").await,
        ["NULL | resolved"]
    );
}

#[tokio::test]
async fn an_assignment_at_the_first_instant_belongs_to_the_session() {
    let mut lake = Lake::default();
    lake.event(
        "c1",
        "assigned",
        "2026-03-01T10:00:00Z",
        json!({ "agent_id": "a1" }),
    );
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    assert_eq!(
        lake.query("SELECT session_no, agent_changed FROM assignments")
            .await,
        ["1 | true"]
    );
    assert_eq!(
        lake.query("SELECT agent_id, status FROM sessions").await,
        ["a1 | assigned"]
    );
}

#[tokio::test]
async fn messages_fall_into_the_session_that_is_not_over() {
    let mut lake = Lake::default();
    lake.message("c1", "before", "2026-03-01T09:00:00Z", "bot", json!({}));
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    lake.message(
        "c1",
        "within",
        "2026-03-02T10:59:59Z",
        "agent",
        json!({ "agent_id": "a1" }),
    )
    .message(
        "c1",
        "after",
        "2026-03-02T11:00:00Z",
        "agent",
        json!({ "agent_id": "a1" }),
    );
    inbound(&mut lake, "2026-03-03T10:00:00Z");
    let sql = "SELECT message_id, session_no FROM session_messages ORDER BY sent_at";
    assert_eq!(
        lake.query(sql).await,
        [
            "before | NULL",
            "m2026-03-01T10:00:00Z | 1",
            "within | 1",
            "after | NULL",
            "m2026-03-03T10:00:00Z | 2"
        ]
    );
}

#[tokio::test]
async fn as_of_shows_the_session_as_it_was() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "inbox_id": "i1", "organization_id": "o1" }),
    );
    inbound(&mut lake, "2026-03-01T10:00:00Z");
    event(&mut lake, "resolved", "2026-03-01T11:00:00Z");
    lake.as_of("2026-03-01T10:30:00Z");
    let sql = "SELECT user_id, inbox_id, channel, organization_id, resolved_at, is_active, status FROM sessions";
    assert_eq!(
        lake.query(sql).await,
        ["u1 | i1 | web | o1 | NULL | true | unassigned"]
    );
}
