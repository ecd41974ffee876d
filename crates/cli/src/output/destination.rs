//! Where a result goes: standard output or a file.
//!
//! Guarantees: a file appears whole or not at all (it is written beside its place and renamed by
//! [`Destination::finish`]); what is no regular file (a pipe, `/dev/null`) is written directly; the first failure of
//! the underlying stream is remembered, because the format libraries wrap it beyond recognition.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::error::{Error, Result};

/// Bytes gathered before the system is asked to write.
const WRITE_BUFFER_BYTES: usize = 64 << 10;

/// A stream of bytes that remembers why it failed.
pub struct OutputStream {
    inner: Box<dyn Write + Send>,
    failure: Option<io::ErrorKind>,
    is_file: bool,
}

impl OutputStream {
    /// Buffers `inner`; `is_file` says whether it ends as a file of its own.
    fn new(inner: impl Write + Send + 'static, is_file: bool) -> Self {
        let inner = Box::new(BufWriter::with_capacity(WRITE_BUFFER_BYTES, inner));
        Self {
            inner,
            failure: None,
            is_file,
        }
    }

    /// Does the stream end as a file of its own?
    pub fn is_file(&self) -> bool {
        self.is_file
    }

    /// `error`, unless the stream itself failed: then that.
    pub fn explain(&self, error: Error) -> Error {
        match self.failure {
            Some(kind) if !matches!(error, Error::Output(_)) => Error::Output(kind.into()),
            _ => error,
        }
    }

    fn remember<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            self.failure.get_or_insert(error.kind());
        }
        result
    }
}

impl Write for OutputStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.inner.write(bytes);
        self.remember(result)
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.inner.flush();
        self.remember(result)
    }
}

/// Where a result goes.
pub struct Destination {
    /// What the writers write to.
    pub stream: OutputStream,
    /// The unfinished file and the place it goes to.
    pending: Option<(TempPath, PathBuf)>,
}

impl Destination {
    /// Standard output.
    pub fn stdout() -> Self {
        Self {
            stream: OutputStream::new(stdout(), false),
            pending: None,
        }
    }

    /// The file at `path`, replaced when everything has been written.
    pub fn file(path: &Path) -> Result<Self> {
        let failed = |source| Error::File {
            action: "write",
            path: path.display().to_string(),
            source,
        };
        if path
            .metadata()
            .is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir())
        {
            let special = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return Ok(Self {
                stream: OutputStream::new(special, false),
                pending: None,
            });
        }
        if path.is_dir() {
            return Err(failed(io::ErrorKind::IsADirectory.into()));
        }
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let (file, unfinished) = create_beside(folder).map_err(failed)?.into_parts();
        let stream = OutputStream::new(file, true);
        Ok(Self {
            stream,
            pending: Some((unfinished, path.to_path_buf())),
        })
    }

    /// `path` when there is one, else standard output.
    pub fn of(path: Option<&Path>) -> Result<Self> {
        path.map_or_else(|| Ok(Self::stdout()), Self::file)
    }

    /// Is somebody looking at it right now?
    pub fn is_terminal(&self) -> bool {
        self.pending.is_none() && stdout().is_terminal()
    }

    /// Writes what is buffered and puts the file in its place.
    pub fn finish(mut self) -> Result<()> {
        self.stream.flush().map_err(Error::Output)?;
        if let Some((unfinished, path)) = self.pending {
            let failed = |source| Error::File {
                action: "write",
                path: path.display().to_string(),
                source,
            };
            unfinished
                .persist(&path)
                .map_err(|error| failed(error.error))?;
        }
        Ok(())
    }
}

/// A temporary file with the permissions an ordinary new file gets (tempfile's own default is for secrets).
fn create_beside(folder: &Path) -> io::Result<tempfile::NamedTempFile<File>> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".chatlake-").suffix(".partial");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.csv");
        let mut dropped = Destination::file(&path).unwrap();
        dropped.stream.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);

        let mut finished = Destination::file(&path).unwrap();
        finished.stream.write_all(b"whole").unwrap();
        finished.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn a_folder_is_no_place_for_a_result() {
        let folder = tempfile::tempdir().unwrap();
        let error = Destination::file(folder.path()).err().unwrap().to_string();
        assert!(error.ends_with("is a directory"), "{error}");
    }
}
