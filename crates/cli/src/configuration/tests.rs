//! Settings of the file, the flags and the defaults.

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
