//! `chatlake auth`: who may ask the lake's server.
//!
//! Guarantees: a password comes from a prompt or from standard input, never from the command line, where others of the machine
//! see it; the only thing on stdout of `add-key` and `rotate` is the key, which is shown this once; every change is in the audit
//! log beside the auth file.

mod arguments;
mod password;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use chatlake::SystemClock;
use chatlake_auth::{
    AuditAction, AuditEvent, AuditFile, AuditLimits, AuditSink, AuthFile, NewKey, NewUser, ShownKey,
};
use chatlake_types::Clock;
use clap::{Args, Subcommand};

use crate::configuration::Configuration;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::terminal;
use arguments::{ExpiryArguments, GrantArguments, Overlap};

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake auth add-user ada --role admin --account acc_1
  chatlake auth add-user bob --role member --account acc_1 --chatbot shop < password.txt
  KEY=$(chatlake auth add-key dashboards --role read --account acc_1 --expires 365d)
  chatlake auth rotate dashboards --overlap 7d     the old key works for seven days more
  chatlake auth revoke ada                         at once, open sessions too
  chatlake auth list --json | jq '.[] | select(.state != \"active\")'

Roles: owner and admin ask everything of their accounts and write; member and agent ask entity
pages (users, organizations, conversations, chat users) only; a read key asks what a member may,
an ingest key only writes.

A running server sees a change within a second: no restart. The auth file holds hashes only. It is
--auth-file, else _auth/auth.toml in the lake's folder; a lake elsewhere needs --auth-file.";

/// Arguments of `chatlake auth`.
#[derive(Args, Clone, Debug)]
pub struct AuthArguments {
    #[command(subcommand)]
    command: AuthCommand,
}

#[derive(Subcommand, Clone, Debug)]
enum AuthCommand {
    /// Add a person; the password is asked for, or read from standard input
    AddUser {
        /// Name to log in with
        name: String,
        #[command(flatten)]
        grant: GrantArguments,
        #[command(flatten)]
        expiry: ExpiryArguments,
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Add a key for a program; prints it, this once
    AddKey {
        /// Name to find it by
        name: String,
        #[command(flatten)]
        grant: GrantArguments,
        #[command(flatten)]
        expiry: ExpiryArguments,
        #[command(flatten)]
        report: ReportArguments,
    },
    /// List users and keys: role, accounts, state
    List {
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Give a key a new secret and print it; the old one works a while longer
    Rotate {
        /// Name or id of the key
        key: String,
        /// How long the old secret works on, such as 24h or 7d; 0 ends it at once
        #[arg(long, value_name = "DURATION", default_value = "24h", value_parser = Overlap::parse)]
        overlap: Overlap,
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Take a user or key back, at once and for open sessions too
    Revoke {
        /// Name of the user, or name or id of the key
        name: String,
        #[command(flatten)]
        report: ReportArguments,
    },
    /// Give a user another password; open sessions of the old one end
    Passwd {
        /// Name of the user
        name: String,
        #[command(flatten)]
        report: ReportArguments,
    },
}

/// How the answer looks.
#[derive(Args, Clone, Copy, Debug)]
struct ReportArguments {
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// Runs `chatlake auth`.
pub async fn run(configuration: &Configuration, arguments: &AuthArguments) -> Result<ExitStatus> {
    let file = configuration.auth_file()?;
    let command = arguments.command.clone();
    // files, locks and password hashes block: not on a thread of the runtime
    let done = tokio::task::spawn_blocking(move || run_blocking(file, command));
    done.await
        .map_err(|error| chatlake_auth::Error::Internal(error.to_string()))?
}

fn run_blocking(path: PathBuf, command: AuthCommand) -> Result<ExitStatus> {
    let file = AuthFile::named(path, Arc::new(SystemClock));
    match command {
        AuthCommand::AddUser {
            name,
            grant,
            expiry,
            report,
        } => {
            let user = NewUser {
                grant: grant.grant(),
                password: password::read(&name)?,
                expires_at_micros: expiry.expires_at_micros(SystemClock.now_micros()),
                name,
            };
            file.add_user(&user)?;
            note(&file, &["add-user ", &user.name]);
            report::done(report.json, &file, "added", "user", &user.name)?;
        }
        AuthCommand::AddKey {
            name,
            grant,
            expiry,
            report,
        } => {
            let key = NewKey {
                grant: grant.grant(),
                expires_at_micros: expiry.expires_at_micros(SystemClock.now_micros()),
                name,
            };
            let shown = file.add_key(&key)?;
            note(&file, &["add-key ", &shown.id, " ", &key.name]);
            show(report.json, &file, "added", &shown)?;
        }
        AuthCommand::List { report } => report::list(report.json, &file.list()?)?,
        AuthCommand::Rotate {
            key,
            overlap,
            report,
        } => {
            let shown = file.rotate(&key, overlap.ms)?;
            note(&file, &["rotate ", &shown.id]);
            show(report.json, &file, "rotated", &shown)?;
        }
        AuthCommand::Revoke { name, report } => {
            let kind = file.revoke(&name)?;
            note(&file, &["revoke ", kind.as_str(), " ", &name]);
            report::done(report.json, &file, "revoked", kind.as_str(), &name)?;
        }
        AuthCommand::Passwd { name, report } => {
            file.set_password(&name, &password::read(&name)?)?;
            note(&file, &["passwd ", &name]);
            report::done(report.json, &file, "changed", "user", &name)?;
        }
    }
    Ok(ExitStatus::Success)
}

/// Shows a key, and says to a person that this is the only time.
fn show(is_json: bool, file: &AuthFile, what: &'static str, shown: &ShownKey) -> Result<()> {
    report::key(is_json, file, what, shown)?;
    if terminal::is_watched() {
        terminal::say("keep this key now: it is not shown again");
    }
    Ok(())
}

/// Writes a change down in the audit log beside the auth file.
fn note(file: &AuthFile, words: &[&str]) {
    let event = AuditEvent::new(SystemClock.now_micros(), AuditAction::KeyChange);
    match AuditFile::open(file.audit_log_path(), AuditLimits::default()) {
        Ok(log) => log.record(&event.about(&words.concat())),
        // the change itself is done; it is not undone because of the log
        Err(error) => terminal::say(&format!("the change is not in the audit log: {error}")),
    }
}
