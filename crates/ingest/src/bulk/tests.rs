use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, DictionaryArray, Float64Array,
    Int32Array, Int64Array, LargeStringArray, ListArray, NullArray, RecordBatch, StringArray,
    StringViewArray, TimestampMicrosecondArray, TimestampMillisecondArray,
    TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, Int32Type, TimestampMicrosecondType};

use super::*;
use crate::options::OnError;

/// 2026-03-12T16:00:00Z in µs.
const NOW: i64 = 1_773_331_200_000_000;

fn texts<const N: usize>(texts: [Option<&str>; N]) -> ArrayRef {
    Arc::new(StringArray::from(texts.to_vec()))
}

fn same(text: &str, row_count: usize) -> ArrayRef {
    Arc::new(StringArray::from(vec![text; row_count]))
}

/// Rows of `table` with these columns; the others are missing.
fn raw(table: &str, columns: &[(&str, ArrayRef)]) -> RawBatch {
    let table = chatlake_schema::table(table).unwrap();
    let mut raw = RawBatch {
        first_row: 1,
        row_count: columns[0].1.len(),
        columns: vec![None; table.columns.len()],
        unreadable: Vec::new(),
    };
    for (name, column) in columns {
        assert_eq!(column.len(), raw.row_count, "{name}");
        raw.columns[table.column_index(name).unwrap()] = Some(Arc::clone(column));
    }
    raw
}

fn check(table: &str, on_error: OnError, columns: &[(&str, ArrayRef)]) -> Result<CheckedBatch> {
    let settings = CheckSettings {
        table: chatlake_schema::table(table).unwrap(),
        on_error,
        received_at: NOW,
        details_max: 1_000,
    };
    check::check(&raw(table, columns), settings)
}

/// The kept rows, and the codes of rejects and warnings with their rows.
fn skip(table: &str, columns: &[(&str, ArrayRef)]) -> (RecordBatch, Vec<String>, Vec<String>) {
    let CheckedBatch { rows, tally, .. } = check(table, OnError::Skip, columns).unwrap();
    let codes = |counts: crate::CodeCounts| {
        counts
            .first
            .iter()
            .map(|first| format!("{} {}", first.line, first.code))
            .collect()
    };
    let batch = rows.into_batch(10).unwrap();
    assert_eq!(
        batch.schema(),
        chatlake_schema::table(table).unwrap().arrow_schema()
    );
    (batch, codes(tally.rejects), codes(tally.warnings))
}

/// Columns of `row_count` good messages, with some of them replaced.
fn messages(
    row_count: usize,
    replaced: &[(&'static str, ArrayRef)],
) -> Vec<(&'static str, ArrayRef)> {
    let times = TimestampMicrosecondArray::from(vec![NOW; row_count]);
    let mut columns = vec![
        ("chatbot_id", same("cb", row_count)),
        ("conversation_id", same("c", row_count)),
        ("message_id", same("m", row_count)),
        ("sent_at", Arc::new(times) as ArrayRef),
        ("sender_type", same("customer", row_count)),
        ("content", same("hi", row_count)),
    ];
    for (name, column) in replaced {
        columns.retain(|(kept, _)| kept != name);
        columns.push((name, Arc::clone(column)));
    }
    columns
}

fn text_column(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    batch[name]
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(str::to_owned))
        .collect()
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| Some((*text).to_owned())).collect()
}

#[test]
fn every_table_has_rules_for_every_column() {
    for table in chatlake_schema::tables() {
        let settings = CheckSettings {
            table,
            on_error: OnError::Abort,
            received_at: NOW,
            details_max: 1,
        };
        let empty = RawBatch {
            first_row: 1,
            row_count: 0,
            columns: vec![None; table.columns.len()],
            unreadable: Vec::new(),
        };
        let batch = check::check(&empty, settings)
            .unwrap()
            .rows
            .into_batch(1)
            .unwrap();
        assert_eq!(batch.schema(), table.arrow_schema());
    }
}

#[test]
fn good_columns_are_used_as_they_are() {
    let columns = messages(3, &[("content", texts([Some(""), Some(" é "), Some("x")]))]);
    let (batch, rejects, warnings) = skip("messages", &columns);
    assert!(rejects.is_empty() && warnings.is_empty());
    for (name, column) in &columns {
        let (before, after) = (column.to_data(), batch[*name].to_data());
        assert_eq!(
            before.buffers()[0].as_ptr(),
            after.buffers()[0].as_ptr(),
            "{name} was copied"
        );
    }
    assert_eq!(
        batch["ingest_seq"]
            .as_primitive::<arrow::datatypes::Int64Type>()
            .values(),
        &[10, 11, 12]
    );
    assert_eq!(
        batch["received_at"]
            .as_primitive::<TimestampMicrosecondType>()
            .values(),
        &[NOW; 3]
    );
}

#[test]
fn derived_columns_follow_from_sender_and_privacy_whatever_the_file_says() {
    let senders = texts([
        Some("customer"),
        Some("BOT "),
        Some("agent"),
        Some("agent"),
        Some("broadcast"),
        Some("system"),
    ]);
    let privacy = BooleanArray::from(vec![None, Some(false), Some(false), Some(true), None, None]);
    let columns = messages(
        6,
        &[
            ("sender_type", senders),
            ("agent_id", same("ag", 6)),
            ("is_private", Arc::new(privacy)),
            ("role", same("wrong", 6)),
            ("ingest_seq", Arc::new(Int64Array::from(vec![7; 6]))),
        ],
    );
    let (batch, rejects, _) = skip("messages", &columns);
    assert!(rejects.is_empty());
    assert_eq!(
        text_column(&batch, "role"),
        some(&[
            "user",
            "assistant",
            "assistant",
            "assistant",
            "assistant",
            "system"
        ])
    );
    assert_eq!(
        text_column(&batch, "direction"),
        some(&[
            "inbound", "outbound", "outbound", "internal", "outbound", "internal"
        ])
    );
    let visible: Vec<_> = batch["is_visible"].as_boolean().values().iter().collect();
    assert_eq!(visible, [true, true, true, false, false, false]);
    assert_eq!(
        text_column(&batch, "sender_type")[1].as_deref(),
        Some("bot")
    );
}

#[test]
fn a_bad_row_is_rejected_with_the_first_rule_that_it_breaks() {
    let long = "x".repeat(513);
    let columns = messages(
        6,
        &[
            (
                "chatbot_id",
                texts([
                    Some("cb"),
                    Some(" "),
                    Some("cb"),
                    Some("cb"),
                    Some("cb"),
                    Some("cb"),
                ]),
            ),
            (
                "conversation_id",
                texts([
                    Some(" c\t"),
                    None,
                    Some(&long),
                    Some("c"),
                    Some("c"),
                    Some("c"),
                ]),
            ),
            (
                "sender_type",
                texts([
                    Some("bot"),
                    Some("x"),
                    Some("x"),
                    Some("agent"),
                    Some("robot"),
                    None,
                ]),
            ),
            ("agent_id", texts([None; 6])),
            ("content", texts([Some("a"), None, None, None, None, None])),
        ],
    );
    let (batch, rejects, _) = skip("messages", &columns);
    let expected = [
        "2 missing_field:chatbot_id",
        "3 id_too_long:conversation_id",
        "4 missing_field:agent_id",
        "5 bad_value:sender_type",
        "6 missing_field:sender_type",
    ];
    assert_eq!(rejects, expected);
    assert_eq!(text_column(&batch, "conversation_id"), some(&["c"]));
    let error = check("messages", OnError::Abort, &columns).unwrap_err();
    assert!(
        matches!(error, Error::RowRejected { row: 2, ref code } if code.as_str() == "missing_field:chatbot_id")
    );
}

#[test]
fn text_of_any_encoding_is_taken() {
    let dictionary: DictionaryArray<Int32Type> = ["cb", "cb", "other"].into_iter().collect();
    let columns = messages(
        3,
        &[
            ("chatbot_id", Arc::new(dictionary)),
            (
                "conversation_id",
                Arc::new(LargeStringArray::from(vec!["a", "b ", "c"])),
            ),
            ("message_id", Arc::new(Int32Array::from(vec![7, 8, -9]))),
            (
                "content",
                Arc::new(StringViewArray::from(vec![
                    "",
                    "a text longer than twelve bytes",
                    "y",
                ])),
            ),
            ("agent_id", Arc::new(Int32Array::from(vec![None; 3]))),
            ("broadcast_id", Arc::new(NullArray::new(3))),
        ],
    );
    let (batch, rejects, _) = skip("messages", &columns);
    assert!(rejects.is_empty());
    assert_eq!(
        text_column(&batch, "chatbot_id"),
        some(&["cb", "cb", "other"])
    );
    assert_eq!(
        text_column(&batch, "conversation_id"),
        some(&["a", "b", "c"])
    );
    assert_eq!(text_column(&batch, "message_id"), some(&["7", "8", "-9"]));
    assert_eq!(text_column(&batch, "agent_id"), [None, None, None]);
}

#[test]
fn instants_of_any_unit_and_zone_are_taken_and_their_range_is_checked() {
    let micros = |sent_at: ArrayRef| {
        let (batch, rejects, _) = skip(
            "messages",
            &messages(sent_at.len(), &[("sent_at", sent_at)]),
        );
        assert!(rejects.is_empty());
        batch["sent_at"]
            .as_primitive::<TimestampMicrosecondType>()
            .values()
            .to_vec()
    };
    assert_eq!(
        micros(Arc::new(TimestampSecondArray::from(vec![NOW / 1_000_000]))),
        [NOW]
    );
    assert_eq!(
        micros(Arc::new(
            TimestampMillisecondArray::from(vec![NOW / 1_000]).with_timezone("+05:30")
        )),
        [NOW]
    );
    assert_eq!(
        micros(Arc::new(TimestampNanosecondArray::from(vec![
            NOW * 1_000 + 999
        ]))),
        [NOW]
    );
    assert_eq!(micros(texts([Some("2026-03-12T18:00:00+02:00")])), [NOW]);

    let seconds = TimestampSecondArray::from(vec![
        Some(946_684_799),
        Some(946_684_800),
        None,
        Some(253_402_300_800),
        Some(i64::MAX),
    ]);
    let (batch, rejects, _) = skip("messages", &messages(5, &[("sent_at", Arc::new(seconds))]));
    let out = "timestamp_out_of_range:sent_at";
    assert_eq!(
        rejects,
        [
            format!("1 {out}"),
            "3 missing_field:sent_at".to_owned(),
            format!("4 {out}"),
            format!("5 {out}")
        ]
    );
    assert_eq!(batch.num_rows(), 1);

    let written = texts([
        Some("2026-03-12T16:00:00"),
        Some(""),
        Some("1999-12-31T00:00:00Z"),
        Some("2026-03-12"),
    ]);
    let (_, rejects, _) = skip("messages", &messages(4, &[("sent_at", written)]));
    let expected = [
        "1 bad_timestamp:sent_at",
        "2 missing_field:sent_at",
        "3 timestamp_out_of_range:sent_at",
        "4 bad_timestamp:sent_at",
    ];
    assert_eq!(rejects, expected);
}

#[test]
fn a_column_of_another_kind_is_an_error_unless_it_holds_only_nulls() {
    let numbers = Arc::new(Int64Array::from(vec![NOW]));
    let error = check(
        "messages",
        OnError::Skip,
        &messages(1, &[("sent_at", numbers)]),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `sent_at`: expected a timestamp, found Int64"
    );
    let floats = Arc::new(Float64Array::from(vec![1.5]));
    let error = check(
        "messages",
        OnError::Skip,
        &messages(1, &[("content", floats)]),
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `content`: expected text, found Float64"
    );
}

/// A ledger entry of 2026-03-12 with this kind, amount and category.
fn ledger(
    kinds: ArrayRef,
    amounts: ArrayRef,
    categories: ArrayRef,
) -> Vec<(&'static str, ArrayRef)> {
    let row_count = kinds.len();
    vec![
        ("account_id", same("acc", row_count)),
        ("entry_id", same("e", row_count)),
        ("chatbot_id", same("cb", row_count)),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; row_count])),
        ),
        ("kind", kinds),
        ("amount_usd", amounts),
        ("category", categories),
    ]
}

#[test]
fn amounts_are_exact_whatever_the_files_type() {
    let amounts = |amounts: ArrayRef| {
        let row_count = amounts.len();
        let (batch, rejects, _) = skip(
            "credit_ledger",
            &ledger(
                same("adjustment", row_count),
                amounts,
                Arc::new(NullArray::new(row_count)),
            ),
        );
        let amounts = batch["amount_usd"]
            .as_primitive::<arrow::datatypes::Decimal128Type>()
            .clone();
        (amounts.values().to_vec(), rejects)
    };
    let decimal = |units: Vec<i128>, precision, scale| -> ArrayRef {
        Arc::new(
            Decimal128Array::from(units)
                .with_precision_and_scale(precision, scale)
                .unwrap(),
        )
    };
    assert_eq!(amounts(decimal(vec![1, -5], 18, 6)).0, [1, -5]);
    assert_eq!(amounts(decimal(vec![1, -5], 38, 2)).0, [10_000, -50_000]);
    assert_eq!(amounts(decimal(vec![15, 14, -15], 20, 7)).0, [2, 1, -2]);
    assert_eq!(amounts(Arc::new(Int32Array::from(vec![7]))).0, [7_000_000]);
    assert_eq!(
        amounts(Arc::new(Float64Array::from(vec![0.1, 1e-7, 123_456.789]))).0,
        [100_000, 0, 123_456_789_000]
    );
    assert_eq!(
        amounts(texts([Some(" 0.0000005 "), Some("-1e2")])).0,
        [1, -100_000_000]
    );
    let odd = texts([Some("x"), Some("1e12"), None, Some("１"), Some("NaN")]);
    let expected = [
        "1 bad_value:amount_usd",
        "2 out_of_range:amount_usd",
        "3 missing_field:amount_usd",
        "4 bad_value:amount_usd",
        "5 bad_value:amount_usd",
    ];
    assert_eq!(amounts(odd).1, expected);
    assert_eq!(
        amounts(decimal(vec![i128::MAX / 2], 38, 6)).1,
        ["1 out_of_range:amount_usd"]
    );
}

#[test]
fn ledger_rows_follow_the_rules_of_their_kind() {
    let kinds = texts([
        Some("usage"),
        Some("Usage"),
        Some("topup"),
        Some("refund"),
        Some("usage"),
    ]);
    let amounts = texts([Some("1"), Some("2"), Some("3"), Some("-1"), Some("1")]);
    let categories = texts([
        Some("MARKETING"),
        None,
        Some("Marketing"),
        None,
        Some("service"),
    ]);
    let mut columns = ledger(kinds, amounts, categories);
    columns[2].1 = texts([Some("cb"), Some("cb"), None, None, None]);
    let (batch, rejects, _) = skip("credit_ledger", &columns);
    assert_eq!(
        rejects,
        ["4 out_of_range:amount_usd", "5 missing_field:chatbot_id"]
    );
    assert_eq!(
        text_column(&batch, "category"),
        [Some("Marketing".to_owned()), Some("Other".to_owned()), None]
    );
}

fn annotations(
    row_count: usize,
    more: &[(&'static str, ArrayRef)],
) -> Vec<(&'static str, ArrayRef)> {
    let mut columns = vec![
        ("chatbot_id", same("cb", row_count)),
        ("conversation_id", same("c", row_count)),
        (
            "annotated_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; row_count])) as ArrayRef,
        ),
    ];
    columns.extend(
        more.iter()
            .map(|(name, column)| (*name, Arc::clone(column))),
    );
    columns
}

#[test]
fn scores_and_words_of_annotations_are_checked() {
    let scores = Float64Array::from(vec![
        Some(1.0),
        Some(-1.0),
        Some(1.01),
        Some(f64::NAN),
        Some(f64::INFINITY),
        None,
    ]);
    let labels = texts([Some("very_negative"), None, None, None, None, Some("meh")]);
    let intents = texts([Some("Billing Q"), Some(" "), None, None, None, None]);
    let resolutions = texts([
        Some("Fully Resolved"),
        Some("unresolved"),
        None,
        None,
        None,
        None,
    ]);
    let columns = annotations(
        6,
        &[
            ("sentiment_score", Arc::new(scores)),
            ("sentiment_label", labels),
            ("intent", intents),
            ("resolution", resolutions),
        ],
    );
    let (batch, rejects, _) = skip("annotations", &columns);
    let expected = [
        "3 out_of_range:sentiment_score",
        "4 bad_value:sentiment_score",
        "5 bad_value:sentiment_score",
        "6 bad_value:sentiment_label",
    ];
    assert_eq!(rejects, expected);
    assert_eq!(
        text_column(&batch, "sentiment_label"),
        [Some("Very Negative".to_owned()), None]
    );
    assert_eq!(
        text_column(&batch, "intent"),
        [Some("billing_q".to_owned()), None]
    );
    assert_eq!(
        text_column(&batch, "resolution"),
        some(&["fully_resolved", "unresolved"])
    );
    let (_, rejects, _) = skip(
        "annotations",
        &annotations(
            4,
            &[(
                "sentiment_score",
                texts([Some("0.5"), Some("inf"), Some("2"), Some("")]),
            )],
        ),
    );
    assert_eq!(
        rejects,
        [
            "2 bad_value:sentiment_score",
            "3 out_of_range:sentiment_score"
        ]
    );
}

/// Lists over shared values; `None` is a NULL list.
fn lists(item: &str, lists: &[Option<&[Option<&str>]>]) -> ArrayRef {
    let values: Vec<_> = lists
        .iter()
        .flatten()
        .flat_map(|list| list.iter().copied())
        .collect();
    let lengths = lists.iter().map(|list| list.map_or(0, <[_]>::len));
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect::<Vec<_>>().into();
    let field = Arc::new(Field::new(item, DataType::Utf8, true));
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(StringArray::from(values)),
        Some(nulls),
    ))
}

fn list_column(batch: &RecordBatch, name: &str) -> Vec<Option<Vec<String>>> {
    let texts = |list: ArrayRef| {
        list.as_string::<i32>()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect()
    };
    batch[name]
        .as_list::<i32>()
        .iter()
        .map(|list| list.map(texts))
        .collect()
}

#[test]
fn slug_lists_end_up_sorted_and_without_repetitions() {
    let final_lists: &[Option<&[Option<&str>]>] =
        &[Some(&[Some("a"), Some("b_1")]), None, Some(&[])];
    let odd_lists: &[Option<&[Option<&str>]>] = &[
        Some(&[Some("b"), Some("a"), Some("B "), Some("-")]),
        Some(&[Some("hallucinated")]),
        Some(&[Some("a"), None]),
    ];
    let columns = annotations(
        3,
        &[
            ("topics", lists("element", final_lists)),
            ("behavior_flags", lists("item", odd_lists)),
        ],
    );
    let (batch, rejects, _) = skip("annotations", &columns);
    assert_eq!(rejects, ["3 bad_value:behavior_flags"]);
    assert_eq!(
        list_column(&batch, "topics"),
        [Some(vec!["a".to_owned(), "b_1".to_owned()]), None]
    );
    assert_eq!(
        list_column(&batch, "behavior_flags"),
        [
            Some(vec!["a".to_owned(), "b".to_owned()]),
            Some(vec!["hallucination".to_owned()])
        ]
    );

    let written = texts([
        Some(r#"["b","A"]"#),
        Some("[]"),
        Some(""),
        Some("a"),
        Some("[1]"),
        Some("{}"),
    ]);
    let (batch, rejects, _) = skip(
        "annotations",
        &annotations(6, &[("quality_flags", written)]),
    );
    assert_eq!(
        rejects,
        [
            "4 bad_value:quality_flags",
            "5 bad_value:quality_flags",
            "6 bad_value:quality_flags"
        ]
    );
    assert_eq!(
        list_column(&batch, "quality_flags"),
        [
            Some(vec!["a".to_owned(), "b".to_owned()]),
            Some(Vec::new()),
            None
        ]
    );
}

#[test]
fn metadata_that_cannot_be_used_is_null_with_a_warning() {
    let columns = [
        ("chatbot_id", same("cb", 3)),
        ("conversation_id", same("c", 3)),
        (
            "version_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 3])) as ArrayRef,
        ),
        ("user_mrr", texts([Some("120.505"), Some("-1"), Some("x")])),
        ("country", texts([Some("us"), Some("USA"), Some(" DE ")])),
        (
            "device",
            texts([Some("Desktop"), Some(" "), Some("mobile")]),
        ),
        ("user_plan", texts([Some(" Pro "), Some(""), None])),
        (
            "custom",
            texts([Some(r#"{ "a": 1 }"#), Some("[1]"), Some("oops")]),
        ),
    ];
    let (batch, rejects, warnings) = skip("conversation_meta", &columns);
    assert!(rejects.is_empty());
    let expected = [
        "2 bad_value:country",
        "2 type_mismatch:custom",
        "2 bad_number:user_mrr",
        "3 type_mismatch:custom",
        "3 bad_number:user_mrr",
    ];
    assert_eq!(warnings, expected);
    assert_eq!(
        text_column(&batch, "country"),
        [Some("US".to_owned()), None, Some("DE".to_owned())]
    );
    assert_eq!(
        text_column(&batch, "device"),
        [Some("desktop".to_owned()), None, Some("mobile".to_owned())]
    );
    assert_eq!(
        text_column(&batch, "user_plan"),
        [Some("Pro".to_owned()), None, None]
    );
    assert_eq!(
        text_column(&batch, "custom"),
        [Some(r#"{"a":1}"#.to_owned()), None, None]
    );
    let revenue = batch["user_mrr"].as_primitive::<arrow::datatypes::Decimal128Type>();
    assert_eq!((revenue.value(0), revenue.null_count()), (12_051, 2));
}

#[test]
fn events_get_the_actor_and_the_id_that_a_record_would_get() {
    let columns = [
        ("chatbot_id", same("cb", 3)),
        ("conversation_id", same("c", 3)),
        (
            "event",
            texts([Some("opened"), Some("assigned"), Some("assigned")]),
        ),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 3])) as ArrayRef,
        ),
        ("agent_id", texts([None, Some("ag"), None])),
        ("event_id", texts([None, Some("e1"), None])),
    ];
    let (batch, rejects, _) = skip("conversation_events", &columns);
    assert_eq!(rejects, ["3 missing_field:agent_id|team_id"]);
    assert_eq!(
        text_column(&batch, "actor"),
        [Some("customer".to_owned()), None]
    );
    let id = crate::record::event_id("c", "opened", NOW, None, None);
    assert_eq!(text_column(&batch, "event_id"), some(&[&id, "e1"]));
}

#[test]
fn registries_and_runs_fill_in_their_defaults() {
    let columns = [
        ("account_id", same("acc", 3)),
        (
            "timezone",
            texts([Some("America/New_York"), None, Some("Nowhere")]),
        ),
        (
            "business_hours",
            texts([Some("[ 1 ]"), Some("mon-fri"), None]),
        ),
    ];
    let (batch, rejects, _) = skip("accounts", &columns);
    assert_eq!(rejects, ["3 bad_value:timezone"]);
    assert_eq!(
        text_column(&batch, "business_hours"),
        some(&["[1]", "\"mon-fri\""])
    );

    let columns = [
        ("account_id", same("acc", 2)),
        ("agent_id", same("ag", 2)),
        ("role", texts([None, Some("Owner")])),
    ];
    assert_eq!(
        text_column(&skip("agents", &columns).0, "role"),
        some(&["agent", "owner"])
    );

    let updated = TimestampMicrosecondArray::from(vec![None, Some(NOW + 1)]);
    let columns = [
        ("chatbot_id", same("cb", 2)),
        ("run_id", same("r", 2)),
        ("workflow_id", same("w", 2)),
        ("status", same("pending", 2)),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 2])) as ArrayRef,
        ),
        ("updated_at", Arc::new(updated)),
    ];
    let (batch, _, _) = skip("workflow_runs", &columns);
    assert_eq!(
        batch["updated_at"]
            .as_primitive::<TimestampMicrosecondType>()
            .values(),
        &[NOW, NOW + 1]
    );
}

#[test]
fn names_of_columns_must_fit() {
    let table = chatlake_schema::table("flows").unwrap();
    let places = |names: &[&str], ignore_extra| {
        columns::places(table, names, ignore_extra).map_err(|error| error.to_string())
    };
    assert_eq!(
        places(&["name", "flow_id", "chatbot_id", "ingest_seq"], false),
        Ok(vec![Some(2), Some(1), Some(0), None])
    );
    assert_eq!(
        places(&["flow_id", "chatbot_id", "x"], true),
        Ok(vec![Some(1), Some(0), None])
    );
    let extra = places(&["flow_id", "chatbot_id", "x"], false).unwrap_err();
    assert!(extra.contains("found an extra column `x`"), "{extra}");
    let missing = places(&["flow_id"], false).unwrap_err();
    assert_eq!(
        missing,
        "the columns do not fit table `flows`: expected a column `chatbot_id`, found `flow_id`"
    );
    assert!(places(&[], false).unwrap_err().contains("found no columns"));
    assert!(
        places(&["flow_id", "chatbot_id", "flow_id"], false)
            .unwrap_err()
            .contains("`flow_id` comes twice")
    );
}
