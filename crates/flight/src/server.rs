//! The server: a listener, the Flight service on it, and an orderly end.
//!
//! Guarantees: after the signal to stop no call is accepted; running ones may finish within `shutdown_grace_ms`, and what
//! still runs then is stopped with a status that says so. `serve` returns when the last call has ended, and at the latest
//! [`LAST_WORD`] after the grace.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use chatlake::Chatlake;
use chatlake_serving::Certificates;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use tonic::transport::Server;

use crate::connections::Incoming;
use crate::error::{Error, Result};
use crate::gatekeeper::{Everybody, Gatekeeper};
use crate::options::FlightOptions;
use crate::service::Service;
use crate::state::State;

/// How long clients that read slowly have to take the last status of a stopped call.
const LAST_WORD: Duration = Duration::from_millis(1_000);

/// How often sessions and transactions that lie unused are looked for.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// Serves one lake over Arrow Flight SQL.
pub struct FlightServer {
    chatlake: Chatlake,
    options: FlightOptions,
    gatekeeper: Arc<dyn Gatekeeper>,
    running_task_count: watch::Sender<usize>,
}

impl FlightServer {
    /// A server of `chatlake`, not yet listening, that lets everybody in.
    pub fn new(chatlake: Chatlake, options: FlightOptions) -> Self {
        Self {
            chatlake,
            options,
            gatekeeper: Arc::new(Everybody),
            running_task_count: watch::Sender::new(0),
        }
    }

    /// The server with somebody who decides who comes in.
    #[must_use]
    pub fn with_gatekeeper(self, gatekeeper: Arc<dyn Gatekeeper>) -> Self {
        Self { gatekeeper, ..self }
    }

    /// The number of plans and streams at work now, to watch while the server runs. 0 means that it is idle.
    pub fn running_task_count(&self) -> watch::Receiver<usize> {
        self.running_task_count.subscribe()
    }

    /// Answers clients that come to `listener` until `shutdown` is ready.
    ///
    /// Errors: the address can be reached by others without authentication and TLS, and nobody said that this is wanted; the
    /// TLS files cannot be used, the query threads cannot be started, or the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let Self {
            chatlake,
            options,
            gatekeeper,
            running_task_count,
        } = self;
        refuse_insecure(&listener, &options, gatekeeper.as_ref())?;
        let certificates = options.tls.clone();
        let certificates = certificates.map(|files| Certificates::load(files, "h2"));
        let certificates = certificates.transpose()?;
        let incoming = Incoming::start(listener, certificates.map(Arc::new), &options);
        let streams_max = options.streams_per_connection_max;
        let grace = Duration::from_millis(options.shutdown_grace_ms);
        let keepalive = Duration::from_millis(options.keepalive_interval_ms.max(1));
        let keepalive_timeout = Duration::from_millis(options.keepalive_timeout_ms.max(1));
        let (header_bytes_max, receive_bytes_max) =
            (options.header_bytes_max, options.receive_bytes_max);
        let state = State::start(chatlake, options, gatekeeper, running_task_count)?;
        let service = FlightServiceServer::new(Service::new(Arc::clone(&state)))
            .max_decoding_message_size(receive_bytes_max)
            // parts are cut to size before they are encoded; one large value may be more
            .max_encoding_message_size(usize::MAX);
        let (stopping, stopped) = oneshot::channel::<()>();
        let signal = async move {
            shutdown.await;
            // nobody listens any more when the server failed on its own
            let _ = stopping.send(());
        };
        let mut serving = pin!(
            Server::builder()
                .http2_keepalive_interval(Some(keepalive))
                .http2_keepalive_timeout(Some(keepalive_timeout))
                .http2_max_header_list_size(header_bytes_max)
                .max_concurrent_streams(Some(streams_max.max(1)))
                .add_service(service)
                .serve_with_incoming_shutdown(incoming, signal)
        );
        let grace_over = async move {
            if stopped.await.is_ok() {
                sleep(grace).await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            result = &mut serving => return Ok(result?),
            () = sweep(&state) => {}
            () = grace_over => {}
        }
        // what still runs loses its threads, its streams end with a status, and that still has to reach the clients
        state.executor.stop();
        match timeout(LAST_WORD, serving).await {
            Ok(result) => Ok(result?),
            Err(_) => Ok(()),
        }
    }
}

/// Ends what lies unused, again and again.
async fn sweep(state: &State) {
    loop {
        sleep(SWEEP_INTERVAL).await;
        state.sessions.sweep();
    }
}

/// Refuses an address that others reach, unless they must say who they are and nobody can listen in.
fn refuse_insecure(
    listener: &TcpListener,
    options: &FlightOptions,
    gatekeeper: &dyn Gatekeeper,
) -> Result<()> {
    let address = listener.local_addr().map_err(Error::Listener)?;
    let missing = match (gatekeeper.asks_for_credentials(), options.tls.is_some()) {
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
