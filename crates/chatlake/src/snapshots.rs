//! The last commits that queries were planned on, so that whoever holds a ticket reads what it was made for.
//!
//! Guarantees: at most `snapshot_count_max` of them; they share what did not change, so one costs little memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatlake_storage::LakeSnapshot;

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Snapshots {
    count_max: usize,
    /// Oldest first.
    last: Mutex<VecDeque<Arc<LakeSnapshot>>>,
}

impl Snapshots {
    pub(crate) fn new(count_max: usize) -> Self {
        Self {
            count_max: count_max.max(1),
            last: Mutex::default(),
        }
    }

    /// Remembers a commit; the oldest one makes room.
    pub(crate) fn remember(&self, snapshot: &Arc<LakeSnapshot>) {
        let mut last = self.lock();
        if last.iter().any(|known| known.commit() == snapshot.commit()) {
            return;
        }
        while last.len() >= self.count_max {
            last.pop_front();
        }
        last.push_back(Arc::clone(snapshot));
    }

    /// The lake as of a commit.
    pub(crate) fn at(&self, commit: u64) -> Option<Arc<LakeSnapshot>> {
        let last = self.lock();
        let mut known = last.iter().rev();
        known
            .find(|snapshot| snapshot.commit() == commit)
            .map(Arc::clone)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<LakeSnapshot>>> {
        // a panic elsewhere cannot leave the list half changed
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
