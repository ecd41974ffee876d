//! `chatlake schema`.

use serde_json::Value;

use crate::folder::Folder;

#[test]
fn the_schema_needs_no_lake_and_makes_none() {
    let folder = Folder::new();
    let text = folder.chatlake(&["schema"]).succeeded().stdout;
    for expected in [
        "lake.messages (view)\n",
        "stored.messages (table)\n",
        "lake.users (view)\n",
    ] {
        assert!(
            text.contains(expected),
            "`{expected}` is missing in: {text}"
        );
    }
    assert!(!folder.path("chatlake-data").exists());
    folder
        .chatlake(&["schema", "--lake", "nowhere"])
        .failed(1, "nowhere");
}

#[test]
fn a_plain_name_means_the_view_and_a_full_one_the_stored_table() {
    let folder = Folder::with_records();
    let view = folder.chatlake(&["schema", "messages"]).succeeded().stdout;
    assert!(
        view.starts_with("lake.messages (view)\n") && !view.contains("stored."),
        "{view}"
    );
    let stored = folder
        .chatlake(&["schema", "stored.messages"])
        .succeeded()
        .stdout;
    assert!(
        stored
            .contains("key: chatbot_id, conversation_id, message_id; merge rule: first_write_wins"),
        "{stored}"
    );
    assert!(
        stored.contains("sent_at") && stored.contains("When the message was sent."),
        "{stored}"
    );
}

#[test]
fn json_holds_columns_with_types_and_units() {
    let run = Folder::new()
        .chatlake(&["schema", "stored.conversation_meta", "--format", "json"])
        .succeeded();
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let columns = answer["tables"][0]["columns"].as_array().unwrap();
    let revenue = columns
        .iter()
        .find(|column| column["name"] == "user_mrr")
        .unwrap();
    assert_eq!(
        (&revenue["type"], &revenue["nullable"]),
        (&"decimal(18,2)".into(), &true.into())
    );
    assert!(
        revenue["unit"].is_string() && revenue["doc"].is_string(),
        "{revenue}"
    );
}

#[test]
fn an_unknown_name_lists_the_known_ones() {
    Folder::new()
        .chatlake(&["schema", "nonsense"])
        .failed(2, "lake.messages");
}
