//! The journal: one object per commit, `wal/<commit>.json`, written before the Delta logs are.
//!
//! Putting the entry (only if it is not there yet) is the moment a load is committed, atomically over all tables, and
//! the fence between two writers. The Delta logs follow; whoever finds an entry that a table's log does not contain yet
//! applies it (its `txn` action says). Guarantees: entries are numbered 1, 2, 3, … without a gap; an entry never changes;
//! whether an entry is ours is decided by what it says, because a client repeats a put whose answer got lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use crate::data_file::DataFile;
use crate::paths::{LakePaths, commit_of_journal_entry};
use crate::{Error, Result};

/// Puts of one entry that find the number neither free nor taken (S3 says "conflict" while two writers try at once).
const PUT_TRIES_MAX: usize = 5;

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

    /// Commits. [`Error::Fenced`] when that number is taken by somebody else; any other error leaves open whether the entry
    /// is there.
    pub(crate) async fn put(&self, entry: &JournalEntry) -> Result<()> {
        let path = self.paths.journal_entry(entry.commit)?;
        let bytes = serde_json::to_vec(entry).map_err(|error| Error::Damaged {
            path: path.to_string(),
            reason: error.to_string(),
        })?;
        let bytes = Bytes::from(bytes);
        let mut tries = 0;
        loop {
            tries += 1;
            let create = PutOptions {
                mode: PutMode::Create,
                ..PutOptions::default()
            };
            let put = self.store.put_opts(&path, bytes.clone().into(), create);
            let refused = match put.await {
                Ok(_) => return Ok(()),
                Err(error @ object_store::Error::AlreadyExists { .. }) => error,
                Err(error) => return Err(Error::store("write", path, error)),
            };
            match self.read(&path).await {
                Ok(found) if found == bytes => return Ok(()),
                Ok(_) => {
                    return Err(Error::Fenced {
                        commit: entry.commit,
                    });
                }
                Err(object_store::Error::NotFound { .. }) if tries < PUT_TRIES_MAX => {}
                Err(_) => return Err(Error::store("write", path, refused)),
            }
        }
    }

    async fn read(&self, path: &Path) -> object_store::Result<Bytes> {
        self.store.get(path).await?.bytes().await
    }

    /// Numbers of the entries after `commit`, ascending.
    pub(crate) async fn list_after(&self, commit: u64) -> Result<Vec<u64>> {
        let found = self.list(commit).await?;
        Ok(found.into_iter().map(|(commit, _)| commit).collect())
    }

    /// Entries after `commit` with when the store says that they were put, in ms since 1970, ascending by number.
    async fn list(&self, commit: u64) -> Result<Vec<(u64, i64)>> {
        let folder = self.paths.journal()?;
        let start = self.paths.journal_entry(commit)?;
        let list = self.store.list_with_offset(Some(&folder), &start);
        let objects: Vec<_> = list
            .try_collect()
            .await
            .map_err(|error| Error::store("list", &folder, error))?;
        let mut found: Vec<(u64, i64)> = objects
            .iter()
            .filter_map(|object| {
                let found = commit_of_journal_entry(&object.location)?;
                Some((found, object.last_modified.timestamp_millis()))
            })
            .filter(|(found, _)| *found > commit)
            .collect();
        found.sort_unstable();
        Ok(found)
    }

    /// Numbers of the entries up to `last` that were put at least `age_ms` before the newest one, by the store's clock.
    pub(crate) async fn list_old(&self, last: u64, age_ms: i64) -> Result<Vec<u64>> {
        let found = self.list(0).await?;
        let newest = found.iter().map(|(_, put_at)| *put_at).max().unwrap_or(0);
        let old = found
            .into_iter()
            .take_while(|(commit, put_at)| *commit <= last && newest - put_at >= age_ms);
        Ok(old.map(|(commit, _)| commit).collect())
    }

    /// The entry of a commit.
    pub(crate) async fn get(&self, commit: u64) -> Result<JournalEntry> {
        let path = self.paths.journal_entry(commit)?;
        let bytes = self
            .read(&path)
            .await
            .map_err(|error| Error::store("read", &path, error))?;
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
