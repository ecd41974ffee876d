//! Where rows go: a load of a lake, or anything else that takes rows.
//!
//! Guarantees: rows reach the sink in the order of the input, with numbers that ascend.

use std::future::Future;

use chatlake_storage::{Load, Rows};

use crate::error::Result;

/// Takes rows in.
pub(crate) trait RowSink: Send {
    /// The first of `count` fresh, strictly increasing numbers.
    fn reserve_ingest_seq(&mut self, count: u64) -> i64;

    /// Takes rows whose numbers were reserved.
    fn append(&mut self, rows: Rows) -> impl Future<Output = Result<()>> + Send;
}

impl RowSink for Load {
    fn reserve_ingest_seq(&mut self, count: u64) -> i64 {
        Self::reserve_ingest_seq(self, count)
    }

    async fn append(&mut self, rows: Rows) -> Result<()> {
        Ok(Self::append(self, rows).await?)
    }
}
