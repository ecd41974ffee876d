//! Transactions. A statement reads the newest commit whether it is in one or not, and loads into stored tables are refused
//! inside: so a transaction is a savepoint of the session's scratch tables, and drivers that open one on connecting and never
//! end it (ADBC does) pin nothing of the lake.
//!
//! Guarantees: rolling back makes the scratch tables what they were; transactions of a session that lies unused for
//! `transaction_idle_ms` are rolled back; clients without a session get ids that stand for nothing.

use arrow_flight::sql::{
    ActionBeginTransactionResult, ActionEndTransactionRequest, EndTransaction,
};
use bytes::Bytes;
use chatlake::{Savepoint, Session};

use crate::error::{Error, Result};
use crate::prepared_statements::limit;
use crate::sessions::CallSession;
use crate::state::State;

/// What ids begin with that were given to a client without a session: there is nothing to keep for it.
const NOTHING_PREFIX: &[u8] = b"nothing-";

/// The open transactions of one session, oldest first.
#[derive(Default)]
pub(crate) struct Transactions {
    open: Vec<(Bytes, Savepoint)>,
}

impl Transactions {
    /// Is it open?
    pub(crate) fn has(&self, id: &Bytes) -> bool {
        self.open.iter().any(|(open, _)| open == id)
    }

    /// Is any open?
    pub(crate) fn is_any(&self) -> bool {
        !self.open.is_empty()
    }

    /// Rolls all of them back.
    pub(crate) fn roll_back_all(&mut self, session: &Session) {
        if let Some((_, savepoint)) = self.open.drain(..).next() {
            session.roll_back_to(savepoint);
        }
    }

    fn begin(&mut self, session: &Session, count_max: usize) -> Result<Bytes> {
        limit(
            "open transactions of the session",
            "transaction_count_max",
            count_max,
            self.open.len() + 1,
        )?;
        let id = random_id();
        self.open.push((id.clone(), session.savepoint()));
        Ok(id)
    }

    fn end(&mut self, session: &Session, id: &Bytes, is_rolled_back: bool) -> Result<()> {
        let at = self.open.iter().position(|(open, _)| open == id);
        let at = at.ok_or(Error::UnknownTransaction)?;
        if is_rolled_back {
            // those that began later are part of it
            if let Some((_, savepoint)) = self.open.drain(at..).next() {
                session.roll_back_to(savepoint);
            }
        } else {
            self.open.remove(at);
        }
        Ok(())
    }
}

fn random_id() -> Bytes {
    Bytes::copy_from_slice(&rand::random::<u128>().to_be_bytes())
}

/// `BeginTransaction`.
pub(crate) fn begin(state: &State, call: &CallSession) -> Result<ActionBeginTransactionResult> {
    let transaction_id = match call.lasts() {
        true => {
            let count_max = state.options.transaction_count_max;
            state
                .sessions
                .with_transactions(call, |transactions, session| {
                    transactions.begin(session, count_max)
                })?
        }
        false => [NOTHING_PREFIX, &random_id()].concat().into(),
    };
    Ok(ActionBeginTransactionResult { transaction_id })
}

/// `EndTransaction`.
pub(crate) fn end(
    state: &State,
    call: &CallSession,
    request: &ActionEndTransactionRequest,
) -> Result<()> {
    let is_rolled_back = match request.action() {
        EndTransaction::Commit => false,
        EndTransaction::Rollback => true,
        EndTransaction::Unspecified => {
            return Err(Error::malformed(
                "EndTransaction",
                "expected COMMIT or ROLLBACK",
            ));
        }
    };
    let id = &request.transaction_id;
    if !call.lasts() && id.starts_with(NOTHING_PREFIX) {
        return Ok(());
    }
    state
        .sessions
        .with_transactions(call, |transactions, session| {
            transactions.end(session, id, is_rolled_back)
        })
}

/// Refuses a command that names a transaction which is not open.
pub(crate) fn check(state: &State, call: &CallSession, id: Option<&Bytes>) -> Result<()> {
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Ok(());
    };
    let is_open = match call.lasts() {
        true => state.sessions.has_transaction(call, id),
        false => id.starts_with(NOTHING_PREFIX),
    };
    match is_open {
        true => Ok(()),
        false => Err(Error::UnknownTransaction),
    }
}
