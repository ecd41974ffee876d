//! Who somebody is and what they may do: credentials in, a [`Principal`] with role and scope out.
//!
//! ```text
//! Basic name + password ─┐                       ┌─ Principal { role, scope }  → Access for the engine
//! Bearer API key        ─┼─ Authenticator::login ┤
//! Bearer JWT            ─┘      │ auth.toml      └─ TokenStore::open → opaque token for later calls
//!                               │                    Authenticator::check on each of them
//!                       users, keys, issuer          Signer for what outlives the process
//! ```
//!
//! How a door (Flight SQL, PostgreSQL, HTTP) uses it:
//!
//! 1. At start: `AuthFile::open` → `Authenticator::new` with an `AuditFile` at `AuthFile::audit_log_path`; `Signer::open` at
//!    `AuthFile::signing_key_path`; a `TokenStore` of whatever the door keeps per session.
//! 2. A handshake: `Credential::from_header` → `Authenticator::login` → `TokenStore::open`; the token goes to the client.
//! 3. Every call: a token of the store (`TokenStore::is_token`) leads to its session, whose principal `Authenticator::check` has to
//!    let in again; any other bearer is logged in on the spot, because keys and tokens of others are cheap to verify.
//! 4. What is asked runs in `Chatlake::session_as(principal.access())`; what is written asks `Principal::require` and the scope.
//! 5. A ticket is `Signer::seal`ed over its bytes and `Principal::subject`, and redeemed only by the same subject.
//! 6. Errors: `Error::is_unauthenticated` is UNAUTHENTICATED or 401, everything else goes by `Error::code`.
//!
//! Guarantees: a secret is in no file, log, error or `Debug` output; what is revoked in the auth file stops working at the next
//! login, and for open sessions within `recheck_interval_ms`; a damaged auth file lets nobody in; every list, queue and cache has
//! a limit with a name. This room knows neither SQL nor gRPC.

mod administration;
mod attempts;
mod audit;
mod auth_file;
mod authenticator;
mod authorization;
mod book;
mod directory;
mod error;
mod jwt;
mod password;
mod principal;
mod private_file;
mod role;
mod secret;
mod settings;
mod signer;
mod text;
mod tokens;
mod utc;

pub use administration::{Entry, EntryState, NewKey, NewUser, ShownKey};
pub use audit::{AuditAction, AuditEvent, AuditFile, AuditLimits, AuditSink, NoAudit, Outcome};
pub use auth_file::AuthFile;
pub use authenticator::Authenticator;
pub use authorization::Credential;
pub use book::Grant;
pub use error::{Error, Result};
pub use principal::{Principal, PrincipalKind};
pub use role::{ROLES, Role};
pub use secret::Secret;
pub use settings::AuthSettings;
pub use signer::Signer;
pub use tokens::{OpenSession, TokenLimits, TokenStore};
pub use utc::instant_micros;
