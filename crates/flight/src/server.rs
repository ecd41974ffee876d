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
use futures::TryStreamExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::time::{sleep, timeout};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::error::Result;
use crate::lingering::Lingering;
use crate::options::FlightOptions;
use crate::service::Service;
use crate::state::State;

/// How long clients that read slowly have to take the last status of a stopped call.
const LAST_WORD: Duration = Duration::from_millis(1_000);

/// How long a client has to close a connection that the server has ended.
const LINGER: Duration = Duration::from_secs(2);

/// Serves one lake over Arrow Flight SQL.
pub struct FlightServer {
    chatlake: Chatlake,
    options: FlightOptions,
    running_task_count: watch::Sender<usize>,
}

impl FlightServer {
    /// A server of `chatlake`, not yet listening.
    pub fn new(chatlake: Chatlake, options: FlightOptions) -> Self {
        Self {
            chatlake,
            options,
            running_task_count: watch::Sender::new(0),
        }
    }

    /// The number of plans and streams at work now, to watch while the server runs. 0 means that it is idle.
    pub fn running_task_count(&self) -> watch::Receiver<usize> {
        self.running_task_count.subscribe()
    }

    /// Answers clients that come to `listener` until `shutdown` is ready.
    ///
    /// Errors: the query threads cannot be started, or the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> Result<()> {
        let Self {
            chatlake,
            options,
            running_task_count,
        } = self;
        let grace = Duration::from_millis(options.shutdown_grace_ms);
        let keepalive = Duration::from_millis(options.keepalive_interval_ms.max(1));
        let keepalive_timeout = Duration::from_millis(options.keepalive_timeout_ms.max(1));
        let (header_bytes_max, receive_bytes_max) =
            (options.header_bytes_max, options.receive_bytes_max);
        let state = State::start(chatlake, options, running_task_count)?;
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
        let incoming = TcpIncoming::from(listener)
            .with_nodelay(Some(true))
            .map_ok(|stream| Lingering::new(stream, LINGER));
        let mut serving = pin!(
            Server::builder()
                .http2_keepalive_interval(Some(keepalive))
                .http2_keepalive_timeout(Some(keepalive_timeout))
                .http2_max_header_list_size(header_bytes_max)
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
