//! `system.tables`: the stored tables with what they hold.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use chatlake_types::Day;
use datafusion::common::Result;

use super::SystemTable;
use crate::catalog::QueryScope;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Tables;

impl SystemTable for Tables {
    fn name(&self) -> &'static str {
        "tables"
    }

    fn doc(&self) -> &'static str {
        "stored tables: merge rule, active files, stored rows (all versions) and bytes that the session may see"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("table_name", DataType::Utf8, false),
            Field::new("merge_rule", DataType::Utf8, false),
            Field::new("file_count", DataType::UInt64, false),
            Field::new("row_count", DataType::UInt64, false),
            Field::new("size_bytes", DataType::UInt64, false),
            Field::new("doc", DataType::Utf8, false),
        ]))
    }

    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch> {
        let tables = chatlake_schema::tables();
        let counts: Vec<[u64; 3]> = tables
            .iter()
            .map(|table| counts(scope, &table.name))
            .collect();
        let number = |index: usize| {
            Arc::new(
                counts
                    .iter()
                    .map(|counts| Some(counts[index]))
                    .collect::<UInt64Array>(),
            )
        };
        let text = |texts: Vec<String>| Arc::new(StringArray::from(texts));
        let rows = RecordBatch::try_new(
            self.schema(),
            vec![
                text(tables.iter().map(|table| table.name.clone()).collect()),
                text(tables.iter().map(|table| table.merge.to_string()).collect()),
                number(0),
                number(1),
                number(2),
                text(tables.iter().map(|table| table.doc.clone()).collect()),
            ],
        )?;
        Ok(rows)
    }
}

/// Files, rows and bytes that are the session's alone or that it sees as a whole.
fn counts(scope: &QueryScope, table: &str) -> [u64; 3] {
    let Some(files) = scope.snapshot.table(table) else {
        return [0; 3];
    };
    let Some(chatbots) = scope.visible.chatbots() else {
        return [
            files.file_count() as u64,
            files.row_count(),
            files.size_bytes(),
        ];
    };
    let visible = chatbots.iter().flat_map(|chatbot_id| {
        let chatbot_id = Some(Arc::from(*chatbot_id));
        files
            .of_chatbot(&chatbot_id, Day(i32::MIN)..=Day(i32::MAX))
            .map(Arc::clone)
            .collect::<Vec<_>>()
    });
    visible.fold([0; 3], |sum, file| {
        [
            sum[0] + 1,
            sum[1] + file.stats.row_count,
            sum[2] + file.size_bytes,
        ]
    })
}
