//! The gatekeeper that lets everybody in and acts for the owner of the lake.
//!
//! Guarantees: a handshake gives a token of its own, so that sessions are kept apart; credentials of others (`Bearer None`, a
//! token for some other server) are no obstacle, they only open no session.

use async_trait::async_trait;
use chatlake_auth::{Credential, Secret};
use chatlake_types::Access;

use super::{Admission, Gatekeeper, Login, Peer, Principal, Refusal, SessionKey};

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

    async fn login(&self, _: &Peer, credential: Option<Credential>) -> Result<Login, Refusal> {
        // the JDBC driver shakes hands with the token that it has
        let token = own_token(credential).unwrap_or_else(|| {
            Secret::new(format!("{TOKEN_PREFIX}{:032x}", rand::random::<u128>()))
        });
        Ok(Login {
            principal: principal(SessionKey::Handshake(token.reveal().to_owned())),
            token,
        })
    }

    async fn check(&self, _: &Peer, credential: Option<Credential>) -> Result<Admission, Refusal> {
        let session = own_token(credential).map_or(SessionKey::None, |token| {
            SessionKey::Handshake(token.reveal().to_owned())
        });
        Ok(Admission {
            principal: principal(session),
            token: None,
        })
    }

    async fn logout(&self, _: &Peer, _: Option<Credential>) {}
}

/// A token of this gatekeeper.
fn own_token(credential: Option<Credential>) -> Option<Secret> {
    match credential? {
        Credential::Bearer(token) if token.reveal().starts_with(TOKEN_PREFIX) => Some(token),
        _ => None,
    }
}
