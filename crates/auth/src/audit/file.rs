//! The audit log as lines of JSON in a file of limited size.
//!
//! `audit.ndjson` is written to; when it is full it becomes `audit.1.ndjson`, what was that becomes `audit.2.ndjson`, and the
//! oldest goes. A line is one write to a file opened for appending, so several programs can share the log; one of them at a time
//! turns it over.
//!
//! Guarantees: only the server's own user can read it; a line is whole; at most `file_count_max` files of `file_bytes_max` are
//! kept (and one line more each). Lines are handed to the system one by one, so they survive the end of the process, but not each
//! of them a loss of power.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{AuditEvent, AuditSink};
use crate::private_file::{self, Stamp};
use crate::{Error, Result};

/// Longest line that is read back, in bytes.
const LINE_BYTES_MAX: usize = 256 << 10;

/// How much of the log is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditLimits {
    /// Size at which a file is full, in bytes.
    pub file_bytes_max: u64,
    /// Files that are kept, the one that is written to included.
    pub file_count_max: usize,
}

impl Default for AuditLimits {
    fn default() -> Self {
        Self {
            file_bytes_max: 64 << 20,
            file_count_max: 10,
        }
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub struct AuditFile {
    path: PathBuf,
    limits: AuditLimits,
    open: Mutex<Option<(File, u64)>>,
    lost_count: AtomicU64,
}

impl AuditFile {
    /// The log at `path`, which ends in `.ndjson`; made when it is not there.
    ///
    /// # Errors
    /// When the file cannot be opened for writing.
    pub fn open(path: impl Into<PathBuf>, limits: AuditLimits) -> Result<Self> {
        let log = Self {
            path: path.into(),
            limits,
            open: Mutex::default(),
            lost_count: AtomicU64::new(0),
        };
        private_file::make_folder(&log.path)?;
        let file = log.append().map_err(Error::io("write", &log.path))?;
        *log.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(log)
    }

    /// Events that could not be kept since it was opened.
    pub fn lost_count(&self) -> u64 {
        self.lost_count.load(Ordering::Relaxed)
    }

    /// The newest events, at most `count_max`, the newest first. Lines that hold no event are passed over.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn newest(&self, count_max: usize) -> Result<Vec<AuditEvent>> {
        self.newest_of(count_max, |_| true)
    }

    /// The newest events among those that `is_wanted` takes, otherwise as [`AuditFile::newest`].
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn newest_of(
        &self,
        count_max: usize,
        is_wanted: impl Fn(&AuditEvent) -> bool,
    ) -> Result<Vec<AuditEvent>> {
        let mut newest = Vec::new();
        for number in 0..self.limits.file_count_max {
            let missing_count = count_max - newest.len();
            if missing_count == 0 {
                break;
            }
            let path = self.numbered(number);
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => break,
                Err(error) => return Err(Error::io("read", &path)(error)),
            };
            let events = last_events(file, missing_count, &is_wanted);
            newest.extend(events.map_err(Error::io("read", &path))?);
        }
        Ok(newest)
    }

    fn write(&self, line: &[u8]) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let was = open.as_ref().map(|(_, inode)| *inode);
        let now = private_file::stamp(&self.path);
        if was.is_none() || now.map(Stamp::inode) != was {
            // another program turned the log over, or somebody removed it
            *open = Some(self.append()?);
        }
        if now.is_some_and(|stamp| stamp.size_bytes() >= self.limits.file_bytes_max) {
            self.turn_over()?;
            *open = Some(self.append()?);
        }
        match open.as_mut() {
            Some((file, _)) => file.write_all(line),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn append(&self) -> io::Result<(File, u64)> {
        let mut options = File::options();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&self.path)?;
        let inode = private_file::stamp_of(&file.metadata()?).inode();
        Ok((file, inode))
    }

    /// Moves every file one number up, unless another program just did.
    fn turn_over(&self) -> io::Result<()> {
        let _turn = private_file::lock(&self.path).map_err(io::Error::other)?;
        let size_bytes = private_file::stamp(&self.path).map_or(0, Stamp::size_bytes);
        if size_bytes < self.limits.file_bytes_max {
            return Ok(());
        }
        let last = self.limits.file_count_max.max(1) - 1;
        if last == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (0..last).rev() {
            let (from, to) = (self.numbered(number), self.numbered(number + 1));
            match fs::rename(&from, &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// `audit.ndjson` for 0, `audit.3.ndjson` for 3.
    fn numbered(&self, number: usize) -> PathBuf {
        if number == 0 {
            return self.path.clone();
        }
        let stem = self.path.file_stem().unwrap_or_default();
        let mut name = stem.to_owned();
        name.push(format!(".{number}.ndjson"));
        self.path.with_file_name(name)
    }
}

impl AuditSink for AuditFile {
    fn record(&self, event: &AuditEvent) {
        let line = serde_json::to_vec(event).map_err(io::Error::other);
        let written = line.and_then(|mut line| {
            line.push(b'\n');
            self.write(&line)
        });
        if let Err(error) = written {
            let lost_count = self.lost_count.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(%error, lost_count, "an event of the audit log is lost");
        }
    }
}

/// The last events of a file, the newest first.
fn last_events(
    file: File,
    count_max: usize,
    is_wanted: &impl Fn(&AuditEvent) -> bool,
) -> io::Result<Vec<AuditEvent>> {
    let mut events = VecDeque::new();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        if line.len() <= LINE_BYTES_MAX
            && let Ok(event) = serde_json::from_slice::<AuditEvent>(&line)
            && is_wanted(&event)
        {
            if events.len() == count_max {
                events.pop_front();
            }
            events.push_back(event);
        }
        line.clear();
    }
    Ok(events.into_iter().rev().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audit::{AuditAction, Outcome};
    use crate::{Principal, PrincipalKind};

    fn event(number: i64) -> AuditEvent {
        AuditEvent::new(number, AuditAction::Query)
            .by(&Principal::anonymous())
            .about("SELECT 'clk_0123456789abcdef_0123456789012345678901234567890123456789012'\n")
            .measured(1, 2, 3)
    }

    #[test]
    fn what_was_recorded_is_read_back_newest_first_and_without_secrets() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ndjson");
        let log = AuditFile::open(&path, AuditLimits::default()).unwrap();
        let refused =
            AuditEvent::new(9, AuditAction::Login).ended(Outcome::Refused, "bad_credential");
        (0..5).for_each(|number| log.record(&event(number)));
        log.record(&refused);
        assert_eq!(log.newest(2).unwrap(), [refused, event(4)]);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 6);
        assert!(!text.contains("012345678901"), "{text}");
        assert_eq!(
            log.newest(100).unwrap()[1].kind,
            Some(PrincipalKind::Anonymous)
        );
    }

    #[test]
    fn the_log_is_turned_over_by_size_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ndjson");
        let limits = AuditLimits {
            file_bytes_max: 1_000,
            file_count_max: 3,
        };
        let log = AuditFile::open(&path, limits).unwrap();
        (0..100).for_each(|number| log.record(&event(number)));
        let kept = log.newest(1_000).unwrap();
        assert!(kept.len() > 8 && kept.len() < 30, "{}", kept.len());
        let instants: Vec<i64> = kept.iter().map(AuditEvent::at_micros).collect();
        let last = instants.len() as i64;
        assert_eq!(instants, (100 - last..100).rev().collect::<Vec<_>>());
        let files = fs::read_dir(folder.path()).unwrap().filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().ends_with(".ndjson")
        });
        assert_eq!((files.count(), log.lost_count()), (3, 0));
    }

    #[test]
    fn programs_that_share_a_log_lose_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ndjson");
        let limits = AuditLimits {
            file_bytes_max: 20_000,
            file_count_max: 1_000,
        };
        let logs: Vec<Arc<AuditFile>> = (0..4)
            .map(|_| Arc::new(AuditFile::open(&path, limits).unwrap()))
            .collect();
        std::thread::scope(|scope| {
            for log in &logs {
                scope.spawn(|| (0..500).for_each(|number| log.record(&event(number))));
            }
        });
        assert_eq!(logs[0].newest(10_000).unwrap().len(), 2_000);
        fs::remove_file(&path).unwrap();
        logs[1].record(&event(7));
        assert_eq!(logs[1].newest(1).unwrap(), [event(7)]);
    }

    #[test]
    fn a_line_that_is_no_event_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.ndjson");
        let log = AuditFile::open(&path, AuditLimits::default()).unwrap();
        log.record(&event(1));
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"{\"at\": 5}\nnot json\n\xff\xfe\n")
            .unwrap();
        log.record(&event(2));
        assert_eq!(log.newest(10).unwrap(), [event(2), event(1)]);
    }
}
