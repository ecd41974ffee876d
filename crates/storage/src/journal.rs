//! The journal: one object per commit, `wal/<commit>.json`, written before the Delta logs are.
//!
//! Putting the entry (only if it is not there yet) is the moment a load is committed, atomically over all tables, and
//! the fence between two writers. The Delta logs follow; whoever finds an entry that a table's log does not contain yet
//! applies it (its `txn` action says). Guarantees: entries are numbered 1, 2, 3, … without a gap; an entry never changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use crate::data_file::DataFile;
use crate::paths::{LakePaths, commit_of_journal_entry};
use crate::{Error, Result};

/// File actions of one table in one commit.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct TableActions {
    /// Files that become active.
    #[serde(default)]
    pub(crate) adds: Vec<Arc<DataFile>>,
    /// Files that stop being active.
    #[serde(default)]
    pub(crate) removes: Vec<Arc<DataFile>>,
}

/// One commit over all tables.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct JournalEntry {
    /// Number of the commit.
    pub(crate) commit: u64,
    /// When it was committed, in µs since 1970-01-01T00:00:00Z.
    pub(crate) committed_at_micros: i64,
    /// The largest `ingest_seq` given up to and with this commit.
    pub(crate) ingest_seq_max: i64,
    /// What it did, by table.
    pub(crate) tables: BTreeMap<String, TableActions>,
}

/// Reads and writes journal entries of one lake.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    store: Arc<dyn ObjectStore>,
    paths: LakePaths,
}

impl Journal {
    pub(crate) fn new(store: Arc<dyn ObjectStore>, paths: LakePaths) -> Self {
        Self { store, paths }
    }

    /// Commits. [`Error::Fenced`] when that number is taken.
    pub(crate) async fn put(&self, entry: &JournalEntry) -> Result<()> {
        let path = self.paths.journal_entry(entry.commit)?;
        let bytes = serde_json::to_vec(entry).map_err(|error| Error::Damaged {
            path: path.to_string(),
            reason: error.to_string(),
        })?;
        let create = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self.store.put_opts(&path, bytes.into(), create).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::AlreadyExists { .. }) => Err(Error::Fenced {
                commit: entry.commit,
            }),
            Err(error) => Err(Error::store("write", path, error)),
        }
    }

    /// Numbers of the entries after `commit`, ascending.
    pub(crate) async fn list_after(&self, commit: u64) -> Result<Vec<u64>> {
        let folder = self.paths.journal()?;
        let list = self.store.list(Some(&folder)).try_collect::<Vec<_>>().await;
        let objects = list.map_err(|error| Error::store("list", &folder, error))?;
        let mut commits: Vec<u64> = objects
            .iter()
            .filter_map(|object| commit_of_journal_entry(&object.location))
            .filter(|found| *found > commit)
            .collect();
        commits.sort_unstable();
        Ok(commits)
    }

    /// The entry of a commit.
    pub(crate) async fn get(&self, commit: u64) -> Result<JournalEntry> {
        let path = self.paths.journal_entry(commit)?;
        let read = |error| Error::store("read", &path, error);
        let bytes = self
            .store
            .get(&path)
            .await
            .map_err(read)?
            .bytes()
            .await
            .map_err(read)?;
        let entry: JournalEntry =
            serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
                path: path.to_string(),
                reason: format!("expected a journal entry: {error}"),
            })?;
        if entry.commit != commit {
            let reason = format!("expected commit {commit}, found commit {}", entry.commit);
            return Err(Error::Damaged {
                path: path.to_string(),
                reason,
            });
        }
        Ok(entry)
    }

    /// Forgets an entry that every table's log contains.
    pub(crate) async fn remove(&self, commit: u64) -> Result<()> {
        let path = self.paths.journal_entry(commit)?;
        match self.store.delete(&path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Error::store("delete", path, error)),
        }
    }
}
