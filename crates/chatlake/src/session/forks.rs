//! What a session can be asked for beside SQL: whose it is, its settings as a whole, an earlier commit, a savepoint of its
//! scratch tables.
//!
//! Guarantees: no fork sees more rows than the session it comes from; a fork shares the scratch tables, not the variables.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use crate::scratch::ScratchTables;
use crate::session::Session;
use crate::{Error, Result};

/// The scratch tables of a session at one moment; holds their memory, and nothing of the lake.
#[derive(Clone, Debug)]
pub struct Savepoint(ScratchTables);

impl Session {
    /// The session of this user: the name that `system.queries` shows, and by which one's own queries are told apart.
    #[must_use]
    pub fn named(self, user: &str) -> Self {
        Self {
            user: Some(user.into()),
            ..self
        }
    }

    /// The session as it is used from an address, for the audit log.
    #[must_use]
    pub fn used_from(self, peer: Option<IpAddr>) -> Self {
        Self { peer, ..self }
    }

    /// Every variable that is set, with its value, to be given to [`Session::with_settings`] elsewhere.
    pub fn settings(&self) -> Vec<(String, String)> {
        self.variables().all()
    }

    /// The schema of names without one.
    pub fn current_schema(&self) -> String {
        self.variables().schema().to_string()
    }

    /// The session with variables of its own that have exactly these values.
    ///
    /// # Errors
    /// When there is no such variable, or its value cannot be used in this session.
    pub async fn with_settings(&self, settings: &[(String, String)]) -> Result<Self> {
        let fork = Self {
            variables: Arc::new(Mutex::default()),
            ..self.clone()
        };
        let scope = self.newest_scope().await?;
        fork.change_variables(&scope, |variables| {
            let mut settings = settings.iter();
            settings.try_for_each(|(name, value)| variables.set(name, value))
        })?;
        Ok(fork)
    }

    /// The value of one variable, as `SHOW` tells it; `None` when it is not set.
    ///
    /// # Errors
    /// When there is no such variable.
    pub fn show(&self, name: &str) -> Result<Option<String>> {
        self.variables().get(name)
    }

    /// Sets one variable, as `SET` does; an empty value resets it.
    ///
    /// # Errors
    /// When there is no such variable, or its value cannot be used.
    pub async fn set(&self, name: &str, value: &str) -> Result<()> {
        let scope = self.newest_scope().await?;
        self.change_variables(&scope, |variables| variables.set(name, value))
    }

    /// The session as it reads the lake at an earlier commit, if that is remembered (`snapshot_count_max`).
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not.
    pub async fn at_commit(&self, commit: u64) -> Result<Self> {
        let lake = self.database.lake();
        if lake.snapshot().commit() < commit {
            lake.refresh().await?;
        }
        self.database.newest_snapshot();
        let snapshot = self.database.snapshot_at(commit);
        let snapshot = snapshot.ok_or_else(|| {
            Error::NotFound(format!(
                "commit {commit} of the lake is not remembered any more (`snapshot_count_max`); plan the query again"
            ))
        })?;
        Ok(Self {
            snapshot: Some(snapshot),
            ..self.clone()
        })
    }

    /// The scratch tables as they are now.
    pub fn savepoint(&self) -> Savepoint {
        Savepoint(self.scratch.tables())
    }

    /// Makes the scratch tables what they were.
    pub fn roll_back_to(&self, savepoint: Savepoint) {
        self.scratch.restore(savepoint.0);
    }
}
