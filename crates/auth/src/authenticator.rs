//! From a credential to a principal, and the question whether a principal may still come in.
//!
//! 1. An API key is found by its id, and its secret compared by hash: on the spot, on every call.
//! 2. A JSON Web Token is verified by the issuer's public keys: on the spot too.
//! 3. A password waits for its turn ([`AuthSettings::password_check_count_max`]) and is verified on a thread that may block. An
//!    unknown name costs the same: a hash that fits nothing is verified.
//!
//! Failures count against the name and the address of the peer. A password is not looked at while either has to wait. An API key
//! or token is: it cannot be guessed, and a good one must not suffer from what else its address sends.
//!
//! Guarantees: from outside a wrong password, an unknown name and an unknown key look the same; that a user or key was revoked
//! or has expired is told only to who proved to be it; each login is written to the audit log.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::attempts::Attempts;
use crate::audit::{AuditAction, AuditEvent, AuditSink, Outcome};
use crate::auth_file::AuthFile;
use crate::book::{KeyRecord, SecretRecord, UserRecord};
use crate::secret::{KEY_PREFIX, same, secret_hash, split_key};
use crate::utc::Utc;
use crate::{AuthSettings, Credential, Error, Principal, PrincipalKind, Result, Secret, password};

/// See the module's documentation.
#[derive(Debug)]
pub struct Authenticator {
    file: AuthFile,
    settings: AuthSettings,
    attempts: Attempts,
    /// What is verified for names that do not exist.
    no_password: Arc<str>,
    turns: Arc<Semaphore>,
    /// Logins that wait for a turn or have it.
    places: Arc<Semaphore>,
    audit: Arc<dyn AuditSink>,
}

impl Authenticator {
    /// Answers by what `file` says.
    ///
    /// # Errors
    /// When the file does not hold what it should.
    pub fn new(file: AuthFile, settings: AuthSettings, audit: Arc<dyn AuditSink>) -> Result<Self> {
        file.directory(0)?;
        let no_password = password::hash(&Secret::new("nobody has this password"))?;
        let checks = settings.password_checks();
        let places = checks.saturating_add(settings.password_queue_count_max);
        Ok(Self {
            attempts: Attempts::new(&settings),
            no_password: no_password.into(),
            turns: Arc::new(Semaphore::new(checks)),
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            file,
            settings,
            audit,
        })
    }

    /// Who somebody is.
    ///
    /// # Errors
    /// When the proof is wrong or no longer counts, too many failed before, or the server cannot tell.
    pub async fn login(
        &self,
        credential: Credential,
        peer: Option<IpAddr>,
    ) -> Result<Arc<Principal>> {
        let tried = self.known(&credential);
        let found = match credential {
            Credential::Bearer(token) => self.bearer(&token, peer),
            Credential::Password { password, .. } if password.reveal().starts_with(KEY_PREFIX) => {
                self.bearer(&password, peer)
            }
            Credential::Password { name, password } => self.user(name, password, peer).await,
        };
        let event = AuditEvent::new(self.now_micros(), AuditAction::Login).coming_from(peer);
        let event = match (&found, tried) {
            (Ok(principal), _) => event.by(principal),
            (Err(_), Some((kind, id))) => event.tried(kind, &id),
            (Err(_), None) => event,
        };
        self.audit.record(&match &found {
            Ok(_) => event,
            Err(error) => event.ended(Outcome::Refused, error.as_word()),
        });
        found.map(Arc::new)
    }

    /// May a principal that logged in before still come in? Cheap enough for every call.
    ///
    /// # Errors
    /// When it was revoked, has expired, or its rights, password or secret are others now.
    pub fn check(&self, principal: &Principal) -> Result<()> {
        if principal.kind == PrincipalKind::Anonymous {
            return Ok(());
        }
        let now_micros = self.now_micros();
        if principal
            .expires_at_micros
            .is_some_and(|end| end <= now_micros)
        {
            return Err(Error::SessionEnded);
        }
        let directory = self.file.directory(self.settings.recheck_interval_ms)?;
        let now = match principal.kind {
            PrincipalKind::Anonymous => None,
            PrincipalKind::User => match directory.user(&principal.id) {
                Some(user) => Some(user_principal(user, now_micros)?),
                None => None,
            },
            PrincipalKind::Key => match directory.key(&principal.id) {
                Some(key) => {
                    let mut secrets = key.secrets.iter();
                    let secret = secrets.find(|each| each.hash == principal.proof);
                    let secret = secret.ok_or(Error::Changed)?;
                    Some(key_principal(key, secret, now_micros)?)
                }
                None => None,
            },
            PrincipalKind::Token => {
                let jwt = directory.jwt();
                let is_known = jwt.is_some_and(|jwt| jwt.knows(&principal.proof));
                return is_known.then_some(()).ok_or(Error::Changed);
            }
        };
        let is_same = |now: Principal| {
            (now.role, &now.scope, &now.proof)
                == (principal.role, &principal.scope, &principal.proof)
        };
        now.is_some_and(is_same).then_some(()).ok_or(Error::Changed)
    }

    /// Where events go, for those of other rooms.
    pub fn audit(&self) -> &Arc<dyn AuditSink> {
        &self.audit
    }

    /// The user or key that a credential names, if there is one.
    fn known(&self, credential: &Credential) -> Option<(PrincipalKind, String)> {
        let directory = self
            .file
            .directory(self.settings.recheck_interval_ms)
            .ok()?;
        let key = |text: &str| {
            let (id, _) = split_key(text)?;
            Some((PrincipalKind::Key, directory.key(id)?.id.clone()))
        };
        match credential {
            Credential::Bearer(token) => key(token.reveal()),
            Credential::Password { name, password } => key(password.reveal())
                .or_else(|| Some((PrincipalKind::User, directory.user(name)?.name.clone()))),
        }
    }

    /// An API key or a JSON Web Token.
    fn bearer(&self, token: &Secret, peer: Option<IpAddr>) -> Result<Principal> {
        let now_micros = self.now_micros();
        let found = self.bearer_principal(token.reveal(), now_micros);
        if found.as_ref().is_err_and(Error::may_be_a_guess) {
            // the answer to the last try is that of the wait, so that a guesser learns as little as from a password
            let waiting = self.attempts.require_peer(peer, now_micros);
            self.attempts.failed(None, peer, now_micros);
            waiting?;
        }
        found
    }

    fn bearer_principal(&self, token: &str, now_micros: i64) -> Result<Principal> {
        if token.len() > self.settings.credential_bytes_max {
            return Err(Error::Malformed("the token is too long"));
        }
        let directory = self.file.directory(0)?;
        if let Some((id, secret)) = split_key(token) {
            let key = directory.key(id).ok_or(Error::BadCredential)?;
            let hash = secret_hash(secret);
            let mut secrets = key.secrets.iter();
            let secret = secrets.find(|each| same(&each.hash, &hash));
            return key_principal(key, secret.ok_or(Error::BadCredential)?, now_micros);
        }
        match directory.jwt() {
            Some(jwt) if token.bytes().filter(|byte| *byte == b'.').count() == 2 => {
                jwt.principal(token, now_micros)
            }
            _ => Err(Error::BadCredential),
        }
    }

    /// A name and a password.
    async fn user(
        &self,
        name: String,
        password: Secret,
        peer: Option<IpAddr>,
    ) -> Result<Principal> {
        let is_long = password.reveal().len() > password::PASSWORD_BYTES_MAX
            || name.len() > crate::text::NAME_BYTES_MAX;
        if is_long {
            // says nothing about who exists: no user has such a name or password
            let now_micros = self.now_micros();
            self.attempts.require_peer(peer, now_micros)?;
            self.attempts.failed(None, peer, now_micros);
            return Err(Error::BadCredential);
        }
        let require = || {
            let now_micros = self.now_micros();
            self.attempts.require_peer(peer, now_micros)?;
            self.attempts.require_name(&name, now_micros)
        };
        require()?;
        let overloaded = Error::Overloaded {
            setting: "password_queue_count_max",
            limit: self.settings.password_queue_count_max,
        };
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(overloaded);
        };
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| Error::Internal(error.to_string()))?;
        // others of this name may have failed while it waited
        require()?;
        let directory = self.file.directory(0)?;
        let hash: Arc<str> = match directory.user(&name) {
            Some(user) => user.password.as_str().into(),
            None => Arc::clone(&self.no_password),
        };
        let verifying = spawn_blocking(move || {
            let is_right = password::verify(&password, &hash);
            // held to the end of the work, also when nobody waits for it any more
            drop((turn, place));
            is_right
        });
        let is_right = verifying
            .await
            .map_err(|error| Error::Internal(error.to_string()))?;
        match directory.user(&name).filter(|_| is_right) {
            Some(user) => user_principal(user, self.now_micros()),
            None => {
                self.attempts.failed(Some(&name), peer, self.now_micros());
                Err(Error::BadCredential)
            }
        }
    }

    fn now_micros(&self) -> i64 {
        self.file.clock().now_micros()
    }
}

fn user_principal(user: &UserRecord, now_micros: i64) -> Result<Principal> {
    require_time("the user", user.revoked_at, user.expires_at, now_micros)?;
    let mut found = Principal::new(PrincipalKind::User, &user.name, &user.name, &user.grant());
    found.expires_at_micros = user.expires_at.map(|end| end.0);
    found.proof.clone_from(&user.password);
    Ok(found)
}

fn key_principal(key: &KeyRecord, secret: &SecretRecord, now_micros: i64) -> Result<Principal> {
    require_time("the key", key.revoked_at, key.expires_at, now_micros)?;
    require_time("the secret of the key", None, secret.expires_at, now_micros)?;
    let mut found = Principal::new(PrincipalKind::Key, &key.id, &key.name, &key.grant());
    let ends = [key.expires_at, secret.expires_at].into_iter().flatten();
    found.expires_at_micros = ends.min().map(|end| end.0);
    found.proof.clone_from(&secret.hash);
    Ok(found)
}

fn require_time(
    what: &'static str,
    revoked_at: Option<Utc>,
    expires_at: Option<Utc>,
    now_micros: i64,
) -> Result<()> {
    if revoked_at.is_some_and(|instant| instant.0 <= now_micros) {
        return Err(Error::Revoked { what });
    }
    if expires_at.is_some_and(|instant| instant.0 <= now_micros) {
        return Err(Error::Expired { what });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
