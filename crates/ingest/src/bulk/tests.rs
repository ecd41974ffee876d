//! Tests of bulk loads: Parquet and CSV.

mod values;

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
