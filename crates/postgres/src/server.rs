//! The server: a listener, the connections that come to it, and an orderly end.
//!
//! Guarantees: after the signal to stop no connection is accepted, idle ones are closed, and running statements may go on for
//! `shutdown_grace_ms`; `serve` returns when the last connection has ended. A slow or hostile connection keeps nobody else out.

use std::sync::Arc;
use std::time::Duration;

use chatlake::Chatlake;
use chatlake_auth::Authenticator;
use chatlake_serving::Certificates;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::connection::Connection;
use crate::error::{Error, Result};
use crate::options::PostgresOptions;
use crate::state::State;

/// The protocol's name for TLS.
const PROTOCOL: &str = "postgresql";

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves one lake over the PostgreSQL wire protocol.
pub struct PostgresServer {
    chatlake: Chatlake,
    options: PostgresOptions,
    authenticator: Option<Arc<Authenticator>>,
    running_task_count: watch::Sender<usize>,
}

impl PostgresServer {
    /// A server of `chatlake`, not yet listening, that lets everybody in.
    pub fn new(chatlake: Chatlake, options: PostgresOptions) -> Self {
        Self {
            chatlake,
            options,
            authenticator: None,
            running_task_count: watch::Sender::new(0),
        }
    }

    /// The server with somebody who knows users, keys and tokens.
    #[must_use]
    pub fn with_authenticator(self, authenticator: Arc<Authenticator>) -> Self {
        Self {
            authenticator: Some(authenticator),
            ..self
        }
    }

    /// The number of plans and queries at work now, to watch while the server runs. 0 means that it is idle.
    pub fn running_task_count(&self) -> watch::Receiver<usize> {
        self.running_task_count.subscribe()
    }

    /// Answers clients that come to `listener` until `shutdown` is ready.
    ///
    /// # Errors
    /// The address can be reached by others without authentication and TLS, and nobody said that this is wanted; the TLS files
    /// cannot be used, or the query threads cannot be started.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let options = self.options;
        refuse_insecure(&listener, &options, self.authenticator.is_some())?;
        let certificates = options.tls.clone();
        let certificates = certificates.map(|files| Certificates::load(files, PROTOCOL));
        let certificates = certificates.transpose()?.map(Arc::new);
        let grace = Duration::from_millis(options.shutdown_grace_ms);
        let reload = Duration::from_millis(options.tls_reload_interval_ms.max(1));
        let opening_count_max = options.opening_count_max.clamp(1, Semaphore::MAX_PERMITS);
        let state = State::start(
            self.chatlake,
            options,
            self.authenticator,
            self.running_task_count,
        )?;
        let mut watching = JoinSet::new();
        if let Some(certificates) = &certificates {
            watching.spawn(Arc::clone(certificates).watch(reload));
        }
        let stop = watch::Sender::new(false);
        let acceptor = Acceptor {
            state: Arc::clone(&state),
            certificates,
            openings: Arc::new(Semaphore::new(opening_count_max)),
            stopping: stop.subscribe(),
        };
        let mut connections = JoinSet::new();
        tokio::select! {
            () = acceptor.accept_all(&listener, &mut connections) => {}
            () = shutdown => {}
        }
        drop(listener);
        stop.send_replace(true);
        let all_ended = async { while connections.join_next().await.is_some() {} };
        if timeout(grace, all_ended).await.is_err() {
            tracing::warn!("running statements are stopped after `shutdown_grace_ms`");
        }
        state.executor.stop();
        connections.shutdown().await;
        Ok(())
    }
}

/// What accepting needs.
struct Acceptor {
    state: Arc<State>,
    certificates: Option<Arc<Certificates>>,
    openings: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

impl Acceptor {
    /// Accepts connections; never returns.
    async fn accept_all(&self, listener: &TcpListener, connections: &mut JoinSet<()>) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(ended) = connections.join_next() => {
                    if let Err(error) = ended {
                        tracing::error!(%error, "a connection ended by a panic");
                    }
                    continue;
                }
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(opening) = Arc::clone(&self.openings).try_acquire_owned() else {
                tracing::warn!(%address, "connection refused: `opening_count_max` have not logged in yet");
                continue;
            };
            let connection = Connection {
                state: Arc::clone(&self.state),
                acceptor: self.certificates.as_ref().map(|known| known.acceptor()),
                opening,
                stopping: self.stopping.clone(),
            };
            connections.spawn(connection.serve(stream));
        }
    }
}

/// Refuses an address that others reach, unless they must say who they are and nobody can listen in.
fn refuse_insecure(
    listener: &TcpListener,
    options: &PostgresOptions,
    asks_for_passwords: bool,
) -> Result<()> {
    let address = listener.local_addr().map_err(Error::Listener)?;
    let missing = match (asks_for_passwords, options.tls.is_some()) {
        (true, true) => return Ok(()),
        (false, false) => "either",
        (false, true) => "authentication",
        (true, false) => "TLS",
    };
    if address.ip().is_loopback() || options.allow_insecure_remote {
        return Ok(());
    }
    Err(Error::Insecure { address, missing })
}
