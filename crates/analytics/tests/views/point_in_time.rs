//! What was known when a conversation ended (specification §3.3, `conversation_asof`).

use serde_json::json;

use crate::lake::Lake;

#[tokio::test]
async fn what_the_conversation_says_comes_before_what_was_known_then() {
    let mut lake = Lake::default();
    lake.meta("c1", "2026-03-01T10:00:00Z", json!({ "user_id": "u1", "user_plan": "free" }))
        .message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({}))
        .meta("c2", "2026-03-05T10:00:00Z", json!({ "user_id": "u1" }))
        .message("c2", "m1", "2026-03-05T10:00:00Z", "customer", json!({}))
        .add("user_profiles", json!({ "user_id": "u1", "version_at": "2026-03-03T10:00:00Z", "plan": "pro", "industry": "bank" }))
        .add("user_profiles", json!({ "user_id": "u1", "version_at": "2026-03-05T10:00:00Z", "mrr": "10.00" }))
        .add("user_profiles", json!({ "user_id": "u1", "version_at": "2026-03-05T10:00:01Z", "plan": "team", "mrr": "99.00" }));
    let sql = "SELECT conversation_id, user_plan, user_industry, user_mrr FROM conversation_asof ORDER BY conversation_id";
    // c1: its own plan; nothing else was known on 1 March. c2: the plan of 3 March and the mrr of that very instant,
    // not what came a second later.
    assert_eq!(
        lake.query(sql).await,
        ["c1 | free | NULL | NULL", "c2 | pro | bank | 10.00"]
    );
}

#[tokio::test]
async fn organizations_are_known_by_what_other_conversations_said_before() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "organization_id": "o1", "org_plan": "silver", "org_mrr": "5.00" }),
    )
    .message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({}))
    .meta(
        "c2",
        "2026-03-02T10:00:00Z",
        json!({ "organization_id": "o1", "org_mrr": "6.00" }),
    )
    .message("c2", "m1", "2026-03-02T10:00:00Z", "customer", json!({}))
    .meta(
        "c3",
        "2026-03-03T10:00:00Z",
        json!({ "organization_id": "o1", "org_plan": "gold" }),
    )
    .message("c3", "m1", "2026-03-03T10:00:00Z", "customer", json!({}));
    let sql =
        "SELECT conversation_id, org_plan, org_mrr FROM conversation_asof ORDER BY conversation_id";
    assert_eq!(
        lake.query(sql).await,
        [
            "c1 | silver | 5.00",
            "c2 | silver | 6.00",
            "c3 | gold | 6.00"
        ]
    );
}

#[tokio::test]
async fn of_two_versions_of_one_instant_the_later_arrival_is_known() {
    let mut lake = Lake::default();
    lake.add(
        "user_profiles",
        json!({ "user_id": "u1", "version_at": "2026-03-01T10:00:00Z", "plan": "a" }),
    )
    .add(
        "user_profiles",
        json!({ "user_id": "u1", "version_at": "2026-03-01T10:00:00Z", "plan": "b" }),
    )
    .meta("c1", "2026-03-02T10:00:00Z", json!({ "user_id": "u1" }))
    .message("c1", "m1", "2026-03-02T10:00:00Z", "customer", json!({}));
    assert_eq!(
        lake.query("SELECT user_plan FROM conversation_asof").await,
        ["b"]
    );
}

#[tokio::test]
async fn a_conversation_without_visible_messages_has_only_what_it_says() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-02T10:00:00Z",
        json!({ "user_id": "u1", "user_industry": "shop" }),
    )
    .add(
        "user_profiles",
        json!({ "user_id": "u1", "version_at": "2026-03-01T10:00:00Z", "plan": "pro" }),
    );
    let sql = "SELECT conversation_id, user_plan, user_industry FROM conversation_asof";
    assert_eq!(lake.query(sql).await, ["c1 | NULL | shop"]);
}
