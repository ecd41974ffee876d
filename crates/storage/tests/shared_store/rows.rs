//! Rows of three tables, and what a lake holds of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use bytes::Bytes;
use chatlake_schema::Column;
use chatlake_storage::{Lake, Load, Rows};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

const DAY_MICROS: i64 = 24 * 3_600_000_000;

/// A message: chatbot, conversation, id, day since 1970, content.
pub type Message = (String, String, String, i64, String);

/// A message from borrowed texts.
pub fn message(chatbot: &str, conversation: &str, id: &str, day: i64, content: &str) -> Message {
    let owned = [chatbot, conversation, id, content].map(str::to_owned);
    let [chatbot, conversation, id, content] = owned;
    (chatbot, conversation, id, day, content)
}

fn text<'a>(values: impl Iterator<Item = &'a str>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<StringArray>())
}

fn rows(
    load: &mut Load,
    table: &str,
    row_count: usize,
    fill: impl Fn(&Column) -> Option<ArrayRef>,
) -> Rows {
    let table = chatlake_schema::table(table).unwrap();
    let first = load.reserve_ingest_seq(row_count as u64);
    let columns = table.columns.iter().map(|column| -> ArrayRef {
        if column.name == "ingest_seq" {
            let last = first + row_count as i64;
            return Arc::new(Int64Array::from_iter_values(first..last));
        }
        let empty = || new_null_array(&column.column_type.arrow_type(), row_count);
        fill(column).unwrap_or_else(empty)
    });
    Rows {
        table,
        batch: RecordBatch::try_new(table.arrow_schema(), columns.collect()).unwrap(),
        part_of_record: false,
    }
}

/// Rows of `messages`.
pub fn messages(load: &mut Load, list: &[Message]) -> Rows {
    let same = |value: &'static str| Some(text(list.iter().map(|_| value)));
    rows(load, "messages", list.len(), |column| {
        match column.name.as_str() {
            "chatbot_id" => Some(text(list.iter().map(|row| row.0.as_str()))),
            "conversation_id" => Some(text(list.iter().map(|row| row.1.as_str()))),
            "message_id" => Some(text(list.iter().map(|row| row.2.as_str()))),
            "content" => Some(text(list.iter().map(|row| row.4.as_str()))),
            "sender_type" => same("customer"),
            "role" => same("user"),
            "direction" => same("inbound"),
            "is_visible" | "is_private" => Some(Arc::new(BooleanArray::from(vec![
                column.name
                    == "is_visible";
                list.len()
            ]))),
            "sent_at" | "received_at" => {
                let times = list.iter().map(|row| row.3 * DAY_MICROS);
                let times = TimestampMicrosecondArray::from_iter_values(times);
                Some(Arc::new(times.with_timezone("UTC")))
            }
            _ => None,
        }
    })
}

/// Rows of the registry `agents`: id and name.
pub fn agents(load: &mut Load, list: &[(&str, &str)]) -> Rows {
    rows(load, "agents", list.len(), |column| {
        match column.name.as_str() {
            "account_id" => Some(text(list.iter().map(|_| "account"))),
            "agent_id" => Some(text(list.iter().map(|row| row.0))),
            "name" => Some(text(list.iter().map(|row| row.1))),
            "role" => Some(text(list.iter().map(|_| "agent"))),
            _ => None,
        }
    })
}

/// One committed load of messages; how many were new and how many repeated others.
pub async fn load_messages(lake: &Arc<Lake>, list: &[Message]) -> (u64, u64) {
    let mut load = lake.begin_load().await.unwrap();
    let rows = messages(&mut load, list);
    load.append(rows).await.unwrap();
    let receipt = load.commit().await.unwrap().tables.remove(0);
    (receipt.row_count, receipt.duplicate_record_count)
}

/// What the data files say: conversation, message and content by (chatbot, day), sorted; read back through the store.
pub async fn stored_messages(lake: &Arc<Lake>) -> BTreeMap<(String, i32), Vec<[String; 3]>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let snapshot = lake.snapshot();
    for file in snapshot.table("messages").unwrap().iter() {
        let partition = file.partition.clone().unwrap();
        let bytes = object(lake, &file.path_in_lake("messages")).await;
        assert_eq!(bytes.len() as u64, file.size_bytes);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let column = |name: &str| batch[name].as_string::<i32>().clone();
            let columns = ["conversation_id", "message_id", "content"].map(column);
            let list = found
                .entry((
                    partition.chatbot_id.as_deref().unwrap().to_owned(),
                    partition.day,
                ))
                .or_default();
            list.extend((0..batch.num_rows()).map(|row| {
                columns
                    .each_ref()
                    .map(|column| column.value(row).to_owned())
            }));
        }
    }
    found.values_mut().for_each(|list| list.sort());
    found
}

async fn object(lake: &Arc<Lake>, relative: &str) -> Bytes {
    let path = format!("{}/{relative}", lake.location().root());
    let path = Path::parse(path.trim_start_matches('/')).unwrap();
    let found = lake.location().store().get(&path).await.unwrap();
    found.bytes().await.unwrap()
}

/// Damages and orphans of a whole lake.
pub async fn damages_and_orphans(lake: &Arc<Lake>) -> (Vec<String>, u64) {
    let check = lake.check().await.unwrap();
    let damages = check.damages.into_iter();
    let orphans = check.tables.iter().map(|table| table.orphan_count).sum();
    (
        damages
            .map(|damage| format!("{}: {}", damage.path, damage.reason))
            .collect(),
        orphans,
    )
}
