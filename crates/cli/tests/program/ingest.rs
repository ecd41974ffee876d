//! `chatlake ingest`.

use serde_json::Value;

use crate::folder::{Folder, RECORD_COUNT, RECORDS};

const MESSAGE_COUNT: &str = "SELECT count(*) AS n FROM messages";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_file_becomes_rows_and_a_second_time_changes_nothing() {
    let folder = Folder::with_records();
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n3\n");
    let again = folder
        .chatlake(&["ingest", "records.ndjson", "--json"])
        .succeeded();
    let report = json(&again.stdout);
    assert_eq!(
        (&report["accepted"], &report["duplicates"]),
        (&Value::from(0), &Value::from(RECORD_COUNT))
    );
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n3\n");
}

#[test]
fn standard_input_is_a_file_called_minus() {
    let folder = Folder::new();
    let run = folder
        .chatlake_reading(RECORDS, &["ingest", "-", "--json"])
        .succeeded();
    let report = json(&run.stdout);
    assert_eq!(
        (&report["accepted"], &report["rejected"]),
        (&Value::from(RECORD_COUNT), &Value::from(0))
    );
    assert_eq!(report["files"][0]["file"], "-");
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n3\n");
}

#[test]
fn the_report_for_people_has_the_numbers() {
    let folder = Folder::new();
    folder.write("records.ndjson", RECORDS);
    let report = folder
        .chatlake(&["ingest", "records.ndjson"])
        .succeeded()
        .stdout;
    assert!(
        report.starts_with("records.ndjson: 6 records in "),
        "{report}"
    );
    for line in [
        "  accepted              6  rows: ",
        "  duplicates            0\n",
        "  rejected              0\n",
    ] {
        assert!(report.contains(line), "`{line}` is missing in: {report}");
    }
}

#[test]
fn bad_lines_are_told_apart_kept_and_affect_no_other() {
    let folder = Folder::new();
    folder.write(
        "mixed.ndjson",
        &format!("not json\n{RECORDS}{{\"type\":\"nonsense\"}}\n"),
    );
    let arguments = [
        "ingest",
        "mixed.ndjson",
        "--json",
        "--rejects",
        "rejects.ndjson",
        "--outcomes",
        "outcomes.csv",
    ];
    let run = folder.chatlake(&arguments);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let report = json(&run.stdout);
    assert_eq!(
        (&report["accepted"], &report["rejected"]),
        (&Value::from(RECORD_COUNT), &Value::from(2))
    );
    let rejects: Vec<Value> = folder.read("rejects.ndjson").lines().map(json).collect();
    let lines: Vec<_> = rejects
        .iter()
        .map(|reject| (&reject["line"], &reject["code"]))
        .collect();
    assert_eq!(
        lines,
        [
            (&Value::from(1), &Value::from("bad_json")),
            (&Value::from(8), &Value::from("unknown_type"))
        ]
    );
    assert_eq!(rejects[0]["record"], "not json");
    let outcomes = folder.read("outcomes.csv");
    let outcomes: Vec<&str> = outcomes.lines().collect();
    assert_eq!(outcomes.len(), 9, "{outcomes:?}");
    assert_eq!(
        outcomes[..3],
        ["line,outcome,codes", "1,rejected,bad_json", "2,accepted,"]
    );
}

#[test]
fn what_cannot_be_read_creates_no_lake() {
    let folder = Folder::new();
    folder
        .chatlake(&["ingest", "missing.ndjson"])
        .failed(1, "cannot read `missing.ndjson`: no such file");
    folder
        .chatlake(&["ingest", "."])
        .failed(2, "expected a file, found the folder `.`");
    folder.write("notes.txt", "hello");
    folder
        .chatlake(&["ingest", "notes.txt"])
        .failed(2, "found `notes.txt`");
    assert!(!folder.path("chatlake-data").exists());
}

#[test]
fn one_missing_file_keeps_all_from_being_loaded() {
    let folder = Folder::with_records();
    folder.write("more.ndjson", &RECORDS.replace("\"c1\"", "\"c9\""));
    folder
        .chatlake(&["ingest", "more.ndjson", "missing.ndjson"])
        .failed(1, "`missing.ndjson`");
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n3\n");
}

#[test]
fn a_damaged_file_stores_nothing_and_the_next_one_is_still_loaded() {
    let folder = Folder::new();
    // a gzip header, and then nothing that can be unpacked
    std::fs::write(
        folder.path("broken.ndjson.gz"),
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff],
    )
    .unwrap();
    folder.write("records.ndjson", RECORDS);
    let run = folder.chatlake(&["ingest", "broken.ndjson.gz", "records.ndjson", "--json"]);
    let report = json(&run.stdout);
    assert_eq!(report["failed"][0]["file"], "broken.ndjson.gz");
    assert_eq!(report["accepted"], RECORD_COUNT);
    run.failed(1, "`broken.ndjson.gz`: ");
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n3\n");
}

#[test]
fn options_that_do_not_fit_are_refused_before_anything_happens() {
    let folder = Folder::new();
    folder.write("records.ndjson", RECORDS);
    folder.write("other.ndjson", RECORDS);
    for (arguments, expected) in [
        (&["records.ndjson", "--table", "messages"][..], "--table"),
        (&["records.ndjson", "--ignore-extra"], "--ignore-extra"),
        (
            &["records.ndjson", "other.ndjson", "--outcomes", "o.csv"],
            "--outcomes",
        ),
        (&["-", "-"], "`-` once"),
        (
            &["-", "--format", "parquet", "--table", "messages"],
            "expected a file for Parquet",
        ),
        (&["records.ndjson", "--format", "csv"], "expected --table"),
        (
            &["records.ndjson", "--rejects", "records.ndjson"],
            "another file than the input",
        ),
    ] {
        let arguments: Vec<&str> = std::iter::once("ingest")
            .chain(arguments.iter().copied())
            .collect();
        folder.chatlake(&arguments).failed(2, expected);
    }
    assert!(!folder.path("chatlake-data").exists());
    assert_eq!(folder.read("records.ndjson"), RECORDS);
}

#[test]
fn parquet_and_csv_exports_load_into_another_lake() {
    const COLUMNS: &str = "SELECT chatbot_id, conversation_id, message_id, sent_at, sender_type, content, is_private \
                           FROM messages ORDER BY conversation_id, message_id";
    let folder = Folder::with_records();
    for format in ["parquet", "csv"] {
        let file = format!("messages.{format}");
        folder
            .chatlake(&["query", COLUMNS, "--format", format, "--output", &file])
            .succeeded();
        let run = folder
            .chatlake(&["ingest", &file, "--json", "--lake", format])
            .succeeded();
        assert_eq!(json(&run.stdout)["accepted"], 3, "{}", run.stdout);
        let copy = folder
            .chatlake(&["query", COLUMNS, "--format", "csv", "--lake", format])
            .succeeded()
            .stdout;
        assert_eq!(copy, folder.csv(COLUMNS), "{format}");
    }
}

#[test]
fn a_bad_row_aborts_a_bulk_load_unless_it_is_to_be_skipped() {
    let folder = Folder::new();
    folder.write(
        "rows.csv",
        "chatbot_id,conversation_id,message_id,sent_at,sender_type,content\n\
         shop,c1,m1,2026-03-12T10:00:00Z,customer,hello\n\
         shop,c1,m2,yesterday,customer,hello\n",
    );
    let arguments = ["ingest", "rows.csv", "--table", "messages"];
    folder.chatlake(&arguments).failed(1, "`rows.csv`: row 2");
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n0\n");
    let skipping = [
        "ingest",
        "rows.csv",
        "--table",
        "messages",
        "--on-error",
        "skip",
        "--rejects",
        "rejects.ndjson",
    ];
    assert_eq!(folder.chatlake(&skipping).code, 3);
    assert_eq!(folder.csv(MESSAGE_COUNT), "n\n1\n");
    assert_eq!(json(folder.read("rejects.ndjson").trim())["row"], 2);
}

#[test]
fn what_is_no_lake_is_left_alone() {
    let folder = Folder::new();
    folder.write("records.ndjson", RECORDS);
    folder.write("file", "not a lake");
    let run = folder.chatlake(&["ingest", "records.ndjson", "--lake", "file"]);
    run.failed(1, "`");
    assert_eq!(folder.read("file"), "not a lake");
}
