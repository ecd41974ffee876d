//! Notices that a client went away while its statement runs, although nobody reads from the connection then.
//!
//! Guarantees: nothing is read, so nothing is lost; a client that sends its next messages early is not taken for gone.

use std::io;

use tokio::io::Interest;
use tokio::net::TcpStream;

/// A second handle of a connection, to watch.
#[derive(Debug)]
pub(crate) struct Departure(TcpStream);

impl Departure {
    /// The connection, and what watches it.
    pub(crate) fn watch(stream: TcpStream) -> io::Result<(TcpStream, Self)> {
        let stream = stream.into_std()?;
        let watched = stream.try_clone()?;
        Ok((
            TcpStream::from_std(stream)?,
            Self(TcpStream::from_std(watched)?),
        ))
    }

    /// Ready when the client has closed the connection.
    pub(crate) async fn happened(&self) {
        loop {
            match self.0.ready(Interest::READABLE).await {
                Ok(ready) if !ready.is_read_closed() => {
                    // messages for later: wait for the next change
                    let _ = self.0.try_io(Interest::READABLE, || {
                        Err::<(), _>(io::ErrorKind::WouldBlock.into())
                    });
                }
                _ => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn bytes_are_no_departure_and_closing_is() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        let (server, departure) = Departure::watch(listener.accept().await.unwrap().0).unwrap();
        client.write_all(b"early").await.unwrap();
        server.readable().await.unwrap();
        let mut happened = std::pin::pin!(departure.happened());
        assert!(futures::poll!(&mut happened).is_pending());
        drop(client);
        happened.await;
    }
}
