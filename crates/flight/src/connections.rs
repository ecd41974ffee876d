//! Connections: accepted, counted, secured, and handed to the gRPC server.
//!
//! Guarantees: at most `connection_count_max` are open, one more is closed at once; one that does not speak TLS and HTTP/2
//! within `connection_opening_ms` is closed; a slow or hostile one keeps nobody else from coming in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use chatlake_serving::{Certificates, Lingering};
use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use crate::gatekeeper::Peer;
use crate::options::FlightOptions;

/// Bytes that begin every HTTP/2 connection: its preface and the head of the first frame.
const OPENING_BYTES: usize = 24 + 9;

/// Connections that are ready and wait for the server to take them.
const READY_COUNT_MAX: usize = 16;

/// How long to wait when the system has no room for another connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long a client has to close a connection that the server has ended.
const LINGER: Duration = Duration::from_secs(2);

/// An open connection.
pub(crate) struct Connection {
    io: Io,
    peer: Peer,
    opening: Option<Opening>,
    _place: OwnedSemaphorePermit,
}

enum Io {
    Plain(Lingering<TcpStream>),
    Secured(Box<TlsStream<Lingering<TcpStream>>>),
}

/// What is still missing of the first bytes, and until when.
struct Opening {
    missing_bytes: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled_before = buffer.filled().len();
        let polled = match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(context, buffer),
            Io::Secured(io) => Pin::new(io.as_mut()).poll_read(context, buffer),
        };
        let Some(opening) = &mut self.opening else {
            return polled;
        };
        if polled.is_pending() {
            return match opening.deadline.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
                Poll::Pending => Poll::Pending,
            };
        }
        let read_bytes = buffer.filled().len() - filled_before;
        opening.missing_bytes = opening.missing_bytes.saturating_sub(read_bytes);
        if opening.missing_bytes == 0 {
            self.opening = None;
        }
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write(context, bytes),
            Io::Secured(io) => Pin::new(io.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(context),
            Io::Secured(io) => Pin::new(io.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_shutdown(context),
            Io::Secured(io) => Pin::new(io.as_mut()).poll_shutdown(context),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write_vectored(context, slices),
            Io::Secured(io) => Pin::new(io.as_mut()).poll_write_vectored(context, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(io) => io.is_write_vectored(),
            Io::Secured(io) => io.is_write_vectored(),
        }
    }
}

/// Connections that are ready to be served; dropping it accepts no more.
pub(crate) struct Incoming {
    ready: mpsc::Receiver<Connection>,
    _accepting: JoinSet<()>,
}

impl Incoming {
    /// Accepts what comes to `listener`.
    pub(crate) fn start(
        listener: TcpListener,
        certificates: Option<Arc<Certificates>>,
        options: &FlightOptions,
    ) -> Self {
        let (sender, ready) = mpsc::channel(READY_COUNT_MAX);
        let acceptor = Acceptor {
            sender,
            certificates: certificates.clone(),
            opening: Duration::from_millis(options.connection_opening_ms.max(1)),
            places: Arc::new(Semaphore::new(
                options
                    .connection_count_max
                    .clamp(1, Semaphore::MAX_PERMITS),
            )),
        };
        let mut accepting = JoinSet::new();
        accepting.spawn(acceptor.accept_all(listener));
        if let Some(certificates) = certificates {
            let interval = Duration::from_millis(options.tls_reload_interval_ms.max(1));
            accepting.spawn(certificates.watch(interval));
        }
        Self {
            ready,
            _accepting: accepting,
        }
    }
}

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.ready.poll_recv(context).map(|ready| ready.map(Ok))
    }
}

/// What accepting needs.
#[derive(Clone)]
struct Acceptor {
    sender: mpsc::Sender<Connection>,
    certificates: Option<Arc<Certificates>>,
    opening: Duration,
    places: Arc<Semaphore>,
}

impl Acceptor {
    async fn accept_all(self, listener: TcpListener) {
        let mut opening = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                Some(_) = opening.join_next() => continue,
                () = self.sender.closed() => return,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                tracing::warn!(%address, "connection refused: `connection_count_max` are open");
                continue;
            };
            let peer = Peer {
                address: Some(address),
                certificate: None,
            };
            opening.spawn(self.clone().open(stream, peer, place));
        }
    }

    async fn open(self, stream: TcpStream, peer: Peer, place: OwnedSemaphorePermit) {
        // small answers must not wait for more to send
        let _ = stream.set_nodelay(true);
        let stream = Lingering::new(stream, LINGER);
        let acceptor = self.certificates.as_ref().map(|known| known.acceptor());
        let opened = match acceptor {
            None => Some((Io::Plain(stream), peer)),
            Some(acceptor) => secure(acceptor, stream, peer, self.opening).await,
        };
        let Some((io, peer)) = opened else {
            return;
        };
        let connection = Connection {
            io,
            peer,
            opening: Some(Opening {
                missing_bytes: OPENING_BYTES,
                deadline: Box::pin(sleep(self.opening)),
            }),
            _place: place,
        };
        // the server may be stopping
        let _ = self.sender.send(connection).await;
    }
}

/// The TLS handshake; `None` when it fails or takes too long.
async fn secure(
    acceptor: TlsAcceptor,
    stream: Lingering<TcpStream>,
    peer: Peer,
    limit: Duration,
) -> Option<(Io, Peer)> {
    match timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(secured)) => {
            let shown = secured.get_ref().1.peer_certificates();
            let certificate = shown.and_then(|chain| chain.first());
            let peer = Peer {
                certificate: certificate.map(|certificate| certificate.as_ref().into()),
                ..peer
            };
            Some((Io::Secured(Box::new(secured)), peer))
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, address = ?peer.address, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(address = ?peer.address, "a TLS handshake took too long");
            None
        }
    }
}
