//! Tests of the lists: complete, sorted, valid.

use super::*;

/// Names of the SQL files in a folder beside this crate's sources.
fn files(kind: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(kind);
    let files = sql_files(&folder).expect("the folder is readable");
    files.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn every_list_is_sorted_and_holds_every_file() {
    for (kind, sources) in [
        ("bi", bi::SOURCES),
        ("pages", pages::SOURCES),
        ("parts", parts::SOURCES),
        ("views", views::SOURCES),
    ] {
        let listed: Vec<&str> = sources.iter().map(|(name, _)| *name).collect();
        assert!(listed.is_sorted_by(|a, b| a < b), "{kind}: {listed:?}");
        assert_eq!(files(kind), listed, "{kind}");
    }
}

#[test]
fn every_file_is_valid_and_found_by_name() {
    let library = Library::load().expect("every header is valid");
    for view in library.views() {
        assert_eq!(library.view(&view.name), Some(view));
    }
    for page in library.pages() {
        assert_eq!(library.page(&page.name), Some(page));
    }
    assert_eq!(library.view("nothing"), None);
}

#[test]
fn the_views_of_the_specification_are_there() {
    // §9.2, in its order.
    for name in [
        "messages",
        "conversations",
        "conversation_asof",
        "users",
        "organizations",
        "annotations",
        "annotation_versions",
        "resolutions",
        "sessions",
        "assignments",
        "message_facts",
        "agents",
        "teams",
        "team_members",
        "inboxes",
        "flows",
        "flow_triggers",
        "broadcasts",
        "credit_ledger",
        "ai_tool_uses",
        "workflows",
        "workflow_runs",
    ] {
        assert!(Library::built_in().view(name).is_some(), "{name}");
    }
}

#[test]
fn the_pages_of_the_specification_are_there() {
    // §9.1, in its order; `facets` is made of the others.
    for name in [
        "users_page",
        "organizations_page",
        "conversations_page",
        "chat_users_page",
        "conversation_detail",
        "conversation_sidebar",
        "conversation_sessions",
        "analytics_channel_info",
        "analytics_messages",
        "analytics_messages_daily",
        "analytics_sessions",
        "analytics_sessions_daily",
        "analytics_contacts",
        "analytics_agents",
        "analytics_agent_daily",
        "analytics_teams",
        "analytics_team_daily",
        "analytics_flows",
        "analytics_popular_flows",
        "analytics_flows_daily",
        "analytics_credit_usage",
        "analytics_balance",
        "analytics_credit_history",
        "analytics_ai_tools",
        "sentiment_distribution",
        "sentiment_trend",
        "flag_rates",
        "resolution_rates",
        "top_intents",
        "top_topics",
        "churn_risk_accounts",
        "expansion_targets",
        "qbr",
        "segments",
        "workflow_runs_summary",
        "workflow_dry_run",
        "analytics_overview",
        "export_sessions",
    ] {
        assert!(Library::built_in().page(name).is_some(), "{name}");
    }
}

#[test]
fn every_drill_page_belongs_to_a_page_and_says_the_same_things() {
    const COLUMNS: [&str; 10] = [
        "metric",
        "day",
        "conversation_id",
        "session_no",
        "message_id",
        "user_id",
        "record_id",
        "agent_id",
        "at",
        "value",
    ];
    let library = Library::built_in();
    let drills = library
        .pages()
        .iter()
        .filter(|page| page.name.ends_with("_drill"));
    for drill in drills {
        let name = drill.name.trim_end_matches("_drill");
        let page = library.page(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(drill.class, page.class, "{name}");
        assert_eq!(drill.has_period, page.has_period, "{name}");
        let columns: Vec<&str> = drill
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(columns, COLUMNS, "{name}");
    }
}

#[test]
fn a_folder_adds_files_and_takes_the_place_of_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let view = |name: &str| {
        format!(
            "-- view: {name}\n-- doc: Mine.\n-- source: me\n-- column: x | BIGINT | X.\nSELECT 1 AS x\n"
        )
    };
    write("views/users.sql", &view("users"));
    write("views/zebras.sql", &view("zebras"));
    write("views/notes.txt", "not SQL");
    let library = Library::with_folder(folder.path()).expect("it is good");
    let doc = |name: &str| library.view(name).map(|view| view.doc.clone());
    assert_eq!(doc("users").as_deref(), Some("Mine."));
    assert_eq!(doc("zebras").as_deref(), Some("Mine."));
    assert_eq!(library.views().len(), Library::built_in().views().len() + 1);

    write("pages/mine.sql", "SELECT 1");
    let error = Library::with_folder(folder.path()).expect_err("no header");
    assert_eq!(
        error.to_string(),
        "expected `-- page: …` in the header of page `mine`, found ``"
    );
}

#[test]
fn references_lead_to_keys_of_views_of_the_same_schema() {
    let library = Library::built_in();
    for views in [library.views(), library.bi()] {
        for view in views {
            for reference in &view.references {
                let other = views.iter().find(|other| other.name == reference.view);
                let other = other.unwrap_or_else(|| panic!("{}: no {}", view.name, reference.view));
                assert_eq!(
                    (other.key.len(), other.key.is_empty()),
                    (reference.columns.len(), false),
                    "{} → {}",
                    view.name,
                    other.name
                );
            }
        }
    }
}
