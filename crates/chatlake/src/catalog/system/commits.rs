//! `system.commits`: the last commits, as far as the journal and this process remember them.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;

use super::SystemTable;
use crate::catalog::QueryScope;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Commits;

impl SystemTable for Commits {
    fn name(&self) -> &'static str {
        "commits"
    }

    fn doc(&self) -> &'static str {
        "the last commits (a load each): number, time, files, rows and bytes added, stored tables touched"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("commit", DataType::UInt64, false),
            Field::new(
                "committed_at",
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                false,
            ),
            Field::new("file_count", DataType::UInt64, false),
            Field::new("row_count", DataType::UInt64, false),
            Field::new("size_bytes", DataType::UInt64, false),
            Field::new("tables", DataType::Utf8, false),
        ]))
    }

    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch> {
        // a commit counts rows of all tenants: only who sees all of them may see it
        let commits = if scope.visible.chatbots().is_none() {
            scope.lake.commits()
        } else {
            Vec::new()
        };
        let commits: Vec<_> = commits
            .iter()
            .filter(|commit| commit.commit <= scope.snapshot.commit())
            .collect();
        let times: TimestampMicrosecondArray = commits
            .iter()
            .map(|commit| Some(commit.committed_at_micros))
            .collect();
        let rows = RecordBatch::try_new(
            self.schema(),
            vec![
                Arc::new(
                    commits
                        .iter()
                        .map(|commit| Some(commit.commit))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(times.with_timezone("UTC")),
                Arc::new(
                    commits
                        .iter()
                        .map(|commit| Some(commit.file_count))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(
                    commits
                        .iter()
                        .map(|commit| Some(commit.row_count))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(
                    commits
                        .iter()
                        .map(|commit| Some(commit.size_bytes))
                        .collect::<UInt64Array>(),
                ),
                Arc::new(
                    commits
                        .iter()
                        .map(|commit| Some(commit.tables.join(", ")))
                        .collect::<StringArray>(),
                ),
            ],
        )?;
        Ok(rows)
    }
}
