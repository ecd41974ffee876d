//! `Handshake`: where a client shows who it is and gets the token of its session.
//!
//! The answer carries `authorization: Bearer …` as response header, where every client looks for it, and the same token as the
//! one message.
//!
//! Guarantees: messages of the client are not waited for (ADBC sends none, JDBC one, ODBC an empty one); who is refused is
//! told so with the code of the refusal, and no session is opened.

use arrow_flight::HandshakeResponse;
use chatlake_auth::Credential;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use tonic::{Response, Status};

use crate::credentials::give_token;
use crate::error::Error;
use crate::gatekeeper::Peer;
use crate::state::State;

/// Messages of the answer to a handshake.
pub(crate) type HandshakeStream = BoxStream<'static, Result<HandshakeResponse, Status>>;

/// Opens a session and tells its token.
pub(crate) async fn handshake(
    state: &State,
    peer: &Peer,
    credential: Option<Credential>,
) -> Result<Response<HandshakeStream>, Status> {
    let login = state.gatekeeper.login(peer, credential).await;
    let login = login.map_err(Error::from)?;
    state.sessions.open(&login.principal);
    let message = HandshakeResponse {
        protocol_version: 0,
        payload: login.token.reveal().to_owned().into(),
    };
    let mut response = Response::new(stream::iter([Ok(message)]).boxed());
    give_token(&mut response, Some(&login.token))?;
    Ok(response)
}
