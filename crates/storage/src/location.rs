//! Where a lake is: a path, `file://`, `memory://` or (feature `s3`) `s3://bucket/prefix`.

use std::path::{Component, Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

use crate::durable_local::{DurableLocal, sync_file_system, write_new_file};
use crate::paths::LakePaths;
use crate::{Error, Result};

/// Data files above this size are put into an object store in parts.
const PUT_BYTES_MAX: usize = 16 << 20;

/// Bytes of a part (S3 wants 5 MiB or more, and 10,000 parts at the most).
const PART_BYTES: usize = 8 << 20;

/// A lake's location, with the object store that reaches it.
#[derive(Clone, Debug)]
pub struct Location {
    text: String,
    root_url: Url,
    root: Path,
    folder: Option<PathBuf>,
    store: Arc<dyn ObjectStore>,
    is_leased: bool,
}

impl Location {
    /// Understands a path or URL. Touches nothing.
    ///
    /// # Errors
    /// [`Error::BadLocation`] when it is not a location this build can reach.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |reason: &str| Error::BadLocation {
            url: text.to_owned(),
            reason: reason.to_owned(),
        };
        if text.trim().is_empty() {
            return Err(bad("expected a path or URL, found nothing"));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Self::local(text, FilePath::new(text));
        };
        let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
        match scheme {
            "file" => {
                let path = url
                    .to_file_path()
                    .map_err(|()| bad("expected an absolute path after `file://`"))?;
                Self::local(text, &path)
            }
            "memory" => Self::with_store(text, "memory:///", Arc::new(InMemory::new())),
            "s3" | "s3a" => Self::s3(text, &url),
            other => Err(bad(&format!(
                "expected a path, file://, memory:// or s3://, found the scheme `{other}`"
            ))),
        }
    }

    /// A location whose objects are in `store`, below the path of `root_url` (such as `memory:///`).
    ///
    /// # Errors
    /// [`Error::BadLocation`] when `root_url` is not a URL.
    pub fn with_store(text: &str, root_url: &str, store: Arc<dyn ObjectStore>) -> Result<Self> {
        let bad = |reason: String| Error::BadLocation {
            url: text.to_owned(),
            reason,
        };
        let mut root_url = Url::parse(root_url).map_err(|error| bad(error.to_string()))?;
        if !root_url.path().ends_with('/') {
            root_url.set_path(&format!("{}/", root_url.path()));
        }
        let root = Path::from_url_path(root_url.path()).map_err(|error| bad(error.to_string()))?;
        Ok(Self {
            text: text.to_owned(),
            root_url,
            root,
            folder: None,
            store,
            is_leased: false,
        })
    }

    fn local(text: &str, path: &FilePath) -> Result<Self> {
        let bad = |reason: String| Error::BadLocation {
            url: text.to_owned(),
            reason,
        };
        let folder = absolute(path).map_err(|error| bad(error.to_string()))?;
        if folder.exists() && !folder.is_dir() {
            return Err(bad("expected a folder, found a file".to_owned()));
        }
        let root_url = Url::from_directory_path(&folder)
            .map_err(|()| bad("not an absolute path".to_owned()))?;
        let root = Path::from_absolute_path(&folder).map_err(|error| bad(error.to_string()))?;
        Ok(Self {
            text: text.to_owned(),
            root_url,
            root,
            folder: Some(folder),
            store: Arc::new(DurableLocal::new()),
            is_leased: false,
        })
    }

    /// The credentials, region, endpoint, … come from the usual `AWS_*` variables. An endpoint that says `http://` means it:
    /// `AWS_ALLOW_HTTP` need not say it again.
    #[cfg(feature = "s3")]
    fn s3(text: &str, url: &Url) -> Result<Self> {
        use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
        let bad = |reason: String| Error::BadLocation {
            url: text.to_owned(),
            reason,
        };
        let bucket = url
            .host_str()
            .ok_or_else(|| bad("expected s3://bucket/prefix".to_owned()))?;
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            // the fence between two writers; nothing may switch it off
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint]
            .iter()
            .find_map(|key| builder.get_config_value(key));
        if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")) {
            builder = builder.with_allow_http(true);
        }
        let store = builder.build().map_err(|error| bad(error.to_string()))?;
        Ok(Self {
            is_leased: true,
            ..Self::with_store(text, text, Arc::new(store))?
        })
    }

    #[cfg(not(feature = "s3"))]
    fn s3(text: &str, _: &Url) -> Result<Self> {
        Err(Error::BadLocation {
            url: text.to_owned(),
            reason: "this build has no S3 support: build it with `--features s3`".to_owned(),
        })
    }

    /// The location as it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The folder of a lake on the local disk.
    pub fn folder(&self) -> Option<&FilePath> {
        self.folder.as_deref()
    }

    /// Whether writers on other machines may reach it, whom no lock of the operating system keeps out.
    pub(crate) fn is_shared(&self) -> bool {
        self.folder.is_none()
    }

    /// Whether writers keep an object that says who of them writes.
    pub(crate) fn is_leased(&self) -> bool {
        self.is_leased
    }

    /// The object store that holds the lake.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// The URL of the store, without a path: how an engine's registry of stores finds it.
    pub fn store_url(&self) -> Url {
        let mut url = self.root_url.clone();
        url.set_path("/");
        url
    }

    /// The lake's root inside of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Writes a data file of a load at a path below the lake's root, if the lake is on a local disk; blocks. Gives the bytes
    /// back otherwise. Nobody knows the file before the load commits; it is durable after [`Location::sync`].
    pub(crate) fn write_local(&self, relative: &str, bytes: Vec<u8>) -> Result<Option<Vec<u8>>> {
        let Some(folder) = &self.folder else {
            return Ok(Some(bytes));
        };
        let path = folder.join(relative);
        write_new_file(&path, &bytes).map_err(|error| Error::io("write", &path, error))?;
        Ok(None)
    }

    /// Puts a data file of a load into the object store, where it is durable at once; a large one in parts, so that each
    /// request ends within the client's time limit and is repeated alone when it fails.
    pub(crate) async fn put_data_file(&self, relative: &str, bytes: Vec<u8>) -> Result<()> {
        let path = LakePaths::new(&self.root).below(relative)?;
        let bytes = Bytes::from(bytes);
        let put = if bytes.len() > PUT_BYTES_MAX {
            self.put_parts(&path, &bytes).await
        } else {
            self.store.put(&path, bytes.into()).await.map(drop)
        };
        put.map_err(|error| Error::store("write", relative, error))
    }

    async fn put_parts(&self, path: &Path, bytes: &Bytes) -> object_store::Result<()> {
        let mut upload = self.store.put_multipart(path).await?;
        let mut sent = Ok(());
        for start in (0..bytes.len()).step_by(PART_BYTES) {
            let part = bytes.slice(start..bytes.len().min(start + PART_BYTES));
            sent = upload.put_part(part.into()).await;
            if sent.is_err() {
                break;
            }
        }
        match sent {
            Ok(()) => upload.complete().await.map(drop),
            Err(error) => {
                // best effort: a lifecycle rule of the bucket removes what is left of it
                let _ = upload.abort().await;
                Err(error)
            }
        }
    }

    /// Waits until every data file put so far is durable. On an object store a put is durable by itself.
    pub(crate) async fn sync(&self) -> Result<()> {
        let Some(folder) = self.folder.clone() else {
            return Ok(());
        };
        let sync =
            move || sync_file_system(&folder).map_err(|error| Error::io("sync", &folder, error));
        tokio::task::spawn_blocking(sync).await?
    }

    /// URL of a folder below the lake's root.
    pub(crate) fn folder_url(&self, relative: &str) -> Result<Url> {
        self.root_url
            .join(&format!("{relative}/"))
            .map_err(|error| Error::BadLocation {
                url: self.text.clone(),
                reason: error.to_string(),
            })
    }
}

/// The path from the root of the file system, without `.` and `..`; what exists of it is followed through links.
fn absolute(path: &FilePath) -> std::io::Result<PathBuf> {
    let mut found = PathBuf::new();
    for part in std::path::absolute(path)?.components() {
        match part {
            Component::ParentDir => {
                found.pop();
            }
            Component::CurDir => {}
            part => found.push(part),
        }
        if let Ok(real) = found.canonicalize() {
            found = real;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_urls_are_understood() {
        let dir = tempfile::tempdir().unwrap();
        let spaced = dir.path().join("a lake #1 %20 é");
        let location = Location::parse(spaced.to_str().unwrap()).unwrap();
        assert_eq!(location.folder(), Some(spaced.as_path()));
        let up = dir.path().join("missing/../other/./lake");
        let location = Location::parse(up.to_str().unwrap()).unwrap();
        assert_eq!(
            location.folder(),
            Some(dir.path().join("other/lake").as_path())
        );
        assert!(Location::parse("memory://").unwrap().folder().is_none());
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for (text, expected) in [
            ("", "found nothing"),
            ("ftp://host/x", "found the scheme `ftp`"),
            (file.to_str().unwrap(), "expected a folder, found a file"),
        ] {
            let error = Location::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
