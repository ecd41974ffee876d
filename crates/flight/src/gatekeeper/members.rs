//! The gatekeeper that knows users, API keys and tokens of another issuer, by `crates/auth`.
//!
//! 1. A handshake proves who somebody is and opens a session with a token of its own.
//! 2. A call with such a token leads to its session. One with anything else (a password, an API key, a JSON Web Token) is proved
//!    once per connection, which opens a session for that connection; later calls are recognized (`recognized.rs`).
//! 3. On *every* call the authenticator is asked whether whoever was let in before may still come in.
//! 4. Who sends a password is told the token of the session, to send that instead; keys and tokens of others stay what they
//!    are, so that a program that sends its key goes on working when a session ends.
//!
//! Guarantees: nobody comes in without a proof; what is revoked, changed or expired ends within `recheck_interval_ms`, for open
//! sessions too; connections share no session unless they share its token; a refusal tells nobody who exists.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use chatlake_auth::{
    AuditAction, AuditEvent, Authenticator, Credential, Error, OpenSession, Secret, TokenLimits,
    TokenStore,
};
use chatlake_types::Clock;

use super::recognized::Recognized;
use super::{Admission, Gatekeeper, Login, Peer, Principal, Refusal, SessionKey};

/// See the module's documentation.
#[derive(Debug)]
pub struct Members {
    authenticator: Arc<Authenticator>,
    clock: Arc<dyn Clock>,
    sessions: TokenStore<SessionKey>,
    recognized: Recognized,
}

impl Members {
    /// Lets in whom `authenticator` knows.
    pub fn new(
        authenticator: Arc<Authenticator>,
        limits: TokenLimits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            authenticator,
            sessions: TokenStore::new(limits, Arc::clone(&clock)),
            recognized: Recognized::new(limits.count_max),
            clock,
        }
    }

    /// Proves who somebody is, and opens a session.
    async fn open(
        &self,
        peer: &Peer,
        credential: Credential,
        key: fn(String) -> SessionKey,
    ) -> Result<(Secret, OpenSession<SessionKey>), Error> {
        let principal = self.authenticator.login(credential, ip(peer)).await?;
        let value = key(format!("{:032x}", rand::random::<u128>()));
        let token = self.sessions.open(Arc::clone(&principal), value.clone());
        Ok((token, OpenSession { principal, value }))
    }

    /// The open session of a token, when its principal may still come in.
    fn find(&self, token: &Secret) -> Result<OpenSession<SessionKey>, Error> {
        let found = self.sessions.get(token.reveal())?;
        match self.authenticator.check(&found.principal) {
            Ok(()) => Ok(found),
            Err(error) => {
                if error.is_unauthenticated() {
                    self.sessions.close(token.reveal());
                }
                Err(error)
            }
        }
    }

    async fn enter(&self, peer: &Peer, credential: Credential) -> Result<Admission, Error> {
        if let Some(token) = session_token(&credential) {
            return Ok(Admission {
                principal: principal(&self.find(token)?),
                token: None,
            });
        }
        let is_password = matches!(credential, Credential::Password { .. });
        let mark = self.recognized.mark(&credential, peer);
        let known = self.recognized.get(&mark).and_then(|token| {
            let found = self.find(&token).ok()?;
            Some((token, found))
        });
        let (token, found) = match known {
            Some(known) => known,
            // not known, or not any more: only a proof says which
            None => {
                let opened = self.open(peer, credential, SessionKey::OnDemand).await?;
                let is_open = |token: &Secret| self.sessions.is_open(token.reveal());
                self.recognized.remember(mark, opened.0.clone(), is_open);
                opened
            }
        };
        Ok(Admission {
            principal: principal(&found),
            token: is_password.then_some(token),
        })
    }
}

#[async_trait]
impl Gatekeeper for Members {
    fn asks_for_credentials(&self) -> bool {
        true
    }

    async fn login(&self, peer: &Peer, credential: Option<Credential>) -> Result<Login, Refusal> {
        let credential = credential.ok_or_else(nothing_shown)?;
        if let Some(token) = session_token(&credential) {
            // the JDBC driver shakes hands with the token that it has
            let found = self.find(token).map_err(refusal)?;
            return Ok(Login {
                token: token.clone(),
                principal: principal(&found),
            });
        }
        let opened = self.open(peer, credential, SessionKey::Handshake).await;
        let (token, found) = opened.map_err(refusal)?;
        Ok(Login {
            token,
            principal: principal(&found),
        })
    }

    async fn check(
        &self,
        peer: &Peer,
        credential: Option<Credential>,
    ) -> Result<Admission, Refusal> {
        let credential = credential.ok_or_else(nothing_shown)?;
        self.enter(peer, credential).await.map_err(refusal)
    }

    async fn logout(&self, peer: &Peer, credential: Option<Credential>) {
        let Some(credential) = credential else {
            return;
        };
        let token = match session_token(&credential) {
            Some(token) => Some(token.clone()),
            None => self
                .recognized
                .forget(&self.recognized.mark(&credential, peer)),
        };
        let Some(token) = token else {
            return;
        };
        if let Ok(found) = self.sessions.get(token.reveal())
            && self.sessions.close(token.reveal())
        {
            let event = AuditEvent::new(self.clock.now_micros(), AuditAction::Logout);
            let event = event.by(&found.principal).coming_from(ip(peer));
            self.authenticator.audit().record(&event);
        }
    }
}

fn ip(peer: &Peer) -> Option<IpAddr> {
    peer.address.map(|address| address.ip())
}

/// A token of this server's sessions, good or not.
fn session_token(credential: &Credential) -> Option<&Secret> {
    match credential {
        Credential::Bearer(token) if TokenStore::<SessionKey>::is_token(token.reveal()) => {
            Some(token)
        }
        _ => None,
    }
}

fn principal(found: &OpenSession<SessionKey>) -> Principal {
    Principal {
        name: found.principal.subject(),
        access: found.principal.access(),
        session: found.value.clone(),
    }
}

fn nothing_shown() -> Refusal {
    Refusal::Unauthenticated("expected a name and a password, or a token, found neither".to_owned())
}

/// What a client is told; what is wrong with the server itself is for its log.
fn refusal(error: Error) -> Refusal {
    let text = error.to_string();
    match error {
        Error::TooManyFailures { .. } => Refusal::TooManyAttempts(text),
        Error::Overloaded { .. } | Error::Closed => Refusal::Unavailable(text),
        Error::PermissionDenied { .. } => Refusal::PermissionDenied(text),
        error if error.is_unauthenticated() => Refusal::Unauthenticated(text),
        error => {
            tracing::error!(%error, "nobody can tell who calls");
            Refusal::Unavailable(Error::Closed.to_string())
        }
    }
}
