//! Files written beside a load: rejects and outcomes.
//!
//! Guarantees: never one of the files that are read; a write that fails late (a full disk) is an error, not silence.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::Input;
use crate::error::{Error, Result};

/// A file that several loads write to, one after another.
pub struct SideFile {
    path: PathBuf,
    file: Arc<Mutex<BufWriter<File>>>,
}

impl SideFile {
    /// Creates (or empties) the file at `path`, unless it is one of `inputs`.
    pub fn create(path: &Path, inputs: &[Input]) -> Result<Self> {
        let is_input =
            |input: &&Input| match (input.path().map(Path::canonicalize), path.canonicalize()) {
                (Some(Ok(input)), Ok(path)) => input == path && path.is_file(),
                _ => false,
            };
        if let Some(input) = inputs.iter().find(is_input) {
            return Err(Error::Usage(format!(
                "expected another file than the input to write to, found `{}`",
                input.name()
            )));
        }
        let file = File::create(path).map_err(|source| Error::File {
            action: "write",
            path: path.display().to_string(),
            source,
        })?;
        Ok(Self {
            path: path.to_path_buf(),
            file: Arc::new(Mutex::new(BufWriter::new(file))),
        })
    }

    /// A writer for one load.
    pub fn writer(&self) -> Box<dyn Write + Send> {
        Box::new(Shared(Arc::clone(&self.file)))
    }

    /// Writes what is still buffered.
    pub fn finish(self) -> Result<()> {
        Shared(self.file).flush().map_err(|source| Error::File {
            action: "write",
            path: self.path.display().to_string(),
            source,
        })
    }
}

struct Shared(Arc<Mutex<BufWriter<File>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // a panic elsewhere leaves the buffer as it was
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush()
    }
}
