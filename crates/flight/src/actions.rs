//! `DoAction`: prepared statements and sessions. `ListActions` tells exactly these.
//!
//! Guarantees: an action that is not there is unimplemented, which drivers tolerate; bodies of Flight SQL actions are
//! packed messages, those of session actions are plain ones, as the two protocols have it.

use arrow_flight::sql::Command;
use arrow_flight::{Action, ActionType};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use prost::Message;
use tonic::Status;
use tonic::metadata::MetadataMap;

use crate::command::unpack;
use crate::commands::prepared_statement;
use crate::error::{Error, Result};
use crate::messages::{CloseSessionResult, CloseSessionStatus, SetSessionOptionsRequest};
use crate::session_options;
use crate::state::State;

const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CLOSE_SESSION: &str = "CloseSession";
const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const GET_SESSION_OPTIONS: &str = "GetSessionOptions";
const SET_SESSION_OPTIONS: &str = "SetSessionOptions";

/// Name and description of every action.
const ACTIONS: [(&str, &str); 5] = [
    (
        CLOSE_PREPARED_STATEMENT,
        "closes a prepared statement\nRequest: ActionClosePreparedStatementRequest\nResponse: none",
    ),
    (
        CLOSE_SESSION,
        "ends the session of the call's token\nRequest: none\nResponse: CloseSessionResult",
    ),
    (
        CREATE_PREPARED_STATEMENT,
        "prepares a statement\nRequest: ActionCreatePreparedStatementRequest\nResponse: ActionCreatePreparedStatementResult",
    ),
    (
        GET_SESSION_OPTIONS,
        "tells the options of the session\nRequest: none\nResponse: GetSessionOptionsResult",
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
    action: Action,
) -> Result<ActionStream, Status> {
    let answer = match action.r#type.as_str() {
        CLOSE_PREPARED_STATEMENT => match unpack("action body", &action.body)? {
            Command::ActionClosePreparedStatementRequest(request) => {
                state
                    .prepared_statements
                    .close(&request.prepared_statement_handle);
                None
            }
            _ => {
                return Err(Error::malformed(
                    "action body",
                    "expected a prepared statement to close",
                )
                .into());
            }
        },
        CLOSE_SESSION => {
            state.sessions.close(headers);
            // a client without a session, or with one that is gone, has what it asked for
            let status = CloseSessionStatus::Closed as i32;
            Some(CloseSessionResult { status }.encode_to_vec().into())
        }
        CREATE_PREPARED_STATEMENT => match unpack("action body", &action.body)? {
            Command::ActionCreatePreparedStatementRequest(request) => {
                let call = state.sessions.of_call(headers)?;
                Some(
                    prepared_statement::create(state, call, request)
                        .await?
                        .packed(),
                )
            }
            _ => {
                return Err(
                    Error::malformed("action body", "expected a statement to prepare").into(),
                );
            }
        },
        GET_SESSION_OPTIONS => Some(session_options::get().encode_to_vec().into()),
        SET_SESSION_OPTIONS => {
            let request = SetSessionOptionsRequest::decode(action.body);
            let request =
                request.map_err(|error| Error::malformed("session options", error.to_string()))?;
            Some(session_options::set(request).encode_to_vec().into())
        }
        other => return Err(Error::Unsupported(format!("the action `{other}`")).into()),
    };
    let answers = answer.map(|body: Bytes| Ok(arrow_flight::Result { body }));
    Ok(stream::iter(answers).boxed())
}
