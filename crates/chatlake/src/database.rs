//! An open lake with a query engine: what a program embeds.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatlake_analytics::Library;
use chatlake_ingest::{IngestOptions, IngestReport, Source};
use chatlake_storage::{Lake, LakeCheck, LakeSnapshot, Location};
use chatlake_types::{Access, AccessScope, Clock, Permissions, SystemClock};
use datafusion::execution::SessionState;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use url::Url;

use crate::audit::AuditTrail;
use crate::catalog::{CATALOG, DEFAULT_SCHEMA};
use crate::cooperative_joins::CooperativeJoins;
use crate::engine_states::EngineStates;
use crate::entity_table::STORE_URL;
use crate::local_day_bounds;
use crate::planner::Planner;
use crate::queries::Queries;
use crate::registered_chatbots::RegisteredChatbots;
use crate::scratch::{ByteBudget, Scratch};
use crate::session::Session;
use crate::settings::Settings;
use crate::snapshots::Snapshots;
use crate::unnest_keys::UnnestKeys;
use crate::{Error, Result};

/// The largest consumers named when memory runs out.
const NAMED_CONSUMERS: usize = 3;

/// The folder of a lake at a path or URL, when it is on this machine's disk. Touches nothing.
///
/// # Errors
/// When it is not a location that this build can reach.
pub fn local_folder(url: &str) -> Result<Option<PathBuf>> {
    let location = Location::parse(url)?;
    Ok(location.folder().map(Path::to_path_buf))
}

/// How a lake is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Make a lake where there is none.
    pub create: bool,
    /// Where the present comes from.
    pub clock: Arc<dyn Clock>,
    /// Limits.
    pub settings: Settings,
    /// Who keeps the audit log, if somebody does.
    pub audit: Option<Arc<dyn AuditTrail>>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            create: false,
            clock: Arc::new(SystemClock),
            settings: Settings::default(),
            audit: None,
        }
    }
}

/// An open lake. Clones share it.
#[derive(Clone)]
pub struct Chatlake {
    inner: Arc<Inner>,
}

struct Inner {
    lake: Arc<Lake>,
    clock: Arc<dyn Clock>,
    settings: Settings,
    states: EngineStates,
    library: Arc<Library>,
    registered_chatbots: RegisteredChatbots,
    queries: Arc<Queries>,
    audit: Option<Arc<dyn AuditTrail>>,
    snapshots: Snapshots,
    scratch_bytes: Arc<ByteBudget>,
    /// Held by the call of `run_workflows` whose turn it is.
    workflow_turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Chatlake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chatlake")
            .field("url", &self.url())
            .finish_non_exhaustive()
    }
}

impl Chatlake {
    /// Opens the lake at a path or URL (`file://`, `memory://`, with the feature `s3` also `s3://bucket/prefix`).
    ///
    /// # Errors
    /// When there is no lake (and none is to be made), or it cannot be read.
    pub async fn open(url: &str, options: OpenOptions) -> Result<Self> {
        let location = Location::parse(url)?;
        Self::open_location(location, options).await
    }

    /// Opens the lake at a location with an object store of one's own.
    ///
    /// # Errors
    /// As [`Chatlake::open`].
    pub async fn open_location(location: Location, options: OpenOptions) -> Result<Self> {
        let OpenOptions {
            create,
            clock,
            settings,
            audit,
        } = options;
        let library = match &settings.sql_folder {
            None => Arc::clone(Library::built_in()),
            Some(folder) => Arc::new(Library::with_folder(folder)?),
        };
        let lake = Lake::open(location, settings.storage()?, Arc::clone(&clock), create).await?;
        let states = EngineStates::new(default_state(&lake, &settings)?);
        Ok(Self {
            inner: Arc::new(Inner {
                queries: Queries::new(Arc::clone(&clock), &settings, audit.clone()),
                audit,
                snapshots: Snapshots::new(settings.snapshot_count_max),
                scratch_bytes: ByteBudget::new("scratch_bytes_max", settings.scratch_bytes_max),
                lake,
                clock,
                settings,
                states,
                library,
                registered_chatbots: RegisteredChatbots::default(),
                workflow_turn: tokio::sync::Mutex::default(),
            }),
        })
    }

    /// A session that sees every row: embedded use acts as the owner (domain specification §9.5).
    pub fn session(&self) -> Session {
        self.session_as(Access::owner())
    }

    /// A session that sees only rows of the scope, and may ask whatever it likes about them.
    pub fn session_with_scope(&self, scope: AccessScope) -> Session {
        self.session_as(Access {
            scope,
            permissions: Permissions::ALL,
        })
    }

    /// A session for somebody: it sees only rows of the scope, and asks only what the permissions allow (domain
    /// specification §9.5). Anything else is `permission_denied` when a statement is planned.
    pub fn session_as(&self, access: Access) -> Session {
        Session::new(self.clone(), access)
    }

    /// Stops the running queries with this label (see `Query::labelled`); how many there were.
    pub fn cancel_queries(&self, label: &str) -> usize {
        self.inner.queries.cancel(label)
    }

    /// Takes records in: one file or stream, whole or not at all.
    ///
    /// # Errors
    /// When the source cannot be read, somebody else is writing, or the lake cannot be written. Records that are wrong
    /// are no error: the report names them.
    pub async fn ingest(&self, source: Source, options: IngestOptions) -> Result<IngestReport> {
        Ok(chatlake_ingest::ingest(&self.inner.lake, source, options).await?)
    }

    /// Verifies that everything the lake's logs name is there and whole.
    ///
    /// # Errors
    /// When the store cannot be asked; damage is part of the report.
    pub async fn check(&self) -> Result<LakeCheck> {
        Ok(self.inner.lake.check().await?)
    }

    /// Where it is, as it was given to [`Chatlake::open`].
    pub fn url(&self) -> &str {
        self.inner.lake.location().text()
    }

    /// Where the present comes from.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.inner.clock
    }

    /// The limits in force.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub(crate) fn lake(&self) -> &Arc<Lake> {
        &self.inner.lake
    }

    pub(crate) fn library(&self) -> &Arc<Library> {
        &self.inner.library
    }

    pub(crate) fn registered_chatbots(&self) -> &RegisteredChatbots {
        &self.inner.registered_chatbots
    }

    pub(crate) fn queries(&self) -> &Arc<Queries> {
        &self.inner.queries
    }

    pub(crate) fn audit(&self) -> Option<&Arc<dyn AuditTrail>> {
        self.inner.audit.as_ref()
    }

    /// Scratch tables for a new session.
    pub(crate) fn new_scratch(&self) -> Scratch {
        let session_bytes_max = self.settings().scratch_session_bytes_max;
        Scratch::new(session_bytes_max, Arc::clone(&self.inner.scratch_bytes))
    }

    /// The newest commit, which is remembered for a while.
    pub(crate) fn newest_snapshot(&self) -> Arc<LakeSnapshot> {
        let snapshot = self.inner.lake.snapshot();
        self.inner.snapshots.remember(&snapshot);
        snapshot
    }

    /// The lake as of a commit, if that is remembered.
    pub(crate) fn snapshot_at(&self, commit: u64) -> Option<Arc<LakeSnapshot>> {
        self.inner.snapshots.at(commit)
    }

    pub(crate) fn workflow_turn(&self) -> &tokio::sync::Mutex<()> {
        &self.inner.workflow_turn
    }

    pub(crate) fn states(&self) -> &EngineStates {
        &self.inner.states
    }
}

fn default_state(lake: &Lake, settings: &Settings) -> Result<SessionState> {
    let mut config = SessionConfig::new()
        .with_target_partitions(settings.threads())
        .with_information_schema(true)
        .with_default_catalog_and_schema(CATALOG, DEFAULT_SCHEMA)
        .with_create_default_catalog_and_schema(false);
    let options = config.options_mut();
    options.execution.time_zone = Some("UTC".to_owned());
    // a page's rows come in the order of its definition, also where it is called in a larger query
    options.sql_parser.enable_subquery_sort_elimination = false;
    options.explain.format = datafusion::common::format::ExplainFormat::Indent;
    let context = SessionContext::new_with_config_rt(config.clone(), runtime(lake, settings)?);
    let mut state: SessionState = SessionStateBuilder::new_from_existing(context.state())
        .with_config(config)
        .with_analyzer_rule(Arc::new(UnnestKeys))
        .with_query_planner(Arc::new(Planner))
        .with_optimizer_rules(local_day_bounds::optimizer_rules())
        .with_physical_optimizer_rule(Arc::new(CooperativeJoins))
        .build();
    chatlake_functions::register_all(&mut state)?;
    Ok(state)
}

fn runtime(lake: &Lake, settings: &Settings) -> Result<Arc<RuntimeEnv>> {
    let consumers =
        std::num::NonZeroUsize::new(NAMED_CONSUMERS).unwrap_or(std::num::NonZeroUsize::MIN);
    let pool = TrackConsumersPool::new(FairSpillPool::new(settings.query_memory_bytes), consumers);
    let mode = match &settings.spill_directory {
        None => DiskManagerMode::OsTmpDirectory,
        Some(directory) if directory.is_dir() => {
            DiskManagerMode::Directories(vec![directory.clone()])
        }
        Some(directory) => {
            let reason = format!("expected a folder, found none at `{}`", directory.display());
            return Err(Error::Setting {
                name: "spill_directory",
                reason,
            });
        }
    };
    let disk = DiskManagerBuilder::default()
        .with_mode(mode)
        .with_max_temp_directory_size(settings.query_spill_bytes);
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(pool))
        .with_disk_manager_builder(disk)
        .with_metadata_cache_limit(settings.footer_cache_bytes)
        .build_arc()?;
    let url = Url::parse(STORE_URL).map_err(|error| Error::Internal(error.to_string()))?;
    runtime.register_object_store(&url, Arc::clone(lake.location().store()));
    Ok(runtime)
}
