//! A folder of its own for a test, and the program run inside it.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// Two conversations of one chatbot: three messages, one user, one annotation.
pub const RECORDS: &str = r#"{"type":"chatbot","chatbot_id":"shop","account_id":"acc","name":"Shop"}
{"type":"message","chatbot_id":"shop","conversation_id":"c1","message_id":"m1","sent_at":"2026-03-12T10:00:00Z","sender_type":"customer","content":"Where is \"it\", please?"}
{"type":"message","chatbot_id":"shop","conversation_id":"c1","message_id":"m2","sent_at":"2026-03-12T10:00:05.250Z","sender_type":"bot","content":"On its\nway"}
{"type":"message","chatbot_id":"shop","conversation_id":"c2","message_id":"m1","sent_at":"2026-03-13T09:00:00Z","sender_type":"customer","content":""}
{"type":"conversation","chatbot_id":"shop","conversation_id":"c1","updated_at":"2026-03-12T10:00:00Z","user":{"id":"u1","name":"Ada","plan":"pro","mrr":99}}
{"type":"annotation","chatbot_id":"shop","conversation_id":"c1","message_id":"m1","annotated_at":"2026-03-12T10:00:02Z","sentiment":{"score":-0.4},"behavior_flags":["frustration","gratitude"]}
"#;
/// Number of lines in [`RECORDS`].
pub const RECORD_COUNT: u64 = 6;

/// A folder that goes away with the test.
pub struct Folder {
    root: TempDir,
}

/// How a run of the program ended.
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
}

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        Self {
            root: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder with [`RECORDS`] ingested into its default lake.
    pub fn with_records() -> Self {
        let folder = Self::new();
        folder.write("records.ndjson", RECORDS);
        folder.chatlake(&["ingest", "records.ndjson"]).succeeded();
        folder
    }

    /// A path inside the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program inside the folder, with nothing of the environment around the test but the path to programs.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chatlake"));
        command
            .args(arguments)
            .current_dir(self.root.path())
            .env_clear()
            .env("HOME", self.root.path());
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub fn chatlake(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs the program to its end with `input` on its standard input.
    pub fn chatlake_reading(&self, input: &str, arguments: &[&str]) -> Run {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        write_all(&mut child, input);
        Run::of(child.wait_with_output().unwrap())
    }

    /// The CSV answer to a query on the default lake.
    pub fn csv(&self, sql: &str) -> String {
        self.chatlake(&["query", "--format", "csv", sql])
            .succeeded()
            .stdout
    }
}

/// Writes `input` to the child and closes its standard input.
fn write_all(child: &mut Child, input: &str) {
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
}

impl Run {
    /// How a finished process ended.
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Exit code 0 and nothing on stderr.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        assert_eq!(
            (self.code, self.stderr.as_str()),
            (0, ""),
            "stdout: {}",
            self.stdout
        );
        self
    }

    /// The exit code, and one sentence `error: …` with `expected` in it as the last line of stderr.
    #[track_caller]
    pub fn failed(self, code: i32, expected: &str) -> Self {
        let (stdout, stderr) = (&self.stdout, &self.stderr);
        assert_eq!(self.code, code, "stdout: {stdout}\nstderr: {stderr}");
        let last = stderr.lines().last().unwrap_or_default();
        assert!(
            last.starts_with("error: ") && last.contains(expected),
            "expected `{expected}` in: {stderr}"
        );
        let sentences = stderr.lines().filter(|line| line.starts_with("error: "));
        assert_eq!(sentences.count(), 1, "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        self
    }
}
