//! The in-memory file index: which data files exist, by table, chatbot and day.
//!
//! Guarantees: a snapshot never changes; taking one and advancing the index cost nothing that grows with the number of
//! files in the lake (persistent maps share what did not change); finding the files of one chatbot and some days touches
//! only those.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use chatlake_types::Day;
use imbl::OrdMap;

use crate::data_file::{DataFile, Partition};
use crate::journal::JournalEntry;

/// The files of one partition, in commit order.
type Files = Arc<Vec<Arc<DataFile>>>;
/// The partitions of one chatbot, by day.
type Days = OrdMap<i32, Files>;

/// The active files of one stored table.
#[derive(Clone, Debug, Default)]
pub struct TableFiles {
    partitions: OrdMap<Option<Arc<str>>, Days>,
    /// Files of an unpartitioned table.
    flat: Files,
    file_count: usize,
    row_count: u64,
    size_bytes: u64,
}

impl TableFiles {
    /// Active files.
    pub fn file_count(&self) -> usize {
        self.file_count
    }

    /// Rows over all active files.
    pub fn row_count(&self) -> u64 {
        self.row_count
    }

    /// Bytes of all active files.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Every active file, by chatbot, day and commit.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<DataFile>> {
        let partitioned = self
            .partitions
            .values()
            .flat_map(|days| days.values().flat_map(|files| files.iter()));
        partitioned.chain(self.flat.iter())
    }

    /// The chatbots that have files (`None`: rows without a chatbot).
    pub fn chatbots(&self) -> impl Iterator<Item = &Option<Arc<str>>> {
        self.partitions.keys()
    }

    /// Files of one chatbot whose day lies in the range; touches only those.
    pub fn of_chatbot<'a>(
        &'a self,
        chatbot_id: &Option<Arc<str>>,
        days: RangeInclusive<Day>,
    ) -> impl Iterator<Item = &'a Arc<DataFile>> + use<'a> {
        let range = days.start().0..=days.end().0;
        let found = if range.is_empty() {
            None
        } else {
            self.partitions.get(chatbot_id)
        };
        found
            .into_iter()
            .flat_map(move |days| days.range(range.clone()))
            .flat_map(|(_, files)| files.iter())
    }

    /// Files of one partition.
    pub fn of_partition(&self, partition: &Partition) -> &[Arc<DataFile>] {
        let found = self
            .partitions
            .get(&partition.chatbot_id)
            .and_then(|days| days.get(&partition.day));
        found.map_or(&[], |files| files.as_slice())
    }

    /// Files of an unpartitioned table.
    pub fn unpartitioned(&self) -> &[Arc<DataFile>] {
        &self.flat
    }

    /// The largest `ingest_seq` stored; 0 when there is none.
    pub(crate) fn ingest_seq_max(&self) -> i64 {
        self.iter()
            .map(|file| file.stats.ingest_seq.1)
            .max()
            .unwrap_or(0)
    }

    /// Adds many files; the same as adding them one by one, without copying a partition's list for each.
    pub(crate) fn add_all(&mut self, files: impl IntoIterator<Item = Arc<DataFile>>) {
        let mut grouped: BTreeMap<Option<Partition>, Vec<Arc<DataFile>>> = BTreeMap::new();
        for file in files {
            self.file_count += 1;
            self.row_count += file.stats.row_count;
            self.size_bytes += file.size_bytes;
            grouped
                .entry(file.partition.clone())
                .or_default()
                .push(file);
        }
        for (partition, added) in grouped {
            let list = match partition {
                None => &mut self.flat,
                Some(partition) => self
                    .partitions
                    .entry(partition.chatbot_id)
                    .or_default()
                    .entry(partition.day)
                    .or_default(),
            };
            Arc::make_mut(list).extend(added);
        }
    }

    /// Removes a file; nothing happens when it is not there.
    pub(crate) fn remove(&mut self, file: &DataFile) {
        let list = match &file.partition {
            None => &mut self.flat,
            Some(partition) => {
                let days = self
                    .partitions
                    .entry(partition.chatbot_id.clone())
                    .or_default();
                days.entry(partition.day).or_default()
            }
        };
        let before = list.len();
        Arc::make_mut(list).retain(|other| other.path != file.path);
        if list.len() < before {
            self.file_count -= 1;
            self.row_count -= file.stats.row_count;
            self.size_bytes -= file.size_bytes;
        }
    }
}

/// The lake as of one commit; never changes.
#[derive(Clone, Debug, Default)]
pub struct LakeSnapshot {
    commit: u64,
    ingest_seq_max: i64,
    tables: BTreeMap<&'static str, TableFiles>,
}

impl LakeSnapshot {
    pub(crate) fn new(commit: u64, tables: BTreeMap<&'static str, TableFiles>) -> Self {
        let ingest_seq_max = tables
            .values()
            .map(TableFiles::ingest_seq_max)
            .max()
            .unwrap_or(0);
        Self {
            commit,
            ingest_seq_max,
            tables,
        }
    }

    /// Number of the last commit contained; 0 for an empty lake.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// The largest `ingest_seq` given so far.
    pub fn ingest_seq_max(&self) -> i64 {
        self.ingest_seq_max
    }

    /// The files of a stored table; `None` when the table is unknown.
    pub fn table(&self, name: &str) -> Option<&TableFiles> {
        self.tables.get(name)
    }

    /// All stored tables with their files, by name.
    pub fn tables(&self) -> impl Iterator<Item = (&'static str, &TableFiles)> {
        self.tables.iter().map(|(name, files)| (*name, files))
    }

    /// The snapshot after one more commit. `applied` tells tables that already contain it.
    pub(crate) fn advance(&self, entry: &JournalEntry, applied: impl Fn(&str) -> bool) -> Self {
        let mut next = self.clone();
        next.commit = next.commit.max(entry.commit);
        next.ingest_seq_max = next.ingest_seq_max.max(entry.ingest_seq_max);
        for (name, files) in &mut next.tables {
            let Some(actions) = entry.tables.get(*name).filter(|_| !applied(name)) else {
                continue;
            };
            for file in &actions.removes {
                files.remove(file);
            }
            files.add_all(actions.adds.iter().map(Arc::clone));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_file::FileStats;

    fn file(chatbot: &str, day: i32, name: &str) -> Arc<DataFile> {
        Arc::new(DataFile {
            path: name.into(),
            size_bytes: 10,
            modified_ms: 0,
            partition: Some(Partition {
                chatbot_id: Some(chatbot.into()),
                day,
            }),
            stats: FileStats {
                row_count: 2,
                ingest_seq: (1, 2),
                ..FileStats::default()
            },
        })
    }

    #[test]
    fn a_snapshot_keeps_what_it_saw_while_the_index_moves_on() {
        let mut files = TableFiles::default();
        files.add_all([file("a", 1, "x"), file("a", 2, "y"), file("b", 1, "z")]);
        let before = files.clone();
        files.remove(&file("a", 1, "x"));
        files.add_all([file("a", 3, "w")]);
        assert_eq!(
            (before.file_count(), before.row_count(), before.size_bytes()),
            (3, 6, 30)
        );
        assert_eq!(files.file_count(), 3);
        let names = |files: &TableFiles, days: RangeInclusive<i32>| -> Vec<String> {
            let days = Day(*days.start())..=Day(*days.end());
            files
                .of_chatbot(&Some("a".into()), days)
                .map(|file| file.path.to_string())
                .collect()
        };
        assert_eq!(names(&before, 1..=9), ["x", "y"]);
        assert_eq!(names(&files, 1..=9), ["y", "w"]);
        assert_eq!(names(&files, 4..=9), [""; 0]);
    }
}
