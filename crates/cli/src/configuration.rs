//! Every setting of the program and where its value comes from: flags, then `CHATLAKE_*` environment variables, then
//! the configuration file, then defaults.
//!
//! Guarantees: a value that was said is used or refused, never replaced silently; every limit has a smallest value that
//! still works.

mod file;
mod said;
mod server;

use std::path::PathBuf;

use chatlake::Settings;

use crate::error::{Error, Result};
use crate::logging::LogFormat;
use crate::quantity::ByteSize;

pub use said::Said;
pub use server::ServerSaid;

/// The lake that is meant when nobody names one.
pub const LAKE_DEFAULT: &str = "./chatlake-data";
/// Where Flight SQL listens when nobody says otherwise.
pub const FLIGHT_DEFAULT: &str = "127.0.0.1:31337";
/// Folder of the lake for what its server keeps to itself: users and keys, its signing key, the audit log.
const AUTH_FOLDER: &str = "_auth";
/// Users and keys, when nobody names a file.
const AUTH_FILE: &str = "auth.toml";
/// The log filter when nobody sets one.
const LOG_DEFAULT: &str = "warn,delta_kernel=off";
/// A memory limit below this leaves no room for a single batch.
const MEMORY_BYTES_MIN: u64 = 1 << 20;

/// Every setting, decided.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The lake's folder or URL.
    pub lake: String,
    /// True when nobody named a lake and [`LAKE_DEFAULT`] is meant.
    pub lake_is_default: bool,
    /// Flight SQL address of the configuration file, if it names one.
    pub flight: Option<String>,
    /// Address of the PostgreSQL wire protocol of the configuration file, if it names one.
    pub postgres: Option<String>,
    /// Whether the configuration file allows serving beyond this machine.
    pub allow_insecure_remote: bool,
    /// File with users and keys, if one is named.
    pub auth_file: Option<PathBuf>,
    /// What the configuration file says about the server.
    pub server: ServerSaid,
    /// Log filter.
    pub log: String,
    /// How log lines look.
    pub log_format: LogFormat,
    /// Limits of the database.
    pub settings: Settings,
}

impl Configuration {
    /// Decides every setting from `arguments` (flags and environment) and the configuration file.
    pub fn resolve(arguments: &Said) -> Result<Self> {
        let said = arguments
            .clone()
            .or(file::read(arguments.config.as_deref())?);
        if said.lake.as_ref().is_some_and(String::is_empty) {
            return Err(Error::Usage(
                "expected `lake` to be a folder or URL, found an empty text".to_owned(),
            ));
        }
        Ok(Self {
            settings: limits(&said)?,
            lake_is_default: said.lake.is_none(),
            lake: said.lake.unwrap_or_else(|| LAKE_DEFAULT.to_owned()),
            flight: said.flight,
            postgres: said.postgres,
            allow_insecure_remote: said.allow_insecure_remote.unwrap_or(false),
            auth_file: said.auth_file,
            server: said.server,
            log: said.log.unwrap_or_else(|| LOG_DEFAULT.to_owned()),
            log_format: said.log_format.unwrap_or_default(),
        })
    }

    /// File with users and keys: the one that is named, else the one in the folder of the lake.
    ///
    /// # Errors
    /// When nobody names one and the lake is no folder: hashes of passwords do not belong where all readers of the lake see
    /// them.
    pub fn auth_file(&self) -> Result<PathBuf> {
        if let Some(named) = &self.auth_file {
            return Ok(named.clone());
        }
        let folder = chatlake::local_folder(&self.lake)?;
        let folder = folder.ok_or_else(|| {
            Error::Usage(format!(
                "expected --auth-file FILE, because the lake `{}` is no folder on this machine",
                self.lake
            ))
        })?;
        Ok(folder.join(AUTH_FOLDER).join(AUTH_FILE))
    }
}

/// The limits of the database, with what was said in place of the defaults.
fn limits(said: &Said) -> Result<Settings> {
    let default = Settings::default();
    let threads = said
        .query_threads
        .map_or(default.query_thread_count, usize::from);
    if said.query_threads == Some(0) {
        return Err(Error::Usage(
            "expected `query_threads` of 1 or more, found 0".to_owned(),
        ));
    }
    Ok(Settings {
        query_memory_bytes: memory_bytes(
            "query_memory",
            said.query_memory,
            default.query_memory_bytes,
        )?,
        query_spill_bytes: said
            .query_spill
            .map_or(default.query_spill_bytes, |size| size.bytes),
        spill_directory: said.spill_directory.clone(),
        sql_folder: said.sql_folder.clone(),
        query_timeout_ms: said
            .query_timeout
            .map_or(default.query_timeout_ms, |limit| limit.limit_ms),
        query_concurrent_max: said
            .query_concurrent_max
            .unwrap_or(default.query_concurrent_max),
        query_queue_max: said.query_queue_max.unwrap_or(default.query_queue_max),
        query_queue_timeout_ms: said
            .query_queue_timeout
            .map_or(default.query_queue_timeout_ms, |limit| limit.limit_ms),
        query_history_count: said.query_history.unwrap_or(default.query_history_count),
        result_rows_max: said.result_rows_max.unwrap_or(default.result_rows_max),
        scratch_session_bytes_max: memory_bytes(
            "scratch_session_max",
            said.scratch_session_max,
            default.scratch_session_bytes_max,
        )?,
        scratch_bytes_max: memory_bytes(
            "scratch_max",
            said.scratch_max,
            default.scratch_bytes_max,
        )?,
        ingest_bytes_max: memory_bytes("ingest_max", said.ingest_max, default.ingest_bytes_max)?,
        snapshot_count_max: said.snapshots_max.unwrap_or(default.snapshot_count_max),
        query_thread_count: threads,
        export_bytes_max: memory_bytes("export_max", said.export_max, default.export_bytes_max)?,
        footer_cache_bytes: memory_bytes(
            "footer_cache",
            said.footer_cache,
            default.footer_cache_bytes,
        )?,
        load_memory_bytes: memory_bytes(
            "load_memory",
            said.load_memory,
            default.load_memory_bytes,
        )?,
        dedup_memory_bytes: memory_bytes(
            "dedup_memory",
            said.dedup_memory,
            default.dedup_memory_bytes,
        )?,
        zstd_level: said.zstd_level.unwrap_or(default.zstd_level),
    })
}

fn memory_bytes(name: &str, said: Option<ByteSize>, default: usize) -> Result<usize> {
    let Some(size) = said else { return Ok(default) };
    let bytes = usize::try_from(size.bytes)
        .ok()
        .filter(|_| size.bytes >= MEMORY_BYTES_MIN);
    bytes.ok_or_else(|| {
        Error::Usage(format!(
            "expected `{name}` of 1MiB or more, found {} bytes",
            size.bytes
        ))
    })
}

#[cfg(test)]
mod tests;
