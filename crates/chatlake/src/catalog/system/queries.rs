//! `system.queries`: running queries and the last ones that ended.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;

use super::SystemTable;
use crate::catalog::QueryScope;
use crate::queries::{QueryInfo, id_text};

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct RunningAndPast;

impl SystemTable for RunningAndPast {
    fn name(&self) -> &'static str {
        "queries"
    }

    fn doc(&self) -> &'static str {
        "running queries and the last ones that ended: who, when, how far; one's own, or all for who sees the whole lake. \
         KILL '<query_id>' stops one"
    }

    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![
            Field::new("query_id", DataType::Utf8, false),
            Field::new("user_name", DataType::Utf8, true),
            Field::new("state", DataType::Utf8, false),
            Field::new(
                "started_at",
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                false,
            ),
            Field::new("elapsed_ms", DataType::UInt64, false),
            Field::new("row_count", DataType::UInt64, false),
            Field::new("size_bytes", DataType::UInt64, false),
            Field::new("error_code", DataType::Utf8, true),
            Field::new("sql", DataType::Utf8, false),
        ]))
    }

    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch> {
        let mut queries = scope.queries.list();
        queries.retain(|query| scope.may_see(&query.origin));
        let text = |of: fn(&QueryInfo) -> Option<String>| -> ArrayRef {
            Arc::new(queries.iter().map(of).collect::<StringArray>())
        };
        let number = |of: fn(&QueryInfo) -> u64| -> ArrayRef {
            Arc::new(queries.iter().map(of).map(Some).collect::<UInt64Array>())
        };
        let starts = queries.iter().map(|query| Some(query.started_at_micros));
        let starts: TimestampMicrosecondArray = starts.collect();
        let columns: Vec<ArrayRef> = vec![
            text(|query| Some(id_text(query.id))),
            text(|query| query.origin.user.as_ref().map(ToString::to_string)),
            text(|query| Some(query.state.as_str().to_owned())),
            Arc::new(starts.with_timezone("UTC")),
            number(|query| u64::try_from(query.elapsed.as_millis()).unwrap_or(u64::MAX)),
            number(|query| query.row_count),
            number(|query| query.byte_count),
            text(|query| query.error_code.map(|code| code.as_str().to_owned())),
            text(|query| Some(query.origin.sql.to_string())),
        ];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
