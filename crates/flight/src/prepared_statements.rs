//! The prepared statements that clients have open: text, parameter schema and the parameters bound last.
//!
//! Guarantees: at most `prepared_count_max` statements of at most `prepared_bytes_max` together; one that lies unused for
//! `prepared_idle_ms` is closed; no plan and no snapshot is held, so an old handle reads new data. A handle stays the same
//! when parameters are bound again (some clients ignore the one that binding returns).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use chatlake_types::Clock;

use crate::error::{Error, Result};
use crate::options::FlightOptions;

/// How often, per idle time, expired statements are looked for while there is room.
const SWEEPS_PER_IDLE_TIME: i64 = 8;

/// A statement that waits to be run.
#[derive(Clone, Debug)]
pub(crate) struct PreparedStatement {
    /// Name of the principal that prepared it; nobody else finds it.
    pub owner: String,
    /// The text, its parameters written `$1`, `$2`, ….
    pub sql: String,
    /// What a client is asked to bind.
    pub parameter_schema: SchemaRef,
    /// What it bound.
    pub parameters: Option<RecordBatch>,
}

impl PreparedStatement {
    fn bytes(&self) -> usize {
        self.sql.len()
            + self
                .parameters
                .as_ref()
                .map_or(0, RecordBatch::get_array_memory_size)
    }
}

/// All open prepared statements of the server, by handle.
pub(crate) struct PreparedStatements {
    clock: Arc<dyn Clock>,
    bytes_max: usize,
    count_max: usize,
    idle_micros: i64,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    bytes: usize,
    by_handle: HashMap<Bytes, Entry>,
    /// When expired statements were last looked for.
    swept_micros: i64,
}

struct Entry {
    statement: PreparedStatement,
    last_used_micros: i64,
}

impl PreparedStatements {
    pub(crate) fn new(clock: Arc<dyn Clock>, options: &FlightOptions) -> Self {
        let idle_micros =
            i64::try_from(options.prepared_idle_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let (bytes_max, count_max) = (options.prepared_bytes_max, options.prepared_count_max);
        Self {
            clock,
            bytes_max,
            count_max,
            idle_micros,
            open: Mutex::default(),
        }
    }

    /// Keeps a statement and returns its handle.
    pub(crate) fn open(&self, statement: PreparedStatement) -> Result<Bytes> {
        let now_micros = self.clock.now_micros();
        let mut open = self.lock();
        let is_full = open.by_handle.len() >= self.count_max
            || open.bytes + statement.bytes() > self.bytes_max;
        if is_full
            || now_micros.saturating_sub(open.swept_micros)
                > self.idle_micros / SWEEPS_PER_IDLE_TIME
        {
            open.by_handle
                .retain(|_, entry| self.is_current(entry, now_micros));
            open.bytes = open
                .by_handle
                .values()
                .map(|entry| entry.statement.bytes())
                .sum();
            open.swept_micros = now_micros;
        }
        limit(
            "open prepared statements",
            "prepared_count_max",
            self.count_max,
            open.by_handle.len() + 1,
        )?;
        let bytes = open.bytes + statement.bytes();
        limit(
            "bytes of prepared statements",
            "prepared_bytes_max",
            self.bytes_max,
            bytes,
        )?;
        let handle = Bytes::copy_from_slice(&rand::random::<u128>().to_be_bytes());
        open.bytes = bytes;
        open.by_handle.insert(
            handle.clone(),
            Entry {
                statement,
                last_used_micros: now_micros,
            },
        );
        Ok(handle)
    }

    /// The statement of a handle.
    pub(crate) fn get(&self, handle: &[u8], owner: &str) -> Result<PreparedStatement> {
        let now_micros = self.clock.now_micros();
        let mut open = self.lock();
        let entry = open
            .by_handle
            .get_mut(handle)
            .filter(|entry| self.is_current(entry, now_micros) && entry.statement.owner == owner);
        let entry = entry.ok_or(Error::UnknownPreparedStatement)?;
        entry.last_used_micros = now_micros;
        Ok(entry.statement.clone())
    }

    /// Replaces the parameters of a handle.
    pub(crate) fn bind(&self, handle: &[u8], owner: &str, parameters: RecordBatch) -> Result<()> {
        let now_micros = self.clock.now_micros();
        let mut open = self.lock();
        let entry = open
            .by_handle
            .get(handle)
            .filter(|entry| self.is_current(entry, now_micros) && entry.statement.owner == owner)
            .ok_or(Error::UnknownPreparedStatement)?;
        let statement = PreparedStatement {
            parameters: Some(parameters),
            ..entry.statement.clone()
        };
        let bytes = open.bytes - entry.statement.bytes() + statement.bytes();
        limit(
            "bytes of prepared statements",
            "prepared_bytes_max",
            self.bytes_max,
            bytes,
        )?;
        open.bytes = bytes;
        open.by_handle.insert(
            Bytes::copy_from_slice(handle),
            Entry {
                statement,
                last_used_micros: now_micros,
            },
        );
        Ok(())
    }

    /// Forgets a statement; one that is not there is closed already.
    pub(crate) fn close(&self, handle: &[u8], owner: &str) {
        let mut open = self.lock();
        let found = open.by_handle.get(handle);
        if found.is_none_or(|entry| entry.statement.owner != owner) {
            return;
        }
        if let Some(entry) = open.by_handle.remove(handle) {
            open.bytes -= entry.statement.bytes();
        }
    }

    fn is_current(&self, entry: &Entry, now_micros: i64) -> bool {
        now_micros.saturating_sub(entry.last_used_micros) <= self.idle_micros
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        // a panic elsewhere cannot leave the map half changed
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Refuses what goes over a limit.
pub(crate) fn limit(
    what: &'static str,
    option: &'static str,
    limit: usize,
    found: usize,
) -> Result<()> {
    if found > limit {
        return Err(Error::Limit {
            what,
            option,
            limit,
            found,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use arrow::datatypes::Schema;

    use super::*;

    #[derive(Debug, Default)]
    struct ManualClock(AtomicI64);

    impl Clock for ManualClock {
        fn now_micros(&self) -> i64 {
            self.0.load(Ordering::Relaxed)
        }
    }

    fn statement(sql: &str) -> PreparedStatement {
        PreparedStatement {
            owner: "me".to_owned(),
            sql: sql.to_owned(),
            parameter_schema: Schema::empty().into(),
            parameters: None,
        }
    }

    fn statements(options: &FlightOptions) -> (PreparedStatements, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (
            PreparedStatements::new(Arc::clone(&clock) as Arc<dyn Clock>, options),
            clock,
        )
    }

    #[test]
    fn an_unused_statement_expires_and_a_used_one_does_not() {
        let (statements, clock) = statements(&FlightOptions {
            prepared_idle_ms: 10,
            ..FlightOptions::default()
        });
        let (used, unused) = (
            statements.open(statement("a")).unwrap(),
            statements.open(statement("b")).unwrap(),
        );
        clock.0.store(9_000, Ordering::Relaxed);
        assert_eq!(statements.get(&used, "me").unwrap().sql, "a");
        clock.0.store(11_000, Ordering::Relaxed);
        assert!(matches!(
            statements.get(&unused, "me"),
            Err(Error::UnknownPreparedStatement)
        ));
        assert_eq!(statements.get(&used, "me").unwrap().sql, "a");
    }

    #[test]
    fn limits_hold_and_closing_makes_room() {
        let options = FlightOptions {
            prepared_count_max: 2,
            prepared_bytes_max: 10,
            ..FlightOptions::default()
        };
        let (statements, _) = statements(&options);
        let first = statements.open(statement("12345678")).unwrap();
        let error = statements.open(statement("123")).unwrap_err().to_string();
        assert_eq!(
            error,
            "bytes of prepared statements over the limit: expected at most 10 (`prepared_bytes_max`), found 11"
        );
        statements.open(statement("12")).unwrap();
        assert!(matches!(
            statements.open(statement("")),
            Err(Error::Limit {
                option: "prepared_count_max",
                ..
            })
        ));
        statements.close(&first, "you");
        assert!(statements.get(&first, "you").is_err(), "it is mine");
        statements.close(&first, "me");
        statements.close(&first, "me");
        statements.open(statement("12345678")).unwrap();
    }
}
