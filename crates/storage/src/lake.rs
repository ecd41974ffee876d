//! A lake: opening, creating, following other processes, and the commit path.
//!
//! A commit, in order:
//! 1. data files are durable (the load wrote them; nobody knows them yet);
//! 2. the journal entry is put: from here on the load is committed, in all tables at once;
//! 3. the file index is advanced: queries of this process see it;
//! 4. each table's Delta log gets one commit with `txn(chatlake, number)`; old journal entries are removed.
//!
//! Guarantees: a failure before 2 leaves nothing visible; a failure after 2 loses nothing (opening reads the journal,
//! and the next load brings the logs up to date); [`Lake::refresh`] costs one listing of a short folder when nothing changed.

mod create;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use chatlake_schema::Table;
use chatlake_types::Clock;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use tracing::{info, warn};

use self::create::{create_lake, read_lake_file};
use crate::delta::{DeltaLogs, TableLog};
use crate::file_index::{LakeSnapshot, TableFiles};
use crate::journal::{Journal, JournalEntry};
use crate::lease::WriterLease;
use crate::load::Load;
use crate::location::Location;
use crate::paths::LakePaths;
use crate::settings::StorageSettings;
use crate::{Error, Result};

/// Table logs read at the same time when a lake is opened.
const OPEN_TASKS_MAX: usize = 8;

/// Journal entries read at the same time when a lake is opened.
const JOURNAL_READS_MAX: usize = 16;

/// Tries to read a lake that another process writes so fast that the journal moves on meanwhile.
const RELOAD_TRIES_MAX: usize = 5;

/// Journal entries of a lake in an object store stay at least this long, in ms: longer than a put of an entry may be
/// repeated, so that its number cannot be forgotten and taken a second time meanwhile.
const SHARED_JOURNAL_KEPT_MS: i64 = 15 * 60 * 1_000;

/// Commits remembered for `system.commits`.
const COMMITS_REMEMBERED: usize = 1_000;

/// A commit as it is remembered since the lake was opened (and those still in the journal before).
#[derive(Clone, Debug)]
pub struct CommitInfo {
    /// Its number.
    pub commit: u64,
    /// When it was committed, in µs since 1970-01-01T00:00:00Z.
    pub committed_at_micros: i64,
    /// Data files it added.
    pub file_count: u64,
    /// Rows it added.
    pub row_count: u64,
    /// Bytes it added.
    pub size_bytes: u64,
    /// Stored tables it touched.
    pub tables: Vec<String>,
}

/// Where the Delta logs stand, and what they do not contain yet.
#[derive(Debug, Default)]
struct LogState {
    logs: BTreeMap<&'static str, TableLog>,
    pending: VecDeque<Arc<JournalEntry>>,
    /// No other process can have written to the logs since we read them.
    logs_are_newest: bool,
}

/// What the readers see; replaced as a whole.
#[derive(Debug, Default)]
struct View {
    snapshot: Arc<LakeSnapshot>,
    commits: VecDeque<CommitInfo>,
}

/// An open lake. Cheap to share; any number of readers and one load at a time.
pub struct Lake {
    location: Location,
    settings: StorageSettings,
    clock: Arc<dyn Clock>,
    lake_id: String,
    journal: Journal,
    delta: DeltaLogs,
    view: RwLock<View>,
    /// Held by whoever changes [`Lake::view`] or the Delta logs.
    log_state: tokio::sync::Mutex<LogState>,
    /// Held by the running load.
    load_turn: Arc<tokio::sync::Mutex<()>>,
}

impl std::fmt::Debug for Lake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lake")
            .field("location", &self.location.text())
            .finish_non_exhaustive()
    }
}

impl Lake {
    /// Opens the lake; with `create`, makes one where there is none.
    ///
    /// # Errors
    /// [`Error::NoLake`], [`Error::NotALake`], [`Error::FormatVersion`], or what the store says.
    pub async fn open(
        location: Location,
        settings: StorageSettings,
        clock: Arc<dyn Clock>,
        create: bool,
    ) -> Result<Arc<Self>> {
        let paths = LakePaths::new(location.root());
        let lake_id = match read_lake_file(&location, &paths).await? {
            Some(file) => file.lake_id,
            None if create => create_lake(&location, &paths).await?,
            None => {
                return Err(Error::NoLake {
                    url: location.text().to_owned(),
                });
            }
        };
        let journal = Journal::new(Arc::clone(location.store()), paths);
        let delta = DeltaLogs::new(&location)?;
        let lake = Self {
            location,
            settings,
            clock,
            lake_id,
            journal,
            delta,
            view: RwLock::default(),
            log_state: tokio::sync::Mutex::default(),
            load_turn: Arc::default(),
        };
        let mut state = lake.log_state.lock().await;
        lake.reload(&mut state).await?;
        drop(state);
        Ok(Arc::new(lake))
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Its unique id.
    pub fn lake_id(&self) -> &str {
        &self.lake_id
    }

    /// The limits in force.
    pub fn settings(&self) -> &StorageSettings {
        &self.settings
    }

    /// The clock that stamps commits.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The lake as of the last commit known here.
    pub fn snapshot(&self) -> Arc<LakeSnapshot> {
        Arc::clone(
            &self
                .view
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .snapshot,
        )
    }

    /// The last commits, oldest first.
    pub fn commits(&self) -> Vec<CommitInfo> {
        self.view
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .commits
            .iter()
            .cloned()
            .collect()
    }

    /// Follows commits that other processes made since; nothing is read when there are none.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn refresh(&self) -> Result<()> {
        let known = self.snapshot().commit();
        let newer = self.journal.list_after(known).await?;
        if newer.is_empty() {
            return Ok(());
        }
        let mut state = self.log_state.lock().await;
        self.follow(&mut state).await
    }

    /// Takes the writer lease and begins a load; waits for a load of this process, refuses when another process writes.
    ///
    /// # Errors
    /// [`Error::WriterBusy`]; or when the lake cannot be brought up to date.
    pub async fn begin_load(self: &Arc<Self>) -> Result<Load> {
        let turn = Arc::clone(&self.load_turn).lock_owned().await;
        let lease_ms = self.settings.writer_lease_ms;
        let lease = WriterLease::acquire(&self.location, lease_ms, &self.clock).await?;
        if let Err(error) = self.catch_up().await {
            lease.release().await;
            return Err(error);
        }
        Ok(Load::new(Arc::clone(self), turn, lease))
    }

    /// Takes in what others committed, and brings the logs up to date. Only a lease holder may call this.
    async fn catch_up(&self) -> Result<()> {
        let mut state = self.log_state.lock().await;
        self.follow(&mut state).await?;
        self.apply_pending(&mut state).await
    }

    /// Steps 2–4 of a commit. The caller holds the lease and its data files are durable.
    pub(crate) async fn commit(&self, entry: JournalEntry) -> Result<()> {
        let mut state = self.log_state.lock().await;
        if self.location.is_shared() {
            // the number may have been used and forgotten by a writer that was faster by many commits
            let newer = self.journal.list_after(entry.commit - 1).await?;
            if !newer.is_empty() {
                return Err(Error::Fenced {
                    commit: entry.commit,
                });
            }
        }
        self.journal.put(&entry).await?;
        let entry = Arc::new(entry);
        self.publish(&entry, |_| false);
        state.pending.push_back(entry);
        // the load is committed whatever happens now: a log that cannot be written is brought up to date later
        if let Err(error) = self.apply_pending(&mut state).await {
            warn!(%error, "the Delta logs lag behind; the next load brings them up to date");
            return Ok(());
        }
        if let Err(error) = self.trim_journal().await {
            warn!(%error, "old journal entries could not be removed");
        }
        Ok(())
    }

    fn publish(&self, entry: &Arc<JournalEntry>, applied: impl Fn(&str) -> bool) {
        let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
        view.snapshot = Arc::new(view.snapshot.advance(entry, applied));
        view.commits.push_back(commit_info(entry));
        if view.commits.len() > COMMITS_REMEMBERED {
            view.commits.pop_front();
        }
    }

    /// Reads everything: the table logs, then what the journal has beyond them.
    async fn reload(&self, state: &mut LogState) -> Result<()> {
        for _ in 0..RELOAD_TRIES_MAX {
            if self.try_reload(state).await? {
                return Ok(());
            }
            info!("the journal moved on while the lake was read: reading it again");
        }
        Err(Error::Damaged {
            path: "wal".to_owned(),
            reason: format!("expected it to stand still, it moved {RELOAD_TRIES_MAX} times"),
        })
    }

    /// One try; false when an entry was removed that the logs, as they were read, may not contain yet.
    async fn try_reload(&self, state: &mut LogState) -> Result<bool> {
        let oldest_before = self.journal.list_after(0).await?.first().copied();
        let loaded = for_each_table(chatlake_schema::tables().iter(), |table| {
            let delta = self.delta.clone();
            move || delta.load(table)
        });
        let loaded = loaded.await?;
        let commits = self.journal.list_after(0).await?;
        let was_trimmed = |before| commits.first().is_none_or(|first| *first > before);
        if oldest_before.is_some_and(was_trimmed) {
            return Ok(false);
        }
        let reads: Vec<_> = commits
            .into_iter()
            .map(|commit| self.journal.get(commit).boxed())
            .collect();
        let entries: Result<Vec<_>> = futures::stream::iter(reads)
            .buffered(JOURNAL_READS_MAX)
            .try_collect()
            .await;
        let entries = match entries {
            Err(error) if error.is_not_found() => return Ok(false),
            entries => entries?,
        };
        let mut files = BTreeMap::new();
        let mut applied = 0;
        for (table, (log, active)) in loaded {
            applied = applied.max(log.applied_commit);
            let mut list = TableFiles::default();
            list.add_all(active);
            files.insert(table.name.as_str(), list);
            state.logs.insert(table.name.as_str(), log);
        }
        state.pending.clear();
        state.logs_are_newest = false;
        {
            let mut view = self.view.write().unwrap_or_else(PoisonError::into_inner);
            *view = View {
                snapshot: Arc::new(LakeSnapshot::new(applied, files)),
                commits: VecDeque::new(),
            };
        }
        for entry in entries.into_iter().map(Arc::new) {
            let logs = &state.logs;
            self.publish(&entry, |table| {
                logs.get(table)
                    .is_some_and(|log| log.applied_commit >= entry.commit)
            });
            state.pending.push_back(entry);
        }
        Ok(true)
    }

    /// Takes in journal entries that this process has not seen.
    async fn follow(&self, state: &mut LogState) -> Result<()> {
        let known = self.snapshot().commit();
        let newer = self.journal.list_after(known).await?;
        if newer.is_empty() {
            return Ok(());
        }
        if newer.first() != Some(&(known + 1)) {
            info!(known, "too far behind the journal: reading the lake anew");
            return self.reload(state).await;
        }
        for commit in newer {
            let entry = match self.journal.get(commit).await {
                Ok(entry) => Arc::new(entry),
                // the writer trimmed it meanwhile
                Err(error) if error.is_not_found() => return self.reload(state).await,
                Err(error) => return Err(error),
            };
            self.publish(&entry, |_| false);
            state.pending.push_back(entry);
            state.logs_are_newest = false;
        }
        Ok(())
    }

    /// Brings every pending entry into the Delta logs, in order. Only a lease holder may call this.
    async fn apply_pending(&self, state: &mut LogState) -> Result<()> {
        if state.pending.is_empty() {
            return Ok(());
        }
        let pending: Vec<_> = state.pending.iter().map(Arc::clone).collect();
        let touched = |table: &&Table| {
            pending
                .iter()
                .any(|entry| entry.tables.contains_key(&table.name))
        };
        let tables: Vec<&'static Table> =
            chatlake_schema::tables().iter().filter(touched).collect();
        // another process may have applied some of them: its versions must be known before ours are written
        let newest = std::mem::replace(&mut state.logs_are_newest, false);
        let interval = self.settings.checkpoint_interval_commits;
        let updated = for_each_table(tables.into_iter(), |table| {
            let known = state
                .logs
                .get(table.name.as_str())
                .cloned()
                .map(|log| (log, newest));
            let (delta, pending) = (self.delta.clone(), pending.clone());
            move || update_log(&delta, table, known, &pending, interval)
        });
        let updated = updated.await?;
        for (table, log) in updated {
            state.logs.insert(table.name.as_str(), log);
        }
        state.pending.clear();
        state.logs_are_newest = true;
        Ok(())
    }

    /// Removes journal entries that every log contains, but for the last few.
    async fn trim_journal(&self) -> Result<()> {
        let kept = u64::try_from(self.settings.journal_entries_kept)
            .unwrap_or(u64::MAX)
            .max(1);
        let Some(last_removable) = self.snapshot().commit().checked_sub(kept) else {
            return Ok(());
        };
        // in batches, so that most commits only write
        if last_removable % kept.div_ceil(2) != 0 {
            return Ok(());
        }
        let kept_ms = if self.location.is_shared() {
            SHARED_JOURNAL_KEPT_MS
        } else {
            0
        };
        for commit in self.journal.list_old(last_removable, kept_ms).await? {
            self.journal.remove(commit).await?;
        }
        Ok(())
    }
}

/// Runs blocking work for several tables, a few at a time.
fn for_each_table<T, W>(
    tables: impl Iterator<Item = &'static Table>,
    work: impl Fn(&'static Table) -> W,
) -> BoxFuture<'static, Result<Vec<(&'static Table, T)>>>
where
    T: Send + 'static,
    W: FnOnce() -> Result<T> + Send + 'static,
{
    let tasks: Vec<_> = tables.map(|table| (table, work(table))).collect();
    let tasks = futures::stream::iter(tasks).map(|(table, work)| async move {
        let done = tokio::task::spawn_blocking(work).await??;
        Ok::<_, Error>((table, done))
    });
    tasks.buffer_unordered(OPEN_TASKS_MAX).try_collect().boxed()
}

/// Applies what a table's log lacks. What is known of the log comes with whether it is surely its newest version.
fn update_log(
    delta: &DeltaLogs,
    table: &'static Table,
    known: Option<(TableLog, bool)>,
    pending: &[Arc<JournalEntry>],
    checkpoint_interval: u64,
) -> Result<TableLog> {
    let mut log = match known {
        Some((log, true)) => log,
        Some((log, false)) => delta.advance(table, log)?,
        None => delta.load(table)?.0,
    };
    for entry in pending {
        let Some(actions) = entry
            .tables
            .get(&table.name)
            .filter(|_| entry.commit > log.applied_commit)
        else {
            continue;
        };
        log = match delta.apply(table, &log, actions, entry.commit) {
            Ok(log) => log,
            // another writer that follows the same journal may have been faster; or our answer got lost
            Err(error) => match delta.advance(table, log)? {
                newest if newest.applied_commit >= entry.commit => newest,
                _ => return Err(error),
            },
        };
        if log.version() % checkpoint_interval.max(1) == 0 {
            log = delta.checkpoint(table, &log)?;
        }
    }
    Ok(log)
}

fn commit_info(entry: &JournalEntry) -> CommitInfo {
    let files = || {
        entry
            .tables
            .values()
            .flat_map(|actions| actions.adds.iter())
    };
    CommitInfo {
        commit: entry.commit,
        committed_at_micros: entry.committed_at_micros,
        file_count: files().map(|_| 1).sum(),
        row_count: files().map(|file| file.stats.row_count).sum(),
        size_bytes: files().map(|file| file.size_bytes).sum(),
        tables: entry.tables.keys().cloned().collect(),
    }
}
