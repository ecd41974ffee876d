//! Current profiles of users and organizations (specification §3.3).

use serde_json::json;

use crate::lake::Lake;

const USERS: &str = "SELECT user_id, name, plan, mrr, organization_id FROM users ORDER BY user_id";

#[tokio::test]
async fn the_newest_value_counts_over_all_conversations_and_profile_records() {
    let mut lake = Lake::default();
    lake.meta("c1", "2026-03-01T10:00:00Z", json!({ "user_id": "u1", "user_name": "Ada", "user_plan": "free" }))
        .meta("c2", "2026-03-03T10:00:00Z", json!({ "user_id": "u1", "user_plan": "pro", "organization_id": "o1" }))
        .add("user_profiles", json!({ "user_id": "u1", "version_at": "2026-03-02T10:00:00Z", "name": "Ada L.", "mrr": "0.00",
                                      "plan": "team", "profile_created_at": "2020-01-01T00:00:00Z" }))
        .add("user_profiles", json!({ "user_id": "u2", "version_at": "2026-03-02T10:00:00Z", "name": "Bob" }));
    // A user who never wrote, known from a profile record only, is a user too.
    assert_eq!(
        lake.query(USERS).await,
        [
            "u1 | Ada L. | pro | 0.00 | o1",
            "u2 | Bob | NULL | NULL | NULL"
        ]
    );
    let created = "SELECT user_id, profile_created_at FROM users WHERE user_id = 'u1'";
    assert_eq!(lake.query(created).await, ["u1 | 2020-01-01T00:00:00Z"]);
    lake.as_of("2026-03-01T12:00:00Z");
    assert_eq!(lake.query(USERS).await, ["u1 | Ada | free | NULL | NULL"]);
}

#[tokio::test]
async fn a_version_without_a_user_belongs_to_the_final_user_and_never_leaks() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "user_mrr": "500.00" }),
    )
    .meta("c1", "2026-03-02T10:00:00Z", json!({ "user_id": "u2" }))
    .meta("c1", "2026-03-03T10:00:00Z", json!({ "user_plan": "pro" }));
    assert_eq!(
        lake.query(USERS).await,
        [
            "u1 | NULL | NULL | 500.00 | NULL",
            "u2 | NULL | pro | NULL | NULL"
        ]
    );
    assert_eq!(
        lake.query("SELECT user_id FROM conversations").await,
        ["u2"]
    );
}

#[tokio::test]
async fn a_guest_has_the_profile_that_was_told_without_a_name() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_plan": "trial" }),
    )
    .message("c1", "m1", "2026-03-01T10:00:00Z", "customer", json!({}))
    .message("c2", "m1", "2026-03-01T10:00:00Z", "bot", json!({}));
    assert_eq!(
        lake.query(USERS).await,
        [
            "anon:c1 | NULL | trial | NULL | NULL",
            "anon:c2 | NULL | NULL | NULL | NULL"
        ]
    );
}

#[tokio::test]
async fn a_user_who_moved_shows_the_new_organization_and_old_conversations_keep_the_old_one() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "organization_id": "o1", "org_name": "One" }),
    )
    .meta(
        "c2",
        "2026-03-02T10:00:00Z",
        json!({ "user_id": "u1", "organization_id": "o2", "org_name": "Two" }),
    )
    .meta(
        "c1",
        "2026-03-03T10:00:00Z",
        json!({ "org_plan": "gold", "org_mrr": "7.50" }),
    );
    assert_eq!(lake.query(USERS).await, ["u1 | NULL | NULL | NULL | o2"]);
    let organizations =
        "SELECT organization_id, name, plan, mrr FROM organizations ORDER BY organization_id";
    assert_eq!(
        lake.query(organizations).await,
        ["o1 | One | gold | 7.50", "o2 | Two | NULL | NULL"]
    );
    let conversations =
        "SELECT conversation_id, organization_id FROM conversations ORDER BY conversation_id";
    assert_eq!(lake.query(conversations).await, ["c1 | o1", "c2 | o2"]);
}

#[tokio::test]
async fn profiles_without_any_organization_make_no_organization() {
    let mut lake = Lake::default();
    lake.meta(
        "c1",
        "2026-03-01T10:00:00Z",
        json!({ "user_id": "u1", "org_plan": "gold" }),
    );
    assert!(lake.query("SELECT * FROM organizations").await.is_empty());
}
