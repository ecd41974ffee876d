//! A filter on the tenant, and where it makes sense on the day, reaches the scans, so that files are pruned.

use chatlake_analytics::Library;
use chatlake_schema::table;

use crate::lake::Lake;

/// What reaches the scans of each stored table when the query runs.
async fn scans(sql: &str) -> Vec<(String, Vec<String>)> {
    let lake = Lake::default();
    lake.query(sql).await;
    let scans = lake.scans.lock().expect("nobody panics with it").clone();
    assert!(!scans.is_empty(), "{sql}");
    scans
}

/// Scans of tables with a chatbot that lack the filter.
fn without<'a>(scans: &'a [(String, Vec<String>)], filter: &str) -> Vec<&'a str> {
    let of_chatbot = |name: &str| table(name).is_some_and(|table| table.chatbot_column.is_some());
    scans
        .iter()
        .filter(|(name, filters)| {
            of_chatbot(name) && !filters.iter().any(|found| found.contains(filter))
        })
        .map(|(name, _)| name.as_str())
        .collect()
}

#[tokio::test]
async fn a_chatbot_reaches_every_scan_of_every_view() {
    for view in Library::built_in()
        .views()
        .iter()
        .filter(|view| view.columns[0].name == "chatbot_id")
    {
        let scans = scans(&format!(
            "SELECT * FROM {} WHERE chatbot_id = 'x'",
            view.name
        ))
        .await;
        assert_eq!(
            without(&scans, "chatbot_id = Utf8View(\"x\")"),
            [""; 0],
            "{}: {scans:?}",
            view.name
        );
    }
}

#[tokio::test]
async fn a_list_of_chatbots_reaches_every_scan() {
    for name in [
        "users",
        "conversations",
        "sessions",
        "message_facts",
        "annotations",
    ] {
        let scans = scans(&format!(
            "SELECT * FROM {name} WHERE chatbot_id IN ('x', 'y', 'z', 'w')"
        ))
        .await;
        assert_eq!(
            without(&scans, "chatbot_id IN ([Utf8View(\"x\")"),
            [""; 0],
            "{name}: {scans:?}"
        );
    }
}

#[tokio::test]
async fn a_chatbot_of_one_view_reaches_the_view_joined_to_it() {
    let scans = scans(
        "SELECT users.name, message_facts.score FROM message_facts \
         JOIN users ON users.chatbot_id = message_facts.chatbot_id AND users.user_id = message_facts.user_id \
         WHERE message_facts.chatbot_id = 'x'",
    )
    .await;
    assert_eq!(
        without(&scans, "chatbot_id = Utf8View(\"x\")"),
        [""; 0],
        "{scans:?}"
    );
}

#[tokio::test]
async fn days_and_times_of_messages_reach_the_scan_of_messages() {
    for name in ["messages", "message_facts", "session_messages"] {
        for filter in [
            "day >= DATE '2026-03-01'",
            "sent_at >= TIMESTAMP '2026-03-01T00:00:00Z'",
        ] {
            let column = filter.split(' ').next().unwrap_or_default();
            let scans = scans(&format!("SELECT message_id FROM {name} WHERE {filter}")).await;
            let reached = scans.iter().any(|(table, filters)| {
                table == "messages"
                    && filters
                        .iter()
                        .any(|found| found.contains(&format!("{column} >=")))
            });
            assert!(reached, "{name}, {filter}: {scans:?}");
        }
    }
}

#[tokio::test]
async fn as_of_cuts_every_table_of_events_and_versions() {
    for view in Library::built_in().views() {
        let mut lake = Lake::default();
        lake.as_of("2026-03-12T16:00:00Z");
        lake.query(&format!("SELECT * FROM {}", view.name)).await;
        for (name, filters) in lake.scans.lock().expect("nobody panics with it").iter() {
            let is_partitioned = table(name).is_some_and(|table| table.is_partitioned());
            let is_cut = filters
                .iter()
                .any(|filter| filter.contains("<= TimestampMicrosecond(1773331200000000"));
            assert!(
                is_cut || !is_partitioned,
                "{}: {name} {filters:?}",
                view.name
            );
        }
    }
}
