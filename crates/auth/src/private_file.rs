//! Files that only the server's own user may read: written whole or not at all.
//!
//! Guarantees: a reader sees the old text or the new one, after a crash too; others of the machine get no rights; a file that
//! others may read or write is refused with the command that mends it.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use crate::{Error, Result};

/// Largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// What tells a file from what it was: time of change, length, and place on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<std::time::SystemTime>,
    size_bytes: u64,
    inode: u64,
}

impl Stamp {
    /// How long the file is.
    pub(crate) fn size_bytes(self) -> u64 {
        self.size_bytes
    }

    /// Which file it is, whatever its name; 0 where the system does not say.
    pub(crate) fn inode(self) -> u64 {
        self.inode
    }
}

/// The stamp of a file; `None` when there is none.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    Some(stamp_of(&fs::metadata(path).ok()?))
}

/// The stamp of a file that is open.
pub(crate) fn stamp_of(metadata: &fs::Metadata) -> Stamp {
    Stamp {
        modified: metadata.modified().ok(),
        size_bytes: metadata.len(),
        inode: inode(metadata),
    }
}

#[cfg(unix)]
fn inode(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_: &fs::Metadata) -> u64 {
    0
}

/// The text of a file; `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<String>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let metadata = file.metadata().map_err(Error::io("read", path))?;
    refuse_shared(path, &metadata)?;
    if metadata.len() > FILE_BYTES_MAX {
        return Err(Error::bad_file(
            path,
            format!(
                "expected at most {FILE_BYTES_MAX} bytes, found {}",
                metadata.len()
            ),
        ));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(Error::io("read", path))?;
    let text = String::from_utf8(bytes);
    Ok(Some(text.map_err(|_| {
        Error::bad_file(path, "expected UTF-8 text")
    })?))
}

#[cfg(unix)]
fn refuse_shared(path: &Path, metadata: &fs::Metadata) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    // a group may read: that is how secrets are mounted into containers
    if mode & 0o027 == 0 {
        return Ok(());
    }
    Err(Error::bad_file(
        path,
        format!(
            "expected a file that only its owner writes and others cannot read, found mode {mode:03o}; `chmod 600` mends it"
        ),
    ))
}

#[cfg(not(unix))]
fn refuse_shared(_: &Path, _: &fs::Metadata) -> Result<()> {
    Ok(())
}

/// Replaces the file, or makes it.
pub(crate) fn write(path: &Path, text: &str) -> Result<()> {
    // through a link, so that the link stays one
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let written = write_beside(path, text)?;
    written
        .persist(path)
        .map_err(|error| Error::io("write", path)(error.error))?;
    sync_folder(path)
}

/// Makes the file; `false` when somebody else made it first.
pub(crate) fn create(path: &Path, text: &str) -> Result<bool> {
    match write_beside(path, text)?.persist_noclobber(path) {
        Ok(_) => sync_folder(path).map(|()| true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(Error::io("write", path)(error.error)),
    }
}

/// The folder of a file.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_path_buf()
}

/// Makes the folder of a file, closed to others.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(Error::io("make the folder", &folder))
}

/// A file beside `path` with the text, on the disk; it has mode 600 as all files of `tempfile`.
fn write_beside(path: &Path, text: &str) -> Result<tempfile::NamedTempFile> {
    make_folder(path)?;
    let failed = || Error::io("write", path);
    let mut file = Builder::new()
        .prefix(".auth-")
        .suffix(".partial")
        .tempfile_in(folder_of(path))
        .map_err(failed())?;
    file.write_all(text.as_bytes()).map_err(failed())?;
    file.as_file().sync_all().map_err(failed())?;
    Ok(file)
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = folder_of(path);
    let synced = File::open(&folder).and_then(|folder| folder.sync_all());
    synced.map_err(Error::io("write", &folder))
}

/// Holds the file `<path>.lock` until it is dropped: one writer at a time, in whatever process.
pub(crate) fn lock(path: &Path) -> Result<File> {
    make_folder(path)?;
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let failed = || Error::io("lock", &lock_path);
    let file = options.open(&lock_path).map_err(failed())?;
    file.lock().map_err(failed())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_private_and_one_that_is_not_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner/auth.toml");
        write(&path, "text").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (mode(&path), mode(&folder.path().join("inner"))),
            (0o600, 0o700)
        );
        for (bits, is_good) in [(0o400, true), (0o440, true), (0o644, false), (0o620, false)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
            assert_eq!(read(&path).is_ok(), is_good, "{bits:o}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        write(&real, "one").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, "two").unwrap();
        assert_eq!(read(&real).unwrap().as_deref(), Some("two"));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert_eq!(read(&path).unwrap(), None);
        assert!(create(&path, "first").unwrap() && !create(&path, "second").unwrap());
        assert_eq!(read(&path).unwrap().as_deref(), Some("first"));
    }
}
