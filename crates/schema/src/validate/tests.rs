//! Tests of the checks: one good definition, broken in one place at a time.

use crate::definitions::parse;

const GOOD: &str = r#"
    name = "things"
    doc = "Things."
    merge = "first_write_wins"
    key = ["id"]
    time_column = "at"
    cluster_by = ["id", "ingest_seq"]
    bloom = ["id"]
    columns = [
      { name = "id", type = "text", doc = "Id." },
      { name = "at", type = "timestamp", doc = "Time." },
      { name = "note", type = "text", nullable = true, doc = "Note." },
      { name = "ingest_seq", type = "integer", doc = "Order." },
    ]
"#;

/// The error after replacing `from` by `to` in the good definition.
fn error_of(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    parse("things", &GOOD.replace(from, to))
        .expect_err(to)
        .to_string()
}

#[test]
fn a_good_definition_passes() {
    let table = parse("things", GOOD).expect("it is good");
    assert_eq!(
        (table.columns.len(), table.chatbot_column.as_deref()),
        (4, None)
    );
}

#[test]
fn names_and_documentation_are_checked() {
    let other = "expected the definition of table `things`, found `others`";
    assert_eq!(error_of("\"things\"", "\"others\""), other);
    let bad = "expected a name in snake case in table `things`, found `Note`";
    assert_eq!(error_of("name = \"note\"", "name = \"Note\""), bad);
    let twice = "expected column `at` of table `things` once in `columns`";
    assert_eq!(error_of("name = \"note\"", "name = \"at\""), twice);
    let no_doc = "expected `note` of table `things` not to be empty";
    assert_eq!(error_of("\"Note.\"", "\" \""), no_doc);
    let no_table_doc = "expected `doc` of table `things` not to be empty";
    assert_eq!(error_of("\"Things.\"", "\"\""), no_table_doc);
}

#[test]
fn lists_name_columns_each_once() {
    let (key, bloom) = ("key = [\"id\"]", "bloom = [\"id\"]");
    let twice = "expected column `id` of table `things` once in `bloom`";
    assert_eq!(error_of(bloom, "bloom = [\"id\", \"id\"]"), twice);
    let unknown = "expected a column of table `things` in `bloom`, found `x`";
    assert_eq!(error_of(bloom, "bloom = [\"x\"]"), unknown);
    let unknown = "expected a column of table `things` in `key`, found `x`";
    assert_eq!(error_of(key, "key = [\"x\"]"), unknown);
    let empty = "expected `key` of table `things` not to be empty";
    assert_eq!(error_of(key, "key = []"), empty);
    let nullable = "expected column `note` of table `things` to be not null, as it is in `key`";
    assert_eq!(error_of(key, "key = [\"note\"]"), nullable);
}

#[test]
fn ingest_seq_is_the_last_column_and_ends_the_sort_order_and_is_in_no_key() {
    let misplaced =
        "expected `ingest_seq` at the end of `cluster_by` of table `things` and not in its `key`";
    assert_eq!(
        error_of("key = [\"id\"]", "key = [\"ingest_seq\"]"),
        misplaced
    );
    assert_eq!(error_of("[\"id\", \"ingest_seq\"]", "[\"id\"]"), misplaced);
    let missing = "expected the last column of table `things` to be `ingest_seq`, \
                   an integer that is not null";
    assert_eq!(error_of("\"integer\"", "\"text\""), missing);
}

#[test]
fn exactly_the_registries_have_no_time_column() {
    let time = "time_column = \"at\"";
    let partitioning =
        "expected a time column in table `things` if, and only if, it is no registry";
    assert_eq!(error_of(time, ""), partitioning);
    assert_eq!(
        error_of("first_write_wins", "last_write_wins"),
        partitioning
    );
}

#[test]
fn the_time_column_is_a_timestamp_that_is_never_missing() {
    let time = "time_column = \"at\"";
    let unknown = "expected a column of table `things` in `time_column`, found `x`";
    assert_eq!(error_of(time, "time_column = \"x\""), unknown);
    let text = "expected column `id` of table `things` to be a timestamp";
    assert_eq!(error_of(time, "time_column = \"id\""), text);
    let nullable =
        "expected column `at` of table `things` to be not null, as it is in `time_column`";
    assert_eq!(
        error_of("\"timestamp\",", "\"timestamp\", nullable = true,"),
        nullable
    );
}

#[test]
fn an_unknown_field_type_or_merge_rule_is_refused() {
    let owner = error_of("doc = \"Things.\"", "doc = \"Things.\"\nowner = \"me\"");
    assert!(owner.contains("unknown field `owner`"), "{owner}");
    assert!(error_of("\"timestamp\"", "\"instant\"").contains("found `instant`"));
    assert!(error_of("first_write_wins", "any").contains("unknown variant `any`"));
}
