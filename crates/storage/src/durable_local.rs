//! The local file system as an object store whose writes survive a power loss.
//!
//! `object_store`'s `LocalFileSystem` does not fsync. Here a put is: write a temporary file beside the target, fsync it,
//! rename it (or hard-link it, where the target must not exist yet), fsync the folder, and once per new folder also its
//! parents. Guarantees: after a put has returned, the object is there whole after any crash; before, it is there whole or
//! not at all. Everything else is `LocalFileSystem`, but for reads of what is in memory already ([`read_cached`]).
//!
//! The data files of a load are many and nobody knows them before the load commits. They are written plainly
//! ([`write_new_file`]), and one `syncfs` makes all of them durable before the commit ([`sync_file_system`]).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions,
    Result,
};

use crate::page_cache::read_cached;

const STORE: &str = "DurableLocal";

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct DurableLocal {
    inner: LocalFileSystem,
}

impl DurableLocal {
    /// The whole file system; paths are absolute without their first `/`.
    pub(crate) fn new() -> Self {
        Self {
            inner: LocalFileSystem::new(),
        }
    }
}

impl fmt::Display for DurableLocal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STORE)
    }
}

fn generic(error: std::io::Error) -> Error {
    Error::Generic {
        store: STORE,
        source: Box::new(error),
    }
}

/// fsync of a folder, so that names created in it stay.
fn sync_folder(folder: &FilePath) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Creates the folder and those above it, durably.
pub(crate) fn create_folder(folder: &FilePath) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        create_folder(parent)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(error) => return Err(error),
            Ok(()) => sync_folder(parent)?,
        }
    }
    Ok(())
}

/// Writes a file that nobody else knows yet. It is durable after the next [`sync_file_system`].
pub(crate) fn write_new_file(path: &FilePath, bytes: &[u8]) -> std::io::Result<()> {
    let open = || OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = match open() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            open()?
        }
        opened => opened?,
    };
    file.write_all(bytes)
}

/// Waits until everything written to the folder's file system so far is durable.
pub(crate) fn sync_file_system(folder: &FilePath) -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    return Ok(rustix::fs::syncfs(File::open(folder)?)?);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        rustix::fs::sync();
        Ok(())
    }
}

fn put_durably(path: &FilePath, payload: &PutPayload, create: bool) -> std::io::Result<()> {
    let folder = path
        .parent()
        .ok_or_else(|| std::io::Error::other("the path has no folder"))?;
    create_folder(folder)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // `#digits` at the end is how LocalFileSystem marks (and hides) files that are being written
    let staging: PathBuf = folder.join(format!("{name}#{}", rand::random::<u32>()));
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&staging)?;
        payload.iter().try_for_each(|part| file.write_all(part))?;
        file.sync_all()?;
        drop(file);
        if create {
            fs::hard_link(&staging, path)?;
            fs::remove_file(&staging)
        } else {
            fs::rename(&staging, path)
        }
    })();
    if written.is_err() {
        // best effort: what is left is invisible
        let _ = fs::remove_file(&staging);
    }
    written.and_then(|()| sync_folder(folder))
}

#[async_trait]
impl ObjectStore for DurableLocal {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) {
            return self.inner.put_opts(location, payload, options).await;
        }
        let path = self.inner.path_to_filesystem(location)?;
        let create = matches!(options.mode, PutMode::Create);
        let task =
            tokio::task::spawn_blocking(move || (put_durably(&path, &payload, create), path));
        let (written, path) = task.await.map_err(|source| Error::JoinError { source })?;
        match written {
            Ok(()) => Ok(PutResult {
                e_tag: None,
                version: None,
            }),
            Err(error) if create && error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Error::AlreadyExists {
                    path: path.display().to_string(),
                    source: Box::new(error),
                })
            }
            Err(error) => Err(generic(error)),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let path = self.inner.path_to_filesystem(location)?;
        let inner = self.inner.put_multipart_opts(location, options).await?;
        Ok(Box::new(DurableUpload { inner, path }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let path = self.inner.path_to_filesystem(location)?;
        match read_cached(&path, ranges) {
            Some(parts) => Ok(parts),
            None => self.inner.get_ranges(location, ranges).await,
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

/// A multipart upload that is synced when it completes (checkpoints are written this way).
#[derive(Debug)]
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> object_store::UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let path = self.path.clone();
        let synced = tokio::task::spawn_blocking(move || {
            File::open(&path)?.sync_all()?;
            path.parent().map_or(Ok(()), sync_folder)
        });
        synced
            .await
            .map_err(|source| Error::JoinError { source })?
            .map_err(generic)?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;

    use super::*;

    #[tokio::test]
    async fn an_object_is_created_once_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let store = DurableLocal::new();
        let path = Path::from_absolute_path(dir.path()).unwrap();
        let path = Path::parse(format!("{path}/a%2Fb/c.json")).unwrap();
        let create = PutOptions {
            mode: PutMode::Create,
            ..Default::default()
        };
        store
            .put_opts(&path, "one".into(), create.clone())
            .await
            .unwrap();
        let again = store
            .put_opts(&path, "two".into(), create)
            .await
            .unwrap_err();
        assert!(matches!(again, Error::AlreadyExists { .. }), "{again}");
        assert_eq!(
            store.get(&path).await.unwrap().bytes().await.unwrap(),
            "one"
        );
        store.put(&path, "three".into()).await.unwrap();
        assert_eq!(
            store.get(&path).await.unwrap().bytes().await.unwrap(),
            "three"
        );
        let names: Vec<_> = fs::read_dir(dir.path().join("a%2Fb"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(names, ["c.json"], "no staging file is left");
    }
}
