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
    fn append(&mut self, rows: Rows) -> impl Future<Output = Result<()>>;
}

impl RowSink for Load {
    fn reserve_ingest_seq(&mut self, count: u64) -> i64 {
        Self::reserve_ingest_seq(self, count)
    }

    async fn append(&mut self, rows: Rows) -> Result<()> {
        Ok(Self::append(self, rows).await?)
    }
}

#[cfg(test)]
pub(crate) mod memory {
    //! A sink that keeps rows in memory.

    use super::*;

    /// Everything that was appended.
    #[derive(Debug, Default)]
    pub(crate) struct MemorySink {
        pub(crate) next_seq: i64,
        pub(crate) rows: Vec<Rows>,
    }

    impl RowSink for MemorySink {
        fn reserve_ingest_seq(&mut self, count: u64) -> i64 {
            let first = self.next_seq;
            self.next_seq += i64::try_from(count).unwrap();
            first
        }

        async fn append(&mut self, rows: Rows) -> Result<()> {
            assert_eq!(rows.batch.schema(), rows.table.arrow_schema());
            self.rows.push(rows);
            Ok(())
        }
    }

    impl MemorySink {
        /// A column of text of one table, by `ingest_seq`.
        pub(crate) fn texts(&self, table: &str, column: &str) -> Vec<String> {
            use arrow::array::AsArray as _;
            use arrow::datatypes::Int64Type;
            let mut texts = Vec::new();
            for rows in self.rows.iter().filter(|rows| rows.table.name == table) {
                let sequence = rows.batch["ingest_seq"]
                    .as_primitive::<Int64Type>()
                    .values();
                let values = rows.batch[column].as_string::<i32>();
                texts.extend(
                    sequence
                        .iter()
                        .zip(values)
                        .map(|(seq, text)| (*seq, text.unwrap_or_default().to_owned())),
                );
            }
            texts.sort_unstable();
            texts.into_iter().map(|(_, text)| text).collect()
        }
    }
}
