//! What all connections of one server share.
//!
//! Guarantees: nothing here grows without a limit of [`PostgresOptions`].

use std::net::IpAddr;
use std::sync::Arc;

use chatlake::{Chatlake, Session};
use chatlake_auth::{Authenticator, Credential, Principal, Secret};
use chatlake_serving::Executor;
use pgwire::api::{ConnectionManager, RandomPidSecretKeyGenerator};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::error::{Error, Result};
use crate::options::PostgresOptions;
use crate::pg_catalog::{self, PgCatalog};

/// The shared parts of a server.
pub(crate) struct State {
    pub(crate) chatlake: Chatlake,
    pub(crate) options: PostgresOptions,
    pub(crate) executor: Executor<Error>,
    pub(crate) catalog: &'static PgCatalog,
    /// Who can be asked to stop: connections by process id and secret.
    pub(crate) connections: Arc<ConnectionManager>,
    pub(crate) process_ids: RandomPidSecretKeyGenerator,
    /// Who knows users, keys and tokens; without, everybody is let in as the owner.
    authenticator: Option<Arc<Authenticator>>,
    places: Arc<Semaphore>,
}

impl State {
    /// Starts the query threads; `running_task_count` counts what they do.
    pub(crate) fn start(
        chatlake: Chatlake,
        options: PostgresOptions,
        authenticator: Option<Arc<Authenticator>>,
        running_task_count: watch::Sender<usize>,
    ) -> Result<Arc<Self>> {
        let places = options
            .connection_count_max
            .clamp(1, Semaphore::MAX_PERMITS);
        Ok(Arc::new(Self {
            executor: Executor::start(options.query_threads(), running_task_count)?,
            catalog: pg_catalog::shared()?,
            connections: Arc::new(ConnectionManager::new()),
            process_ids: RandomPidSecretKeyGenerator::default(),
            places: Arc::new(Semaphore::new(places)),
            chatlake,
            options,
            authenticator,
        }))
    }

    /// Must clients say who they are?
    pub(crate) fn asks_for_passwords(&self) -> bool {
        self.authenticator.is_some()
    }

    /// Whom a name and a password, API key or token stand for.
    ///
    /// # Errors
    /// When they are wrong.
    pub(crate) async fn login(
        &self,
        name: &str,
        password: &str,
        peer: IpAddr,
    ) -> Result<Arc<Principal>> {
        let Some(authenticator) = &self.authenticator else {
            return Ok(Arc::new(Principal::anonymous()));
        };
        // a JSON Web Token has two points; no password of ours is taken for one that fails, and a key is found by its prefix
        let is_token = password.starts_with("eyJ") && password.matches('.').count() == 2;
        let credential = match is_token {
            true => Credential::Bearer(Secret::new(password)),
            false => Credential::password(name, password),
        };
        Ok(authenticator.login(credential, Some(peer)).await?)
    }

    /// May somebody who has logged in go on?
    ///
    /// # Errors
    /// When they were revoked, or their rights are others now.
    pub(crate) fn check(&self, principal: &Principal) -> Result<()> {
        match &self.authenticator {
            Some(authenticator) => Ok(authenticator.check(principal)?),
            None => Ok(()),
        }
    }

    /// A session with what the principal may do. The only place where one is made.
    pub(crate) fn new_session(&self, principal: &Principal, peer: IpAddr) -> Session {
        let session = self.chatlake.session_as(principal.access());
        let session = session.named(&principal.subject());
        session.used_from(Some(peer))
    }

    /// A place among those that have logged in.
    ///
    /// # Errors
    /// When there is none.
    pub(crate) fn place(&self) -> Result<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| {
            let limit = self.options.connection_count_max;
            Error::fatal(
                "53300",
                format!("too many connections: expected at most {limit} (`connection_count_max`)"),
            )
        })
    }
}
