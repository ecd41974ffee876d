//! The auth file as logins ask it: by name and id, at one moment.
//!
//! Guarantees: it never changes; a changed file makes a new one.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::Result;
use crate::book::{Book, KeyRecord, UserRecord};
use crate::jwt::JwtVerifier;

/// See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    users: HashMap<String, UserRecord>,
    keys: HashMap<String, KeyRecord>,
    jwt: Option<Arc<JwtVerifier>>,
}

impl Directory {
    /// Sorts a book; reads the key set of its issuer, if it names one, below `folder`.
    pub(crate) fn new(book: Book, folder: &Path) -> Result<Self> {
        let jwt = match book.jwt {
            Some(settings) => Some(Arc::new(JwtVerifier::open(settings, folder)?)),
            None => None,
        };
        let users = book.users.into_iter();
        let keys = book.keys.into_iter();
        Ok(Self {
            users: users.map(|user| (user.name.clone(), user)).collect(),
            keys: keys.map(|key| (key.id.clone(), key)).collect(),
            jwt,
        })
    }

    pub(crate) fn user(&self, name: &str) -> Option<&UserRecord> {
        self.users.get(name)
    }

    pub(crate) fn key(&self, id: &str) -> Option<&KeyRecord> {
        self.keys.get(id)
    }

    pub(crate) fn jwt(&self) -> Option<&Arc<JwtVerifier>> {
        self.jwt.as_ref()
    }
}
