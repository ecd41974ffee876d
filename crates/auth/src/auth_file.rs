//! The auth file on the disk: read again when it changes, changed by one writer at a time.
//!
//! 1. A login looks at the file's time, length and place first; a call of an open session does so when the last look is older
//!    than the caller allows. A difference makes it read the file again.
//! 2. A change takes a lock that other processes honour, reads the newest file, changes it in memory, checks it as if it had
//!    been read, and puts it in place whole.
//!
//! Guarantees: no change is lost, however many programs make one; a file that cannot be read or understood lets nobody in
//! until it can (the change that broke it may have been a revocation), and the log says once what is wrong with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatlake_types::Clock;

use crate::book::Book;
use crate::directory::Directory;
use crate::private_file::{self, Stamp};
use crate::{Error, Result};

/// See the module's documentation.
#[derive(Debug)]
pub struct AuthFile {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    looked_at_micros: i64,
    /// Of the file and of those that it names.
    stamps: Vec<(PathBuf, Option<Stamp>)>,
    /// `None` when the file keeps everybody out.
    directory: Option<Arc<Directory>>,
}

impl AuthFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When there is none, others may read it, or it does not hold what it should.
    pub fn open(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Result<Self> {
        let file = Self::named(path, clock);
        let state = file.load();
        let directory = state.1?;
        *file.lock() = State {
            directory: Some(directory),
            ..state.0
        };
        Ok(file)
    }

    /// The file at `path`, which is made by the first change.
    pub fn named(path: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Self {
        Self {
            path: path.into(),
            clock,
            state: Mutex::new(State {
                looked_at_micros: i64::MIN,
                stamps: Vec::new(),
                directory: None,
            }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the key of [`crate::Signer`] belongs: beside it.
    pub fn signing_key_path(&self) -> PathBuf {
        self.path.with_file_name("signing.key")
    }

    /// Where the log of [`crate::AuditFile`] belongs: beside it.
    pub fn audit_log_path(&self) -> PathBuf {
        self.path.with_file_name("audit.ndjson")
    }

    /// Where the present comes from.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// What the file says, as of at most `age_max_ms` ago.
    pub(crate) fn directory(&self, age_max_ms: u64) -> Result<Arc<Directory>> {
        let now_micros = self.clock.now_micros();
        let mut state = self.lock();
        let age_micros = now_micros.saturating_sub(state.looked_at_micros);
        let age_max_micros = i64::try_from(age_max_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        // a clock that went back says nothing about the age
        if !(0..age_max_micros).contains(&age_micros) {
            self.look(&mut state, now_micros);
        }
        state.directory.clone().ok_or(Error::Closed)
    }

    /// Reads the file again if it, or one that it names, is not what it was.
    fn look(&self, state: &mut State, now_micros: i64) {
        state.looked_at_micros = now_micros;
        let is_same = |(path, stamp): &(PathBuf, Option<Stamp>)| {
            stamp.is_some() && private_file::stamp(path) == *stamp
        };
        let was_read = !state.stamps.is_empty();
        if was_read && state.stamps.iter().all(is_same) {
            return;
        }
        let was_good = state.directory.is_some();
        let (loaded, directory) = self.load();
        let is_news = loaded.stamps != state.stamps || was_good;
        *state = loaded;
        match directory {
            Ok(directory) => state.directory = Some(directory),
            Err(error) if is_news => {
                tracing::error!(%error, "nobody can log in until the auth file is mended");
            }
            Err(_) => {}
        }
    }

    /// Reads the file; its stamp is taken first, so that a change in the meantime is seen next time.
    fn load(&self) -> (State, Result<Arc<Directory>>) {
        let mut stamps = vec![(self.path.clone(), private_file::stamp(&self.path))];
        let directory = self.read().and_then(|book| {
            let folder = private_file::folder_of(&self.path);
            if let Some(jwt) = &book.jwt {
                let source = jwt.source(&folder);
                stamps.push((source.clone(), private_file::stamp(&source)));
            }
            Ok(Arc::new(Directory::new(book, &folder)?))
        });
        let state = State {
            looked_at_micros: self.clock.now_micros(),
            stamps,
            directory: None,
        };
        (state, directory)
    }

    /// What the file says now.
    pub(crate) fn read(&self) -> Result<Book> {
        let text = private_file::read(&self.path)?.ok_or_else(|| Error::NoFile {
            path: self.path.display().to_string(),
        })?;
        Book::parse(&text).map_err(|reason| Error::bad_file(&self.path, reason))
    }

    /// Changes the file, or makes it. Nothing is written when `change` fails. Blocks while another program changes it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Book) -> Result<T>) -> Result<T> {
        let _turn = private_file::lock(&self.path)?;
        let mut book = match self.read() {
            Err(Error::NoFile { .. }) => Book::default(),
            other => other?,
        };
        let changed = change(&mut book)?;
        book.check()
            .map_err(|reason| Error::bad_file(&self.path, reason))?;
        private_file::write(&self.path, &book.text()?)?;
        let now_micros = self.clock.now_micros();
        self.look(&mut self.lock(), now_micros);
        Ok(changed)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // a panic elsewhere cannot leave it half changed: it is replaced whole
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
