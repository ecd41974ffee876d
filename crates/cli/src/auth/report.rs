//! What `chatlake auth` prints.

use std::fmt::Write as _;
use std::io::Write;

use chatlake_auth::{AuthFile, Entry, PrincipalKind, ShownKey};
use chatlake_types::Permission;
use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::output::Destination;
use crate::terminal::one_line;

/// A change of a user or key without anything to show.
pub fn done(is_json: bool, file: &AuthFile, what: &str, kind: &str, name: &str) -> Result<()> {
    let path = file.path().display().to_string();
    let text = match is_json {
        true => line(&json!({"file": path, "kind": kind, "name": name, "change": what})),
        false => format!("{what} the {kind} `{}` in `{path}`\n", one_line(name)),
    };
    print(&text)
}

/// A key, alone on its line.
pub fn key(is_json: bool, file: &AuthFile, what: &str, shown: &ShownKey) -> Result<()> {
    let path = file.path().display().to_string();
    let key = shown.key.reveal();
    let text = match is_json {
        true => {
            line(&json!({"file": path, "kind": "key", "id": shown.id, "key": key, "change": what}))
        }
        false => format!("{key}\n"),
    };
    print(&text)
}

/// Users and keys.
pub fn list(is_json: bool, entries: &[Entry]) -> Result<()> {
    if is_json {
        let entries: Vec<Value> = entries.iter().map(entry_json).collect();
        return print(&line(&Value::Array(entries)));
    }
    if entries.is_empty() {
        return print("no user and no key; `chatlake auth add-user` adds one\n");
    }
    let mut rows = vec![["KIND", "NAME", "ID", "ROLE", "FOR", "STATE"].map(str::to_owned)];
    rows.extend(entries.iter().map(cells));
    print(&aligned(&rows))
}

fn cells(entry: &Entry) -> [String; 6] {
    let state = match (&entry.revoked_at, &entry.expires_at) {
        (Some(at), _) => format!("revoked {at}"),
        (None, Some(at)) => format!(
            "{} {at}",
            ["expired", "until"][usize::from(is_active(entry))]
        ),
        (None, None) => entry.state.as_str().to_owned(),
    };
    let rotating = ["", ", two secrets"][usize::from(entry.live_secret_count > 1)];
    [
        entry.kind.as_str().to_owned(),
        one_line(&entry.name),
        match entry.kind {
            PrincipalKind::Key => entry.id.clone(),
            _ => "-".to_owned(),
        },
        entry.grant.role.to_string(),
        holds_for(entry),
        [state.as_str(), rotating].concat(),
    ]
}

fn is_active(entry: &Entry) -> bool {
    entry.state == chatlake_auth::EntryState::Active
}

/// `acc_1`, `acc_1: shop, help`, `every account`.
fn holds_for(entry: &Entry) -> String {
    if entry.grant.every_account {
        return "every account".to_owned();
    }
    let accounts = entry.grant.accounts.join(", ");
    match &entry.grant.chatbots {
        None => one_line(&accounts),
        Some(chatbots) => one_line(&[&accounts, ": ", &chatbots.join(", ")].concat()),
    }
}

fn entry_json(entry: &Entry) -> Value {
    let permissions: Vec<&str> = entry.permissions.iter().map(Permission::as_str).collect();
    json!({
        "kind": entry.kind.as_str(),
        "id": entry.id,
        "name": entry.name,
        "role": entry.grant.role.as_str(),
        "permissions": permissions,
        "accounts": entry.grant.accounts,
        "every_account": entry.grant.every_account,
        "chatbots": entry.grant.chatbots,
        "state": entry.state.as_str(),
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
        "revoked_at": entry.revoked_at,
        "live_secrets": entry.live_secret_count,
    })
}

/// The rows with their columns below each other.
fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| {
        let widths = rows
            .iter()
            .map(|row| console::measure_text_width(&row[column]));
        widths.max().unwrap_or(0)
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            console::pad_str(cell, width, console::Alignment::Left, None).into_owned()
        });
        let cells: Vec<String> = cells.collect();
        // writing to a String cannot fail
        let _ = writeln!(text, "{}", cells.join("  ").trim_end());
    }
    text
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

fn print(text: &str) -> Result<()> {
    let mut destination = Destination::stdout();
    destination
        .stream
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    destination.finish()
}
