//! `--help` and `--version`: worth reading, and in step with what the program does.

use crate::folder::Folder;

const COMMANDS: [&str; 8] = [
    "ingest", "query", "export", "serve", "schema", "check", "auth", "demo",
];

#[test]
fn the_help_names_every_command_and_exit_code() {
    let help = Folder::new().chatlake(&["--help"]).succeeded().stdout;
    for command in COMMANDS {
        assert!(
            help.contains(&format!("\n  {command} ")),
            "`{command}` is missing in: {help}"
        );
    }
    for expected in [
        "Examples:",
        "Exit codes:",
        "CHATLAKE_LAKE",
        "./chatlake-data",
        "130  interrupted",
    ] {
        assert!(
            help.contains(expected),
            "`{expected}` is missing in: {help}"
        );
    }
}

#[test]
fn the_help_of_every_command_has_examples_and_the_common_options() {
    for command in COMMANDS {
        let help = Folder::new()
            .chatlake(&[command, "--help"])
            .succeeded()
            .stdout;
        for expected in [
            "Examples:",
            "Exit codes:",
            "--lake <URL>",
            "--config <FILE>",
            &format!("chatlake {command}"),
        ] {
            assert!(
                help.contains(expected),
                "`{expected}` is missing in the help of {command}: {help}"
            );
        }
    }
}

#[test]
fn the_options_that_matter_are_explained() {
    for (command, options) in [
        (
            "ingest",
            &[
                "--format",
                "--table",
                "--json",
                "--rejects",
                "--outcomes",
                "--on-error",
                "--ignore-extra",
            ][..],
        ),
        (
            "query",
            &[
                "--format",
                "--output",
                "--max-rows",
                "--query-timeout",
                "NDJSON",
            ],
        ),
        (
            "export",
            &[
                "--chatbot",
                "--period",
                "--option",
                "--options",
                "--format",
                "--output",
                "--raw",
            ],
        ),
        (
            "serve",
            &["--flight", "--allow-insecure-remote", "127.0.0.1:31337"],
        ),
        ("schema", &["--format"]),
        ("check", &["--json"]),
        (
            "auth",
            &[
                "--auth-file",
                "add-user",
                "rotate",
                "ingest key only writes",
            ],
        ),
        ("demo", &["--no-serve", "--flight"]),
    ] {
        let help = Folder::new()
            .chatlake(&[command, "--help"])
            .succeeded()
            .stdout;
        for option in options {
            assert!(
                help.contains(option),
                "`{option}` is missing in the help of {command}: {help}"
            );
        }
    }
}

#[test]
fn the_version_is_one_line() {
    let version = Folder::new().chatlake(&["--version"]).succeeded().stdout;
    assert_eq!(version, format!("chatlake {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_arguments_are_exit_code_2() {
    let folder = Folder::new();
    for arguments in [
        &["nonsense"][..],
        &["ingest"],
        &["query", "--format", "xml"],
        &["--lake", "", "check"],
    ] {
        let run = folder.chatlake(arguments);
        assert_eq!(run.code, 2, "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
}
