//! `DoAction`: prepared statements, transactions, sessions, and what can be done with a flight. `ListActions` tells exactly these.
//!
//! Guarantees: an action that is not there is unimplemented, which drivers tolerate; bodies of Flight SQL actions are
//! packed messages, those of Flight's own are plain ones, as the two protocols have it.

use arrow_flight::sql::{Command, ProstMessageExt};
use arrow_flight::{Action, ActionType};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use prost::Message;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};
use tonic::{Extensions, Response, Status};

use crate::command::unpack;
use crate::commands::prepared_statement;
use crate::credentials::{self, SESSION_COOKIE, give_token};
use crate::error::{Error, Result};
use crate::messages::{CloseSessionResult, CloseSessionStatus, SetSessionOptionsRequest};
use crate::sessions::CallSession;
use crate::state::State;
use crate::{cancellation, session_options, transactions};

const BEGIN_TRANSACTION: &str = "BeginTransaction";
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CLOSE_SESSION: &str = "CloseSession";
const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const END_TRANSACTION: &str = "EndTransaction";
const GET_SESSION_OPTIONS: &str = "GetSessionOptions";
const RENEW_FLIGHT_ENDPOINT: &str = "RenewFlightEndpoint";
const SET_SESSION_OPTIONS: &str = "SetSessionOptions";

/// Name and description of every action.
const ACTIONS: [(&str, &str); 10] = [
    (
        BEGIN_TRANSACTION,
        "begins a transaction\nRequest: ActionBeginTransactionRequest\nResponse: ActionBeginTransactionResult",
    ),
    (
        CANCEL_FLIGHT_INFO,
        "stops what runs of a flight\nRequest: CancelFlightInfoRequest\nResponse: CancelFlightInfoResult",
    ),
    (
        CANCEL_QUERY,
        "stops what runs of a flight, the older form\nRequest: ActionCancelQueryRequest\nResponse: ActionCancelQueryResult",
    ),
    (
        CLOSE_PREPARED_STATEMENT,
        "closes a prepared statement\nRequest: ActionClosePreparedStatementRequest\nResponse: none",
    ),
    (
        CLOSE_SESSION,
        "ends the session of the call\nRequest: none\nResponse: CloseSessionResult",
    ),
    (
        CREATE_PREPARED_STATEMENT,
        "prepares a statement\nRequest: ActionCreatePreparedStatementRequest\nResponse: ActionCreatePreparedStatementResult",
    ),
    (
        END_TRANSACTION,
        "commits or rolls back a transaction\nRequest: ActionEndTransactionRequest\nResponse: none",
    ),
    (
        GET_SESSION_OPTIONS,
        "tells the options of the session\nRequest: none\nResponse: GetSessionOptionsResult",
    ),
    (
        RENEW_FLIGHT_ENDPOINT,
        "makes a ticket last longer\nRequest: RenewFlightEndpointRequest\nResponse: FlightEndpoint",
    ),
    (
        SET_SESSION_OPTIONS,
        "sets options of the session\nRequest: SetSessionOptionsRequest\nResponse: SetSessionOptionsResult",
    ),
];

/// Answers of an action.
pub(crate) type ActionStream = BoxStream<'static, Result<arrow_flight::Result, Status>>;

/// Every action, by name.
pub(crate) fn list() -> impl Iterator<Item = ActionType> {
    ACTIONS.iter().map(|(name, description)| ActionType {
        r#type: (*name).to_owned(),
        description: (*description).to_owned(),
    })
}

/// Runs one action for the client that sent `headers`.
pub(crate) async fn run(
    state: &State,
    headers: &MetadataMap,
    extensions: &Extensions,
    action: Action,
) -> Result<Response<ActionStream>, Status> {
    let Action { r#type: name, body } = action;
    if name == CLOSE_SESSION {
        return Ok(answer(Some(
            close_session(state, headers, extensions).await?,
        )));
    }
    let mut call = state.enter(headers, extensions).await?;
    let token = call.token.take();
    let mut response = run_in(state, call, &name, body).await?;
    give_token(&mut response, token.as_ref())?;
    Ok(response)
}

/// Runs an action of a session.
async fn run_in(
    state: &State,
    call: CallSession,
    name: &str,
    body: Bytes,
) -> Result<Response<ActionStream>, Status> {
    if name == SET_SESSION_OPTIONS {
        return set_session_options(state, call, body).await;
    }
    let body = match name {
        CANCEL_FLIGHT_INFO => Some(packless(&cancellation::cancel_flight_info(
            state, &call, body,
        )?)),
        GET_SESSION_OPTIONS => Some(packless(&session_options::get(&call.session))),
        RENEW_FLIGHT_ENDPOINT => Some(packless(&cancellation::renew(state, &call, body)?)),
        _ if ACTIONS.iter().any(|(known, _)| *known == name) => {
            run_packed(state, call, name, &body).await?
        }
        other => return Err(Error::Unsupported(format!("the action `{other}`")).into()),
    };
    Ok(answer(body))
}

/// Runs an action of Flight SQL, whose body is a packed message.
async fn run_packed(
    state: &State,
    call: CallSession,
    name: &str,
    body: &Bytes,
) -> Result<Option<Bytes>> {
    match (name, unpack("action body", body)?) {
        (BEGIN_TRANSACTION, Command::ActionBeginTransactionRequest(_)) => {
            let begun = transactions::begin(state, &call)?;
            Ok(Some(begun.as_any().encode_to_vec().into()))
        }
        (CANCEL_QUERY, Command::ActionCancelQueryRequest(request)) => {
            let result = cancellation::cancel_query(state, &call, &request)?;
            Ok(Some(result.as_any().encode_to_vec().into()))
        }
        (CLOSE_PREPARED_STATEMENT, Command::ActionClosePreparedStatementRequest(request)) => {
            let handle = &request.prepared_statement_handle;
            state
                .prepared_statements
                .close(handle, &call.principal.name);
            Ok(None)
        }
        (CREATE_PREPARED_STATEMENT, Command::ActionCreatePreparedStatementRequest(request)) => {
            let created = prepared_statement::create(state, call, request).await?;
            Ok(Some(created.packed()))
        }
        (END_TRANSACTION, Command::ActionEndTransactionRequest(request)) => {
            transactions::end(state, &call, &request)?;
            Ok(None)
        }
        _ => Err(Error::malformed(
            "action body",
            format!("expected the request of {name}, found another message"),
        )),
    }
}

/// Ends the session of the call, and lets its token be forgotten.
async fn close_session(
    state: &State,
    headers: &MetadataMap,
    extensions: &Extensions,
) -> Result<Bytes> {
    match state.enter(headers, extensions).await {
        Ok(call) => {
            state.sessions.close(&call);
            let shown = credentials::of_headers(headers);
            let peer = credentials::peer(extensions);
            state.gatekeeper.logout(&peer, shown).await;
        }
        // a client whose session is gone has what it asked for
        Err(Error::Unauthenticated(_)) => {}
        Err(error) => return Err(error),
    }
    let status = CloseSessionStatus::Closed as i32;
    Ok(packless(&CloseSessionResult { status }))
}

/// Sets options; a client without a session gets one, and a cookie that names it.
async fn set_session_options(
    state: &State,
    call: CallSession,
    body: Bytes,
) -> Result<Response<ActionStream>, Status> {
    let request = SetSessionOptionsRequest::decode(body);
    let request =
        request.map_err(|error| Error::malformed("session options", error.to_string()))?;
    let (call, cookie) = match call.lasts() {
        true => (call, None),
        false => {
            let (call, cookie) = state.sessions.open_by_cookie(&call.principal);
            (call, Some(cookie))
        }
    };
    let set = session_options::set(&call.session, request).await;
    let mut response = answer(Some(packless(&set)));
    if let Some(cookie) = cookie {
        let cookie = format!("{SESSION_COOKIE}={cookie}; Path=/; HttpOnly");
        let cookie: MetadataValue<Ascii> = cookie.parse().map_err(Error::encoding)?;
        response.metadata_mut().insert("set-cookie", cookie);
    }
    Ok(response)
}

/// A message as it is.
fn packless(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

fn answer(body: Option<Bytes>) -> Response<ActionStream> {
    let answers = body.map(|body| Ok(arrow_flight::Result { body }));
    Response::new(stream::iter(answers).boxed())
}
