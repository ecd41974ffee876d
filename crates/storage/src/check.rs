//! Verifies a lake: every file that the logs name is there, whole, and holds the rows it should.
//!
//! Guarantees: reads footers only (not the data); changes nothing; tells every damage, not only the first.

use chatlake_schema::Table;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt};

use crate::data_file::DataFile;
use crate::lake::Lake;
use crate::paths::{LakePaths, table_folder};
use crate::read::open_file;
use crate::{Error, Result};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Path below the lake.
    pub path: String,
    /// What was expected and found.
    pub reason: String,
}

/// What was found in one stored table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableCheck {
    /// The stored table.
    pub table: &'static str,
    /// Active files.
    pub file_count: u64,
    /// Rows in them.
    pub row_count: u64,
    /// Bytes of them.
    pub size_bytes: u64,
    /// Parquet files that no log names: left by a load that died. Harmless.
    pub orphan_count: u64,
}

/// What was found in a lake.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LakeCheck {
    /// The last commit.
    pub commit: u64,
    /// Every stored table, by name.
    pub tables: Vec<TableCheck>,
    /// Everything that is not as it should be.
    pub damages: Vec<Damage>,
}

impl Lake {
    /// Verifies the lake as of now.
    ///
    /// # Errors
    /// Only when the store cannot be asked at all; damage is part of the result.
    pub async fn check(&self) -> Result<LakeCheck> {
        self.refresh().await?;
        let snapshot = self.snapshot();
        let mut result = LakeCheck {
            commit: snapshot.commit(),
            ..LakeCheck::default()
        };
        for table in chatlake_schema::tables() {
            let Some(files) = snapshot.table(&table.name) else {
                continue;
            };
            let damages_before = result.damages.len();
            let checks: Vec<_> = files
                .iter()
                .map(|file| check_file(self, table, file).boxed())
                .collect();
            let mut checks =
                futures::stream::iter(checks).buffer_unordered(self.settings().probe_tasks_max);
            while let Some(found) = checks.next().await {
                result.damages.extend(found);
            }
            let on_disk = count_parquet_files(self, table).await?;
            let missing = result.damages[damages_before..]
                .iter()
                .filter(|damage| damage.reason.ends_with("found none"))
                .count();
            let known = files.file_count().saturating_sub(missing) as u64;
            result.tables.push(TableCheck {
                table: table.name.as_str(),
                file_count: files.file_count() as u64,
                row_count: files.row_count(),
                size_bytes: files.size_bytes(),
                orphan_count: on_disk.saturating_sub(known),
            });
        }
        result
            .damages
            .sort_by(|left, right| left.path.cmp(&right.path));
        Ok(result)
    }
}

async fn check_file(lake: &Lake, table: &'static Table, file: &DataFile) -> Option<Damage> {
    let path = file.path_in_lake(&table.name);
    let damage = |reason: String| {
        Some(Damage {
            path: path.clone(),
            reason,
        })
    };
    let location = match LakePaths::new(lake.location().root()).below(&path) {
        Ok(location) => location,
        Err(error) => return damage(error.to_string()),
    };
    match lake.location().store().head(&location).await {
        Ok(found) if found.size == file.size_bytes => {}
        Ok(found) => {
            return damage(format!(
                "expected {} bytes, found {}",
                file.size_bytes, found.size
            ));
        }
        Err(object_store::Error::NotFound { .. }) => {
            return damage("expected a data file, found none".to_owned());
        }
        Err(error) => return damage(error.to_string()),
    }
    match open_file(lake, table, file).await {
        Ok(reader) => {
            let rows = u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap_or(0);
            let expected = file.stats.row_count;
            if rows == expected {
                None
            } else {
                damage(format!("expected {expected} rows, found {rows}"))
            }
        }
        Err(Error::Damaged { reason, .. }) => damage(reason),
        Err(error) => damage(error.to_string()),
    }
}

async fn count_parquet_files(lake: &Lake, table: &Table) -> Result<u64> {
    let folder = LakePaths::new(lake.location().root()).below(&table_folder(&table.name))?;
    let mut objects = lake.location().store().list(Some(&folder));
    let mut count = 0;
    while let Some(object) = objects
        .try_next()
        .await
        .map_err(|error| Error::store("list", &folder, error))?
    {
        let path = object.location.as_ref();
        count += u64::from(path.ends_with(".parquet") && !path.contains("/_delta_log/"));
    }
    Ok(count)
}
