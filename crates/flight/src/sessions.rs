//! Sessions: what `SET` changed, scratch tables and open transactions, for the client whose token or cookie names them.
//!
//! Guarantees: a session belongs to one key and one principal, and ends when what that may see changes; at most
//! `session_count_max` are kept, the one unused for longest makes room; a token whose session is gone is refused rather than
//! answered with other settings. Calls that name no session get a fresh one each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chatlake::{Chatlake, Session};
use chatlake_auth::Secret;
use chatlake_types::Clock;

use crate::error::{Error, Result};
use crate::gatekeeper::{Principal, SessionKey};
use crate::options::FlightOptions;
use crate::transactions::Transactions;

/// The session that one call works in.
pub(crate) struct CallSession {
    /// Where the call's SQL runs.
    pub session: Session,
    /// Whose it is.
    pub principal: Arc<Principal>,
    /// Its key, when a later call will find the same session.
    pub key: Option<String>,
    /// What the client is to send as its token from now on.
    pub token: Option<Secret>,
}

impl CallSession {
    /// Will a later call find the same session?
    pub(crate) fn lasts(&self) -> bool {
        self.key.is_some()
    }
}

/// All sessions of the server.
pub(crate) struct Sessions {
    chatlake: Chatlake,
    clock: Arc<dyn Clock>,
    count_max: usize,
    idle_micros: i64,
    transaction_idle_micros: i64,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    session: Session,
    principal: Arc<Principal>,
    transactions: Transactions,
    last_used_micros: i64,
}

fn micros(ms: u64) -> i64 {
    i64::try_from(ms.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

impl Sessions {
    pub(crate) fn new(chatlake: Chatlake, options: &FlightOptions) -> Self {
        let clock = Arc::clone(chatlake.clock());
        Self {
            chatlake,
            clock,
            count_max: options.session_count_max.max(1),
            idle_micros: micros(options.session_idle_ms),
            transaction_idle_micros: micros(options.transaction_idle_ms),
            kept: Mutex::default(),
        }
    }

    /// The database behind all sessions.
    pub(crate) fn database(&self) -> &Chatlake {
        &self.chatlake
    }

    /// A session with what the principal may do. The only place where one is made.
    fn new_session(&self, principal: &Principal) -> Session {
        let session = self.chatlake.session_as(principal.access.clone());
        session.named(&principal.name)
    }

    /// Opens the session of a handshake; one that is there already stays.
    pub(crate) fn open(&self, principal: &Principal) {
        if let SessionKey::Handshake(key) | SessionKey::OnDemand(key) = &principal.session {
            self.keep(key, principal);
        }
    }

    /// Opens the session of a key, unless it is there.
    fn keep(&self, key: &str, principal: &Principal) -> CallSession {
        let now_micros = self.clock.now_micros();
        let mut kept = self.lock();
        if let Some(call) = self.find(&mut kept, key, principal, now_micros) {
            return call;
        }
        kept.retain(|_, entry| self.is_current(entry, now_micros));
        while kept.len() >= self.count_max {
            let oldest = kept.iter().min_by_key(|(_, entry)| entry.last_used_micros);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            kept.remove(&oldest);
        }
        let entry = Kept {
            session: self.new_session(principal),
            principal: Arc::new(principal.clone()),
            transactions: Transactions::default(),
            last_used_micros: now_micros,
        };
        let call = entry.call(key);
        kept.insert(key.to_owned(), entry);
        call
    }

    /// The session of a call by this principal; `cookie` names one where the principal has none.
    pub(crate) fn of_call(
        &self,
        principal: Principal,
        cookie: Option<&str>,
    ) -> Result<CallSession> {
        let now_micros = self.clock.now_micros();
        let found = |key: &str| self.find(&mut self.lock(), key, &principal, now_micros);
        match &principal.session {
            SessionKey::Handshake(key) => found(key).ok_or_else(|| {
                Error::Unauthenticated("the session has ended; connect again".to_owned())
            }),
            SessionKey::OnDemand(key) => Ok(self.keep(key, &principal)),
            SessionKey::None => match cookie.and_then(|cookie| found(&cookie_key(cookie))) {
                Some(call) => Ok(call),
                None => Ok(CallSession {
                    session: self.new_session(&principal),
                    principal: Arc::new(principal),
                    key: None,
                    token: None,
                }),
            },
        }
    }

    /// Opens a session for a client that has no token; the value of the cookie that names it.
    pub(crate) fn open_by_cookie(&self, principal: &Principal) -> (CallSession, String) {
        let cookie = format!("{:032x}", rand::random::<u128>());
        (self.keep(&cookie_key(&cookie), principal), cookie)
    }

    /// The session of a key, if it is current and the principal's own.
    fn find(
        &self,
        kept: &mut HashMap<String, Kept>,
        key: &str,
        principal: &Principal,
        now_micros: i64,
    ) -> Option<CallSession> {
        let entry = kept.get_mut(key)?;
        let known = &entry.principal;
        let is_theirs = known.name == principal.name && known.access == principal.access;
        if !is_theirs || !self.is_current(entry, now_micros) {
            kept.remove(key);
            return None;
        }
        self.end_idle_transactions(entry, now_micros);
        entry.last_used_micros = now_micros;
        Some(entry.call(key))
    }

    fn is_current(&self, entry: &Kept, now_micros: i64) -> bool {
        now_micros.saturating_sub(entry.last_used_micros) <= self.idle_micros
    }

    fn end_idle_transactions(&self, entry: &mut Kept, now_micros: i64) {
        let idle_micros = now_micros.saturating_sub(entry.last_used_micros);
        if idle_micros > self.transaction_idle_micros {
            entry.transactions.roll_back_all(&entry.session);
        }
    }

    /// Changes or asks the transactions of a session; an error when the session is gone meanwhile.
    pub(crate) fn with_transactions<T>(
        &self,
        call: &CallSession,
        action: impl FnOnce(&mut Transactions, &Session) -> Result<T>,
    ) -> Result<T> {
        let mut kept = self.lock();
        let entry = call.key.as_ref().and_then(|key| kept.get_mut(key));
        let entry = entry.ok_or(Error::UnknownTransaction)?;
        action(&mut entry.transactions, &entry.session)
    }

    /// Is this transaction open in the session of the call?
    pub(crate) fn has_transaction(&self, call: &CallSession, id: &Bytes) -> bool {
        let found = self.with_transactions(call, |transactions, _| Ok(transactions.has(id)));
        found.unwrap_or(false)
    }

    /// Ends the session of a call.
    pub(crate) fn close(&self, call: &CallSession) {
        if let Some(key) = &call.key {
            self.lock().remove(key);
        }
    }

    /// Forgets sessions that lie unused, and rolls back what they left open.
    pub(crate) fn sweep(&self) {
        let now_micros = self.clock.now_micros();
        let mut kept = self.lock();
        kept.retain(|_, entry| self.is_current(entry, now_micros));
        for entry in kept.values_mut() {
            self.end_idle_transactions(entry, now_micros);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        // a panic elsewhere cannot leave the map half changed
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cookies and tokens never name each other's sessions.
fn cookie_key(cookie: &str) -> String {
    format!("cookie:{cookie}")
}

impl Kept {
    fn call(&self, key: &str) -> CallSession {
        CallSession {
            session: self.session.clone(),
            principal: Arc::clone(&self.principal),
            key: Some(key.to_owned()),
            token: None,
        }
    }
}
