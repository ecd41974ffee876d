//! `chatlake auth`.

use serde_json::Value;

use crate::folder::Folder;

const AUTH_FILE: &str = "chatlake-data/_auth/auth.toml";

fn list(folder: &Folder) -> Vec<Value> {
    let text = folder
        .chatlake(&["auth", "list", "--json"])
        .succeeded()
        .stdout;
    serde_json::from_str(&text).unwrap()
}

#[test]
fn users_and_keys_come_change_and_go() {
    let folder = Folder::new();
    let added = folder.chatlake_reading(
        "correct horse\n",
        &[
            "auth",
            "add-user",
            "zoë",
            "--role",
            "admin",
            "--account",
            "acc",
        ],
    );
    let added = added.succeeded().stdout;
    assert!(added.starts_with("added the user `zoë` in `"), "{added}");
    let key = [
        "auth",
        "add-key",
        "etl",
        "--role",
        "ingest",
        "--account",
        "acc",
        "--chatbot",
        "shop",
    ];
    let first = folder
        .chatlake(&[&key[..], &["--expires", "30d"]].concat())
        .succeeded()
        .stdout;
    assert!(
        first.starts_with("clk_") && first.lines().count() == 1,
        "{first}"
    );
    let rotated = folder
        .chatlake(&["auth", "rotate", "etl", "--json"])
        .succeeded()
        .stdout;
    let rotated: Value = serde_json::from_str(&rotated).unwrap();
    assert_ne!(rotated["key"].as_str(), Some(first.trim()));
    let entries = list(&folder);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["permissions"].as_array().unwrap().len(), 5);
    assert_eq!(
        (&entries[1]["id"], &entries[1]["live_secrets"]),
        (&rotated["id"], &2.into())
    );
    folder.chatlake(&["auth", "revoke", "etl"]).succeeded();
    folder
        .chatlake_reading("battery staple", &["auth", "passwd", "zoë"])
        .succeeded();
    let shown = folder.chatlake(&["auth", "list"]).succeeded().stdout;
    assert!(
        shown.contains("acc: shop") && shown.contains("revoked 2"),
        "{shown}"
    );
    let (file, log) = (
        folder.read(AUTH_FILE),
        folder.read("chatlake-data/_auth/audit.ndjson"),
    );
    for text in [&file, &log, &shown] {
        for secret in ["correct horse", "battery staple", &first.trim()[25..]] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(log.lines().count(), 5, "{log}");
    // users may come before the lake
    folder.write("records.ndjson", crate::folder::RECORDS);
    folder.chatlake(&["ingest", "records.ndjson"]).succeeded();
    folder.chatlake(&["check"]).succeeded();
    assert_eq!(list(&folder).len(), 2);
}

#[test]
fn what_is_wrong_is_said_in_a_sentence() {
    let folder = Folder::new();
    let user = [
        "auth",
        "add-user",
        "ada",
        "--role",
        "member",
        "--account",
        "acc",
    ];
    folder
        .chatlake(&["auth", "list"])
        .failed(1, "there is no auth file");
    folder
        .chatlake_reading("short\n", &user)
        .failed(2, "expected a password of at least 8 characters");
    folder.chatlake_reading("correct horse", &user).succeeded();
    folder
        .chatlake_reading("correct horse", &user)
        .failed(1, "there is a user `ada` already");
    folder
        .chatlake(&["auth", "revoke", "bob"])
        .failed(1, "there is no user or key `bob`");
    let no_folder = ["--lake", "memory://", "auth", "list"];
    folder
        .chatlake(&no_folder)
        .failed(2, "expected --auth-file FILE");
    for arguments in [
        &["auth"][..],
        &["auth", "add-user", "x", "--role", "member"],
        &[
            "auth",
            "add-user",
            "x",
            "--role",
            "king",
            "--account",
            "acc",
        ],
        &[
            "auth",
            "add-key",
            "x",
            "--role",
            "read",
            "--account",
            "acc",
            "--every-account",
        ],
        &[
            "auth",
            "add-key",
            "x",
            "--role",
            "read",
            "--account",
            "acc",
            "--expires",
            "soon",
        ],
        &["auth", "passwd"],
    ] {
        assert_eq!(folder.chatlake(arguments).code, 2, "{arguments:?}");
    }
    let text = folder.read(AUTH_FILE);
    folder.write(AUTH_FILE, &text.replace("role = ", "rule = "));
    folder
        .chatlake(&["auth", "list"])
        .failed(1, "unknown field `rule`");
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let key = [
        "auth",
        "add-key",
        "k",
        "--role",
        "read",
        "--every-account",
        "--auth-file",
        "keys/a.toml",
    ];
    folder.chatlake(&key).succeeded();
    let mode = |name: &str| folder.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode("keys"), mode("keys/a.toml"), mode("keys/audit.ndjson")),
        (0o700, 0o600, 0o600)
    );
    std::fs::set_permissions(folder.path("keys/a.toml"), PermissionsExt::from_mode(0o644)).unwrap();
    let list = ["auth", "list", "--auth-file", "keys/a.toml"];
    folder.chatlake(&list).failed(1, "`chmod 600` mends it");
}
