//! Scratch tables: what a session makes for itself (`CREATE TABLE`, bulk ingestion), in memory, seen by nobody else.
//!
//! Guarantees: rows of one statement appear together or not at all; a query reads what was there when it was planned; the
//! bytes of a session and of all sessions together have named limits, and count as long as anybody holds the rows.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemTable, TableProvider};

use crate::{Error, Result};

/// Scratch tables that one session may have.
const TABLE_COUNT_MAX: usize = 1_000;

/// The scratch tables of a session at one moment, by name.
pub(crate) type ScratchTables = BTreeMap<String, Arc<ScratchTable>>;

/// Bytes in use, of a limit with a name.
#[derive(Debug)]
pub(crate) struct ByteBudget {
    setting: &'static str,
    bytes_max: usize,
    bytes: AtomicUsize,
}

impl ByteBudget {
    pub(crate) fn new(setting: &'static str, bytes_max: usize) -> Arc<Self> {
        Arc::new(Self {
            setting,
            bytes_max,
            bytes: AtomicUsize::new(0),
        })
    }

    /// Takes bytes until the reservation is dropped.
    fn reserve(self: &Arc<Self>, bytes: usize) -> Result<Reservation> {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let reservation = Reservation {
            budget: Arc::clone(self),
            bytes,
        };
        if before.saturating_add(bytes) > self.bytes_max {
            return Err(Error::Limit(format!(
                "scratch tables over the limit: expected at most {} bytes (`{}`), found {}",
                self.bytes_max,
                self.setting,
                before.saturating_add(bytes)
            )));
        }
        Ok(reservation)
    }
}

/// Bytes taken from a budget; given back on drop.
#[derive(Debug)]
struct Reservation {
    budget: Arc<ByteBudget>,
    bytes: usize,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.budget.bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Rows that came by one statement.
#[derive(Debug)]
pub(crate) struct Rows {
    batches: Vec<RecordBatch>,
    row_count: usize,
    _reservations: Vec<Reservation>,
}

impl Rows {
    /// How many.
    pub(crate) fn row_count(&self) -> usize {
        self.row_count
    }
}

/// Rows on their way into a scratch table, counted while they come.
#[derive(Debug)]
pub(crate) struct RowsBuilder {
    rows: Rows,
    budgets: [Arc<ByteBudget>; 2],
}

impl RowsBuilder {
    /// Adds rows.
    ///
    /// # Errors
    /// When a limit is reached.
    pub(crate) fn push(&mut self, batch: RecordBatch) -> Result<()> {
        let bytes = batch.get_array_memory_size();
        for budget in &self.budgets {
            self.rows._reservations.push(budget.reserve(bytes)?);
        }
        self.rows.row_count += batch.num_rows();
        self.rows.batches.push(batch);
        Ok(())
    }

    /// All of them.
    pub(crate) fn finish(self) -> Rows {
        self.rows
    }
}

/// A table at one moment.
#[derive(Debug)]
pub(crate) struct ScratchTable {
    schema: SchemaRef,
    parts: Vec<Arc<Rows>>,
}

impl ScratchTable {
    /// A table that holds `rows`, which have this schema.
    pub(crate) fn new(schema: SchemaRef, rows: Rows) -> Self {
        Self {
            schema,
            parts: vec![Arc::new(rows)],
        }
    }

    /// Its columns, in types that BI tools read.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The table as the engine reads it.
    pub(crate) fn provider(&self) -> datafusion::common::Result<Arc<dyn TableProvider>> {
        let batches = self.parts.iter().flat_map(|rows| rows.batches.iter());
        let batches = batches.cloned().collect();
        let table = MemTable::try_new(Arc::clone(&self.schema), vec![batches])?;
        Ok(Arc::new(table))
    }
}

/// What happens to a table that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// The rows are added.
    Append,
    /// It is an error.
    Fail,
    /// The table is replaced.
    Replace,
}

/// What happens when there is no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfAbsent {
    /// It is made.
    Create,
    /// It is an error.
    Fail,
}

/// The scratch tables of one session.
#[derive(Debug)]
pub(crate) struct Scratch {
    tables: Mutex<ScratchTables>,
    budgets: [Arc<ByteBudget>; 2],
}

impl Scratch {
    /// No tables yet; `total` is shared by all sessions.
    pub(crate) fn new(session_bytes_max: usize, total: Arc<ByteBudget>) -> Self {
        let session = ByteBudget::new("scratch_session_bytes_max", session_bytes_max);
        Self {
            tables: Mutex::default(),
            budgets: [session, total],
        }
    }

    /// The tables as they are now.
    pub(crate) fn tables(&self) -> ScratchTables {
        self.lock().clone()
    }

    /// Puts tables of an earlier moment in the place of those of now.
    pub(crate) fn restore(&self, tables: ScratchTables) {
        *self.lock() = tables;
    }

    /// Where new rows are gathered.
    pub(crate) fn rows(&self) -> RowsBuilder {
        RowsBuilder {
            rows: Rows {
                batches: Vec::new(),
                row_count: 0,
                _reservations: Vec::new(),
            },
            budgets: self.budgets.clone(),
        }
    }

    /// Puts rows into the table `name`.
    ///
    /// # Errors
    /// When the table is there, or is not, and that is an error; when its columns are others.
    pub(crate) fn put(
        &self,
        name: &str,
        table: ScratchTable,
        if_exists: IfExists,
        if_absent: IfAbsent,
    ) -> Result<()> {
        let mut tables = self.lock();
        let there = tables.get(name).map(Arc::clone);
        let table = match (there, if_exists, if_absent) {
            (Some(_), IfExists::Fail, _) => return Err(exists(name)),
            (None, _, IfAbsent::Fail) => return Err(absent(name)),
            (Some(there), IfExists::Append, _) => {
                if there.schema != table.schema {
                    return Err(Error::Sql(format!(
                        "expected the columns of the scratch table `{name}`, found others"
                    )));
                }
                let parts = there.parts.iter().chain(&table.parts);
                ScratchTable {
                    schema: table.schema,
                    parts: parts.map(Arc::clone).collect(),
                }
            }
            (Some(_), IfExists::Replace, _) | (None, _, IfAbsent::Create) => table,
        };
        if tables.len() >= TABLE_COUNT_MAX && !tables.contains_key(name) {
            return Err(Error::Limit(format!(
                "expected at most {TABLE_COUNT_MAX} scratch tables in a session"
            )));
        }
        tables.insert(name.to_owned(), Arc::new(table));
        Ok(())
    }

    /// Forgets the table `name`; whether there was one.
    pub(crate) fn drop_table(&self, name: &str) -> bool {
        self.lock().remove(name).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, ScratchTables> {
        // a panic elsewhere cannot leave the map half changed
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The refusal of a table that is there already.
pub(crate) fn exists(name: &str) -> Error {
    Error::AlreadyExists(format!("the table `{name}` is there already"))
}

/// The refusal of a table that is not there.
pub(crate) fn absent(name: &str) -> Error {
    Error::NotFound(format!("there is no scratch table `{name}`"))
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    fn numbers(count: usize) -> RecordBatch {
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1; count]));
        RecordBatch::try_from_iter_with_nullable([("n", numbers, true)]).unwrap()
    }

    fn put(scratch: &Scratch, count: usize, if_exists: IfExists) -> Result<()> {
        let mut rows = scratch.rows();
        rows.push(numbers(count))?;
        let table = ScratchTable::new(numbers(0).schema(), rows.finish());
        scratch.put("t", table, if_exists, IfAbsent::Create)
    }

    #[test]
    fn bytes_count_until_nobody_holds_the_rows() {
        let total = ByteBudget::new("total", 1 << 20);
        let scratch = Scratch::new(10_000, Arc::clone(&total));
        put(&scratch, 1_000, IfExists::Fail).unwrap();
        let held = scratch.tables();
        assert!(matches!(
            put(&scratch, 1_000, IfExists::Append),
            Err(Error::Limit(_))
        ));
        assert!(scratch.drop_table("t"));
        assert!(put(&scratch, 1_000, IfExists::Fail).is_err(), "still read");
        drop(held);
        put(&scratch, 1_000, IfExists::Fail).unwrap();
        drop(scratch);
        assert_eq!(total.bytes.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn modes_say_what_happens_to_a_table_that_is_there() {
        let scratch = Scratch::new(1 << 20, ByteBudget::new("total", 1 << 20));
        let absent = scratch.put(
            "t",
            ScratchTable::new(numbers(0).schema(), scratch.rows().finish()),
            IfExists::Append,
            IfAbsent::Fail,
        );
        assert!(matches!(absent, Err(Error::NotFound(_))));
        put(&scratch, 1, IfExists::Fail).unwrap();
        assert!(matches!(
            put(&scratch, 1, IfExists::Fail),
            Err(Error::AlreadyExists(_))
        ));
        put(&scratch, 2, IfExists::Append).unwrap();
        let rows = |scratch: &Scratch| -> usize {
            scratch.tables()["t"]
                .parts
                .iter()
                .map(|rows| rows.row_count())
                .sum()
        };
        assert_eq!(rows(&scratch), 3);
        put(&scratch, 1, IfExists::Replace).unwrap();
        assert_eq!(rows(&scratch), 1);
    }
}
