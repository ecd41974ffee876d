//! What an administrator does with users and keys.
//!
//! Guarantees: a change is in the file, on the disk, when the call returns; the secret of a key is in the answer and nowhere
//! else; nothing is removed: what was revoked stays, with the instant, so that its name is not used again by accident.

use chatlake_types::Permissions;

use crate::auth_file::AuthFile;
use crate::book::{Book, KeyRecord, SECRET_COUNT_MAX, SecretRecord, UserRecord};
use crate::text::{KEY_NAME, USER_NAME, require_name};
use crate::utc::Utc;
use crate::{Error, Grant, PrincipalKind, Result, Secret, password, secret};

/// A user to be added.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The name, unique among users.
    pub name: String,
    /// Role and where it holds; no role of keys.
    pub grant: Grant,
    /// The password.
    pub password: Secret,
    /// When it ends, in µs since 1970-01-01T00:00:00Z.
    pub expires_at_micros: Option<i64>,
}

/// A key to be added.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The name, unique among keys.
    pub name: String,
    /// Role and where it holds.
    pub grant: Grant,
    /// When it ends, in µs since 1970-01-01T00:00:00Z.
    pub expires_at_micros: Option<i64>,
}

/// A key with its secret, to be shown once.
#[derive(Clone, Debug)]
pub struct ShownKey {
    /// The id: the part of the key that is no secret.
    pub id: String,
    /// The whole key, as a client sends it.
    pub key: Secret,
}

/// Whether a user or key may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    /// It may.
    Active,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Revoked,
}

impl EntryState {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

/// A user or key, without what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// User or key.
    pub kind: PrincipalKind,
    /// The user's name or the key's id.
    pub id: String,
    /// The name.
    pub name: String,
    /// Role and where it holds.
    pub grant: Grant,
    /// What the role may do.
    pub permissions: Permissions,
    /// Whether it may come in now.
    pub state: EntryState,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends, RFC 3339.
    pub expires_at: Option<String>,
    /// When it was taken back, RFC 3339.
    pub revoked_at: Option<String>,
    /// Secrets of a key that work now: two while it is being replaced.
    pub live_secret_count: usize,
}

impl AuthFile {
    /// Adds a user.
    ///
    /// # Errors
    /// When there is one of this name, or a value cannot be used.
    pub fn add_user(&self, user: &NewUser) -> Result<()> {
        require_name(USER_NAME, &user.name)?;
        user.grant.check()?;
        if user.grant.role.is_for_keys_only() {
            return Err(Error::BadValue {
                expected: "a role of people: owner, admin, member or agent",
                found: format!("`{}`", user.grant.role),
            });
        }
        password::require_password(&user.password)?;
        let hash = password::hash(&user.password)?;
        let now = self.now();
        self.change(|book| {
            if book.users.iter().any(|each| each.name == user.name) {
                return Err(Error::Exists {
                    what: "user",
                    name: user.name.clone(),
                });
            }
            book.users.push(UserRecord {
                name: user.name.clone(),
                role: user.grant.role,
                accounts: user.grant.accounts.clone(),
                every_account: user.grant.every_account,
                chatbots: user.grant.chatbots.clone(),
                password: hash,
                created_at: now,
                expires_at: user.expires_at_micros.map(Utc),
                revoked_at: None,
            });
            Ok(())
        })
    }

    /// Adds a key.
    ///
    /// # Errors
    /// When there is one of this name, or a value cannot be used.
    pub fn add_key(&self, key: &NewKey) -> Result<ShownKey> {
        require_name(KEY_NAME, &key.name)?;
        key.grant.check()?;
        let id = secret::new_key_id();
        let shown = secret::new_key(&id);
        let hash = secret::key_hash(&shown)?;
        let now = self.now();
        self.change(|book| {
            if book.keys.iter().any(|each| each.name == key.name) {
                return Err(Error::Exists {
                    what: "key",
                    name: key.name.clone(),
                });
            }
            book.keys.push(KeyRecord {
                id: id.clone(),
                name: key.name.clone(),
                role: key.grant.role,
                accounts: key.grant.accounts.clone(),
                every_account: key.grant.every_account,
                chatbots: key.grant.chatbots.clone(),
                created_at: now,
                expires_at: key.expires_at_micros.map(Utc),
                revoked_at: None,
                secrets: vec![SecretRecord {
                    hash,
                    created_at: now,
                    expires_at: None,
                }],
            });
            Ok(())
        })?;
        Ok(ShownKey { id, key: shown })
    }

    /// Gives a key, by name or id, a new secret. The one before goes on for `overlap_ms`; older ones end at once.
    ///
    /// # Errors
    /// When there is no such key, or it was revoked.
    pub fn rotate(&self, name_or_id: &str, overlap_ms: u64) -> Result<ShownKey> {
        let now = self.now();
        let overlap_micros = i64::try_from(overlap_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        let ends_at = Utc(now.0.saturating_add(overlap_micros));
        self.change(|book| {
            let key = find_key(book, name_or_id)?;
            if key.revoked_at.is_some() {
                return Err(Error::Revoked { what: "the key" });
            }
            let shown = secret::new_key(&key.id);
            key.secrets.sort_by_key(|each| each.created_at);
            let dropped = key.secrets.len().saturating_sub(SECRET_COUNT_MAX - 1);
            key.secrets.drain(..dropped);
            for before in &mut key.secrets {
                before.expires_at = Some(before.expires_at.map_or(ends_at, |end| end.min(ends_at)));
            }
            key.secrets.push(SecretRecord {
                hash: secret::key_hash(&shown)?,
                created_at: now,
                expires_at: None,
            });
            Ok(ShownKey {
                id: key.id.clone(),
                key: shown,
            })
        })
    }

    /// Takes a user or key back, by name or id. One that was taken back before stays so.
    ///
    /// # Errors
    /// When there is no such user or key, or both a user and a key have the name: then the key's id says which.
    pub fn revoke(&self, name_or_id: &str) -> Result<PrincipalKind> {
        let now = self.now();
        self.change(|book| {
            let is_user = book.users.iter().any(|user| user.name == name_or_id);
            let is_key = book.keys.iter().any(|key| key.name == name_or_id);
            if is_user && is_key {
                return Err(Error::BadValue {
                    expected: "the id of the key, or a name that only a user or only a key has",
                    found: "a name that both have".to_owned(),
                });
            }
            let user = book.users.iter_mut().find(|user| user.name == name_or_id);
            if let Some(user) = user {
                user.revoked_at.get_or_insert(now);
                return Ok(PrincipalKind::User);
            }
            find_key(book, name_or_id)?.revoked_at.get_or_insert(now);
            Ok(PrincipalKind::Key)
        })
    }

    /// Gives a user another password; open sessions of the one before end.
    ///
    /// # Errors
    /// When there is no such user, or the password cannot be used.
    pub fn set_password(&self, name: &str, password: &Secret) -> Result<()> {
        password::require_password(password)?;
        let hash = password::hash(password)?;
        self.change(|book| {
            let user = book.users.iter_mut().find(|user| user.name == name);
            let user = user.ok_or_else(|| Error::Unknown(crate::text::shortened(name)))?;
            user.password = hash;
            Ok(())
        })
    }

    /// Every user, then every key, by name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let now = self.now();
        let book = self.read()?;
        let users = book.users.iter().map(|user| Entry {
            kind: PrincipalKind::User,
            id: user.name.clone(),
            name: user.name.clone(),
            permissions: user.role.permissions(),
            grant: user.grant(),
            state: state(user.revoked_at, user.expires_at, now),
            created_at: user.created_at.text(),
            expires_at: user.expires_at.map(Utc::text),
            revoked_at: user.revoked_at.map(Utc::text),
            live_secret_count: 0,
        });
        let is_live = |secret: &&SecretRecord| secret.expires_at.is_none_or(|end| end > now);
        let keys = book.keys.iter().map(|key| Entry {
            kind: PrincipalKind::Key,
            id: key.id.clone(),
            name: key.name.clone(),
            permissions: key.role.permissions(),
            grant: key.grant(),
            state: state(key.revoked_at, key.expires_at, now),
            created_at: key.created_at.text(),
            expires_at: key.expires_at.map(Utc::text),
            revoked_at: key.revoked_at.map(Utc::text),
            live_secret_count: key.secrets.iter().filter(is_live).count(),
        });
        let mut entries: Vec<Entry> = users.chain(keys).collect();
        let is_key = |entry: &Entry| entry.kind == PrincipalKind::Key;
        entries
            .sort_by(|left, right| (is_key(left), &left.name).cmp(&(is_key(right), &right.name)));
        Ok(entries)
    }

    fn now(&self) -> Utc {
        Utc(self.clock().now_micros())
    }
}

fn state(revoked_at: Option<Utc>, expires_at: Option<Utc>, now: Utc) -> EntryState {
    match (revoked_at, expires_at) {
        (Some(_), _) => EntryState::Revoked,
        (None, Some(end)) if end <= now => EntryState::Expired,
        _ => EntryState::Active,
    }
}

/// By id first: a name may look like the id of another key.
fn find_key<'a>(book: &'a mut Book, name_or_id: &str) -> Result<&'a mut KeyRecord> {
    let by_id = book.keys.iter().position(|key| key.id == name_or_id);
    let by_name = || book.keys.iter().position(|key| key.name == name_or_id);
    let found = by_id.or_else(by_name);
    found
        .and_then(|index| book.keys.get_mut(index))
        .ok_or_else(|| Error::Unknown(crate::text::shortened(name_or_id)))
}

#[cfg(test)]
mod tests;
