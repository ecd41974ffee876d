//! Sessions: what `SET` changed, for the client whose handshake gave it a bearer token.
//!
//! Guarantees: a session belongs to one token; at most `session_count_max` are kept, the one unused for longest makes
//! room; a token of this server whose session is gone is refused rather than answered with other settings. Calls without
//! a token of ours (anonymous clients, and tokens meant for others, such as `Bearer None`) get a fresh session each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatlake::{Chatlake, Session};
use chatlake_types::Clock;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::options::FlightOptions;

/// What all tokens of this server begin with.
const TOKEN_PREFIX: &str = "chatlake-session-";

/// The session that one call works in.
pub(crate) struct CallSession {
    /// Where the call's SQL runs.
    pub session: Session,
    /// Will a later call find the same session?
    pub lasts: bool,
}

/// All sessions of the server.
pub(crate) struct Sessions {
    chatlake: Chatlake,
    clock: Arc<dyn Clock>,
    count_max: usize,
    idle_micros: i64,
    kept: Mutex<HashMap<String, Kept>>,
}

struct Kept {
    session: Session,
    last_used_micros: i64,
}

impl Sessions {
    pub(crate) fn new(chatlake: Chatlake, options: &FlightOptions) -> Self {
        let clock = Arc::clone(chatlake.clock());
        let idle_micros =
            i64::try_from(options.session_idle_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Self {
            chatlake,
            clock,
            count_max: options.session_count_max.max(1),
            idle_micros,
            kept: Mutex::default(),
        }
    }

    /// Opens a session and returns its token.
    pub(crate) fn open(&self) -> String {
        let token = format!("{TOKEN_PREFIX}{:032x}", rand::random::<u128>());
        let now_micros = self.clock.now_micros();
        let entry = Kept {
            session: self.chatlake.session(),
            last_used_micros: now_micros,
        };
        let mut kept = self.lock();
        kept.retain(|_, entry| {
            now_micros.saturating_sub(entry.last_used_micros) <= self.idle_micros
        });
        while kept.len() >= self.count_max {
            let oldest = kept.iter().min_by_key(|(_, entry)| entry.last_used_micros);
            let Some(oldest) = oldest.map(|(token, _)| token.clone()) else {
                break;
            };
            kept.remove(&oldest);
        }
        kept.insert(token.clone(), entry);
        token
    }

    /// The session that the headers of a call name, or a fresh one.
    pub(crate) fn of_call(&self, headers: &MetadataMap) -> Result<CallSession, Status> {
        let Some(token) = token_of(headers) else {
            return Ok(CallSession {
                session: self.chatlake.session(),
                lasts: false,
            });
        };
        let now_micros = self.clock.now_micros();
        let mut kept = self.lock();
        match kept.get_mut(token) {
            Some(entry)
                if now_micros.saturating_sub(entry.last_used_micros) <= self.idle_micros =>
            {
                entry.last_used_micros = now_micros;
                Ok(CallSession {
                    session: entry.session.clone(),
                    lasts: true,
                })
            }
            Some(_) | None => Err(Status::unauthenticated(
                "the session has ended; connect again",
            )),
        }
    }

    /// Ends the session that the headers of a call name. Returns whether there was one.
    pub(crate) fn close(&self, headers: &MetadataMap) -> bool {
        token_of(headers).is_some_and(|token| self.lock().remove(token).is_some())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        // a panic elsewhere cannot leave the map half changed
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token of this server in the `authorization` header.
fn token_of(headers: &MetadataMap) -> Option<&str> {
    let (scheme, token) = headers
        .get("authorization")?
        .to_str()
        .ok()?
        .split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && token.starts_with(TOKEN_PREFIX)).then_some(token)
}
