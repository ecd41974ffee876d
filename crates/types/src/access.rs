//! What a caller may do, and with whose rows: what a session is opened with.
//!
//! Guarantees: nothing is allowed that is not named; which role has which permissions is said in `crates/auth` alone.

use std::fmt;

use crate::AccessScope;

/// Something that a role may do or not (the columns of domain specification §9.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Write records.
    Ingest,
    /// Ask entity pages, their facets and details.
    EntityPages,
    /// Ask analytics pages, and export them.
    AnalyticsPages,
    /// Read views and stored tables, with any SQL over them.
    RawViews,
    /// Delete, and change registries (agents, teams, chatbots, …).
    Registries,
    /// Drop a whole account.
    DropAccount,
}

impl Permission {
    /// All of them, in the order of the specification's columns.
    pub const ALL: [Self; 6] = [
        Self::Ingest,
        Self::EntityPages,
        Self::AnalyticsPages,
        Self::RawViews,
        Self::Registries,
        Self::DropAccount,
    ];

    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::EntityPages => "entity_pages",
            Self::AnalyticsPages => "analytics_pages",
            Self::RawViews => "raw_views",
            Self::Registries => "registries",
            Self::DropAccount => "drop_account",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of permissions; the default is empty.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

impl Permissions {
    /// Not a single one.
    pub const NONE: Self = Self(0);
    /// Every one: embedded use in one's own process acts as the owner (domain specification §9.5).
    pub const ALL: Self = Self::of(&Permission::ALL);

    /// The permissions of a list.
    pub const fn of(list: &[Permission]) -> Self {
        let (mut bits, mut index) = (0, 0);
        while index < list.len() {
            bits |= list[index].bit();
            index += 1;
        }
        Self(bits)
    }

    /// Is it one of them?
    pub const fn allow(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// May anything be asked at all?
    pub const fn allow_queries(self) -> bool {
        self.allow(Permission::EntityPages)
            || self.allow(Permission::AnalyticsPages)
            || self.allow(Permission::RawViews)
    }

    /// Each of them, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |permission| self.allow(*permission))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Permission::as_str))
            .finish()
    }
}

/// Whose rows, and what may be done with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// The rows; [`AccessScope::Nothing`] by default.
    pub scope: AccessScope,
    /// The permissions; none by default.
    pub permissions: Permissions,
}

impl Access {
    /// Everything, as embedded use has it.
    pub fn owner() -> Self {
        Self {
            scope: AccessScope::Everything,
            permissions: Permissions::ALL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        for held in Permission::ALL {
            let set = Permissions::of(&[held]);
            for asked in Permission::ALL {
                assert_eq!(set.allow(asked), held == asked);
                assert!(Permissions::ALL.allow(asked) && !Permissions::NONE.allow(asked));
            }
            assert_eq!(set.iter().collect::<Vec<_>>(), [held]);
        }
        assert_eq!(Access::default().permissions, Permissions::NONE);
    }

    #[test]
    fn writing_is_not_asking() {
        assert!(!Permissions::of(&[Permission::Ingest, Permission::Registries]).allow_queries());
        assert!(Permissions::of(&[Permission::EntityPages]).allow_queries());
    }
}
