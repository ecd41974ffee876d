//! `Handshake`: where a client shows who it is and gets the token of its session.
//!
//! There is no authentication yet: Basic, bearer or no credentials are all welcome. The answer carries
//! `authorization: Bearer …` as response header, where every client looks for it, and the same token as the one message.
//!
//! Guarantees: messages of the client are not waited for (ADBC sends none, JDBC one, ODBC an empty one).

use arrow_flight::HandshakeResponse;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Response, Status};

use crate::error::Error;
use crate::sessions::Sessions;

/// Messages of the answer to a handshake.
pub(crate) type HandshakeStream = BoxStream<'static, Result<HandshakeResponse, Status>>;

/// Opens a session and tells its token.
pub(crate) fn handshake(sessions: &Sessions) -> Result<Response<HandshakeStream>, Status> {
    let token = sessions.open();
    let header: MetadataValue<Ascii> =
        format!("Bearer {token}").parse().map_err(Error::encoding)?;
    let message = HandshakeResponse {
        protocol_version: 0,
        payload: token.into(),
    };
    let mut response = Response::new(stream::iter([Ok(message)]).boxed());
    response.metadata_mut().insert("authorization", header);
    Ok(response)
}
