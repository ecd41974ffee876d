//! The program `chatlake`, as its users run it: users and keys are made by `chatlake auth`, servers are `chatlake serve`.
//!
//! Guarantees: nothing of the server runs inside of the bench; users and keys are in a file of the bench, not of the lake.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::LISTEN;
use super::client::{basic, bearer};
use super::served::Served;
use crate::{Error, Result};

/// The password of every user.
const PASSWORD: &str = "correct horse";

/// What everybody may do: everything.
const GRANT: [&str; 3] = ["--role", "owner", "--every-account"];

/// Where the program is.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    auth_file: PathBuf,
}

/// Somebody who may come in, as a user or as a program.
#[derive(Clone, Debug)]
pub struct Member {
    /// The header that shows name and password.
    pub password_header: String,
    /// The key, sent as it is like a token.
    pub key: String,
}

impl Member {
    /// The header that shows the key.
    pub fn key_header(&self) -> String {
        bearer(&self.key)
    }
}

impl Program {
    /// The program at `path`, else the one beside this program; `folder` will hold users and keys.
    ///
    /// # Errors
    /// When it is not there.
    pub fn find(path: Option<&Path>, folder: &Path) -> Result<Self> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => std::env::current_exe()
                .map_err(Error::io("find this program"))?
                .with_file_name("chatlake"),
        };
        if !path.is_file() {
            return Err(Error::Step {
                step: "find the program".to_owned(),
                message: format!(
                    "expected it at `{}`: build it (`cargo build --release -p chatlake-cli`) or name it by --program",
                    path.display()
                ),
            });
        }
        Ok(Self {
            path,
            auth_file: folder.join("auth").join("auth.toml"),
        })
    }

    /// Adds a user and a key of this name.
    ///
    /// # Errors
    /// When the program refuses.
    pub fn add_member(&self, name: &str) -> Result<Member> {
        self.auth("add-user", name, PASSWORD)?;
        let key = self.auth("add-key", name, "")?;
        Ok(Member {
            password_header: basic(name, PASSWORD),
            key: key.trim().to_owned(),
        })
    }

    /// Runs `chatlake auth`; what it prints.
    fn auth(&self, what: &str, name: &str, input: &str) -> Result<String> {
        let running = || format!("run `chatlake auth {what}`");
        let mut child = Command::new(&self.path)
            .args(["auth", what, name])
            .args(GRANT)
            .arg("--auth-file")
            .arg(&self.auth_file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(Error::io(running()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // one that reads nothing may be gone already
            let _ = writeln!(stdin, "{input}");
        }
        let output = child.wait_with_output().map_err(Error::io(running()))?;
        if !output.status.success() {
            return Err(Error::Step {
                step: running(),
                message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// `chatlake serve` with the members that were added; `tls` is a folder with the files of
    /// [`super::door::write_tls_files`], `more` are further arguments.
    ///
    /// # Errors
    /// When it does not start.
    pub fn serve(&self, lake: &Path, tls: Option<&Path>, more: &[&str]) -> Result<Served> {
        let mut command = Command::new(&self.path);
        command.args(["serve", "--auth", "--flight", LISTEN]);
        command.arg("--lake").arg(lake);
        command.arg("--auth-file").arg(&self.auth_file);
        if let Some(folder) = tls {
            command
                .arg("--tls-certificate")
                .arg(folder.join("certificate.pem"));
            command.arg("--tls-key").arg(folder.join("key.pem"));
        }
        command.args(more);
        Served::start(command)
    }
}
