//! Every setting as somebody may say it: as a flag, in the environment, or in the configuration file.
//!
//! Guarantees: one field is one setting with the same name everywhere (`--query-memory`, `CHATLAKE_QUERY_MEMORY`,
//! `query_memory = …`); nothing here has a default, so what was not said can be told apart.

use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde::Deserialize;

use super::ServerSaid;
use crate::logging::LogFormat;
use crate::quantity::{ByteSize, TimeLimit};

/// The settings that one source (flags and environment, or a file) says something about.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[command(next_help_heading = "Options of every command")]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The lake: a folder or a URL (file://, memory://, s3:// where compiled in) [default: ./chatlake-data]
    #[arg(long, global = true, value_name = "URL", env = "CHATLAKE_LAKE", hide_env_values = true,
          value_parser = NonEmptyStringValueParser::new())]
    pub lake: Option<String>,

    /// Configuration file [default: ./chatlake.toml, else chatlake/config.toml in the XDG configuration folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHATLAKE_CONFIG",
        hide_env_values = true
    )]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// Address of Flight SQL: a flag of `serve` and `demo` only.
    #[arg(skip)]
    pub flight: Option<String>,

    /// Address of the PostgreSQL wire protocol: a flag of `serve` only.
    #[arg(skip)]
    pub postgres: Option<String>,

    /// Serving beyond this machine: a flag of `serve` and `demo` only.
    #[arg(skip)]
    pub allow_insecure_remote: Option<bool>,

    /// File with users, keys and their roles [default: _auth/auth.toml in the lake's folder]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CHATLAKE_AUTH_FILE",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub auth_file: Option<PathBuf>,
    /// Settings of the server: flags of `serve` only.
    #[arg(skip)]
    #[serde(default)]
    pub server: ServerSaid,

    /// Longest time a query may run, e.g. 30s, 5min or none [default: none]
    #[arg(long, visible_alias = "timeout", global = true, value_name = "DURATION", env = "CHATLAKE_QUERY_TIMEOUT",
          hide_env_values = true, hide_short_help = true, value_parser = TimeLimit::parse)]
    pub query_timeout: Option<TimeLimit>,

    /// Memory that all running queries share before they spill to disk [default: 2GiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_QUERY_MEMORY", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub query_memory: Option<ByteSize>,

    /// Disk space that queries may spill to [default: 64GiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_QUERY_SPILL", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub query_spill: Option<ByteSize>,

    /// Folder for what queries spill [default: the system's temporary folder]
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "CHATLAKE_SPILL_DIRECTORY",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub spill_directory: Option<PathBuf>,

    /// Folder with SQL files of one's own views and pages (views, bi, parts, pages), added to those built in
    #[arg(
        long,
        global = true,
        value_name = "FOLDER",
        env = "CHATLAKE_SQL_FOLDER",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub sql_folder: Option<PathBuf>,

    /// Threads that one query uses [default: the number of cores]
    #[arg(long, global = true, value_name = "COUNT", env = "CHATLAKE_QUERY_THREADS", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u16).range(1..))]
    pub query_threads: Option<u16>,

    /// Queries that run at the same time, 0 for no limit; others wait for their turn [default: 100]
    #[arg(
        long,
        global = true,
        value_name = "COUNT",
        env = "CHATLAKE_QUERY_CONCURRENT_MAX",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub query_concurrent_max: Option<usize>,

    /// Queries that may wait for their turn [default: 1000]
    #[arg(
        long,
        global = true,
        value_name = "COUNT",
        env = "CHATLAKE_QUERY_QUEUE_MAX",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub query_queue_max: Option<usize>,

    /// Longest time a query may wait for its turn [default: 1min]
    #[arg(long, global = true, value_name = "DURATION", env = "CHATLAKE_QUERY_QUEUE_TIMEOUT", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub query_queue_timeout: Option<TimeLimit>,

    /// Past queries that system.queries remembers [default: 1000]
    #[arg(
        long,
        global = true,
        value_name = "COUNT",
        env = "CHATLAKE_QUERY_HISTORY",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub query_history: Option<usize>,

    /// Rows that a query may give, 0 for no limit [default: 0]
    #[arg(
        long,
        global = true,
        value_name = "COUNT",
        env = "CHATLAKE_RESULT_ROWS_MAX",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub result_rows_max: Option<u64>,

    /// Memory for the scratch tables of one session [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_SCRATCH_SESSION_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub scratch_session_max: Option<ByteSize>,

    /// Memory for the scratch tables of all sessions [default: 1GiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_SCRATCH_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub scratch_max: Option<ByteSize>,

    /// Bytes of one bulk ingestion over Flight SQL [default: 16GiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_INGEST_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub ingest_max: Option<ByteSize>,

    /// Earlier commits that tickets of Flight SQL can still read [default: 100]
    #[arg(
        long,
        global = true,
        value_name = "COUNT",
        env = "CHATLAKE_SNAPSHOTS_MAX",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub snapshots_max: Option<usize>,

    /// Bytes that the SQL function export() gives at the most; `chatlake export` has no limit [default: 64MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_EXPORT_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub export_max: Option<ByteSize>,

    /// Memory for the footers of data files [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_FOOTER_CACHE", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub footer_cache: Option<ByteSize>,

    /// Memory a load uses for rows before it writes them to files [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_LOAD_MEMORY", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub load_memory: Option<ByteSize>,

    /// Memory a load uses for keys, to find duplicates [default: 256MiB]
    #[arg(long, global = true, value_name = "SIZE", env = "CHATLAKE_DEDUP_MEMORY", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub dedup_memory: Option<ByteSize>,

    /// zstd level of data files, 1 (fast) to 22 (small) [default: 1]
    #[arg(long, global = true, value_name = "LEVEL", env = "CHATLAKE_ZSTD_LEVEL", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(i32).range(1..=22))]
    pub zstd_level: Option<i32>,

    /// Which log lines go to stderr, e.g. `info` or `warn,chatlake=debug` [default: warn]
    #[arg(
        long,
        global = true,
        value_name = "FILTER",
        env = "CHATLAKE_LOG",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub log: Option<String>,

    /// How log lines look [default: text]
    #[arg(
        long,
        global = true,
        value_enum,
        env = "CHATLAKE_LOG_FORMAT",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub log_format: Option<LogFormat>,
}

impl Said {
    /// What `self` says, and where it says nothing what `fallback` says.
    pub fn or(self, fallback: Self) -> Self {
        Self {
            lake: self.lake.or(fallback.lake),
            config: self.config.or(fallback.config),
            flight: self.flight.or(fallback.flight),
            postgres: self.postgres.or(fallback.postgres),
            allow_insecure_remote: self
                .allow_insecure_remote
                .or(fallback.allow_insecure_remote),
            auth_file: self.auth_file.or(fallback.auth_file),
            server: self.server.or(fallback.server),
            query_timeout: self.query_timeout.or(fallback.query_timeout),
            query_memory: self.query_memory.or(fallback.query_memory),
            query_spill: self.query_spill.or(fallback.query_spill),
            spill_directory: self.spill_directory.or(fallback.spill_directory),
            sql_folder: self.sql_folder.or(fallback.sql_folder),
            query_threads: self.query_threads.or(fallback.query_threads),
            query_concurrent_max: self.query_concurrent_max.or(fallback.query_concurrent_max),
            query_queue_max: self.query_queue_max.or(fallback.query_queue_max),
            query_queue_timeout: self.query_queue_timeout.or(fallback.query_queue_timeout),
            query_history: self.query_history.or(fallback.query_history),
            result_rows_max: self.result_rows_max.or(fallback.result_rows_max),
            scratch_session_max: self.scratch_session_max.or(fallback.scratch_session_max),
            scratch_max: self.scratch_max.or(fallback.scratch_max),
            ingest_max: self.ingest_max.or(fallback.ingest_max),
            snapshots_max: self.snapshots_max.or(fallback.snapshots_max),
            export_max: self.export_max.or(fallback.export_max),
            footer_cache: self.footer_cache.or(fallback.footer_cache),
            load_memory: self.load_memory.or(fallback.load_memory),
            dedup_memory: self.dedup_memory.or(fallback.dedup_memory),
            zstd_level: self.zstd_level.or(fallback.zstd_level),
            log: self.log.or(fallback.log),
            log_format: self.log_format.or(fallback.log_format),
        }
    }
}
