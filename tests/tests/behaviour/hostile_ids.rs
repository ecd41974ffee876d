//! Ids that try to leave the lake's folder or to become one another: all are legal, none does (specification §2.3, issue of ids).
//!
//! Guarantees shown: invariant 2 of ARCHITECTURE.md for any id, on a local disk.

use std::path::Path;

use chatlake_tests::lakes;
use serde_json::json;

/// Ids are trimmed, so none begins or ends with a space.
fn hostile_ids() -> Vec<String> {
    let long = "x".repeat(512);
    let long_emoji = "🦀".repeat(128);
    let known = [
        ".",
        "..",
        "../..",
        "../../escaped",
        "/",
        "/etc",
        "//",
        "a/b",
        "a\\b",
        "a%2Fb",
        "a%2fb",
        "%",
        "%%",
        "%2E%2E",
        "%00",
        "-",
        "--help",
        "-rf",
        "~",
        "$HOME",
        "`id`",
        "a b",
        "a\tb",
        "a\nb",
        "a\0b",
        "a\u{1}b",
        "é",
        "e\u{301}",
        "E\u{301}",
        "日本",
        "🦀",
        "A",
        "a",
        "con",
        "NUL",
        "=",
        "a=b",
        "chatbot_id=a",
        "day=2026-03-01",
        "_delta_log",
        ".hidden",
        "__HIVE_DEFAULT_PARTITION__",
        "null",
        "NULL",
        "\"",
        "'",
        "''; DROP TABLE messages; --",
        "*",
        "?",
        "[a]",
        "{a}",
        "|",
        "<",
        ">",
        ":",
        "a:b",
        "c:\\x",
        "#",
        "&",
        "+",
        "a+b",
        "a%20b",
        "\u{202e}abc",
        "\u{feff}x",
        "ß",
        "ss",
        "ı",
        "i",
        "I",
    ];
    let mut ids: Vec<String> = known.into_iter().map(str::to_owned).collect();
    ids.extend([long, long_emoji, format!("{}/..", "y".repeat(509))]);
    ids
}

fn message(chatbot: &str, conversation: &str, id: &str, content: &str) -> String {
    let record = json!({"type": "message", "chatbot_id": chatbot, "conversation_id": conversation, "message_id": id,
        "sent_at": "2026-03-01T10:00:00Z", "sender_type": "customer", "content": content});
    format!("{record}\n")
}

/// Every path below a folder, the folder's own name left out.
fn paths(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        if path.is_dir() {
            found.extend(paths(&path));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_neither_escape_the_lake_nor_collide() {
    let ids = hostile_ids();
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("parent").join("lake");
    let chatlake = lakes::open_folder(&folder).await.unwrap();
    let by_chatbot: String = ids.iter().map(|id| message(id, id, id, id)).collect();
    let report = lakes::ingest_text(&chatlake, &by_chatbot).await.unwrap();
    assert_eq!(
        (report.accepted, report.rejected),
        (ids.len() as u64, 0),
        "{report:?}"
    );

    // nothing appeared beside the lake
    assert_eq!(
        paths(scratch.path())
            .iter()
            .filter(|name| *name == "lake")
            .count(),
        1
    );
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 1);
    assert_eq!(
        std::fs::read_dir(scratch.path().join("parent"))
            .unwrap()
            .count(),
        1
    );

    // a new process sees every id as it was
    drop(chatlake);
    let chatlake = lakes::open_folder(&folder).await.unwrap();
    let check = chatlake.check().await.unwrap();
    assert!(check.damages.is_empty(), "{:?}", check.damages);
    let session = chatlake.session();
    assert_eq!(
        lakes::count(
            &session,
            "SELECT count(DISTINCT chatbot_id) FROM stored.messages"
        )
        .await,
        ids.len() as u64
    );
    let own = "SELECT count(*) FROM stored.messages WHERE chatbot_id = content AND conversation_id = content AND message_id = content";
    assert_eq!(lakes::count(&session, own).await, ids.len() as u64);
    for id in &ids {
        let quoted = id.replace('\'', "''");
        let question = [
            "SELECT count(*) FROM stored.messages WHERE chatbot_id = '",
            &quoted,
            "'",
        ]
        .concat();
        assert_eq!(lakes::count(&session, &question).await, 1, "{id:?}");
    }

    // and a retry is a retry
    let again = lakes::ingest_text(&chatlake, &by_chatbot).await.unwrap();
    assert_eq!((again.accepted, again.duplicates), (0, ids.len() as u64));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_of_more_than_512_bytes_is_refused() {
    let chatlake = lakes::in_memory().await;
    for (id, accepted) in [
        ("x".repeat(512), 1),
        ("x".repeat(513), 0),
        ("é".repeat(256), 1),
        ("é".repeat(257), 0),
    ] {
        let report = lakes::ingest_text(&chatlake, &message(&id, "c", "m", "hello"))
            .await
            .unwrap();
        assert_eq!(
            (report.accepted, report.rejected),
            (accepted, 1 - accepted),
            "{} bytes",
            id.len()
        );
    }
}
