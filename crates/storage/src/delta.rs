//! The Delta logs of the stored tables, through the kernel. Everything here blocks: call it from blocking tasks.
//!
//! The logs make the lake readable by other engines and hold the durable list of files; queries never wait for them
//! (they ask the file index). Guarantees: a journal entry enters a table's log exactly once, whatever dies when: the same
//! Delta commit that adds its files carries `txn(application id, commit)`.

mod actions;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, AsArray, MapArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use chatlake_schema::Table;
use delta_kernel::committer::FileSystemCommitter;
use delta_kernel::engine::arrow_conversion::TryIntoKernel;
use delta_kernel::engine::arrow_data::ArrowEngineData;
use delta_kernel::scan::StatsOptions;
use delta_kernel::schema::StructType;
use delta_kernel::snapshot::{Snapshot, SnapshotRef};
use delta_kernel::transaction::create_table::create_table;
use delta_kernel::transaction::data_layout::DataLayout;
use delta_kernel::transaction::{CommitResult, UpdateTableOperation};
use delta_kernel::{Engine, KernelError, KernelResult};
use delta_kernel_default_engine::executor::tokio::TokioMultiThreadExecutor;
use delta_kernel_default_engine::{DefaultEngine, DefaultEngineBuilder};
use object_store::ObjectStoreExt;
use url::Url;

use crate::data_file::{AddAction, DataFile};
use crate::durable_local::create_folder;
use crate::journal::TableActions;
use crate::location::Location;
use crate::paths::{DAY_COLUMN, LakePaths, first_log_file, table_folder};
use crate::{Error, Result};

/// Written into every commit's `commitInfo`.
const ENGINE_INFO: &str = concat!("chatlake/", env!("CARGO_PKG_VERSION"));

/// The application id of `txn` actions: one writer per lake, so one name suffices.
const APPLICATION_ID: &str = "chatlake";

/// Threads for the kernel's own input and output.
const KERNEL_THREAD_COUNT: usize = 2;

/// A table's log as of its newest version that we know.
#[derive(Clone, Debug)]
pub(crate) struct TableLog {
    snapshot: SnapshotRef,
    /// Number of the last journal entry that the log contains.
    pub(crate) applied_commit: u64,
}

impl TableLog {
    /// Version of the Delta table.
    pub(crate) fn version(&self) -> u64 {
        self.snapshot.version()
    }
}

/// Reads and writes Delta logs of one lake.
#[derive(Clone)]
pub(crate) struct DeltaLogs {
    engine: Arc<DefaultEngine<TokioMultiThreadExecutor>>,
    location: Location,
}

/// The kernel is synchronous and needs a runtime of its own to wait on; one serves all lakes of a process and is never
/// dropped (dropping a runtime inside of another one is an error).
fn kernel_runtime() -> Result<&'static tokio::runtime::Handle> {
    static RUNTIME: OnceLock<std::io::Result<tokio::runtime::Runtime>> = OnceLock::new();
    let build = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(KERNEL_THREAD_COUNT)
            .thread_name("chatlake-delta")
            .enable_all()
            .build()
    };
    match RUNTIME.get_or_init(build) {
        Ok(runtime) => Ok(runtime.handle()),
        Err(error) => Err(Error::Io {
            action: "start",
            path: "the runtime for Delta logs".to_owned(),
            source: std::io::Error::new(error.kind(), error.to_string()),
        }),
    }
}

impl DeltaLogs {
    pub(crate) fn new(location: &Location) -> Result<Self> {
        let executor = Arc::new(TokioMultiThreadExecutor::new(kernel_runtime()?.clone()));
        let engine = DefaultEngineBuilder::new(Arc::clone(location.store()))
            .with_task_executor(executor)
            .build();
        Ok(Self {
            engine: Arc::new(engine),
            location: location.clone(),
        })
    }

    fn url(&self, table: &Table) -> Result<Url> {
        self.location.folder_url(&table_folder(&table.name))
    }

    /// Creates the table's log, unless it is there.
    pub(crate) fn create(&self, table: &Table) -> Result<()> {
        if let Some(folder) = self.location.folder() {
            // the kernel wants a local table's folder to be there
            let folder = folder.join(table_folder(&table.name));
            create_folder(&folder).map_err(|error| Error::io("create", &folder, error))?;
        }
        let first = LakePaths::new(self.location.root()).below(&first_log_file(&table.name))?;
        let store = Arc::clone(self.location.store());
        let runtime = kernel_runtime()?;
        let exists = || match runtime.block_on(store.head(&first)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(Error::store("read", &first, error)),
        };
        if exists()? {
            return Ok(());
        }
        match self.try_create(table, &self.url(table)?) {
            // another process made it at the same time
            Err(error) if !exists()? => Err(Error::delta(&table.name, error)),
            _ => Ok(()),
        }
    }

    fn try_create(&self, table: &Table, url: &Url) -> KernelResult<()> {
        let schema: StructType = (&delta_arrow_schema(table)).try_into_kernel()?;
        let mut builder = create_table(url, Arc::new(schema), ENGINE_INFO, false);
        if let (Some(chatbot), true) = (&table.chatbot_column, table.is_partitioned()) {
            builder =
                builder.with_data_layout(DataLayout::partitioned([chatbot.as_str(), DAY_COLUMN]));
        }
        let engine: &dyn Engine = self.engine.as_ref();
        let transaction = builder.build(engine, Box::new(FileSystemCommitter::new()))?;
        match transaction.commit(engine)? {
            CommitResult::Committed(_) => Ok(()),
            _ => Err(KernelError::generic(
                "another process created the table at the same time",
            )),
        }
    }

    /// The table's log with all of its active files.
    pub(crate) fn load(&self, table: &Table) -> Result<(TableLog, Vec<Arc<DataFile>>)> {
        let url = self.url(table)?;
        let delta = |error| Error::delta(&table.name, error);
        let engine: &dyn Engine = self.engine.as_ref();
        let snapshot = Snapshot::builder_for(&url).build(engine).map_err(delta)?;
        let applied = snapshot
            .get_app_id_version(APPLICATION_ID, engine)
            .map_err(delta)?;
        let scan = Arc::clone(&snapshot)
            .scan_builder()
            .with_stats(StatsOptions::json_only());
        let scan = scan.without_row_transforms().build().map_err(delta)?;
        let mut files = Vec::new();
        for metadata in scan.scan_metadata(engine).map_err(delta)? {
            let (data, selection) = metadata.map_err(delta)?.scan_files.into_parts();
            let data = ArrowEngineData::try_from_engine_data(data).map_err(delta)?;
            collect_files(table, data.record_batch(), &selection, &mut files)?;
        }
        let applied_commit = applied
            .and_then(|version| u64::try_from(version).ok())
            .unwrap_or(0);
        Ok((
            TableLog {
                snapshot,
                applied_commit,
            },
            files,
        ))
    }

    /// The log's newest version; reads only what was added since, and nothing else when nothing was.
    pub(crate) fn advance(&self, table: &Table, log: TableLog) -> Result<TableLog> {
        let delta = |error| Error::delta(&table.name, error);
        let engine: &dyn Engine = self.engine.as_ref();
        let snapshot = Snapshot::builder_from(Arc::clone(&log.snapshot))
            .build(engine)
            .map_err(delta)?;
        if snapshot.version() == log.version() {
            return Ok(log);
        }
        let applied = snapshot
            .get_app_id_version(APPLICATION_ID, engine)
            .map_err(delta)?;
        let applied_commit = applied
            .and_then(|version| u64::try_from(version).ok())
            .unwrap_or(0);
        Ok(TableLog {
            snapshot,
            applied_commit,
        })
    }

    /// Brings the actions of journal entry `commit` into the table's log, in one Delta commit.
    pub(crate) fn apply(
        &self,
        table: &Table,
        log: &TableLog,
        actions: &TableActions,
        commit: u64,
    ) -> Result<TableLog> {
        let snapshot = self
            .try_apply(table, log, actions, commit)
            .map_err(|error| Error::delta(&table.name, error))?;
        Ok(TableLog {
            snapshot,
            applied_commit: commit,
        })
    }

    fn try_apply(
        &self,
        table: &Table,
        log: &TableLog,
        actions: &TableActions,
        commit: u64,
    ) -> KernelResult<SnapshotRef> {
        let engine: &dyn Engine = self.engine.as_ref();
        let version =
            i64::try_from(commit).map_err(|_| KernelError::generic("commit number over 2^63"))?;
        let builder = Arc::clone(&log.snapshot)
            .update_table(UpdateTableOperation::Write, ENGINE_INFO, true)
            .with_transaction_id(APPLICATION_ID, version);
        let mut transaction = builder.build(engine, Box::new(FileSystemCommitter::new()))?;
        if !actions.adds.is_empty() {
            let batch = actions::add_batch(table, &actions.adds).map_err(KernelError::from)?;
            transaction.add_files(Box::new(ArrowEngineData::new(batch)));
        }
        if !actions.removes.is_empty() {
            return Err(KernelError::generic("removing files comes with compaction"));
        }
        match transaction.commit(engine)? {
            CommitResult::Committed(committed) => {
                committed.post_commit_snapshot().cloned().ok_or_else(|| {
                    KernelError::generic("the kernel gave no snapshot after the commit")
                })
            }
            CommitResult::Conflicted(conflict) => Err(KernelError::generic(format!(
                "version {} was written by somebody else: only Chatlake may write a lake's tables",
                conflict.conflict_version()
            ))),
            CommitResult::Retryable(_) => Err(KernelError::generic("the log could not be written")),
        }
    }

    /// Writes a checkpoint, so that opening reads one file in place of many commits.
    pub(crate) fn checkpoint(&self, table: &Table, log: &TableLog) -> Result<TableLog> {
        let engine: &dyn Engine = self.engine.as_ref();
        let (_, snapshot) = log
            .snapshot
            .checkpoint(engine, None)
            .map_err(|error| Error::delta(&table.name, error))?;
        Ok(TableLog {
            snapshot,
            applied_commit: log.applied_commit,
        })
    }
}

/// The table as other Delta readers see it: all columns, and the partition day.
fn delta_arrow_schema(table: &Table) -> Schema {
    let mut fields: Vec<_> = table.arrow_schema().fields().iter().cloned().collect();
    if table.is_partitioned() {
        fields.push(Arc::new(Field::new(DAY_COLUMN, DataType::Date32, false)));
    }
    Schema::new(fields)
}

/// Reads the selected rows of a scan's file list (columns of the kernel's `scan_row_schema`).
fn collect_files(
    table: &Table,
    batch: &RecordBatch,
    selection: &[bool],
    files: &mut Vec<Arc<DataFile>>,
) -> Result<()> {
    let missing = || Error::Damaged {
        path: table.name.clone(),
        reason: "the log lists files without a path".to_owned(),
    };
    let column = |name: &str| batch.column_by_name(name).ok_or_else(missing);
    let paths = column("path")?.as_string_opt::<i32>().ok_or_else(missing)?;
    let sizes = column("size")?
        .as_primitive_opt::<Int64Type>()
        .ok_or_else(missing)?;
    let times = column("modificationTime")?
        .as_primitive_opt::<Int64Type>()
        .ok_or_else(missing)?;
    let stats = column("stats")?
        .as_string_opt::<i32>()
        .ok_or_else(missing)?;
    let constants = column("fileConstantValues")?
        .as_struct_opt()
        .ok_or_else(missing)?;
    let partitions = constants
        .column_by_name("partitionValues")
        .and_then(|column| column.as_map_opt());
    for row in 0..batch.num_rows() {
        if !selection.get(row).copied().unwrap_or(true) || paths.is_null(row) {
            continue;
        }
        let action = AddAction {
            path: paths.value(row),
            size: sizes.value(row),
            modification_time: times.value(row),
            stats: stats.is_valid(row).then(|| stats.value(row)),
            partition_values: partitions
                .map(|map| map_values(map, row))
                .unwrap_or_default(),
        };
        files.push(Arc::new(DataFile::from_delta(table, &action)?));
    }
    Ok(())
}

fn map_values(map: &MapArray, row: usize) -> HashMap<String, Option<String>> {
    let entries = map.value(row);
    let (Some(keys), Some(values)) = (
        entries.column(0).as_string_opt::<i32>(),
        entries.column(1).as_string_opt::<i32>(),
    ) else {
        return HashMap::new();
    };
    keys.iter()
        .zip(values.iter())
        .filter_map(|(key, value)| Some((key?.to_owned(), value.map(str::to_owned))))
        .collect()
}
