//! Who comes in: the question that the server asks of whoever knows users, keys and tokens.
//!
//! The server reads credentials out of headers, asks a [`Gatekeeper`] on every call, and does what the [`Principal`] says: rows
//! and rights by its access, sessions by its session key, tickets and prepared statements bound to its name. [`Everybody`] is the one for
//! a lake on one's own machine, [`Members`] the one that knows users and keys.
//!
//! Guarantees: no call works before the gatekeeper has let it in; secrets are in no `Debug` output.

mod everybody;
mod members;
mod recognized;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use chatlake_auth::{Credential, Secret};
use chatlake_types::Access;

pub use everybody::Everybody;
pub use members::Members;

/// Where a call comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The other end of the connection.
    pub address: Option<SocketAddr>,
    /// The certificate that the client showed (mutual TLS), verified, in DER.
    pub certificate: Option<Arc<[u8]>>,
}

/// Which session a call works in.
#[derive(Clone, PartialEq, Eq)]
pub enum SessionKey {
    /// A fresh one that ends with the call.
    None,
    /// The one that a handshake opened; when that has ended, the call is refused rather than answered with other settings.
    Handshake(String),
    /// The one of this key, opened when it is not there.
    OnDemand(String),
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Handshake(_) => "Handshake",
            Self::OnDemand(_) => "OnDemand",
        })
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// Unique name; tickets, prepared statements and `system.queries` go by it.
    pub name: String,
    /// Whose rows, and what may be done with them.
    pub access: Access,
    /// The session of the call.
    pub session: SessionKey,
}

/// The answer to a handshake.
#[derive(Clone, Debug)]
pub struct Login {
    /// What the client sends as its bearer token from now on.
    pub token: Secret,
    /// Whom the token stands for.
    pub principal: Principal,
}

/// A call that was let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Who calls.
    pub principal: Principal,
    /// What the client may send as its bearer token from now on, in place of the password that it sent.
    pub token: Option<Secret>,
}

/// Why somebody is not let in, as a sentence for them: it must not tell whether a name exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Wrong, missing or expired credentials.
    Unauthenticated(String),
    /// Right credentials that may not come in here.
    PermissionDenied(String),
    /// Too many failures from there; later perhaps.
    TooManyAttempts(String),
    /// Nobody can be asked.
    Unavailable(String),
}

/// See the module's documentation.
#[async_trait]
pub trait Gatekeeper: Send + Sync {
    /// Is anybody refused for want of credentials? If not, the server listens on loopback only.
    fn asks_for_credentials(&self) -> bool;

    /// A handshake: a credential for a token.
    async fn login(&self, peer: &Peer, credential: Option<Credential>) -> Result<Login, Refusal>;

    /// Any other call: who is it? Asked every time, so that what is revoked ends at once.
    async fn check(
        &self,
        peer: &Peer,
        credential: Option<Credential>,
    ) -> Result<Admission, Refusal>;

    /// The client ends its session: its token may be forgotten.
    async fn logout(&self, peer: &Peer, credential: Option<Credential>);
}
