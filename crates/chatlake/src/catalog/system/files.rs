//! `system.files`: the active data files.

use std::sync::Arc;

use arrow::array::{Date32Array, RecordBatch, StringArray, TimestampMillisecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;

use super::SystemTable;
use crate::catalog::QueryScope;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Files;

impl SystemTable for Files {
    fn name(&self) -> &'static str {
        "files"
    }

    fn doc(&self) -> &'static str {
        "active data files: stored table, path below the lake, partition, size in bytes, rows, when written"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("table_name", DataType::Utf8, false),
            Field::new("path", DataType::Utf8, false),
            Field::new("chatbot_id", DataType::Utf8, true),
            Field::new("day", DataType::Date32, true),
            Field::new("size_bytes", DataType::UInt64, false),
            Field::new("row_count", DataType::UInt64, false),
            Field::new(
                "written_at",
                DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
                false,
            ),
        ]))
    }

    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch> {
        let chatbots = scope.visible.chatbots();
        // a file that several tenants share would tell one of them about the others
        let may_see = |chatbot_id: Option<&str>| match (&chatbots, chatbot_id) {
            (None, _) => true,
            (Some(chatbots), Some(chatbot_id)) => chatbots.contains(chatbot_id),
            (Some(_), None) => false,
        };
        let files: Vec<_> = scope
            .snapshot
            .tables()
            .flat_map(|(table, files)| files.iter().map(move |file| (table, file)))
            .filter(|(_, file)| {
                may_see(
                    file.partition
                        .as_ref()
                        .and_then(|partition| partition.chatbot_id.as_deref()),
                )
            })
            .collect();
        let partition = || files.iter().map(|(_, file)| file.partition.as_ref());
        let times: TimestampMillisecondArray = files
            .iter()
            .map(|(_, file)| Some(file.modified_ms))
            .collect();
        let rows = RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(
                    files
                        .iter()
                        .map(|(table, _)| Some(*table))
                        .collect::<StringArray>(),
                ),
                Arc::new(
                    files
                        .iter()
                        .map(|(table, file)| Some(file.path_in_lake(table)))
                        .collect::<StringArray>(),
                ),
                Arc::new(
                    partition()
                        .map(|partition| partition?.chatbot_id.as_deref())
                        .collect::<StringArray>(),
                ),
                Arc::new(
                    partition()
                        .map(|partition| Some(partition?.day))
                        .collect::<Date32Array>(),
                ),
                Arc::new(
                    files
                        .iter()
                        .map(|(_, file)| Some(file.size_bytes))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(
                    files
                        .iter()
                        .map(|(_, file)| Some(file.stats.row_count))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(times.with_timezone("UTC")),
            ],
        )?;
        Ok(rows)
    }
}
