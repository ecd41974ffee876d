//! What of a stored table a session may see: its access scope, narrowed by `chatlake.chatbot_id` when that is set.

use std::collections::BTreeSet;
use std::sync::Arc;

use chatlake_schema::Table;
use chatlake_types::AccessScope;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::{col, lit};

use crate::{Error, Result};

/// Name of the column that says whose registry or ledger row it is.
const ACCOUNT_COLUMN: &str = "account_id";

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct VisibleRows {
    scope: Arc<AccessScope>,
    chatbot_id: Option<Arc<str>>,
    /// The account whose ledger a page adds up, rows of its other chatbots included.
    ledger_account_id: Option<Arc<str>>,
}

impl VisibleRows {
    /// # Errors
    /// [`Error::PermissionDenied`] when the one chatbot asked for is outside of the scope.
    pub(crate) fn new(scope: Arc<AccessScope>, chatbot_id: Option<Arc<str>>) -> Result<Self> {
        if let Some(chatbot_id) = &chatbot_id
            && !scope.allows_chatbot(chatbot_id)
        {
            return Err(Error::PermissionDenied(format!(
                "chatbot `{chatbot_id}` is not yours to read"
            )));
        }
        Ok(Self {
            scope,
            chatbot_id,
            ledger_account_id: None,
        })
    }

    /// The rows of one chatbot, whatever these rows were narrowed to.
    ///
    /// # Errors
    /// [`Error::PermissionDenied`] when the chatbot is outside of the scope.
    pub(crate) fn of_chatbot(&self, chatbot_id: &str) -> Result<Self> {
        Self::new(Arc::clone(&self.scope), Some(chatbot_id.into()))
    }

    /// No row: what a page shows before its chatbot is known.
    pub(crate) fn none() -> Self {
        Self {
            scope: Arc::new(AccessScope::Nothing),
            chatbot_id: None,
            ledger_account_id: None,
        }
    }

    /// Whose rows they are.
    pub(crate) fn scope(&self) -> &AccessScope {
        &self.scope
    }

    /// Is it the whole lake, whatever it is narrowed to now?
    pub(crate) fn sees_everything(&self) -> bool {
        matches!(self.scope.as_ref(), AccessScope::Everything)
    }

    /// The same rows, and the whole ledger of the account: a balance belongs to the account (domain specification §7.8).
    ///
    /// # Errors
    /// [`Error::PermissionDenied`] when the account is outside of the scope.
    pub(crate) fn with_ledger_of(self, account_id: Option<Arc<str>>) -> Result<Self> {
        if let Some(account_id) = &account_id
            && !self.scope.allows_account(account_id)
        {
            return Err(Error::PermissionDenied(format!(
                "account `{account_id}` is not yours to read"
            )));
        }
        Ok(Self {
            ledger_account_id: account_id,
            ..self
        })
    }

    /// The account whose rows are read whatever their chatbot is.
    fn whole_account(&self, table: &Table) -> Option<&str> {
        let chatbot = table.chatbot_column.as_deref()?;
        let is_ledger = table.column(chatbot).is_some_and(|column| column.nullable);
        self.ledger_account_id.as_deref().filter(|_| is_ledger)
    }

    /// The chatbots whose partitions of a table may be read; `None` for all. Rows without a chatbot come on top.
    pub(crate) fn chatbots_in(&self, table: &Table) -> Option<BTreeSet<&str>> {
        match self.whole_account(table) {
            Some(_) => None,
            None => self.chatbots(),
        }
    }

    /// The chatbots whose partitions may be read; `None` for all. Rows without a chatbot come on top, filtered by account.
    pub(crate) fn chatbots(&self) -> Option<BTreeSet<&str>> {
        match (&self.chatbot_id, self.scope.as_ref()) {
            (Some(chatbot_id), _) => Some(BTreeSet::from([chatbot_id.as_ref()])),
            (None, AccessScope::Everything) => None,
            (None, AccessScope::Nothing | AccessScope::Accounts { .. }) => Some(BTreeSet::new()),
            (None, AccessScope::Tenants { chatbots, .. }) => {
                Some(chatbots.iter().map(String::as_str).collect())
            }
        }
    }

    /// May partitions without a chatbot be read (their rows are filtered by account)?
    pub(crate) fn rows_without_chatbot(&self, table: &Table) -> bool {
        if self.whole_account(table).is_some() {
            return true;
        }
        match self.scope.as_ref() {
            AccessScope::Everything => self.chatbot_id.is_none(),
            AccessScope::Tenants { .. } | AccessScope::Accounts { .. } => self.chatbot_id.is_none(),
            AccessScope::Nothing => false,
        }
    }

    /// A condition on rows, where the choice of partitions does not already say everything: a row with a chatbot is its
    /// chatbot's, a row without one is its account's.
    pub(crate) fn row_filter(&self, table: &Table) -> Option<Expr> {
        if let Some(account_id) = self.whole_account(table) {
            return Some(col(ACCOUNT_COLUMN).eq(lit(account_id)));
        }
        let list = |ids: BTreeSet<&str>| ids.into_iter().map(lit).collect::<Vec<Expr>>();
        let of_account = match self.scope.as_ref() {
            AccessScope::Everything => None,
            AccessScope::Nothing => Some(lit(false)),
            AccessScope::Tenants { accounts, .. } | AccessScope::Accounts { accounts } => {
                let accounts = accounts.iter().map(String::as_str).collect();
                Some(col(ACCOUNT_COLUMN).in_list(list(accounts), false))
            }
        };
        match table.chatbot_column.as_deref() {
            None => of_account,
            Some(chatbot) if !table.is_partitioned() => self
                .chatbots()
                .map(|chatbots| col(chatbot).in_list(list(chatbots), false)),
            Some(chatbot) if table.column(chatbot).is_some_and(|column| column.nullable) => {
                of_account.map(|of_account| col(chatbot).is_not_null().or(of_account))
            }
            Some(_) => None,
        }
    }
}
