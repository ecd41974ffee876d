//! A connection that is closed without cutting off what was sent last.
//!
//! A socket that is closed while bytes of the client lie unread in it, or still come in, is answered by the operating system with
//! a reset, and a reset throws away what the client has not yet received (RFC 9112 §9.6 tells the same of HTTP). An HTTP/2
//! client always has something to say, window updates for one. So the end of a connection is told first, and what still comes
//! is read until the client closes too.
//!
//! Guarantees: a client that closes after the last byte receives all of them; one that never closes is left after a while.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Bytes that are thrown away at once.
const DISCARD_BYTES: usize = 4 * 1024;

/// A stream whose shutdown waits for the other side.
pub struct Lingering<Io> {
    io: Io,
    linger: Duration,
    end: End,
}

/// How far the end of the connection is.
enum End {
    Open,
    /// The other side knows; what it still sends is thrown away until then.
    Told(Pin<Box<Sleep>>),
    Closed,
}

impl<Io> Lingering<Io> {
    /// `io`, whose client has `linger` to close when the server has ended the connection.
    pub fn new(io: Io, linger: Duration) -> Self {
        Self {
            io,
            linger,
            end: End::Open,
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Lingering<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            match &mut this.end {
                End::Open => {
                    ready!(Pin::new(&mut this.io).poll_shutdown(context))?;
                    this.end = End::Told(Box::pin(sleep(this.linger)));
                }
                End::Told(deadline) => {
                    if deadline.as_mut().poll(context).is_pending() {
                        ready!(discard(&mut this.io, context));
                    }
                    this.end = End::Closed;
                }
                End::Closed => return Poll::Ready(Ok(())),
            }
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

/// Reads and forgets; ready when the other side has closed, in whatever way.
fn discard(io: &mut (impl AsyncRead + Unpin), context: &mut Context<'_>) -> Poll<()> {
    let mut bytes = [0; DISCARD_BYTES];
    loop {
        let mut buffer = ReadBuf::new(&mut bytes);
        match ready!(Pin::new(&mut *io).poll_read(context, &mut buffer)) {
            Ok(()) if !buffer.filled().is_empty() => {}
            Ok(()) | Err(_) => return Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    /// Longer than any test runs.
    const LONG: Duration = Duration::from_secs(24 * 3_600);

    /// More than the client's socket holds, less than both do.
    const LAST_BYTES: usize = 256 * 1024;

    async fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await;
        let (server, _) = listener.accept().await.unwrap();
        (server, client.unwrap())
    }

    #[tokio::test]
    async fn all_that_was_sent_arrives_although_the_client_was_not_heard() {
        let (server, mut client) = connected().await;
        let mut server = Lingering::new(server, LONG);
        client.write_all(b"window update").await.unwrap();
        server.write_all(&vec![7; LAST_BYTES]).await.unwrap();
        let close = async move {
            server.shutdown().await.unwrap();
            drop(server);
        };
        let read = async move {
            let mut bytes = Vec::new();
            client.read_to_end(&mut bytes).await.map(|_| bytes.len())
        };
        // in this order: a server that does not wait is gone before the client reads
        let ((), received) = tokio::join!(biased; close, read);
        assert_eq!(received.unwrap(), LAST_BYTES);
    }

    #[tokio::test]
    async fn a_client_that_never_closes_is_left() {
        let (server, client) = connected().await;
        let mut server = Lingering::new(server, Duration::from_millis(1));
        server.shutdown().await.unwrap();
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_is_gone_is_not_waited_for() {
        let (server, client) = connected().await;
        drop(client);
        // ends long before it would if it waited
        Lingering::new(server, LONG).shutdown().await.ok();
    }
}
