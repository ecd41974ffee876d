//! Rows for tests of loads.

use arrow::array::{ArrayRef, BooleanArray, Int64Array, StringArray, TimestampMicrosecondArray};

use super::*;

/// Messages of customers.
pub(super) fn messages(load: &mut Load, rows: &[Message<'_>]) -> Rows {
    let table = chatlake_schema::table("messages").unwrap();
    let first = load.reserve_ingest_seq(rows.len() as u64);
    let text = |pick: &dyn Fn(&Message<'_>) -> String| -> ArrayRef {
        Arc::new(
            rows.iter()
                .map(|row| Some(pick(row)))
                .collect::<StringArray>(),
        )
    };
    let times = || -> ArrayRef {
        let values = rows.iter().map(|row| row.3 * HOUR).collect::<Vec<_>>();
        Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
    };
    let columns = table
        .columns
        .iter()
        .map(|column| match column.name.as_str() {
            "chatbot_id" => text(&|row| row.0.to_owned()),
            "conversation_id" => text(&|row| row.1.to_owned()),
            "message_id" => text(&|row| row.2.to_owned()),
            "content" => text(&|row| row.4.to_owned()),
            "sender_type" => text(&|_| "customer".to_owned()),
            "role" => text(&|_| "user".to_owned()),
            "direction" => text(&|_| "inbound".to_owned()),
            "is_visible" | "is_private" => Arc::new(BooleanArray::from(vec![true; rows.len()])),
            "sent_at" | "received_at" => times(),
            "ingest_seq" => Arc::new(Int64Array::from_iter_values(
                first..first + rows.len() as i64,
            )),
            _ => arrow::array::new_null_array(&column.column_type.arrow_type(), rows.len()),
        });
    let batch = RecordBatch::try_new(table.arrow_schema(), columns.collect()).unwrap();
    Rows {
        table,
        batch,
        part_of_record: false,
    }
}

/// Agents of one account.
pub(super) fn agents(load: &mut Load, rows: &[(&str, &str)]) -> Rows {
    let table = chatlake_schema::table("agents").unwrap();
    let first = load.reserve_ingest_seq(rows.len() as u64);
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        match column.name.as_str() {
            "account_id" => Arc::new(StringArray::from(vec!["acc"; rows.len()])),
            "agent_id" => Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>()),
            "name" => Arc::new(rows.iter().map(|row| Some(row.1)).collect::<StringArray>()),
            "role" => Arc::new(StringArray::from(vec!["agent"; rows.len()])),
            "ingest_seq" => Arc::new(Int64Array::from_iter_values(
                first..first + rows.len() as i64,
            )),
            _ => arrow::array::new_null_array(&column.column_type.arrow_type(), rows.len()),
        }
    });
    let batch = RecordBatch::try_new(table.arrow_schema(), columns.collect()).unwrap();
    Rows {
        table,
        batch,
        part_of_record: false,
    }
}
