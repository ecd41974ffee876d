//! Sessions that a login opened, by opaque token.
//!
//! Guarantees: a token is 256 random bits and is kept only as its hash; a session ends after its longest life, after lying
//! idle, when its principal's proof expires, and when it is closed; there are at most `count_max` in all and
//! `count_per_principal_max` of one principal: one more ends that principal's own longest unused session first, so that nobody
//! can crowd others out below the common limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chatlake_types::Clock;
use sha2::{Digest, Sha256};

use crate::secret::hex;
use crate::{Error, Principal, Result, Secret};

/// What tokens begin with: a word that no API key and no JSON Web Token begins with.
const TOKEN_PREFIX: &str = "chatlake-session-";

/// Limits of sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLimits {
    /// Sessions kept at the same time.
    pub count_max: usize,
    /// Sessions of one principal kept at the same time.
    pub count_per_principal_max: usize,
    /// How long a session may lie unused before it ends, in ms.
    pub idle_ms: u64,
    /// How long a session lasts at the most, in ms.
    pub life_ms: u64,
}

impl Default for TokenLimits {
    fn default() -> Self {
        Self {
            count_max: 10_000,
            count_per_principal_max: 1_000,
            idle_ms: 24 * 3_600_000,
            life_ms: 7 * 24 * 3_600_000,
        }
    }
}

/// What a token leads to.
#[derive(Clone, Debug)]
pub struct OpenSession<T> {
    /// Whose it is.
    pub principal: Arc<Principal>,
    /// What the server keeps for it.
    pub value: T,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct TokenStore<T> {
    limits: TokenLimits,
    clock: Arc<dyn Clock>,
    kept: Mutex<HashMap<[u8; 32], Kept<T>>>,
}

#[derive(Debug)]
struct Kept<T> {
    session: OpenSession<T>,
    ends_at_micros: i64,
    last_used_micros: i64,
}

impl<T: Clone> TokenStore<T> {
    /// An empty store.
    pub fn new(limits: TokenLimits, clock: Arc<dyn Clock>) -> Self {
        Self {
            limits,
            clock,
            kept: Mutex::default(),
        }
    }

    /// Is it a token of this kind of store, whether it is still good or not?
    pub fn is_token(text: &str) -> bool {
        text.starts_with(TOKEN_PREFIX)
    }

    /// Opens a session; its token is shown once.
    pub fn open(&self, principal: Arc<Principal>, value: T) -> Secret {
        let token = [TOKEN_PREFIX, &hex(&rand::random::<[u8; 32]>())].concat();
        let now_micros = self.clock.now_micros();
        let longest = now_micros.saturating_add(micros(self.limits.life_ms));
        let ends_at_micros = principal.expires_at_micros.unwrap_or(i64::MAX).min(longest);
        let mut kept = self.lock();
        kept.retain(|_, each| !self.is_over(each, now_micros));
        let who = Arc::clone(&principal);
        let is_own = |each: &Kept<T>| {
            let other = &each.session.principal;
            (other.kind, &other.id) == (who.kind, &who.id)
        };
        if kept.values().filter(|each| is_own(each)).count() >= self.limits.count_per_principal_max
        {
            end_oldest(&mut kept, is_own);
        }
        if kept.len() >= self.limits.count_max.max(1) {
            end_oldest(&mut kept, |_| true);
        }
        kept.insert(
            hash(&token),
            Kept {
                session: OpenSession { principal, value },
                ends_at_micros,
                last_used_micros: now_micros,
            },
        );
        Secret::new(token)
    }

    /// The session of a token, which counts as used now. Ask [`crate::Authenticator::check`] whether its principal may still
    /// come in.
    ///
    /// # Errors
    /// [`Error::SessionEnded`] when there is none.
    pub fn get(&self, token: &str) -> Result<OpenSession<T>> {
        let now_micros = self.clock.now_micros();
        let mut kept = self.lock();
        let found = kept.get_mut(&hash(token)).ok_or(Error::SessionEnded)?;
        if self.is_over(found, now_micros) {
            kept.remove(&hash(token));
            return Err(Error::SessionEnded);
        }
        found.last_used_micros = now_micros;
        Ok(found.session.clone())
    }

    /// Is the session of a token open? Asking is not using it.
    pub fn is_open(&self, token: &str) -> bool {
        let now_micros = self.clock.now_micros();
        let kept = self.lock();
        let found = kept.get(&hash(token));
        found.is_some_and(|found| !self.is_over(found, now_micros))
    }

    /// Ends a session. Returns whether there was one.
    pub fn close(&self, token: &str) -> bool {
        self.lock().remove(&hash(token)).is_some()
    }

    /// How many sessions are kept; some may be over and not forgotten yet.
    pub fn count(&self) -> usize {
        self.lock().len()
    }

    fn is_over(&self, kept: &Kept<T>, now_micros: i64) -> bool {
        let idle_micros = now_micros.saturating_sub(kept.last_used_micros);
        now_micros >= kept.ends_at_micros || idle_micros > micros(self.limits.idle_ms)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Kept<T>>> {
        // a panic elsewhere cannot leave the map half changed
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end_oldest<T>(kept: &mut HashMap<[u8; 32], Kept<T>>, may_end: impl Fn(&Kept<T>) -> bool) {
    let mine = kept.iter().filter(|(_, each)| may_end(each));
    let oldest = mine.min_by_key(|(_, each)| each.last_used_micros);
    if let Some(oldest) = oldest.map(|(token, _)| *token) {
        kept.remove(&oldest);
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn micros(milliseconds: u64) -> i64 {
    i64::try_from(milliseconds.saturating_mul(1_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authenticator::testing::{MovingClock, SECOND};

    fn principal(id: &str, expires_at_micros: Option<i64>) -> Arc<Principal> {
        Arc::new(Principal {
            id: id.to_owned(),
            expires_at_micros,
            ..Principal::anonymous()
        })
    }

    fn store(clock: &Arc<MovingClock>) -> TokenStore<u32> {
        let limits = TokenLimits {
            count_max: 4,
            count_per_principal_max: 2,
            idle_ms: 10_000,
            life_ms: 60_000,
        };
        TokenStore::new(limits, Arc::clone(clock) as Arc<dyn Clock>)
    }

    #[test]
    fn a_session_ends_by_age_idleness_closing_and_expiry() {
        let clock = MovingClock::at(0);
        let store = store(&clock);
        let (idle, used) = (
            store.open(principal("a", None), 1),
            store.open(principal("b", None), 2),
        );
        let brief = store.open(principal("c", Some(5 * SECOND)), 3);
        let closed = store.open(principal("d", None), 4);
        assert!(store.close(closed.reveal()) && !store.close(closed.reveal()));
        for second in 1..60 {
            clock.set(second * SECOND);
            assert_eq!(store.get(used.reveal()).unwrap().value, 2, "{second}");
            assert_eq!(store.get(brief.reveal()).is_ok(), second < 5, "{second}");
        }
        for token in [&idle, &closed, &brief] {
            assert!(matches!(
                store.get(token.reveal()),
                Err(Error::SessionEnded)
            ));
        }
        clock.set(60 * SECOND);
        assert!(store.get(used.reveal()).is_err());
        assert!(store.get("").is_err() && store.get(&"x".repeat(10_000)).is_err());
    }

    #[test]
    fn one_principal_does_not_crowd_others_out() {
        let clock = MovingClock::at(0);
        let store = store(&clock);
        let other = store.open(principal("other", None), 0);
        let mut last = None;
        for number in 1..100 {
            clock.set(i64::from(number));
            last = Some(store.open(principal("greedy", None), number));
            assert!(store.count() <= 3);
        }
        assert_eq!(store.get(other.reveal()).unwrap().value, 0);
        assert_eq!(store.get(last.unwrap().reveal()).unwrap().value, 99);
    }

    #[test]
    fn tokens_are_told_from_keys_and_are_not_shown() {
        let clock = MovingClock::at(0);
        let token = store(&clock).open(principal("a", None), 1);
        assert!(TokenStore::<u32>::is_token(token.reveal()));
        assert!(!TokenStore::<u32>::is_token("clk_0123456789abcdef_x"));
        assert!(!format!("{token:?}").contains(&token.reveal()[20..]));
    }
}
