//! The secret by which the server knows its own tickets.
//!
//! Guarantees: it is in no `Debug` output; signatures are HMAC-SHA256 and compared in constant time.

use std::fmt;

use chatlake_auth::Signer;
use ring::hmac;

/// Bytes of a key.
pub const TICKET_KEY_BYTES: usize = 32;

/// See the module's documentation. Servers with the same key accept each other's tickets, also after a restart.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketKey([u8; TICKET_KEY_BYTES]);

impl TicketKey {
    /// A key of somebody's own, e.g. from a file.
    pub fn new(bytes: [u8; TICKET_KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The one that a server with this signer has, also after a restart.
    pub fn of(signer: &Signer) -> Self {
        let mut bytes = [0; TICKET_KEY_BYTES];
        let signature = signer.sign("the key of tickets", b"");
        bytes
            .iter_mut()
            .zip(signature)
            .for_each(|(byte, signed)| *byte = signed);
        Self(bytes)
    }

    /// A fresh one.
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }

    /// The signature of `bytes`.
    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key(), bytes).as_ref().to_vec()
    }

    /// Is it the signature of `bytes`?
    pub(crate) fn verify(&self, bytes: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key(), bytes, signature).is_ok()
    }
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKey")
    }
}
