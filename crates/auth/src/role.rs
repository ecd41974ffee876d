//! The roles and what each may do: the table of domain specification §9.5, as data.
//!
//! Guarantees: this is the only place that says it; a role that is not in the table does not exist.

use std::fmt;
use std::str::FromStr;

use chatlake_types::{Permission, Permissions};
use serde::{Deserialize, Serialize};

use crate::Error;

/// What a user or key is to its accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything, also drop the account.
    Owner,
    /// May do everything but drop the account.
    Admin,
    /// Asks entity pages.
    Member,
    /// As a member; a human agent who answers customers.
    Agent,
    /// A key that asks what a member may ask.
    Read,
    /// A key that only writes.
    Ingest,
}

const PAGES: &[Permission] = &[Permission::EntityPages];
const ADMIN: &[Permission] = &[
    Permission::Ingest,
    Permission::EntityPages,
    Permission::AnalyticsPages,
    Permission::RawViews,
    Permission::Registries,
];

/// Every role with its permissions.
pub const ROLES: [(Role, Permissions); 6] = [
    (Role::Owner, Permissions::ALL),
    (Role::Admin, Permissions::of(ADMIN)),
    (Role::Member, Permissions::of(PAGES)),
    (Role::Agent, Permissions::of(PAGES)),
    (Role::Read, Permissions::of(PAGES)),
    (Role::Ingest, Permissions::of(&[Permission::Ingest])),
];

impl Role {
    /// What it may do.
    pub fn permissions(self) -> Permissions {
        let found = ROLES.iter().find(|(role, _)| *role == self);
        found.map_or(Permissions::NONE, |(_, permissions)| *permissions)
    }

    /// Its name in the auth file, in tokens and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Agent => "agent",
            Self::Read => "read",
            Self::Ingest => "ingest",
        }
    }

    /// Is it a role of keys only? People who log in have another one.
    pub fn is_for_keys_only(self) -> bool {
        matches!(self, Self::Read | Self::Ingest)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut roles = ROLES.iter().map(|(role, _)| *role);
        roles
            .find(|role| role.as_str() == text)
            .ok_or_else(|| Error::BadValue {
                expected: "a role: owner, admin, member, agent, read or ingest",
                found: format!("`{}`", crate::text::shortened(text)),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of §9.5 as it stands there.
    #[test]
    fn the_table_is_that_of_the_specification() {
        use Permission::{AnalyticsPages, DropAccount, EntityPages, Ingest, RawViews, Registries};
        let columns = [
            Ingest,
            EntityPages,
            AnalyticsPages,
            RawViews,
            Registries,
            DropAccount,
        ];
        assert_eq!(columns, Permission::ALL);
        for (role, row) in [
            (Role::Owner, "yes yes yes yes yes yes"),
            (Role::Admin, "yes yes yes yes yes no"),
            (Role::Member, "no yes no no no no"),
            (Role::Agent, "no yes no no no no"),
            (Role::Read, "no yes no no no no"),
            (Role::Ingest, "yes no no no no no"),
        ] {
            let permissions = role.permissions();
            let cells = columns.map(|column| {
                if permissions.allow(column) {
                    "yes"
                } else {
                    "no"
                }
            });
            assert_eq!(cells.join(" "), row, "{role}");
        }
        assert_eq!(ROLES.len(), 6);
    }

    #[test]
    fn a_role_is_read_by_the_name_that_it_shows() {
        for (role, _) in ROLES {
            assert_eq!(role.as_str().parse::<Role>().unwrap(), role);
        }
        let error = "Owner".parse::<Role>().unwrap_err().to_string();
        assert!(error.ends_with("found `Owner`"), "{error}");
    }
}
