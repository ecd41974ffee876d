//! What the auth file says: users, keys and the issuer of tokens, as TOML.
//!
//! ```toml
//! version = 1
//!
//! [[user]]
//! name = "ada"
//! role = "admin"
//! accounts = ["acc_1"]          # or every_account = true
//! chatbots = ["cb_1"]           # left out: every chatbot of the accounts
//! password = "$argon2id$v=19$m=19456,t=2,p=1$…"
//! created_at = "2026-03-12T16:00:00Z"
//! expires_at = "2027-03-12T16:00:00Z"
//! revoked_at = "2026-09-01T00:00:00Z"
//!
//! [[key]]
//! id = "9f86d081884c7d65"
//! name = "dashboards"
//! role = "read"
//! accounts = ["acc_1"]
//! created_at = "2026-03-12T16:00:00Z"
//! secrets = [{ hash = "sha256:…", created_at = "2026-03-12T16:00:00Z" }]
//!
//! [jwt]                         # see `jwt.rs`
//! ```
//!
//! Guarantees: an unknown key of the file is an error; what was read and is written again says the same.

use std::collections::{BTreeSet, HashSet};

use chatlake_types::AccessScope;
use serde::{Deserialize, Serialize};

use crate::jwt::JwtSettings;
use crate::text::{ID, KEY_NAME, USER_NAME, require_name};
use crate::utc::Utc;
use crate::{Error, Result, Role, password, secret};

/// The form of file written here.
pub(crate) const VERSION: u32 = 1;

/// Users and keys that one file may hold.
const ENTRY_COUNT_MAX: usize = 100_000;
/// Accounts or chatbots that one user or key may be bound to.
const BOUND_COUNT_MAX: usize = 10_000;
/// Secrets of one key that may be live at the same time: the new one and the one that it replaces.
pub(crate) const SECRET_COUNT_MAX: usize = 2;

/// The whole file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    pub(crate) version: u32,
    #[serde(default, rename = "user", skip_serializing_if = "Vec::is_empty")]
    pub(crate) users: Vec<UserRecord>,
    #[serde(default, rename = "key", skip_serializing_if = "Vec::is_empty")]
    pub(crate) keys: Vec<KeyRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) jwt: Option<JwtSettings>,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserRecord {
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accounts: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) every_account: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chatbots: Option<Vec<String>>,
    pub(crate) password: String,
    pub(crate) created_at: Utc,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<Utc>,
}

/// A key of a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyRecord {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) role: Role,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) accounts: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) every_account: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chatbots: Option<Vec<String>>,
    pub(crate) created_at: Utc,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Utc>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revoked_at: Option<Utc>,
    pub(crate) secrets: Vec<SecretRecord>,
}

/// One secret of a key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretRecord {
    pub(crate) hash: String,
    pub(crate) created_at: Utc,
    /// When a secret that was replaced stops working.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<Utc>,
}

/// A role and where it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The accounts that it holds in.
    pub accounts: Vec<String>,
    /// Does it hold in every account? Then none is named.
    pub every_account: bool,
    /// The only chatbots that it is about; every chatbot of the accounts without.
    pub chatbots: Option<Vec<String>>,
}

impl Grant {
    /// The rows that it opens.
    pub fn scope(&self) -> AccessScope {
        let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
        match (self.every_account, &self.chatbots) {
            (true, _) => AccessScope::Everything,
            (false, None) => AccessScope::Accounts {
                accounts: set(&self.accounts),
            },
            (false, Some(chatbots)) => AccessScope::Tenants {
                accounts: set(&self.accounts),
                chatbots: set(chatbots),
            },
        }
    }

    /// # Errors
    /// When it names no account, or more or other things than it may.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |expected, found: &str| {
            Err(Error::BadValue {
                expected,
                found: found.to_owned(),
            })
        };
        let chatbots = self.chatbots.as_deref().unwrap_or_default();
        if self.every_account && (!self.accounts.is_empty() || self.chatbots.is_some()) {
            return wrong(
                "no account or chatbot beside `every_account`",
                "one of them",
            );
        }
        if !self.every_account && self.accounts.is_empty() {
            return wrong("an account, or `every_account`", "neither");
        }
        if self.chatbots.as_ref().is_some_and(Vec::is_empty) {
            return wrong("chatbots, or no list of them", "an empty list");
        }
        if self.accounts.len() > BOUND_COUNT_MAX || chatbots.len() > BOUND_COUNT_MAX {
            return wrong("at most 10000 accounts and chatbots", "more");
        }
        let mut ids = self.accounts.iter().chain(chatbots);
        ids.try_for_each(|id| require_name(ID, id))
    }
}

impl UserRecord {
    pub(crate) fn grant(&self) -> Grant {
        Grant {
            role: self.role,
            accounts: self.accounts.clone(),
            every_account: self.every_account,
            chatbots: self.chatbots.clone(),
        }
    }
}

impl KeyRecord {
    pub(crate) fn grant(&self) -> Grant {
        Grant {
            role: self.role,
            accounts: self.accounts.clone(),
            every_account: self.every_account,
            chatbots: self.chatbots.clone(),
        }
    }
}

impl Default for Book {
    fn default() -> Self {
        Self {
            version: VERSION,
            users: Vec::new(),
            keys: Vec::new(),
            jwt: None,
        }
    }
}

impl Book {
    /// Reads and checks the text of a file; says what is wrong, and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let book: Self = toml::from_str(text).map_err(|error| {
            let message = error.message().trim_end().replace('\n', ", ");
            let before = error.span().and_then(|span| text.get(..span.start));
            match before {
                Some(before) => format!("line {}: {message}", before.matches('\n').count() + 1),
                None => message,
            }
        })?;
        if book.version != VERSION {
            return Err(format!(
                "expected `version = {VERSION}`, found {}",
                book.version
            ));
        }
        book.check()?;
        Ok(book)
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> Result<String> {
        let text = toml::to_string(self).map_err(|error| Error::Internal(error.to_string()))?;
        Ok([HEADER, &text].concat())
    }

    /// Is everything in it usable, and every name its own?
    pub(crate) fn check(&self) -> Result<(), String> {
        let found = self.users.len() + self.keys.len();
        if found > ENTRY_COUNT_MAX {
            return Err(format!(
                "expected at most {ENTRY_COUNT_MAX} users and keys, found {found}"
            ));
        }
        let mut names = HashSet::new();
        for user in &self.users {
            let wrong = |reason: String| format!("user `{}`: {reason}", user.name);
            check_user(user).map_err(wrong)?;
            if !names.insert(&user.name) {
                return Err(wrong("expected one of this name, found two".to_owned()));
            }
        }
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for key in &self.keys {
            let wrong = |reason: String| format!("key `{}`: {reason}", key.name);
            check_key(key).map_err(wrong)?;
            if !names.insert(&key.name) || !ids.insert(&key.id) {
                let reason = "expected one of this name and id, found two";
                return Err(wrong(reason.to_owned()));
            }
        }
        match &self.jwt {
            Some(jwt) => jwt.check(),
            None => Ok(()),
        }
    }
}

/// The first lines of every file.
const HEADER: &str = "\
# Who may ask this lake. Written by `chatlake auth …`; changes by hand count too, at once.
# Passwords and keys stand here as hashes only.
";

fn check_user(user: &UserRecord) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    require_name(USER_NAME, &user.name).map_err(text)?;
    user.grant().check().map_err(text)?;
    if user.role.is_for_keys_only() {
        return Err(format!(
            "expected a role of people (owner, admin, member, agent), found `{}`",
            user.role
        ));
    }
    password::require_hash(&user.password)
}

fn check_key(key: &KeyRecord) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    require_name(KEY_NAME, &key.name).map_err(text)?;
    key.grant().check().map_err(text)?;
    let is_id = key.id.len() == 16 && key.id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !is_id {
        return Err("expected an `id` of 16 hexadecimal digits".to_owned());
    }
    if key.secrets.len() > SECRET_COUNT_MAX {
        return Err(format!(
            "expected at most {SECRET_COUNT_MAX} secrets, found {}",
            key.secrets.len()
        ));
    }
    match key
        .secrets
        .iter()
        .all(|each| secret::is_secret_hash(&each.hash))
    {
        true => Ok(()),
        false => Err("expected hashes `sha256:` and 64 hexadecimal digits".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"
version = 1
[[key]]
id = "9f86d081884c7d65"
name = "dashboards"
role = "read"
accounts = ["acc_1"]
created_at = "2026-03-12T16:00:00Z"
secrets = [{ hash = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", created_at = "2026-03-12T16:00:00Z" }]
"#;

    #[test]
    fn what_is_written_is_what_was_read() {
        let book = Book::parse(KEY).unwrap();
        let text = book.text().unwrap();
        assert_eq!(Book::parse(&text).unwrap().text().unwrap(), text);
        assert_eq!(book.keys[0].grant().role, Role::Read);
        assert!(Book::parse(&Book::default().text().unwrap()).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence_with_its_place() {
        for (from, to, expected) in [
            (
                "version = 1",
                "version = 2",
                "expected `version = 1`, found 2",
            ),
            ("version = 1", "", "missing field `version`"),
            (
                "role = \"read\"",
                "role = \"king\"",
                "line 6: unknown variant `king`, expected one of",
            ),
            ("accounts", "acounts", "line 7: unknown field `acounts`"),
            (
                "accounts = [\"acc_1\"]",
                "",
                "key `dashboards`: expected an account, or `every_account`, found neither",
            ),
            (
                "[\"acc_1\"]",
                "[\"acc_1\"]\nchatbots = []",
                "expected chatbots, or no list of them",
            ),
            (
                "[\"acc_1\"]",
                "[\"acc_1\"]\nevery_account = true",
                "expected no account or chatbot beside",
            ),
            (
                "9f86d081884c7d65\"\nname",
                "short\"\nname",
                "expected an `id` of 16 hexadecimal digits",
            ),
            ("sha256:9f", "sha256:9F", "expected hashes `sha256:`"),
            (
                "2026-03-12T16:00:00Z\"\nsecrets",
                "yesterday\"\nsecrets",
                "line 8: expected an instant such as",
            ),
            ("[[key]]", "[[key", "line 3: "),
        ] {
            let text = KEY.replacen(from, to, 1);
            let error = Book::parse(&text).unwrap_err();
            assert!(error.contains(expected), "{to}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn names_and_ids_are_unique() {
        let twice = format!("{KEY}{}", KEY.replace("version = 1", ""));
        let error = Book::parse(&twice).unwrap_err();
        assert!(error.contains("found two"), "{error}");
    }
}
