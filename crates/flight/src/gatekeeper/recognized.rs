//! Credentials that were proved on a connection, so that the same ones need no new proof on every call: verifying a password
//! takes tens of milliseconds on purpose.
//!
//! Guarantees: no credential is kept, only a keyed hash of it and its connection, with a key that ends with the process; what is
//! recognized leads to a session token and no further: whether that is still good is asked elsewhere. At most `count_max`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chatlake_auth::{Credential, Secret};
use ring::hmac;

use super::Peer;

/// Stands for a credential on a connection.
pub(super) type Mark = [u8; 32];

/// See the module's documentation.
pub(super) struct Recognized {
    key: hmac::Key,
    count_max: usize,
    tokens: Mutex<HashMap<Mark, Secret>>,
}

impl std::fmt::Debug for Recognized {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recognized").finish_non_exhaustive()
    }
}

impl Recognized {
    pub(super) fn new(count_max: usize) -> Self {
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &rand::random::<[u8; 32]>()),
            count_max: count_max.max(1),
            tokens: Mutex::default(),
        }
    }

    /// What stands for a credential on a connection.
    pub(super) fn mark(&self, credential: &Credential, peer: &Peer) -> Mark {
        let mut hash = hmac::Context::with_key(&self.key);
        // lengths keep the parts apart
        let mut add = |part: &[u8]| {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        };
        let address = peer.address.map(|address| address.to_string());
        add(address.unwrap_or_default().as_bytes());
        match credential {
            Credential::Bearer(token) => add(token.reveal().as_bytes()),
            Credential::Password { name, password } => {
                add(name.as_bytes());
                add(password.reveal().as_bytes());
            }
        }
        let mut mark = Mark::default();
        let hash = hash.sign();
        mark.iter_mut()
            .zip(hash.as_ref())
            .for_each(|(byte, hashed)| *byte = *hashed);
        mark
    }

    /// The token that a credential led to.
    pub(super) fn get(&self, mark: &Mark) -> Option<Secret> {
        self.lock().get(mark).cloned()
    }

    /// Remembers where a credential leads to; forgets those whose sessions have ended when there are too many.
    pub(super) fn remember(&self, mark: Mark, token: Secret, is_open: impl Fn(&Secret) -> bool) {
        let mut tokens = self.lock();
        if tokens.len() >= self.count_max {
            tokens.retain(|_, token| is_open(token));
        }
        if tokens.len() < self.count_max {
            tokens.insert(mark, token);
        }
    }

    /// Forgets a credential; the token that it led to.
    pub(super) fn forget(&self, mark: &Mark) -> Option<Secret> {
        self.lock().remove(mark)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Mark, Secret>> {
        // a panic elsewhere cannot leave the map half changed
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(port: u16) -> Peer {
        Peer {
            address: Some(([127, 0, 0, 1], port).into()),
            certificate: None,
        }
    }

    #[test]
    fn a_credential_is_recognized_on_its_connection_only() {
        let recognized = Recognized::new(10);
        let mark = |name: &str, password: &str, port| {
            recognized.mark(&Credential::password(name, password), &peer(port))
        };
        recognized.remember(mark("ab", "c", 1), Secret::new("token"), |_| true);
        let found = |mark: Mark| recognized.get(&mark).map(|token| token.reveal().to_owned());
        assert_eq!(found(mark("ab", "c", 1)).as_deref(), Some("token"));
        for other in [mark("ab", "c", 2), mark("a", "bc", 1), mark("ab", "d", 1)] {
            assert_eq!(found(other), None);
        }
        assert!(recognized.forget(&mark("ab", "c", 1)).is_some());
        assert_eq!(found(mark("ab", "c", 1)), None);
        assert!(!format!("{recognized:?}").contains("token"));
    }

    #[test]
    fn what_has_ended_makes_room_and_nothing_else_does() {
        let recognized = Recognized::new(2);
        let mark = |port| recognized.mark(&Credential::password("a", "b"), &peer(port));
        for port in 0..3 {
            recognized.remember(mark(port), Secret::new("open"), |_| true);
        }
        assert!(recognized.get(&mark(1)).is_some() && recognized.get(&mark(2)).is_none());
        recognized.remember(mark(2), Secret::new("open"), |_| false);
        assert!(recognized.get(&mark(1)).is_none() && recognized.get(&mark(2)).is_some());
    }
}
