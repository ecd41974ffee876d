//! Tests of decoding records.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType};
use chatlake_schema::ColumnType;
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::record::Sender;

/// 2026-03-12T16:00:00Z, the reference ingest's time of arrival.
const NOW: i64 = 1_773_331_200_000_000;

const SETTINGS: DecodeSettings = DecodeSettings {
    received_at: NOW,
    line_bytes_max: 16 << 20,
    wants_rejects: true,
    wants_outcomes: true,
    details_max: 10_000,
};

fn decode_text(text: impl Into<Vec<u8>>) -> DecodedChunk {
    decode(
        &Chunk {
            first_line: 1,
            text: text.into(),
            is_followed_by_too_long: false,
        },
        SETTINGS,
    )
    .unwrap()
}

/// Code of the only record, if it is rejected.
fn reject_of(record: &str) -> Option<String> {
    let decoded = decode_text(record);
    assert_eq!(decoded.tally.record_count, 1, "{record}");
    decoded
        .tally
        .rejects
        .first
        .first()
        .map(|first| first.code.to_string())
}

/// The rows as the reference ingest writes them: by `ingest_seq`, with the table's name, without NULLs.
fn rows(decoded: DecodedChunk) -> Vec<Map<String, Json>> {
    let mut rows = BTreeMap::new();
    for decoded in decoded.rows {
        let table = decoded.table();
        let batch = decoded.into_batch(1).unwrap();
        assert_eq!(batch.schema(), table.arrow_schema());
        for row in 0..batch.num_rows() {
            let mut values = Map::from_iter([("table".to_owned(), json!(table.name))]);
            for (column, array) in table
                .columns
                .iter()
                .zip(batch.columns())
                .filter(|(_, array)| array.is_valid(row))
            {
                values.insert(column.name.clone(), value(array, row, column.column_type));
            }
            let sequence = values["ingest_seq"].as_i64().unwrap();
            assert!(
                rows.insert(sequence, values).is_none(),
                "{sequence} came twice"
            );
        }
    }
    rows.into_values().collect()
}

fn value(array: &ArrayRef, row: usize, column_type: ColumnType) -> Json {
    match column_type {
        ColumnType::Text => json!(array.as_string::<i32>().value(row)),
        ColumnType::Json => serde_json::from_str(array.as_string::<i32>().value(row)).unwrap(),
        ColumnType::Integer => json!(array.as_primitive::<Int64Type>().value(row)),
        ColumnType::Float => json!(array.as_primitive::<Float64Type>().value(row)),
        ColumnType::Boolean => json!(array.as_boolean().value(row)),
        ColumnType::Timestamp => {
            let instant = array
                .as_primitive::<TimestampMicrosecondType>()
                .value_as_datetime(row)
                .unwrap();
            json!(instant.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        }
        ColumnType::Decimal { .. } => {
            json!(array.as_primitive::<Decimal128Type>().value_as_string(row))
        }
        ColumnType::TextList => {
            let list = array.as_list::<i32>().value(row);
            json!(list.as_string::<i32>().iter().collect::<Vec<_>>())
        }
        ColumnType::Date => unreachable!("no stored table has a date"),
    }
}

/// Compares rows with those of the reference ingest, which knows no derived columns and whose random ids are null.
fn check_rows(decoded: DecodedChunk, expected: &str) {
    let expected: Vec<Map<String, Json>> = expected
        .lines()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let found = rows(decoded);
    assert_eq!(found.len(), expected.len());
    for (mut found, mut expected) in found.into_iter().zip(expected) {
        if expected["table"] == "messages" {
            let sender_type = expected["sender_type"].as_str().unwrap();
            let sender_type = crate::record::SENDERS
                .iter()
                .find(|sender| **sender == sender_type)
                .unwrap();
            let sender = Sender {
                sender_type,
                is_private: expected["is_private"] == true,
            };
            expected.insert("role".to_owned(), json!(sender.role()));
            expected.insert("direction".to_owned(), json!(sender.direction()));
            expected.insert("is_visible".to_owned(), json!(sender.is_visible()));
            if expected["message_id"].is_null() {
                assert_eq!(found["message_id"].as_str().unwrap().len(), 36);
                found.insert("message_id".to_owned(), Json::Null);
            }
        }
        assert_eq!(found, expected);
    }
}

#[test]
fn bad_records_have_exactly_the_outcomes_of_the_oracle() {
    let decoded = decode_text(include_bytes!("../../tests/data/bad.ndjson"));
    let outcomes = OUTCOME_HEADER.to_owned() + str::from_utf8(&decoded.outcome_lines).unwrap();
    assert_eq!(outcomes, include_str!("../../tests/data/bad_outcome.csv"));
    assert_eq!(decoded.tally.record_count, 46);
}

#[test]
fn the_oracles_input_becomes_exactly_its_rows() {
    let decoded = decode_text(include_bytes!("../../tests/data/input.ndjson"));
    assert_eq!(decoded.tally.rejects.count, 0);
    check_rows(decoded, include_str!("../../tests/data/input_rows.ndjson"));
}

#[test]
fn odd_records_have_the_outcomes_and_rows_of_the_reference_ingest() {
    let decoded = decode_text(include_bytes!("../../tests/data/odd.ndjson"));
    let outcomes = OUTCOME_HEADER.to_owned() + str::from_utf8(&decoded.outcome_lines).unwrap();
    assert_eq!(outcomes, include_str!("../../tests/data/odd_outcome.csv"));
    check_rows(decoded, include_str!("../../tests/data/odd_rows.ndjson"));
}

#[test]
fn lines_are_counted_also_where_they_are_blank_or_not_text() {
    let mut text =
        b"\n \t\x0b\x0c\r\n{\"type\":\"flow\",\"chatbot_id\":\"a\",\"flow_id\":\"b\"}\r\n".to_vec();
    text.extend(b"\xff\n{\"type\":\"flow\",\"chatbot_id\":\"a\",\"flow_id\":\"\xf0\x9f\x98\"}\n[]");
    let decoded = decode_text(text);
    let expected =
        "3,accepted,\r\n4,rejected,bad_json\r\n5,rejected,bad_json\r\n6,rejected,bad_json\r\n";
    assert_eq!(str::from_utf8(&decoded.outcome_lines).unwrap(), expected);
    assert_eq!(decoded.tally.record_count, 4);
    let rejects: Vec<Json> = str::from_utf8(&decoded.reject_lines)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        rejects[0],
        json!({"line": 4, "code": "bad_json", "record": "\u{fffd}"})
    );
    assert_eq!(
        rejects[2],
        json!({"line": 6, "code": "bad_json", "record": "[]"})
    );
}

#[test]
fn a_line_that_was_too_long_is_a_reject_of_its_own() {
    for (text, expected) in [
        ("", "7,rejected,too_large:record\r\n"),
        (
            "[]\n",
            "7,rejected,bad_json\r\n8,rejected,too_large:record\r\n",
        ),
    ] {
        let chunk = Chunk {
            first_line: 7,
            text: text.into(),
            is_followed_by_too_long: true,
        };
        let decoded = decode(&chunk, SETTINGS).unwrap();
        assert_eq!(str::from_utf8(&decoded.outcome_lines).unwrap(), expected);
    }
}

#[test]
fn a_line_that_is_one_byte_too_long_is_rejected() {
    let record = r#"{"type":"flow","chatbot_id":"a","flow_id":"b"}"#;
    for (line_bytes_max, expected) in [
        (record.len(), "accepted,"),
        (record.len() - 1, "rejected,too_large:record"),
    ] {
        let chunk = Chunk {
            first_line: 1,
            text: format!("{record}\n").into(),
            is_followed_by_too_long: false,
        };
        let decoded = decode(
            &chunk,
            DecodeSettings {
                line_bytes_max,
                ..SETTINGS
            },
        )
        .unwrap();
        assert_eq!(
            str::from_utf8(&decoded.outcome_lines).unwrap(),
            format!("1,{expected}\r\n")
        );
    }
}

#[test]
fn codes_that_hold_commas_and_quotes_are_quoted_in_the_outcomes() {
    let record = r#"{"type":"flow","chatbot_id":"a","flow_id":"b","x,\"y\"":1,"z":2}"#;
    let decoded = decode_text(record);
    let expected = "1,accepted,\"unknown_field:x,\"\"y\"\";unknown_field:z\"\r\n";
    assert_eq!(str::from_utf8(&decoded.outcome_lines).unwrap(), expected);
}

#[test]
fn ids_of_512_bytes_are_legal_whatever_they_hold_and_longer_ones_are_not() {
    let flow = |id: &str| json!({"type": "flow", "chatbot_id": "a", "flow_id": id}).to_string();
    for id in [
        "/",
        "..",
        "%2F",
        "a b",
        "😀",
        "\u{0}",
        &"x".repeat(512),
        &"é".repeat(256),
        &format!(" {} ", "x".repeat(512)),
    ] {
        let found = rows(decode_text(flow(id)));
        assert_eq!(found[0]["flow_id"], json!(id.trim_matches(' ')));
    }
    for id in ["x".repeat(513), "é".repeat(257)] {
        assert_eq!(
            reject_of(&flow(&id)).as_deref(),
            Some("id_too_long:flow_id")
        );
    }
    for (number, expected) in [
        ("7", "7"),
        ("-12", "-12"),
        ("1.50", "1.50"),
        ("1e3", "1e3"),
        ("123456789012345678901", "123456789012345678901"),
    ] {
        let found = rows(decode_text(format!(
            r#"{{"type":"flow","chatbot_id":"a","flow_id":{number}}}"#
        )));
        assert_eq!(found[0]["flow_id"], json!(expected));
    }
}

#[test]
fn content_may_have_one_mebibyte_and_not_a_byte_more() {
    let message = |length| {
        json!({"type": "message", "chatbot_id": "a", "conversation_id": "b", "message_id": "c", "sender_type": "bot",
            "sent_at": "2026-03-12T14:00:00Z", "content": "x".repeat(length)})
        .to_string()
    };
    assert_eq!(reject_of(&message(1 << 20)), None);
    assert_eq!(
        reject_of(&message((1 << 20) + 1)).as_deref(),
        Some("too_large:content")
    );
}

#[test]
fn a_capture_has_at_most_a_hundred_messages() {
    let capture = |count| {
        let messages =
            vec![json!({"role": "user", "content": "x", "sentAt": "2026-03-12T14:00:00Z"}); count];
        json!({"type": "capture", "chatbot_id": "a", "conversationId": "b", "messages": messages})
            .to_string()
    };
    assert_eq!(rows(decode_text(capture(100))).len(), 101);
    assert_eq!(
        reject_of(&capture(101)).as_deref(),
        Some("too_many_messages")
    );
}

#[test]
fn messages_of_captures_come_apart_from_messages_of_their_own() {
    let text = r#"{"type":"capture","chatbot_id":"a","conversationId":"b","messages":[{"id":"1","role":"user","content":"x"}]}
{"type":"message","chatbot_id":"a","conversation_id":"b","message_id":"2","sender_type":"bot","sent_at":"2026-03-12T14:00:00Z","content":"x"}"#;
    let decoded = decode_text(text);
    assert_eq!(decoded.row_count, 3);
    let found: Vec<_> = decoded
        .rows
        .iter()
        .map(|rows| (rows.table().name.as_str(), rows.part_of_record))
        .collect();
    assert_eq!(
        found,
        [
            ("conversation_meta", false),
            ("messages", true),
            ("messages", false)
        ]
    );
}

#[test]
fn a_retry_without_ids_gets_the_same_ids_where_that_is_possible() {
    let capture = |rest: &str, content: &str| {
        let text = format!(
            r#"{{"type":"capture","chatbot_id":"a","conversationId":"b",{rest}"messages":[{{"role":"user","content":"{content}"}},{{"role":"user","content":"x"}}]}}"#
        );
        let rows = rows(decode_text(text));
        [&rows[1]["message_id"], &rows[2]["message_id"]].map(|id| id.as_str().unwrap().to_owned())
    };
    let merge = capture(r#""merge":true,"#, "x");
    assert_eq!(merge, capture(r#""merge":true,"#, "x"));
    assert_ne!(merge[0], merge[1]);
    let batch = capture(r#""batchId":"k","#, "x");
    assert_eq!(batch, capture(r#""batchId":"k","#, "changed"));
    assert_ne!(batch, capture(r#""batchId":"l","#, "x"));
    assert_ne!(capture("", "x"), capture("", "x"));
}

#[test]
fn deletion_is_refused_and_not_ignored() {
    let code = reject_of(r#"{"type":"delete","chatbot_id":"a","user_id":"b"}"#);
    assert_eq!(code.as_deref(), Some("unsupported:delete"));
}

#[test]
fn an_amount_keeps_all_its_digits() {
    let amount = |amount: &str| {
        format!(
            r#"{{"type":"credit_entry","account_id":"a","entry_id":"b","kind":"topup","occurred_at":"2026-03-12T14:00:00Z","amount_usd":{amount}}}"#
        )
    };
    for (text, expected) in [
        ("999999999999.999999", "999999999999.999999"),
        ("\"0.0000005\"", "0.000001"),
        ("1e-7", "0.000000"),
    ] {
        assert_eq!(
            rows(decode_text(amount(text)))[0]["amount_usd"],
            json!(expected)
        );
    }
    for text in [
        "999999999999.9999995",
        "1e12",
        "-1",
        "99999999999999999999999",
    ] {
        assert_eq!(
            reject_of(&amount(text)).as_deref(),
            Some("out_of_range:amount_usd"),
            "{text}"
        );
    }
    for text in ["1e400", "NaN", "\"1_000\"", "\"１２\"", "true"] {
        assert_eq!(
            reject_of(&amount(text)).as_deref(),
            Some("bad_value:amount_usd"),
            "{text}"
        );
    }
}

#[test]
fn deep_nesting_is_refused_without_trouble() {
    let flow = |depth| {
        format!(
            r#"{{"type":"flow","chatbot_id":"a","flow_id":"b","x":{}{}}}"#,
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert_eq!(reject_of(&flow(900)), None);
    assert_eq!(reject_of(&flow(100_000)).as_deref(), Some("bad_json"));
}
