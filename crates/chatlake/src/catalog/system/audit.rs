//! `system.audit`: logins, statements, exports, loads and changes of users and keys, as far as the audit log goes back.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMicrosecondArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::common::Result;

use super::SystemTable;
use crate::Error;
use crate::audit::AuditRow;
use crate::catalog::QueryScope;

/// Events that are shown, the newest ones.
const EVENT_COUNT_MAX: usize = 10_000;

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Audit;

impl SystemTable for Audit {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn doc(&self) -> &'static str {
        "the newest 10,000 events of the audit log: who logged in, asked, exported, loaded, from where, how it ended; one's own, \
         or all for who may read the whole lake"
    }

    fn schema(&self) -> SchemaRef {
        let text = |name| Field::new(name, DataType::Utf8, true);
        let number = |name| Field::new(name, DataType::UInt64, true);
        Arc::new(Schema::new(vec![
            Field::new(
                "ended_at",
                DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
                false,
            ),
            Field::new("action", DataType::Utf8, false),
            Field::new("outcome", DataType::Utf8, false),
            text("user_name"),
            text("role"),
            text("peer_address"),
            text("subject"),
            text("reason"),
            number("row_count"),
            number("size_bytes"),
            number("duration_ms"),
        ]))
    }

    fn rows(&self, scope: &QueryScope) -> Result<RecordBatch> {
        let user = match (scope.sees_all_users(), &scope.user) {
            (true, _) => Some(None),
            (false, Some(user)) => Some(Some(user.as_ref())),
            // nobody has no events of their own
            (false, None) => None,
        };
        let rows = match (&scope.audit, user) {
            (Some(audit), Some(user)) => audit
                .newest(EVENT_COUNT_MAX, user)
                .map_err(|reason| Error::Unavailable(reason).into_datafusion())?,
            _ => Vec::new(),
        };
        let text = |of: fn(&AuditRow) -> Option<&String>| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<StringArray>())
        };
        let number = |of: fn(&AuditRow) -> Option<u64>| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<UInt64Array>())
        };
        let ends = rows.iter().map(|row| Some(row.at_micros));
        let ends: TimestampMicrosecondArray = ends.collect();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(ends.with_timezone("UTC")),
            text(|row| Some(&row.action)),
            text(|row| Some(&row.outcome)),
            text(|row| row.user.as_ref()),
            text(|row| row.role.as_ref()),
            text(|row| row.peer.as_ref()),
            text(|row| row.subject.as_ref()),
            text(|row| row.reason.as_ref()),
            number(|row| row.row_count),
            number(|row| row.size_bytes),
            number(|row| row.duration_ms),
        ];
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}
