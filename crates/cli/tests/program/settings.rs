//! Flags, environment and configuration file, and which of them counts.

use crate::folder::{Folder, RECORDS};

/// Runs `chatlake check` on an empty folder: the error names the lake that was meant.
fn meant_lake(folder: &Folder, arguments: &[&str], environment: Option<&str>) -> String {
    let arguments: Vec<&str> = std::iter::once("check")
        .chain(arguments.iter().copied())
        .collect();
    let mut command = folder.command(&arguments);
    if let Some(lake) = environment {
        command.env("CHATLAKE_LAKE", lake);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let folder = Folder::new();
    assert!(meant_lake(&folder, &[], None).contains("chatlake-data"));
    folder.write("chatlake.toml", "lake = \"from-file\"\n");
    assert!(meant_lake(&folder, &[], None).contains("from-file"));
    assert!(meant_lake(&folder, &[], Some("from-environment")).contains("from-environment"));
    assert!(
        meant_lake(&folder, &["--lake", "from-flag"], Some("from-environment"))
            .contains("from-flag")
    );
}

#[test]
fn the_file_may_be_named_or_lie_in_the_home() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path(".config/chatlake")).unwrap();
    folder.write(".config/chatlake/config.toml", "lake = \"from-home\"\n");
    assert!(meant_lake(&folder, &[], None).contains("from-home"));
    folder.write("other.toml", "lake = \"from-other\"\n");
    assert!(meant_lake(&folder, &["--config", "other.toml"], None).contains("from-other"));
}

#[test]
fn an_unknown_key_is_named_with_its_file() {
    let folder = Folder::new();
    folder.write("chatlake.toml", "# settings\nlaek = \"x\"\n");
    folder.chatlake(&["check"]).failed(
        2,
        "configuration file `chatlake.toml`: line 2, `laek`: unknown field `laek`",
    );
}

#[test]
fn wrong_values_are_exit_code_2_wherever_they_come_from() {
    let folder = Folder::new();
    folder
        .chatlake(&["check", "--log", "no=such=filter"])
        .failed(2, "expected a log filter");
    folder
        .chatlake(&["check", "--config", "missing.toml"])
        .failed(2, "`missing.toml`");
    let mut command = folder.command(&["check"]);
    let output = command
        .env("CHATLAKE_QUERY_MEMORY", "much")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("expected a size such as `512MiB`")
    );
}

#[test]
fn limits_of_the_environment_reach_the_database() {
    let folder = Folder::with_records();
    let sql = "SELECT sum(value % 7) FROM generate_series(1, 1000000000000)";
    let output = folder
        .command(&["query", sql])
        .env("CHATLAKE_QUERY_TIMEOUT", "50ms")
        .output()
        .unwrap();
    assert_eq!(
        output.status.code(),
        Some(6),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn logs_go_to_stderr_as_text_or_json() {
    let folder = Folder::new();
    folder.write("records.ndjson", RECORDS);
    let arguments = [
        "ingest",
        "records.ndjson",
        "--json",
        "--log",
        "trace",
        "--log-format",
        "json",
    ];
    let run = folder.chatlake(&arguments);
    assert_eq!(run.code, 0);
    let first = run.stderr.lines().next().unwrap();
    let event: serde_json::Value = serde_json::from_str(first).unwrap();
    assert!(
        event["level"].is_string() && event["fields"].is_object(),
        "{event}"
    );
    assert!(serde_json::from_str::<serde_json::Value>(&run.stdout).is_ok());
}
