//! Whose rows a caller may read. Enforced where rows are read (`EntityTable`), never in query text.
//!
//! Guarantees: nothing is allowed that is not named; the default allows nothing.

use std::collections::BTreeSet;

/// The rows a session may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AccessScope {
    /// No row at all: what a session has before anybody says who it acts for.
    #[default]
    Nothing,
    /// The listed chatbots of the listed accounts, and those accounts' own records.
    Tenants {
        /// Account ids whose registries and ledgers may be read.
        accounts: BTreeSet<String>,
        /// Chatbot ids whose conversations may be read.
        chatbots: BTreeSet<String>,
    },
    /// Everything of the listed accounts: their own records, and the chatbots that are registered to them when a query
    /// begins. The engine makes [`AccessScope::Tenants`] of it then; until it has, no chatbot is allowed.
    Accounts {
        /// Account ids.
        accounts: BTreeSet<String>,
    },
    /// Every row: embedded use in one's own process (domain specification §9.5).
    Everything,
}

impl AccessScope {
    /// May rows of this chatbot be read? Rows without a chatbot belong to their account.
    pub fn allows_chatbot(&self, chatbot_id: &str) -> bool {
        match self {
            Self::Nothing | Self::Accounts { .. } => false,
            Self::Tenants { chatbots, .. } => chatbots.contains(chatbot_id),
            Self::Everything => true,
        }
    }

    /// May records of this account be read?
    pub fn allows_account(&self, account_id: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Tenants { accounts, .. } | Self::Accounts { accounts } => {
                accounts.contains(account_id)
            }
            Self::Everything => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_allowed_unless_named() {
        let named = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        let scope = AccessScope::Tenants {
            accounts: named(&["acc"]),
            chatbots: named(&["a"]),
        };
        assert!(scope.allows_chatbot("a") && !scope.allows_chatbot("b"));
        assert!(scope.allows_account("acc") && !scope.allows_account("other"));
        let whole = AccessScope::Accounts {
            accounts: named(&["acc"]),
        };
        assert!(whole.allows_account("acc") && !whole.allows_account("other"));
        assert!(
            !whole.allows_chatbot("a"),
            "nobody has looked which are its"
        );
        assert!(!AccessScope::default().allows_chatbot("a"));
        assert!(AccessScope::Everything.allows_account("any"));
    }
}
