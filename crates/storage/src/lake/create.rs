//! Making a lake, and knowing one: `lake.json`.
//!
//! Guarantees: only a folder with a good `lake.json` is a lake; two creators at once end with one lake; a folder with
//! other things in it is not made into a lake by accident; a lake is not made where a put that must not overwrite does so.

use bytes::Bytes;
use chatlake_schema::tables;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions};
use serde::{Deserialize, Serialize};

use super::for_each_table;
use crate::delta::DeltaLogs;
use crate::durable_local::create_folder;
use crate::lease::{LOCK_FILE, WriterLease};
use crate::location::Location;
use crate::paths::LakePaths;
use crate::{Error, Result};

/// The format this program reads and writes.
const FORMAT_VERSION: u64 = 1;

/// `lake.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LakeFile {
    format: String,
    format_version: u64,
    pub(super) lake_id: String,
}

/// Reads `lake.json`; `None` when there is none.
pub(super) async fn read_lake_file(
    location: &Location,
    paths: &LakePaths,
) -> Result<Option<LakeFile>> {
    let path = paths.lake_file()?;
    let not_a_lake = |reason: String| Error::NotALake {
        url: location.text().to_owned(),
        reason,
    };
    let bytes = match location.store().get(&path).await {
        Ok(found) => found
            .bytes()
            .await
            .map_err(|error| Error::store("read", &path, error))?,
        Err(object_store::Error::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(Error::store("read", &path, error)),
    };
    let file: LakeFile = serde_json::from_slice(&bytes)
        .map_err(|error| not_a_lake(format!("`lake.json` is not what it should be: {error}")))?;
    if file.format != "chatlake" {
        return Err(not_a_lake(format!(
            "expected format `chatlake` in `lake.json`, found `{}`",
            file.format
        )));
    }
    if file.format_version != FORMAT_VERSION {
        let url = location.text().to_owned();
        return Err(Error::FormatVersion {
            url,
            found: file.format_version,
            expected: FORMAT_VERSION,
        });
    }
    Ok(Some(file))
}

/// Makes the table logs, then `lake.json`: only with that file it is a lake. Two creators at once end with one lake.
pub(super) async fn create_lake(location: &Location, paths: &LakePaths) -> Result<String> {
    refuse_foreign_folder(location)?;
    look_into_store(location).await?;
    if let Some(folder) = location.folder() {
        create_folder(folder).map_err(|error| Error::io("create", folder, error))?;
    }
    let lease = WriterLease::lock(location)?;
    let delta = DeltaLogs::new(location)?;
    let created = for_each_table(tables().iter(), |table| {
        let delta = delta.clone();
        move || delta.create(table)
    });
    created.await?;
    let lake_id = ulid::Ulid::new().to_string();
    let file = LakeFile {
        format: "chatlake".to_owned(),
        format_version: FORMAT_VERSION,
        lake_id: lake_id.clone(),
    };
    let path = paths.lake_file()?;
    let text = serde_json::to_vec_pretty(&file).map_err(|error| Error::Damaged {
        path: path.to_string(),
        reason: error.to_string(),
    })?;
    let text = Bytes::from(text);
    let first = put_once(location, &path, &text).await;
    drop(lease);
    match first {
        Ok(()) if location.is_shared() => match put_once(location, &path, &text).await {
            Err(object_store::Error::AlreadyExists { .. }) => Ok(lake_id),
            Ok(()) => {
                // best effort: what is left is a lake that nobody should write
                let _ = location.store().delete(&path).await;
                Err(Error::NoConditionalPut {
                    url: location.text().to_owned(),
                })
            }
            Err(error) => Err(Error::store("write", path, error)),
        },
        Ok(()) => Ok(lake_id),
        Err(object_store::Error::AlreadyExists { .. }) => {
            let found = read_lake_file(location, paths).await?;
            found.map(|file| file.lake_id).ok_or_else(|| Error::NoLake {
                url: location.text().to_owned(),
            })
        }
        Err(error) => Err(Error::store("write", path, error)),
    }
}

/// Puts an object that must not be there yet.
async fn put_once(location: &Location, path: &Path, text: &Bytes) -> object_store::Result<()> {
    let create = PutOptions {
        mode: PutMode::Create,
        ..PutOptions::default()
    };
    let put = location.store().put_opts(path, text.clone().into(), create);
    put.await.map(drop)
}

/// That a bucket does not exist or may not be seen is said in the store's words, before anything is made in it.
async fn look_into_store(location: &Location) -> Result<()> {
    if location.is_shared() {
        let mut objects = location.store().list(Some(location.root()));
        let first = objects.try_next().await;
        first.map_err(|error| Error::store("list", location.text(), error))?;
    }
    Ok(())
}

/// A folder with other things in it is not made into a lake by accident.
fn refuse_foreign_folder(location: &Location) -> Result<()> {
    // `_auth` holds what a server keeps to itself; users may be added before the first record
    const OURS: [&str; 4] = ["_auth", "tables", "wal", LOCK_FILE];
    let Some(folder) = location.folder().filter(|folder| folder.exists()) else {
        return Ok(());
    };
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io("read", folder, error))?;
    for entry in entries {
        let name = entry
            .map_err(|error| Error::io("read", folder, error))?
            .file_name();
        if !OURS.iter().any(|ours| name == *ours) {
            return Err(Error::NotALake {
                url: location.text().to_owned(),
                reason: format!(
                    "expected an empty folder for a new lake, found `{}` in it",
                    name.to_string_lossy()
                ),
            });
        }
    }
    Ok(())
}
