//! One connection from its first byte to its last.
//!
//! 1. TLS is negotiated as PostgreSQL does, then the client logs in; both within `opening_ms`.
//! 2. Message after message is handed to [`Handlers`]. While one is worked on, a client that goes away ends the work.
//! 3. An error ends its statement; one of the login, or a fatal one, ends the connection with a last word.
//!
//! Guarantees: nothing of a client that has not logged in reaches the engine; a message larger than its limit is not read; one that
//! makes no sense ends its connection only.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use chatlake_serving::Lingering;
use futures::{FutureExt, SinkExt, StreamExt};
use pgwire::api::{ClientInfo, NoopHandler, PgWireConnectionState};
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};
use pgwire::tokio::TlsAcceptor;
use pgwire::tokio::server::{
    MaybeTls, PgWireMessageServerCodec, negotiate_tls, process_error, process_message,
};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::codec::{Framed, FramedParts};

use crate::client::Client;
use crate::departure::Departure;
use crate::error::{Error, Result};
use crate::handlers::Handlers;
use crate::metered_io::{MessageLimit, MeteredIo};
use crate::sqlstate::error_info;
use crate::state::State;

type Codec = PgWireMessageServerCodec<String>;
type Socket = Framed<MeteredIo<Lingering<MaybeTls>>, Codec>;

/// How long a client may take to read why its connection ends.
const LAST_WORD: Duration = Duration::from_millis(1_000);

/// Bytes that are gathered before they are written.
const WRITE_BYTES: usize = 64 << 10;

/// What a connection is made of.
pub(crate) struct Connection {
    /// What all connections share.
    pub(crate) state: Arc<State>,
    /// TLS, where it is spoken.
    pub(crate) acceptor: Option<TlsAcceptor>,
    /// The place among those that have not logged in.
    pub(crate) opening: OwnedSemaphorePermit,
    /// Whether the server is stopping.
    pub(crate) stopping: watch::Receiver<bool>,
}

/// An open connection and what watches it.
struct Opened {
    socket: Socket,
    departure: Departure,
    handlers: Arc<Handlers>,
}

impl Connection {
    /// Serves a client until it or the server ends the connection.
    pub(crate) async fn serve(self, stream: TcpStream) {
        if let Err(error) = self.converse(stream).await {
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn converse(mut self, stream: TcpStream) -> io::Result<()> {
        let options = &self.state.options;
        let opening_until = Instant::now() + Duration::from_millis(options.opening_ms.max(1));
        let idle = Duration::from_millis(options.connection_idle_ms.max(1));
        let opened = timeout_at(opening_until, self.open(stream)).await;
        let Some(mut opened) = opened.map_err(|_| io::ErrorKind::TimedOut)?? else {
            return Ok(());
        };
        let mut opening = Some(self.opening);
        loop {
            let has_logged_in = has_logged_in(&opened.socket);
            if has_logged_in {
                opening.take();
            }
            let until = if has_logged_in {
                Instant::now() + idle
            } else {
                opening_until
            };
            let message = tokio::select! {
                biased;
                _ = self.stopping.wait_for(|stopping| *stopping) => Err(Error::Stopping),
                message = timeout_at(until, next_message(&mut opened.socket)) => match message {
                    Ok(Ok(None)) => return Ok(()),
                    Ok(Ok(Some(message))) => Ok(message),
                    Ok(Err(error)) => Err(error),
                    Err(_) => Err(Error::fatal(
                        if has_logged_in { "57P05" } else { "08006" },
                        "the connection was idle for too long",
                    )),
                },
            };
            match message {
                Ok(PgWireFrontendMessage::Terminate(_)) => return Ok(()),
                Ok(message) => {
                    let answering = opened.answer(message);
                    let goes_on = if has_logged_in {
                        answering.await?
                    } else {
                        let answered = timeout_at(opening_until, answering).await;
                        answered.map_err(|_| io::ErrorKind::TimedOut)??
                    };
                    if !goes_on {
                        return Ok(());
                    }
                }
                Err(error) => return opened.end(error_info(&error)).await,
            }
        }
    }

    /// TLS or not; `None` when the client wants TLS at once and there is none.
    async fn open(&self, stream: TcpStream) -> io::Result<Option<Opened>> {
        let (stream, departure) = Departure::watch(stream)?;
        let Some(socket) = negotiate_tls::<String>(stream, self.acceptor.clone()).await? else {
            return Ok(None);
        };
        let parts = socket.into_parts();
        if parts.codec.client_info.is_secure && !parts.read_buf.is_empty() {
            // somebody in between could have put it there, before the client's encrypted messages
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "found bytes in clear text before the TLS handshake",
            ));
        }
        let limit = MessageLimit::new();
        let io = Lingering::new(parts.io, LAST_WORD);
        let io = MeteredIo::new(io, &parts.read_buf, limit.clone())?;
        let mut metered = FramedParts::new::<PgWireBackendMessage>(io, parts.codec);
        metered.read_buf = parts.read_buf;
        metered.write_buf = parts.write_buf;
        let mut socket = Framed::from_parts(metered);
        socket.set_backpressure_boundary(WRITE_BYTES);
        let handlers = Arc::new(Handlers::new(Arc::clone(&self.state), limit));
        Ok(Some(Opened {
            socket,
            departure,
            handlers,
        }))
    }
}

impl Opened {
    /// Answers a message; whether the connection goes on.
    async fn answer(&mut self, message: PgWireFrontendMessage) -> io::Result<bool> {
        let is_cancel = matches!(message, PgWireFrontendMessage::CancelRequest(_));
        let is_extended = message.is_extended_query();
        let had_logged_in = has_logged_in(&self.socket);
        let handlers = || Arc::clone(&self.handlers);
        let done = tokio::select! {
            biased;
            done = process_message(
                message,
                &mut self.socket,
                handlers(),
                handlers(),
                handlers(),
                Arc::new(NoopHandler),
                self.handlers.cancel_handler(),
            ) => done,
            // who asks to cancel need not wait for it
            () = self.departure.happened(), if !is_cancel => return Ok(false),
        };
        let Err(error) = done else {
            return Ok(!is_cancel);
        };
        if let PgWireError::IoError(error) = error {
            return Err(error);
        }
        let info = ErrorInfo::from(error);
        if !had_logged_in || info.is_fatal() {
            self.end(info).await?;
            return Ok(false);
        }
        if let Some(client) = self.socket.session_extensions().get::<Client>() {
            // what a failed transaction has open is of no use any more
            client.close_portals();
        }
        let telling = process_error(
            &mut self.socket,
            PgWireError::UserError(Box::new(info)),
            is_extended,
        );
        timeout(self.handlers.stall(), telling)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)??;
        Ok(true)
    }

    /// Says why, and closes.
    async fn end(&mut self, mut info: ErrorInfo) -> io::Result<()> {
        info.severity = "FATAL".to_owned();
        info.severity_nonlocalized = Some("FATAL".to_owned());
        let saying = async {
            let last = PgWireBackendMessage::ErrorResponse(info.into());
            self.socket.send(last).await?;
            self.socket.close().await
        };
        timeout(LAST_WORD, saying)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }
}

fn has_logged_in(socket: &Socket) -> bool {
    !matches!(
        socket.state(),
        PgWireConnectionState::AwaitingSslRequest
            | PgWireConnectionState::AwaitingStartup
            | PgWireConnectionState::AuthenticationInProgress
    )
}

/// The next message; `None` when the client has ended the connection.
async fn next_message(socket: &mut Socket) -> Result<Option<PgWireFrontendMessage>> {
    // `pgwire` reads past the end of a message whose counts are larger than itself, which panics
    let read = AssertUnwindSafe(socket.next()).catch_unwind().await;
    let read = read.map_err(|_| Error::fatal("08P01", "malformed message"))?;
    read.transpose().map_err(unreadable)
}

/// A message that cannot be read: what follows it has no beginning.
fn unreadable(error: PgWireError) -> Error {
    match error {
        PgWireError::IoError(error) if error.kind() == io::ErrorKind::InvalidData => {
            Error::fatal("54000", error.to_string())
        }
        PgWireError::IoError(error) => Error::Connection(error),
        other => Error::fatal("08P01", other.to_string()),
    }
}
