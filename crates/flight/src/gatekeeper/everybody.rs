//! The gatekeeper that lets everybody in and acts for the owner of the lake.
//!
//! Guarantees: a handshake gives a token of its own, so that sessions are kept apart; credentials of others (`Bearer None`, a
//! token for some other server) are no obstacle, they only open no session.

use async_trait::async_trait;
use chatlake_types::Access;

use super::{Credentials, Gatekeeper, Login, Peer, Principal, Refusal, SessionKey};

/// What all tokens of this gatekeeper begin with.
const TOKEN_PREFIX: &str = "chatlake-session-";

/// The one name that everybody has: nobody has shown another.
const NAME: &str = "anonymous";

/// See the module's documentation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everybody;

fn principal(session: SessionKey) -> Principal {
    Principal {
        name: NAME.to_owned(),
        access: Access::owner(),
        session,
    }
}

#[async_trait]
impl Gatekeeper for Everybody {
    fn asks_for_credentials(&self) -> bool {
        false
    }

    async fn login(&self, _: &Peer, credentials: Credentials) -> Result<Login, Refusal> {
        let token = match credentials {
            // the JDBC driver shakes hands with the token that it has
            Credentials::Bearer(token) if token.starts_with(TOKEN_PREFIX) => token,
            _ => format!("{TOKEN_PREFIX}{:032x}", rand::random::<u128>()),
        };
        Ok(Login {
            principal: principal(SessionKey::Handshake(token.clone())),
            token,
        })
    }

    async fn check(&self, _: &Peer, credentials: Credentials) -> Result<Principal, Refusal> {
        Ok(principal(match credentials {
            Credentials::Bearer(token) if token.starts_with(TOKEN_PREFIX) => {
                SessionKey::Handshake(token)
            }
            _ => SessionKey::None,
        }))
    }

    async fn logout(&self, _: Credentials) {}
}
