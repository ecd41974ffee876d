//! Tests of the list of views: complete, sorted, valid.

use super::*;

#[test]
fn every_view_is_valid_and_found_by_name() {
    let views = load().expect("every header is valid");
    for (found, (name, _)) in views.iter().zip(SOURCES) {
        assert_eq!(view(name), Some(found));
    }
    assert_eq!(view("nothing"), None);
}

#[test]
fn the_list_is_sorted_and_holds_every_file() {
    assert!(SOURCES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/src/views");
    let mut files: Vec<String> = std::fs::read_dir(directory)
        .expect("src/views is readable")
        .map(|entry| {
            entry
                .expect("entry is readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|file| file.ends_with(".sql"))
        .collect();
    files.sort();
    let mut listed: Vec<String> = SOURCES
        .iter()
        .map(|(name, _)| format!("{name}.sql"))
        .collect();
    listed.sort();
    assert_eq!(files, listed);
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
        assert!(view(name).is_some(), "{name}");
    }
}
