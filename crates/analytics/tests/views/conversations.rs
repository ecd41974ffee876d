//! Conversations, their users and the facts of their messages (specification §1.1, §1.2, §5.1, §5.2).

use serde_json::json;

use crate::lake::Lake;

#[tokio::test]
async fn only_visible_messages_are_activity() {
    let mut lake = Lake::default();
    lake.message("c1", "m1", "2026-03-01T09:00:00Z", "broadcast", json!({}))
        .message("c1", "m2", "2026-03-01T10:00:00Z", "customer", json!({}))
        .message("c1", "m3", "2026-03-01T10:01:00Z", "bot", json!({}))
        .message(
            "c1",
            "m4",
            "2026-03-01T10:02:00Z",
            "agent",
            json!({ "agent_id": "a1" }),
        )
        .message(
            "c1",
            "m5",
            "2026-03-01T11:00:00Z",
            "agent",
            json!({ "is_private": true }),
        )
        .message("c1", "m6", "2026-03-01T12:00:00Z", "system", json!({}));
    let sql =
        "SELECT started_at, last_message_at, message_count, user_message_count FROM conversations";
    assert_eq!(
        lake.query(sql).await,
        ["2026-03-01T10:00:00Z | 2026-03-01T10:02:00Z | 3 | 1"]
    );
}

#[tokio::test]
async fn a_conversation_is_seen_in_metadata_messages_or_events() {
    let mut lake = Lake::default();
    lake.meta(
        "told",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "channel": "sms" }),
    )
    .message(
        "written",
        "m1",
        "2026-03-01T10:00:00Z",
        "customer",
        json!({}),
    )
    .event(
        "opened",
        "opened",
        "2026-03-01T10:00:00Z",
        json!({ "actor": "agent" }),
    )
    .message(
        "promoted",
        "m1",
        "2026-03-01T10:00:00Z",
        "broadcast",
        json!({}),
    );
    let sql = "SELECT conversation_id, user_id, is_guest, channel, started_at, message_count \
               FROM conversations ORDER BY conversation_id";
    assert_eq!(
        lake.query(sql).await,
        [
            "opened | anon:opened | true | web | NULL | 0",
            "promoted | anon:promoted | true | web | NULL | 0",
            "told | u1 | false | sms | NULL | 0",
            "written | anon:written | true | web | 2026-03-01T10:00:00Z | 1",
        ]
    );
    // Only a guest who takes part in a conversation is a user; one who just got a broadcast is not.
    let users = lake
        .query("SELECT user_id, is_guest FROM users ORDER BY user_id")
        .await;
    assert_eq!(users, ["anon:written | true", "u1 | false"]);
}

#[tokio::test]
async fn a_guest_who_is_identified_later_moves_with_all_earlier_messages() {
    let mut lake = Lake::default();
    lake.message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({}))
        .meta("c1", "2026-03-01T10:00:00Z", json!({ "page_url": "/help" }))
        .message("c1", "m2", "2026-03-02T10:00:00Z", "customer", json!({}))
        .meta(
            "c1",
            "2026-03-02T10:00:00Z",
            json!({ "user_id": "u1", "user_name": "Ada" }),
        );
    let facts = "SELECT message_id, user_id, is_guest FROM message_facts ORDER BY message_id";
    assert_eq!(
        lake.query(facts).await,
        ["m1 | u1 | false", "m2 | u1 | false"]
    );
    assert_eq!(
        lake.query("SELECT user_id, name FROM users").await,
        ["u1 | Ada"]
    );

    lake.as_of("2026-03-01T23:00:00Z");
    assert_eq!(lake.query(facts).await, ["m1 | anon:c1 | true"]);
    assert_eq!(
        lake.query("SELECT user_id, is_guest FROM users").await,
        ["anon:c1 | true"]
    );
}

#[tokio::test]
async fn each_column_takes_its_newest_value_whatever_the_order_of_arrival() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-03T10:00:00Z",
        json!({ "user_plan": "pro", "device": "mobile" }),
    )
    .meta("c1", "2026-03-05T10:00:00Z", json!({ "user_mrr": "0.00" }))
    .meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_plan": "free", "country": "DE", "user_mrr": "10.00" }),
    )
    .meta("c1", "2026-03-03T10:00:00Z", json!({ "device": "tablet" }));
    let sql = "SELECT user_plan, user_mrr, device, country FROM conversations";
    // 0 is a value; of two versions of one time the later arrival counts.
    assert_eq!(lake.query(sql).await, ["pro | 0.00 | tablet | DE"]);
}

#[tokio::test]
async fn the_channel_is_the_one_said_else_that_of_the_inbox_else_web() {
    let mut lake = Lake::default();
    lake.add(
        "inboxes",
        json!({ "inbox_id": "i1", "channel": "whatsapp" }),
    )
    .add(
        "inboxes",
        json!({ "inbox_id": "i1", "channel": "telegram", "chatbot_id": "other" }),
    )
    .meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "inbox_id": "i1", "channel": "sms" }),
    )
    .meta("c2", "2026-03-01T10:00:00Z", json!({ "inbox_id": "i1" }))
    .meta(
        "c3",
        "2026-03-01T10:00:00Z",
        json!({ "inbox_id": "unknown" }),
    );
    let sql =
        "SELECT conversation_id, inbox_id, channel FROM conversations ORDER BY conversation_id";
    assert_eq!(
        lake.query(sql).await,
        ["c1 | i1 | sms", "c2 | i1 | whatsapp", "c3 | unknown | web"]
    );
}

#[tokio::test]
async fn a_conversation_does_not_inherit_the_organization_of_its_user() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "organization_id": "o1" }),
    )
    .meta("c2", "2026-03-02T10:00:00Z", json!({ "user_id": "u1" }));
    let sql = "SELECT conversation_id, organization_id FROM conversations ORDER BY conversation_id";
    assert_eq!(lake.query(sql).await, ["c1 | o1", "c2 | NULL"]);
    assert_eq!(
        lake.query("SELECT user_id, organization_id FROM users")
            .await,
        ["u1 | o1"]
    );
}

#[tokio::test]
async fn chatbots_share_nothing() {
    let mut lake = Lake::default();
    for (chatbot, plan) in [("cb_1", "free"), ("cb_2", "pro")] {
        lake.meta("c1", "2026-03-01T10:00:00Z", json!({ "chatbot_id": chatbot, "user_id": "u1", "user_plan": plan }))
            .message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({ "chatbot_id": chatbot }))
            .add(
                "annotations",
                json!({ "chatbot_id": chatbot, "conversation_id": "c1", "message_id": "m1", "intent": plan,
                        "annotated_at": "2026-03-01T11:00:00Z" }),
            );
    }
    lake.event(
        "c1",
        "resolved",
        "2026-03-01T12:00:00Z",
        json!({ "chatbot_id": "cb_2" }),
    );
    assert_eq!(
        lake.query("SELECT chatbot_id, user_id, plan FROM users ORDER BY chatbot_id")
            .await,
        ["cb_1 | u1 | free", "cb_2 | u1 | pro"]
    );
    assert_eq!(
        lake.query("SELECT chatbot_id, message_count FROM conversations ORDER BY chatbot_id")
            .await,
        ["cb_1 | 1", "cb_2 | 1"]
    );
    assert_eq!(
        lake.query("SELECT chatbot_id, intent FROM message_facts ORDER BY chatbot_id")
            .await,
        ["cb_1 | free", "cb_2 | pro"]
    );
    assert_eq!(
        lake.query("SELECT chatbot_id, status FROM sessions ORDER BY chatbot_id")
            .await,
        ["cb_1 | unassigned", "cb_2 | resolved"]
    );
    assert_eq!(
        lake.query("SELECT chatbot_id, user_plan FROM conversation_asof ORDER BY chatbot_id")
            .await,
        ["cb_1 | free", "cb_2 | pro"]
    );
}

#[tokio::test]
async fn the_day_of_a_message_is_its_utc_date() {
    let mut lake = Lake::default();
    lake.message("c1", "m1", "2026-03-01T23:59:59Z", "customer", json!({}))
        .message("c1", "m2", "2026-03-02T00:00:00Z", "customer", json!({}));
    let sql = "SELECT message_id FROM message_facts WHERE day = DATE '2026-03-02'";
    assert_eq!(lake.query(sql).await, ["m2"]);
}
