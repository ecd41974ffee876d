//! `chatlake export`.

use crate::folder::Folder;

/// The chatbot of the records, and an instant at which its messages lie within the last days.
const SHOP: [&str; 4] = [
    "--chatbot",
    "shop",
    "--option",
    "as_of=2026-03-13T12:00:00Z",
];

fn export(page: &str, more: &[&str]) -> Vec<String> {
    ["export", page]
        .iter()
        .chain(&SHOP)
        .chain(more)
        .map(|&argument| argument.to_owned())
        .collect()
}

fn run(folder: &Folder, page: &str, more: &[&str]) -> crate::folder::Run {
    let arguments = export(page, more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    folder.chatlake(&arguments)
}

/// Names of what lies in the folder, but for the lake and the records.
fn names(folder: &Folder, below: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path(below)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !["chatlake-data", "records.ndjson"].contains(&name.as_str()))
        .collect();
    names.sort();
    names
}

const USER_COLUMNS: [&str; 2] = [
    "--option",
    "columns=[\"user_id\",\"mrr\",\"last_activity\"]",
];

#[test]
fn a_page_becomes_a_file_in_the_current_folder() {
    let folder = Folder::with_records();
    let run = run(&folder, "users_page", &USER_COLUMNS).succeeded();
    assert_eq!(run.stdout, "");
    assert_eq!(names(&folder, "."), ["users_page.csv"]);
    assert_eq!(
        folder.read("users_page.csv"),
        "user_id,mrr,last_activity\r\nu1,99.00,2026-03-12T10:00:05.250Z\r\n"
    );
}

#[test]
fn a_daily_series_lies_beside_its_page() {
    let folder = Folder::with_records();
    let period = ["--period", "last_7_days"];
    let into = |output: &'static str| [&period[..], &["--output", output]].concat();
    run(&folder, "analytics_messages", &into("reports/2026/")).succeeded();
    assert_eq!(
        names(&folder, "reports/2026"),
        ["analytics_messages.csv", "analytics_messages_daily.csv"]
    );
    let daily = folder.read("reports/2026/analytics_messages_daily.csv");
    assert_eq!(daily.lines().count(), 8);
    assert!(daily.contains("\r\n2026-03-12,0,1,0,1\r\n"), "{daily}");

    run(&folder, "analytics_messages", &into("m.ndjson")).succeeded();
    let daily = folder.read("m_daily.ndjson");
    assert!(
        daily.contains("{\"day\":\"2026-03-12\",\"agent_sent\":0,\"bot_sent\":1,\"broadcast_sent\":0,\"received\":1}\n"),
        "{daily}"
    );
    run(&folder, "analytics_messages", &into("-")).failed(
        2,
        "for the 2 files `analytics_messages.csv`, `analytics_messages_daily.csv`, found `-`",
    );
}

#[test]
fn one_file_goes_to_standard_output() {
    let folder = Folder::with_records();
    let arguments = ["--format", "ndjson", "--output", "-"];
    let run = run(
        &folder,
        "users_page",
        &[&USER_COLUMNS[..], &arguments].concat(),
    )
    .succeeded();
    assert_eq!(
        run.stdout,
        "{\"user_id\":\"u1\",\"mrr\":99.00,\"last_activity\":\"2026-03-12T10:00:05.250Z\"}\n"
    );
    assert_eq!(names(&folder, "."), [""; 0]);
}

#[test]
fn parquet_goes_into_a_pipe_or_a_file_by_its_ending() {
    let folder = Folder::with_records();
    run(&folder, "users_page", &["--output", "users.parquet"]).succeeded();
    let file = std::fs::read(folder.path("users.parquet")).unwrap();
    assert!(file.starts_with(b"PAR1") && file.ends_with(b"PAR1"));
    let arguments = export("users_page", &["--format", "parquet", "--output", "-"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let piped = folder.command(&arguments).output().unwrap().stdout;
    assert!(piped.starts_with(b"PAR1") && piped.ends_with(b"PAR1"));
}

#[test]
fn text_is_guarded_unless_it_is_wanted_raw() {
    let folder = Folder::with_records();
    folder.write(
        "more.ndjson",
        "{\"type\":\"conversation\",\"chatbot_id\":\"shop\",\"conversation_id\":\"c1\",\"updated_at\":\"2026-03-12T10:00:01Z\",\"user\":{\"id\":\"u1\",\"name\":\"=1+1\"}}\n",
    );
    folder.chatlake(&["ingest", "more.ndjson"]).succeeded();
    for (raw, expected) in [(&[][..], "u1,'=1+1\r\n"), (&["--raw"], "u1,=1+1\r\n")] {
        let columns = [
            "--options",
            r#"{"columns":["user_id","user_name"]}"#,
            "-o",
            "-",
        ];
        let run = run(&folder, "users_page", &[&columns[..], raw].concat()).succeeded();
        assert_eq!(run.stdout.split_inclusive('\n').nth(1), Some(expected));
    }
}

#[test]
fn what_is_wrong_is_one_sentence_and_leaves_no_file() {
    let folder = Folder::with_records();
    for (page, more, code, expected) in [
        ("nope", &[][..], 1, "bad_value:page"),
        ("users_page", &["--period", "someday"], 1, "bad_period"),
        (
            "users_page",
            &["--option", "nope=1"],
            1,
            "unknown_option:nope",
        ),
        (
            "users_page",
            &["--option", "nope"],
            2,
            "expected NAME=VALUE",
        ),
        (
            "users_page",
            &["--options", "[]"],
            2,
            "expected a JSON object",
        ),
        (
            "users_page",
            &["--output", "no/folder.csv"],
            1,
            "no/folder.csv",
        ),
    ] {
        run(&folder, page, more).failed(code, expected);
        let before = names(&folder, ".");
        assert_eq!(before, [""; 0], "{page} {more:?}");
    }
    let run = folder.chatlake(&["export", "users_page"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--chatbot <ID>"), "{}", run.stderr);
}

#[test]
fn a_file_that_was_there_stays_when_the_export_fails() {
    let folder = Folder::with_records();
    folder.write("users.csv", "precious");
    let more = ["--output", "users.csv", "--option", "as_of_typo=1"];
    run(&folder, "users_page", &more).failed(1, "unknown_option");
    assert_eq!(folder.read("users.csv"), "precious");
    run(&folder, "users_page", &["--output", "users.csv"]).succeeded();
    assert!(folder.read("users.csv").starts_with("user_id,"));
}

#[test]
fn a_missing_lake_is_not_made_by_exporting() {
    let folder = Folder::new();
    run(&folder, "users_page", &["--lake", "nowhere"]).failed(1, "nowhere");
    assert!(!folder.path("nowhere").exists());
}
