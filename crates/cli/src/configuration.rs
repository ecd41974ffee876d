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
mod tests {
    use super::*;

    fn resolve(file: &str, arguments: Said) -> Result<Configuration> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, file).unwrap();
        Configuration::resolve(&Said {
            config: Some(path),
            ..arguments
        })
    }

    #[test]
    fn an_empty_file_leaves_the_defaults() {
        let found = resolve("", Said::default()).unwrap();
        assert_eq!(
            (found.lake.as_str(), found.lake_is_default),
            (LAKE_DEFAULT, true)
        );
        assert_eq!((found.log.as_str(), found.flight), (LOG_DEFAULT, None));
        assert_eq!(found.settings, Settings::default());
    }

    #[test]
    fn a_flag_beats_the_file() {
        let file = "lake = \"from-file\"\nlog = \"info\"\nquery_memory = \"64MiB\"\nload_memory = 2097152\n\
                    query_timeout = \"2s\"\nquery_threads = 3\nzstd_level = 9";
        let arguments = Said {
            lake: Some("from-flag".to_owned()),
            query_memory: Some(ByteSize { bytes: 1 << 21 }),
            ..Said::default()
        };
        let found = resolve(file, arguments).unwrap();
        assert_eq!(
            (found.lake.as_str(), found.log.as_str()),
            ("from-flag", "info")
        );
        let settings = found.settings;
        assert_eq!(
            (settings.query_memory_bytes, settings.load_memory_bytes),
            (1 << 21, 2 << 20)
        );
        assert_eq!(
            (
                settings.query_timeout_ms,
                settings.query_thread_count,
                settings.zstd_level
            ),
            (2_000, 3, 9)
        );
    }

    #[test]
    fn a_wrong_file_is_named_with_line_and_key() {
        for (file, expected) in [
            (
                "\nlaek = \"x\"",
                "settings.toml`: line 2, `laek`: unknown field `laek`, expected one of `lake`",
            ),
            (
                "query_memory = \"much\"",
                "line 1, `query_memory`: expected a size such as `512MiB`",
            ),
            (
                "query_memory = true",
                "line 1, `query_memory`: expected a size",
            ),
            (
                "query_memory = 5",
                "expected `query_memory` of 1MiB or more, found 5 bytes",
            ),
            (
                "[server]\nconnection_max = 1",
                "line 2, `connection_max`: unknown field `connection_max`",
            ),
            (
                "query_threads = 0",
                "expected `query_threads` of 1 or more, found 0",
            ),
            (
                "log_format = \"xml\"",
                "line 1, `log_format`: unknown variant `xml`",
            ),
            (
                "lake = \"\"",
                "expected `lake` to be a folder or URL, found an empty text",
            ),
            (
                "config = \"other.toml\"",
                "line 1, `config`: unknown field `config`",
            ),
            ("lake", "settings.toml`: line 1: "),
        ] {
            let error = resolve(file, Said::default()).unwrap_err();
            assert!(matches!(error, Error::Usage(_)), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    #[test]
    fn the_help_tells_the_real_defaults() {
        let default = Settings::default();
        let mut command =
            <Said as clap::Args>::augment_args(clap::Command::new("chatlake").term_width(200));
        let help = command.render_long_help().to_string();
        for (bytes, text) in [
            (default.query_memory_bytes as u64, "2GiB"),
            (default.query_spill_bytes, "64GiB"),
            (default.export_bytes_max as u64, "64MiB"),
            (default.footer_cache_bytes as u64, "256MiB"),
            (default.load_memory_bytes as u64, "256MiB"),
            (default.dedup_memory_bytes as u64, "256MiB"),
            (default.scratch_session_bytes_max as u64, "256MiB"),
            (default.scratch_bytes_max as u64, "1GiB"),
            (default.ingest_bytes_max as u64, "16GiB"),
        ] {
            assert_eq!(ByteSize::parse(text), Ok(ByteSize { bytes }));
            assert!(
                help.contains(&format!("[default: {text}]")),
                "{text}: {help}"
            );
        }
        assert_eq!((default.query_timeout_ms, default.zstd_level), (0, 1));
        assert_eq!(
            (default.query_concurrent_max, default.query_queue_max),
            (100, 1_000)
        );
        assert_eq!(
            (default.query_queue_timeout_ms, default.snapshot_count_max),
            (60_000, 100)
        );
    }

    #[test]
    fn a_file_that_was_named_must_exist() {
        let arguments = Said {
            config: Some("no/such.toml".into()),
            ..Said::default()
        };
        let error = Configuration::resolve(&arguments).unwrap_err().to_string();
        assert_eq!(
            error,
            "configuration file `no/such.toml`: cannot read it: no such file or directory"
        );
    }
}
