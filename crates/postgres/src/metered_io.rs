//! A connection whose messages are measured before they are gathered.
//!
//! 1. A packet before the login starts with its length (4 bytes), every other message with its type (1 byte) and its length.
//! 2. The heads are followed through the bytes as they come in; the body is counted and not looked at, but for the code of a
//!    first packet: after anything but a request for encryption, messages have a type.
//! 3. A length over the limit ends the connection before the body is read into memory.
//!
//! Guarantees: no client makes the server hold more than `limit` bytes of one message; the limit is small until it has logged in.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Largest message of a client that has not logged in: a startup packet, or a token instead of a password.
pub(crate) const OPENING_MESSAGE_BYTES_MAX: usize = 10_000;

/// Codes of first packets after which another first packet follows: TLS, GSSAPI.
const ENCRYPTION_REQUESTS: [u32; 2] = [80_877_103, 80_877_104];

/// The largest message now; shared with who knows that the client has logged in.
#[derive(Clone, Debug)]
pub(crate) struct MessageLimit(Arc<AtomicUsize>);

impl MessageLimit {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicUsize::new(OPENING_MESSAGE_BYTES_MAX)))
    }

    /// The client has logged in.
    pub(crate) fn raise_to(&self, bytes_max: usize) {
        self.0.store(bytes_max, Ordering::Relaxed);
    }

    fn bytes_max(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Where the bytes of a message are.
#[derive(Debug)]
struct Frames {
    limit: MessageLimit,
    /// Do messages have a type already?
    typed: bool,
    /// Head of the message that is coming in: type, length, and of a first packet its code.
    head: Vec<u8>,
    /// Bytes of the body that are still to come.
    body_bytes: usize,
}

impl Frames {
    fn new(limit: MessageLimit) -> Self {
        Self {
            limit,
            typed: false,
            head: Vec::with_capacity(8),
            body_bytes: 0,
        }
    }

    /// Follows bytes that came in; an error when a message is larger than allowed.
    fn follow(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.body_bytes > 0 {
                let skipped = self.body_bytes.min(bytes.len());
                self.body_bytes -= skipped;
                bytes = &bytes[skipped..];
                continue;
            }
            self.head.push(*first);
            bytes = rest;
            let head_bytes = if self.typed { 5 } else { 8 };
            if self.head.len() == head_bytes {
                self.begin_body()?;
            }
        }
        Ok(())
    }

    fn begin_body(&mut self) -> io::Result<()> {
        let number = |at: usize| {
            let bytes = self
                .head
                .get(at..at + 4)
                .and_then(|bytes| bytes.try_into().ok());
            u32::from_be_bytes(bytes.unwrap_or_default())
        };
        let length_at = usize::from(self.typed);
        let length = usize::try_from(number(length_at)).unwrap_or(usize::MAX);
        let limit = self.limit.bytes_max();
        if length > limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("expected a message of at most {limit} bytes, found {length}"),
            ));
        }
        let of_head = self.head.len() - length_at;
        self.body_bytes = length.saturating_sub(of_head);
        if !self.typed {
            self.typed = !ENCRYPTION_REQUESTS.contains(&number(4));
        }
        self.head.clear();
        Ok(())
    }
}

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct MeteredIo<T> {
    io: T,
    frames: Frames,
}

impl<T> MeteredIo<T> {
    /// Measures what comes from `io`, of which `read` came in already: the bytes from the start packet on.
    ///
    /// # Errors
    /// When that is too much.
    pub(crate) fn new(io: T, read: &[u8], limit: MessageLimit) -> io::Result<Self> {
        let mut frames = Frames::new(limit);
        frames.follow(read)?;
        Ok(Self { io, frames })
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for MeteredIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled_before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = polled {
            self.frames.follow(&buffer.filled()[filled_before..])?;
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for MeteredIo<T> {
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
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first_packet(code: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(8 + body.len()).unwrap();
        [&length.to_be_bytes(), &code.to_be_bytes(), body].concat()
    }

    fn message(length: u32) -> Vec<u8> {
        [&b"Q"[..], &length.to_be_bytes()].concat()
    }

    #[test]
    fn messages_are_followed_whatever_pieces_they_come_in() {
        let mut bytes = first_packet(ENCRYPTION_REQUESTS[0], b"");
        bytes.extend(first_packet(196_608, b"user\0ada\0\0"));
        bytes.extend(message(9));
        bytes.extend(b"abcde");
        bytes.extend(message(4));
        for piece in 1..bytes.len() {
            let mut frames = Frames::new(MessageLimit::new());
            for part in bytes.chunks(piece) {
                frames.follow(part).unwrap();
            }
            assert!(frames.typed && frames.head.is_empty() && frames.body_bytes == 0);
        }
    }

    #[test]
    fn a_large_message_is_refused_at_its_head() {
        let limit = MessageLimit::new();
        let mut frames = Frames::new(limit.clone());
        frames.follow(&first_packet(196_608, b"\0")).unwrap();
        let error = frames.follow(&message(1 << 30)).unwrap_err().to_string();
        assert!(
            error.contains("at most 10000 bytes, found 1073741824"),
            "{error}"
        );
        limit.raise_to(1 << 30);
        let mut frames = Frames::new(limit);
        frames.follow(&first_packet(196_608, b"\0")).unwrap();
        frames.follow(&message(1 << 30)).unwrap();
    }
}
