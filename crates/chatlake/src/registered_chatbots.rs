//! Which chatbots belong to an account: what makes `AccessScope::Accounts` a list of chatbots when a query begins.
//!
//! Guarantees: the registry as of the query's own commit decides, its newest record for each chatbot; it is read once per
//! commit and database, whatever the number of sessions.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::Array;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use chatlake_analytics::REGISTERED_CHATBOTS_SQL;
use chatlake_types::AccessScope;
use datafusion::common::cast::as_string_array;
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::physical_plan::collect;

use crate::Result;

/// Account id → its chatbots, at one commit.
#[derive(Debug)]
pub(crate) struct Registered {
    commit: u64,
    chatbots: HashMap<String, BTreeSet<String>>,
}

/// What was read last.
#[derive(Debug, Default)]
pub(crate) struct RegisteredChatbots {
    newest: Mutex<Option<Arc<Registered>>>,
}

impl RegisteredChatbots {
    /// What is known of a commit, if it is the one that was read last.
    pub(crate) fn at(&self, commit: u64) -> Option<Arc<Registered>> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = newest.as_ref().filter(|known| known.commit == commit);
        known.map(Arc::clone)
    }

    /// Reads the registry in a state that shows every row of `commit`.
    pub(crate) async fn read(
        &self,
        commit: u64,
        state: &Arc<SessionState>,
    ) -> Result<Arc<Registered>> {
        let plan = state.create_logical_plan(REGISTERED_CHATBOTS_SQL).await?;
        let plan = state.create_physical_plan(&plan).await?;
        let batches = collect(plan, Arc::new(TaskContext::from(state.as_ref()))).await?;
        let mut chatbots: HashMap<String, BTreeSet<String>> = HashMap::new();
        for batch in batches {
            let text = |index: usize| {
                cast(batch.column(index), &DataType::Utf8).map_err(DataFusionError::from)
            };
            let (accounts, ids) = (text(0)?, text(1)?);
            let (accounts, ids) = (as_string_array(&accounts)?, as_string_array(&ids)?);
            for row in (0..batch.num_rows()).filter(|&row| !accounts.is_null(row)) {
                let of_account = chatbots.entry(accounts.value(row).to_owned());
                of_account.or_default().insert(ids.value(row).to_owned());
            }
        }
        let found = Arc::new(Registered { commit, chatbots });
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Some(Arc::clone(&found));
        Ok(found)
    }
}

impl Registered {
    /// The accounts with their chatbots, as a scope that names both.
    pub(crate) fn scope_of(&self, accounts: &BTreeSet<String>) -> AccessScope {
        let chatbots = accounts
            .iter()
            .filter_map(|account| self.chatbots.get(account));
        AccessScope::Tenants {
            accounts: accounts.clone(),
            chatbots: chatbots.flatten().cloned().collect(),
        }
    }
}
