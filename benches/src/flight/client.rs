//! What clients of the benches do: show who they are, ask, read, stop.
//!
//! Guarantees: an answer is read to its last batch before it counts; errors are those of the server, with their codes.

use arrow::util::display::array_value_to_string;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::{FlightError, Result};
use arrow_flight::{
    Action, CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo, Ticket,
};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::TryStreamExt;
use prost::Message;
use tonic::Request;

use super::door::Client;

/// The header in which clients show who they are.
const AUTHORIZATION: &str = "authorization";
const BEARER: &str = "Bearer ";

/// The header of a name and a password.
pub fn basic(name: &str, password: &str) -> String {
    let text = [name, ":", password].concat();
    ["Basic ", &BASE64_STANDARD.encode(text)].concat()
}

/// The header of a key or a token.
pub fn bearer(secret: &str) -> String {
    [BEARER, secret].concat()
}

/// Shakes hands: shows a header, and sends the token that comes back from then on. (The client of arrow-rs shows passwords only,
/// and makes a text of the server's status.)
///
/// # Errors
/// When the server refuses, or gives no token.
pub async fn shake_hands(client: &mut Client, header: &str) -> Result<()> {
    let mut request = Request::new(futures::stream::empty());
    let shown = header.parse().map_err(|_| malformed("a header"))?;
    request.metadata_mut().insert(AUTHORIZATION, shown);
    let answer = client.inner_mut().handshake(request).await?;
    let given = answer.metadata().get(AUTHORIZATION);
    let token = given
        .and_then(|header| header.to_str().ok()?.strip_prefix(BEARER))
        .ok_or_else(|| malformed("a token"))?;
    client.set_token(token.to_owned());
    answer.into_inner().try_collect::<Vec<_>>().await?;
    Ok(())
}

/// Plans a statement and begins to read its answer.
///
/// # Errors
/// When the server refuses.
pub async fn start(
    client: &mut Client,
    sql: &str,
) -> Result<(FlightInfo, FlightRecordBatchStream)> {
    let info = client.execute(sql.to_owned(), None).await?;
    let stream = client.do_get(ticket(&info)?).await?;
    Ok((info, stream))
}

/// Asks and reads the whole answer; its rows.
///
/// # Errors
/// When the server refuses or the answer ends early.
pub async fn ask(client: &mut Client, sql: &str) -> Result<u64> {
    let (_, stream) = start(client, sql).await?;
    row_count(stream).await
}

/// Reads a flight to its end; its rows.
///
/// # Errors
/// When the server refuses or the answer ends early.
pub async fn read(client: &mut Client, info: &FlightInfo) -> Result<u64> {
    row_count(client.do_get(ticket(info)?).await?).await
}

/// Reads an answer to its end; its rows.
///
/// # Errors
/// When it ends early.
pub async fn row_count(mut stream: FlightRecordBatchStream) -> Result<u64> {
    let mut count = 0;
    while let Some(batch) = stream.try_next().await? {
        count += batch.num_rows() as u64;
    }
    Ok(count)
}

/// The first cell of an answer, as text; `None` when it has no rows.
///
/// # Errors
/// When the server refuses or the answer ends early.
pub async fn first_cell(client: &mut Client, sql: &str) -> Result<Option<String>> {
    let (_, mut stream) = start(client, sql).await?;
    let mut cell = None;
    while let Some(batch) = stream.try_next().await? {
        if cell.is_none() && batch.num_rows() > 0 && batch.num_columns() > 0 {
            cell = Some(array_value_to_string(batch.column(0), 0)?);
        }
    }
    Ok(cell)
}

/// The ticket of the first endpoint.
///
/// # Errors
/// When there is none.
pub fn ticket(info: &FlightInfo) -> Result<Ticket> {
    let endpoint = info.endpoint.first();
    let ticket = endpoint.and_then(|endpoint| endpoint.ticket.clone());
    ticket.ok_or_else(|| malformed("a ticket"))
}

/// `CloseSession`.
///
/// # Errors
/// When the server refuses.
pub async fn close_session(client: &mut Client) -> Result<()> {
    let answers = client.do_action(Action::new("CloseSession", "")).await?;
    answers.try_collect::<Vec<_>>().await?;
    Ok(())
}

/// `CancelFlightInfo`.
///
/// # Errors
/// When the server refuses, or answers something else.
pub async fn cancel(client: &mut Client, info: &FlightInfo) -> Result<CancelStatus> {
    let request = CancelFlightInfoRequest {
        info: Some(info.clone()),
    };
    let action = Action::new("CancelFlightInfo", request.encode_to_vec());
    let mut answers = client.do_action(action).await?;
    let answer = answers.message().await?;
    let answer = answer.ok_or_else(|| malformed("an answer to CancelFlightInfo"))?;
    Ok(CancelFlightInfoResult::decode(answer.body)?.status())
}

fn malformed(what: &str) -> FlightError {
    FlightError::protocol(format!("expected {what}, found none"))
}
