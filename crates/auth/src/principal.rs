//! Who somebody turned out to be.
//!
//! Guarantees: it holds no secret; what it was proved with is remembered only as far as [`crate::Authenticator::check`] needs
//! it to find out whether the proof still counts.

use std::fmt;

use chatlake_types::{Access, AccessScope, Permission, Permissions};
use serde::{Deserialize, Serialize};

use crate::{Error, Grant, Result, Role};

/// How somebody proved who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// Nobody had to: a server without authentication.
    Anonymous,
    /// A key of a program.
    Key,
    /// A JSON Web Token of another party.
    Token,
    /// A person with a password.
    User,
}

/// Somebody who may ask, and what.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    /// How they proved it.
    pub kind: PrincipalKind,
    /// What they are known by: the user's name, the key's id, the token's subject.
    pub id: String,
    /// A name to show.
    pub name: String,
    /// The role.
    pub role: Role,
    /// Whose rows they may see.
    pub scope: AccessScope,
    /// When the proof stops counting, in µs since 1970-01-01T00:00:00Z.
    pub expires_at_micros: Option<i64>,
    /// The hash of the password or secret, or the id of the issuer's key.
    pub(crate) proof: String,
}

/// Without the proof.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("subject", &self.subject())
            .field("role", &self.role)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl PrincipalKind {
    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Key => "key",
            Self::Token => "token",
            Self::User => "user",
        }
    }

    /// Kind and id of the text that [`Principal::subject`] gives.
    pub fn of_subject(subject: &str) -> Option<(Self, &str)> {
        let (kind, id) = subject.split_once(':')?;
        let kinds = [Self::Anonymous, Self::Key, Self::Token, Self::User];
        let kind = kinds.into_iter().find(|each| each.as_str() == kind)?;
        Some((kind, id))
    }
}

impl Principal {
    /// Everybody, on a server without authentication: acts as the owner, as embedded use does.
    pub fn anonymous() -> Self {
        Self {
            kind: PrincipalKind::Anonymous,
            id: String::new(),
            name: "anonymous".to_owned(),
            role: Role::Owner,
            scope: AccessScope::Everything,
            expires_at_micros: None,
            proof: String::new(),
        }
    }

    /// Somebody with a grant.
    pub(crate) fn new(kind: PrincipalKind, id: &str, name: &str, grant: &Grant) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            role: grant.role,
            scope: grant.scope(),
            expires_at_micros: None,
            proof: String::new(),
        }
    }

    /// A text that is this principal's alone and stays the same from login to login: what a ticket is bound to.
    pub fn subject(&self) -> String {
        [self.kind.as_str(), ":", &self.id].concat()
    }

    /// What it may do.
    pub fn permissions(&self) -> Permissions {
        self.role.permissions()
    }

    /// What the engine opens a session with.
    pub fn access(&self) -> Access {
        Access {
            scope: self.scope.clone(),
            permissions: self.permissions(),
        }
    }

    /// # Errors
    /// [`Error::PermissionDenied`] when the role does not have the permission.
    pub fn require(&self, permission: Permission) -> Result<()> {
        if self.permissions().allow(permission) {
            return Ok(());
        }
        Err(Error::PermissionDenied {
            role: self.role.as_str(),
            permission: permission.as_str(),
        })
    }
}
