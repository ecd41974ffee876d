//! The queries of an open lake: which run, which wait for their turn, and the last ones that ended.
//!
//! 1. A query registers itself and waits until fewer than `query_concurrent_max` run ([`Queries::admit`]).
//! 2. While it runs it counts its rows and bytes, and looks whether somebody stopped it.
//! 3. When it is dropped it moves into the list of past ones, which holds `query_history_count` of them, and the audit log is told.
//!
//! Guarantees: at most `query_queue_max` wait, none longer than `query_queue_timeout_ms`; queries of the lake's own tables
//! about itself (`system`) never wait, so that one can see and stop what keeps others waiting.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chatlake_ingest::Cancellation;
use chatlake_types::{Clock, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use crate::audit::{AuditTrail, AuditedAction, AuditedOutcome, AuditedStatement};
use crate::settings::Settings;
use crate::{Error, Result};

/// Characters of SQL text that are remembered of a query.
const SQL_CHARACTERS_MAX: usize = 500;

/// What is known about a query when it registers.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryOrigin {
    /// Who asks; nobody in embedded use.
    pub(crate) user: Option<Arc<str>>,
    /// Where they are.
    pub(crate) peer: Option<IpAddr>,
    /// What it is for the audit log.
    pub(crate) action: AuditedAction,
    /// What the program calls it, to stop it by.
    pub(crate) label: Option<Arc<str>>,
    /// Its text.
    pub(crate) sql: Arc<str>,
}

/// Where a query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QueryState {
    /// It waits for its turn.
    Queued,
    /// It runs.
    Running,
    /// It ended by itself.
    Finished,
    /// It ended by an error.
    Failed,
    /// Whoever asked went away before the end, or asked to stop.
    Cancelled,
    /// It was stopped by `KILL`.
    Killed,
}

impl QueryState {
    /// Its name in `system.queries`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Killed => "killed",
        }
    }
}

/// One row of `system.queries`.
#[derive(Clone, Debug)]
pub(crate) struct QueryInfo {
    /// Its id, unique while the lake is open.
    pub(crate) id: u64,
    /// Who asked, under which label, what; the text is shortened.
    pub(crate) origin: QueryOrigin,
    /// Where it stands.
    pub(crate) state: QueryState,
    /// When it came, in µs since 1970-01-01T00:00:00Z.
    pub(crate) started_at_micros: i64,
    /// From when it came until it ended, or until now.
    pub(crate) elapsed: Duration,
    /// Rows given out.
    pub(crate) row_count: u64,
    /// Bytes of them in memory.
    pub(crate) byte_count: u64,
    /// The kind of failure.
    pub(crate) error_code: Option<ErrorCode>,
}

/// The name of a query's id in SQL.
pub(crate) fn id_text(id: u64) -> String {
    format!("q{id}")
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Queries {
    clock: Arc<dyn Clock>,
    turns: Option<Arc<Semaphore>>,
    waiting_count: AtomicUsize,
    concurrent_max: usize,
    queue_max: usize,
    queue_timeout_ms: u64,
    history_count: usize,
    audit: Option<Arc<dyn AuditTrail>>,
    list: Mutex<List>,
}

#[derive(Debug, Default)]
struct List {
    id_last: u64,
    running: BTreeMap<u64, Arc<Entry>>,
    past: VecDeque<QueryInfo>,
}

/// A query that waits or runs.
#[derive(Debug)]
struct Entry {
    id: u64,
    origin: QueryOrigin,
    /// The whole text.
    statement: Arc<str>,
    started_at_micros: i64,
    started: Instant,
    has_begun: AtomicBool,
    row_count: AtomicU64,
    byte_count: AtomicU64,
    was_killed: AtomicBool,
    stop: Cancellation,
}

impl Entry {
    fn info(&self, state: QueryState, error_code: Option<ErrorCode>) -> QueryInfo {
        QueryInfo {
            id: self.id,
            origin: self.origin.clone(),
            state,
            started_at_micros: self.started_at_micros,
            elapsed: self.started.elapsed(),
            row_count: self.row_count.load(Ordering::Relaxed),
            byte_count: self.byte_count.load(Ordering::Relaxed),
            error_code,
        }
    }

    fn now(&self) -> QueryInfo {
        let state = match self.has_begun.load(Ordering::Relaxed) {
            true => QueryState::Running,
            false => QueryState::Queued,
        };
        self.info(state, None)
    }
}

impl Queries {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        settings: &Settings,
        audit: Option<Arc<dyn AuditTrail>>,
    ) -> Arc<Self> {
        let concurrent_max = settings.query_concurrent_max;
        Arc::new(Self {
            clock,
            turns: (concurrent_max > 0)
                .then(|| Arc::new(Semaphore::new(concurrent_max.min(Semaphore::MAX_PERMITS)))),
            waiting_count: AtomicUsize::new(0),
            concurrent_max,
            queue_max: settings.query_queue_max,
            queue_timeout_ms: settings.query_queue_timeout_ms,
            history_count: settings.query_history_count,
            audit,
            list: Mutex::default(),
        })
    }

    /// Registers a query and waits for its turn; `waits` is false for those that never wait.
    ///
    /// # Errors
    /// When too many wait, when it waited too long, or when it was stopped meanwhile.
    pub(crate) async fn admit(
        self: &Arc<Self>,
        origin: &QueryOrigin,
        waits: bool,
    ) -> Result<RunningQuery> {
        let mut query = self.register(origin);
        let turns = self.turns.as_ref().filter(|_| waits);
        if let Some(turns) = turns {
            query.turn = match Arc::clone(turns).try_acquire_owned() {
                Ok(turn) => Some(turn),
                Err(_) => match self.wait(turns, &query).await {
                    Ok(turn) => Some(turn),
                    Err(error) => return Err(query.failed(error)),
                },
            };
        }
        query.entry.has_begun.store(true, Ordering::Relaxed);
        Ok(query)
    }

    async fn wait(
        &self,
        turns: &Arc<Semaphore>,
        query: &RunningQuery,
    ) -> Result<OwnedSemaphorePermit> {
        let waiting = Waiting::count_in(&self.waiting_count);
        if waiting.before >= self.queue_max {
            return Err(Error::Limit(format!(
                "expected at most {} running queries (`query_concurrent_max`) and {} waiting ones (`query_queue_max`), \
                 found more; try again later",
                self.concurrent_max, self.queue_max
            )));
        }
        let turn = Arc::clone(turns).acquire_owned();
        let limit = Duration::from_millis(self.queue_timeout_ms);
        tokio::select! {
            turn = turn => turn.map_err(|_| Error::Unavailable("the lake is closing".to_owned())),
            () = query.entry.stop.cancelled() => Err(query.stopped()),
            () = sleep(limit) => Err(Error::Limit(format!(
                "the query waited longer for its turn than `query_queue_timeout_ms` = {} allows: {} others run \
                 (`query_concurrent_max`)",
                self.queue_timeout_ms, self.concurrent_max
            ))),
        }
    }

    fn register(self: &Arc<Self>, origin: &QueryOrigin) -> RunningQuery {
        let mut list = self.lock();
        list.id_last += 1;
        let entry = Arc::new(Entry {
            id: list.id_last,
            origin: QueryOrigin {
                sql: shortened(&origin.sql).into(),
                ..origin.clone()
            },
            statement: Arc::clone(&origin.sql),
            started_at_micros: self.clock.now_micros(),
            started: Instant::now(),
            has_begun: AtomicBool::new(false),
            row_count: AtomicU64::new(0),
            byte_count: AtomicU64::new(0),
            was_killed: AtomicBool::new(false),
            stop: Cancellation::default(),
        });
        list.running.insert(entry.id, Arc::clone(&entry));
        drop(list);
        RunningQuery {
            queries: Arc::clone(self),
            entry,
            turn: None,
            outcome: None,
        }
    }

    /// All queries that are remembered, by id.
    pub(crate) fn list(&self) -> Vec<QueryInfo> {
        let list = self.lock();
        let running = list.running.values().map(|entry| entry.now());
        let mut all: Vec<_> = list.past.iter().cloned().chain(running).collect();
        drop(list);
        all.sort_by_key(|query| query.id);
        all
    }

    /// Stops a query by its id, if it may be; whether there was one.
    pub(crate) fn kill(&self, id: &str, may_stop: impl Fn(&QueryOrigin) -> bool) -> bool {
        let list = self.lock();
        let mut running = list.running.values();
        let found = running.find(|entry| id_text(entry.id) == id && may_stop(&entry.origin));
        if let Some(entry) = found {
            entry.was_killed.store(true, Ordering::Relaxed);
            entry.stop.cancel();
        }
        found.is_some()
    }

    /// Stops all queries with a label; how many.
    pub(crate) fn cancel(&self, label: &str) -> usize {
        let list = self.lock();
        let has_label = |entry: &&Arc<Entry>| entry.origin.label.as_deref() == Some(label);
        let stopped = list.running.values().filter(has_label);
        stopped.inspect(|entry| entry.stop.cancel()).count()
    }

    /// Tells the audit log of something that was not allowed, or that is no query; nothing without a log.
    pub(crate) fn record(&self, origin: &QueryOrigin, outcome: AuditedOutcome, row_count: u64) {
        if let Some(audit) = &self.audit {
            let is_refused = outcome == AuditedOutcome::Refused;
            audit.record(&AuditedStatement {
                at_micros: self.clock.now_micros(),
                user: origin.user.clone(),
                peer: origin.peer,
                action: origin.action,
                outcome,
                text: Arc::clone(&origin.sql),
                error_code: is_refused.then_some(ErrorCode::PermissionDenied),
                row_count,
                size_bytes: 0,
                duration_ms: 0,
            });
        }
    }

    /// Tells the audit log of a query that ended.
    fn tell(&self, info: &QueryInfo, statement: &Arc<str>) {
        let Some(audit) = &self.audit else {
            return;
        };
        let outcome = match info.state {
            QueryState::Finished => AuditedOutcome::Done,
            QueryState::Failed => AuditedOutcome::Failed,
            QueryState::Queued
            | QueryState::Running
            | QueryState::Cancelled
            | QueryState::Killed => AuditedOutcome::Cancelled,
        };
        audit.record(&AuditedStatement {
            at_micros: self.clock.now_micros(),
            user: info.origin.user.clone(),
            peer: info.origin.peer,
            action: info.origin.action,
            outcome,
            text: Arc::clone(statement),
            error_code: info.error_code,
            row_count: info.row_count,
            size_bytes: info.byte_count,
            duration_ms: u64::try_from(info.elapsed.as_millis()).unwrap_or(u64::MAX),
        });
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        // a panic elsewhere cannot leave the list half changed
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts one who waits for as long as it lives.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn count_in(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A query that is registered; it is over when this is dropped.
#[derive(Debug)]
pub(crate) struct RunningQuery {
    queries: Arc<Queries>,
    entry: Arc<Entry>,
    turn: Option<OwnedSemaphorePermit>,
    outcome: Option<(QueryState, Option<ErrorCode>)>,
}

impl RunningQuery {
    /// Counts rows that were given out.
    pub(crate) fn count(&self, row_count: usize, byte_count: usize) -> u64 {
        let added = row_count as u64;
        let before = self.entry.row_count.fetch_add(added, Ordering::Relaxed);
        self.entry
            .byte_count
            .fetch_add(byte_count as u64, Ordering::Relaxed);
        before + added
    }

    /// It ended by itself.
    pub(crate) fn finished(&mut self) {
        self.outcome.get_or_insert((QueryState::Finished, None));
    }

    /// It ended by this error.
    pub(crate) fn failed(&mut self, error: Error) -> Error {
        let state = match &error {
            Error::Stopped(_) if self.entry.was_killed.load(Ordering::Relaxed) => {
                QueryState::Killed
            }
            Error::Stopped(_) => QueryState::Cancelled,
            _ => QueryState::Failed,
        };
        self.outcome.get_or_insert((state, Some(error.code())));
        error
    }

    /// What stops it.
    pub(crate) fn cancellation(&self) -> Cancellation {
        self.entry.stop.clone()
    }

    /// Ready when somebody asks to stop.
    pub(crate) fn stop_signal(&self) -> impl Future<Output = ()> + Send + use<> {
        let stop = self.entry.stop.clone();
        async move { stop.cancelled().await }
    }

    /// The error of a query that was stopped.
    pub(crate) fn stopped(&self) -> Error {
        let id = id_text(self.entry.id);
        Error::Stopped(match self.entry.was_killed.load(Ordering::Relaxed) {
            true => format!("the query `{id}` was stopped by KILL"),
            false => format!("the query `{id}` was cancelled"),
        })
    }
}

impl Drop for RunningQuery {
    fn drop(&mut self) {
        let outcome = self.outcome.unwrap_or((QueryState::Cancelled, None));
        let info = self.entry.info(outcome.0, outcome.1);
        self.queries.tell(&info, &self.entry.statement);
        let mut list = self.queries.lock();
        list.running.remove(&self.entry.id);
        if self.queries.history_count == 0 {
            return;
        }
        while list.past.len() >= self.queries.history_count {
            list.past.pop_front();
        }
        list.past.push_back(info);
    }
}

/// The text in one line, cut when it is long.
fn shortened(sql: &str) -> String {
    let mut words = sql.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.len() > SQL_CHARACTERS_MAX * 4 {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    match line.char_indices().nth(SQL_CHARACTERS_MAX) {
        Some((end, _)) => {
            line.truncate(end);
            line.push('…');
            line
        }
        None => line,
    }
}

#[cfg(test)]
mod tests;
