//! Registries and runs of workflows (specification §2.4, §3.2).

use serde_json::json;

use crate::lake::Lake;

#[tokio::test]
async fn the_last_write_of_a_registry_counts_as_a_whole() {
    let mut lake = Lake::default();
    lake.add(
        "accounts",
        json!({ "account_id": "acc", "name": "Old", "timezone": "Europe/Paris" }),
    )
    .add("accounts", json!({ "account_id": "acc", "name": "New" }))
    .add(
        "agents",
        json!({ "agent_id": "a1", "name": "Ana", "email": "ana@example.org", "role": "agent" }),
    )
    .add(
        "agents",
        json!({ "agent_id": "a1", "name": "Ana", "role": "admin" }),
    )
    .add(
        "agents",
        json!({ "agent_id": "a1", "name": "Other", "role": "owner", "account_id": "acc_2" }),
    )
    .add("flows", json!({ "flow_id": "f1", "name": "Welcome" }))
    .add("flows", json!({ "flow_id": "f1" }));
    assert_eq!(
        lake.query("SELECT name, timezone FROM accounts").await,
        ["New | UTC"]
    );
    let agents = "SELECT account_id, agent_id, name, email, role FROM agents ORDER BY account_id";
    assert_eq!(
        lake.query(agents).await,
        [
            "acc | a1 | Ana | NULL | admin",
            "acc_2 | a1 | Other | NULL | owner"
        ]
    );
    assert_eq!(
        lake.query("SELECT flow_id, name FROM flows").await,
        ["f1 | NULL"]
    );
}

#[tokio::test]
async fn a_chatbot_that_moves_belongs_to_the_new_account() {
    let mut lake = Lake::default();
    lake.add("chatbots", json!({ "account_id": "acc_1", "name": "Bot" }))
        .add("chatbots", json!({ "account_id": "acc_2", "name": "Bot" }));
    assert_eq!(
        lake.query("SELECT * FROM chatbots").await,
        ["cb | acc_2 | Bot"]
    );
}

#[tokio::test]
async fn a_team_member_is_listed_once() {
    let mut lake = Lake::default();
    lake.add("team_members", json!({ "team_id": "t1", "agent_id": "a1" }))
        .add("team_members", json!({ "team_id": "t1", "agent_id": "a1" }));
    assert_eq!(
        lake.query("SELECT * FROM team_members").await,
        ["acc | t1 | a1"]
    );
}

#[tokio::test]
async fn the_newest_row_of_a_run_counts_as_known_at_as_of() {
    let run = |status: &str, updated_at: &str| {
        json!({ "run_id": "r1", "workflow_id": "w1", "status": status, "occurred_at": "2026-03-01T10:00:00Z",
                "updated_at": updated_at })
    };
    let mut lake = Lake::default();
    lake.add("workflow_runs", run("triggered", "2026-03-01T10:01:00Z"))
        .add("workflow_runs", run("failed", "2026-03-01T10:02:00Z"))
        .add("workflow_runs", run("pending", "2026-03-01T10:00:00Z"))
        .add("workflow_runs", run("success", "2026-03-01T10:02:00Z"));
    let sql = "SELECT run_id, status, updated_at FROM workflow_runs";
    assert_eq!(
        lake.query(sql).await,
        ["r1 | success | 2026-03-01T10:02:00Z"]
    );
    lake.as_of("2026-03-01T10:01:30Z");
    assert_eq!(
        lake.query(sql).await,
        ["r1 | triggered | 2026-03-01T10:01:00Z"]
    );
}

#[tokio::test]
async fn events_later_than_as_of_are_not_seen() {
    let mut lake = Lake::default();
    for (id, instant) in [("1", "2026-03-01T10:00:00Z"), ("2", "2026-03-01T10:00:01Z")] {
        lake.add("flow_triggers", json!({ "trigger_id": id, "flow_id": "f", "triggered_at": instant }))
            .add("credit_ledger", json!({ "entry_id": id, "kind": "topup", "amount_usd": "5.000000", "occurred_at": instant }))
            .add("ai_tool_uses", json!({ "use_id": id, "tool": "ai_writer", "used_at": instant, "translation_used": false }));
    }
    lake.as_of("2026-03-01T10:00:00Z");
    assert_eq!(
        lake.query("SELECT trigger_id FROM flow_triggers").await,
        ["1"]
    );
    assert_eq!(
        lake.query("SELECT entry_id, amount_usd FROM credit_ledger")
            .await,
        ["1 | 5.000000"]
    );
    assert_eq!(lake.query("SELECT use_id FROM ai_tool_uses").await, ["1"]);
}
