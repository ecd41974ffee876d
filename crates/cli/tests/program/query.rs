//! `chatlake query`.

use std::fs::File;
use std::io::{BufRead, BufReader};

use arrow::array::{AsArray, RecordBatch};
use arrow::ipc::reader::{FileReader, StreamReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::folder::{Folder, Run};

const MESSAGES: &str =
    "SELECT conversation_id, message_id, sent_at, content, agent_id FROM messages ORDER BY sent_at";

fn contents(batches: impl Iterator<Item = RecordBatch>) -> Vec<String> {
    let mut found = Vec::new();
    for batch in batches {
        let column = batch.column_by_name("content").unwrap().as_string::<i32>();
        found.extend(column.iter().map(|value| value.unwrap().to_owned()));
    }
    found
}

const CONTENTS: [&str; 3] = ["Where is \"it\", please?", "On its\nway", ""];

#[test]
fn csv_quotes_what_needs_it_and_keeps_null_and_empty_apart() {
    let folder = Folder::with_records();
    assert_eq!(
        folder.csv(MESSAGES),
        "conversation_id,message_id,sent_at,content,agent_id\n\
         c1,m1,2026-03-12T10:00:00Z,\"Where is \"\"it\"\", please?\",\n\
         c1,m2,2026-03-12T10:00:05.250Z,\"On its\nway\",\n\
         c2,m1,2026-03-13T09:00:00Z,\"\",\n"
    );
    let flags = "SELECT behavior_flags FROM annotations";
    assert_eq!(
        folder.csv(flags),
        "behavior_flags\n\"[\"\"frustration\"\",\"\"gratitude\"\"]\"\n"
    );
}

#[test]
fn json_is_one_object_per_line_with_every_column() {
    let folder = Folder::with_records();
    let sql = "SELECT conversation_id, sent_at, agent_id, is_visible, 1.50 AS price FROM messages ORDER BY sent_at LIMIT 1";
    let run = folder
        .chatlake(&["query", sql, "--format", "json"])
        .succeeded();
    let row: serde_json::Value = serde_json::from_str(run.stdout.trim_end()).unwrap();
    assert_eq!(run.stdout.lines().count(), 1);
    assert_eq!(row["sent_at"], "2026-03-12T10:00:00Z");
    assert_eq!(
        (&row["agent_id"], &row["is_visible"]),
        (&serde_json::Value::Null, &true.into())
    );
    assert_eq!(row.as_object().unwrap().len(), 5);
}

#[test]
fn a_table_is_aligned_and_has_no_line_ends_in_cells() {
    let folder = Folder::with_records();
    let sql = "SELECT conversation_id, count(*) AS n, max(content) AS content FROM messages GROUP BY 1 ORDER BY 1";
    let table = folder.chatlake(&["query", sql]).succeeded().stdout;
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(
        lines[0].split('│').map(str::trim).collect::<Vec<_>>(),
        ["conversation_id", "n", "content"]
    );
    assert!(
        lines[1].chars().all(|letter| "─┼".contains(letter)),
        "{table}"
    );
    assert_eq!(lines[2], " c1              │ 2 │ Where is \"it\", please?");
    assert_eq!(lines[3].trim_end(), " c2              │ 1 │");
    assert_eq!(lines.len(), 4);
}

#[test]
fn a_table_that_is_cut_says_so() {
    let folder = Folder::with_records();
    let run = folder.chatlake(&["query", MESSAGES, "--max-rows", "2"]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 4));
    assert_eq!(
        run.stderr,
        "the first 2 rows are shown, there are more: --max-rows 0 shows all\n"
    );
    let all = folder
        .chatlake(&["query", MESSAGES, "--max-rows", "0"])
        .succeeded();
    assert_eq!(all.stdout.lines().count(), 5);
}

#[test]
fn parquet_and_arrow_files_hold_the_rows() {
    let folder = Folder::with_records();
    folder
        .chatlake(&[
            "query",
            MESSAGES,
            "--format",
            "parquet",
            "--output",
            "m.parquet",
        ])
        .succeeded();
    let parquet =
        ParquetRecordBatchReaderBuilder::try_new(File::open(folder.path("m.parquet")).unwrap())
            .unwrap();
    assert_eq!(
        contents(parquet.build().unwrap().map(Result::unwrap)),
        CONTENTS
    );

    folder
        .chatlake(&[
            "query", MESSAGES, "--format", "arrow", "--output", "m.arrow",
        ])
        .succeeded();
    let arrow = FileReader::try_new(File::open(folder.path("m.arrow")).unwrap(), None).unwrap();
    assert_eq!(contents(arrow.map(Result::unwrap)), CONTENTS);

    let piped = folder
        .command(&["query", MESSAGES, "--format", "arrow"])
        .output()
        .unwrap();
    let stream = StreamReader::try_new(piped.stdout.as_slice(), None).unwrap();
    assert_eq!(contents(stream.map(Result::unwrap)), CONTENTS);
}

#[test]
fn a_result_without_rows_still_has_its_columns() {
    let folder = Folder::with_records();
    let sql = "SELECT content FROM messages WHERE false";
    assert_eq!(folder.csv(sql), "content\n");
    assert_eq!(
        folder
            .chatlake(&["query", sql, "--format", "json"])
            .succeeded()
            .stdout,
        ""
    );
    folder
        .chatlake(&[
            "query",
            sql,
            "--format",
            "parquet",
            "--output",
            "none.parquet",
        ])
        .succeeded();
    let file = File::open(folder.path("none.parquet")).unwrap();
    assert_eq!(
        ParquetRecordBatchReaderBuilder::try_new(file)
            .unwrap()
            .schema()
            .field(0)
            .name(),
        "content"
    );
}

#[test]
fn statements_come_from_a_pipe_and_share_a_session() {
    let folder = Folder::with_records();
    let sql = "SET chatlake.as_of = '2026-03-12T12:00:00Z';\n-- not the next day's; really\nSELECT count(*) AS n FROM messages;\nSELECT ';' AS text";
    let run = folder
        .chatlake_reading(sql, &["query", "--format", "csv"])
        .succeeded();
    assert_eq!(run.stdout, "n\n2\ntext\n;\n");
}

#[test]
fn bad_sql_is_one_sentence_and_leaves_no_file() {
    let folder = Folder::with_records();
    for (sql, expected) in [
        ("SELEC 1", "SELEC"),
        ("SELECT nonsense FROM messages", "nonsense"),
        ("SELECT * FROM no_such_table", "no_such_table"),
        ("SELECT 1; SELECT 1/0", "zero"),
    ] {
        let run = folder.chatlake(&["query", sql, "--format", "csv", "--output", "out.csv"]);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
        run.failed(1, expected);
        assert!(!folder.path("out.csv").exists());
    }
    let left = folder.path(".").read_dir().unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("partial")
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn wrong_usage_is_told_before_the_lake_is_opened() {
    let folder = Folder::new();
    folder
        .chatlake_reading(" ; -- nothing\n", &["query"])
        .failed(2, "expected an SQL statement, found none");
}

#[test]
fn a_file_holds_one_result_and_needs_a_folder() {
    let folder = Folder::with_records();
    let two = [
        "query",
        "SELECT 1 AS a; SELECT 2 AS a",
        "--format",
        "parquet",
        "--output",
        "two.parquet",
    ];
    folder.chatlake(&two).failed(2, "found a second one");
    assert!(!folder.path("two.parquet").exists());
    folder
        .chatlake(&["query", "SELECT 1", "--output", "no/such/folder.csv"])
        .failed(1, "no/such/folder.csv");
}

#[test]
fn a_missing_lake_is_not_made_by_asking() {
    let folder = Folder::new();
    folder
        .chatlake(&["query", "SELECT 1", "--lake", "nowhere"])
        .failed(1, "nowhere");
    assert!(!folder.path("nowhere").exists());
}

#[test]
fn a_query_stops_at_its_time_limit() {
    let folder = Folder::with_records();
    let sql = "SELECT sum(value % 7) FROM generate_series(1, 1000000000000)";
    folder
        .chatlake(&["query", sql, "--timeout", "50ms"])
        .failed(6, "50");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = Folder::with_records();
    for format in ["csv", "json", "parquet"] {
        let sql = "SELECT value, repeat('x', 1000) AS text FROM generate_series(1, 1000000000)";
        let mut child = folder
            .command(&["query", sql, "--format", format])
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = Vec::new();
        stdout.read_until(b'\n', &mut first).unwrap();
        drop(stdout);
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{format}");
    }
}
