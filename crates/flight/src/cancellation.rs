//! `CancelFlightInfo`, `CancelQuery` and `RenewFlightEndpoint`: what a client does with a flight besides reading it.
//!
//! Guarantees: only the principal of a ticket stops its runs or renews it; a flight of which nothing runs is told apart from
//! one that was stopped. A ticket that was cancelled can still be redeemed: it is a plan, not a result.

use arrow_flight::sql::{ActionCancelQueryRequest, ActionCancelQueryResult};
use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightEndpoint, FlightInfo,
    RenewFlightEndpointRequest, Ticket,
};
use bytes::Bytes;
use prost::Message;

use crate::error::{Error, Result};
use crate::flight_info::timestamp;
use crate::sessions::CallSession;
use crate::state::State;
use crate::ticket::StatementTicket;

/// `CancelFlightInfo`.
pub(crate) fn cancel_flight_info(
    state: &State,
    call: &CallSession,
    body: Bytes,
) -> Result<CancelFlightInfoResult> {
    let malformed = |reason: String| Error::malformed("CancelFlightInfo", reason);
    let request = CancelFlightInfoRequest::decode(body);
    let request = request.map_err(|error| malformed(error.to_string()))?;
    let info = request.info;
    let info = info.ok_or_else(|| malformed("expected a flight, found none".to_owned()))?;
    Ok(CancelFlightInfoResult::new(status_of(cancel(
        state, call, &info,
    )?)))
}

fn status_of(stopped_count: usize) -> CancelStatus {
    match stopped_count {
        0 => CancelStatus::NotCancellable,
        _ => CancelStatus::Cancelled,
    }
}

/// `CancelQuery`, the older form of it.
pub(crate) fn cancel_query(
    state: &State,
    call: &CallSession,
    request: &ActionCancelQueryRequest,
) -> Result<ActionCancelQueryResult> {
    let info = FlightInfo::decode(request.info.clone());
    let info = info.map_err(|error| Error::malformed("CancelQuery", error.to_string()))?;
    // the numbers of the two messages are the same
    let result = status_of(cancel(state, call, &info)?) as i32;
    Ok(ActionCancelQueryResult { result })
}

/// Stops what runs of a flight; how many runs.
fn cancel(state: &State, call: &CallSession, info: &FlightInfo) -> Result<usize> {
    let tickets = info.endpoint.iter().filter_map(|end| end.ticket.as_ref());
    let mut stopped_count = 0;
    for ticket in tickets {
        let ticket = StatementTicket::of_bytes(&ticket.ticket, &state.ticket_key)?;
        // answers to metadata commands are there before one could cancel them
        let Some(plan) = ticket.and_then(|ticket| ticket.plan) else {
            continue;
        };
        plan.check(&call.principal.name, state.now_ms())?;
        stopped_count += state.sessions.database().cancel_queries(&plan.label);
    }
    Ok(stopped_count)
}

/// `RenewFlightEndpoint`: the endpoint with a ticket that expires later.
pub(crate) fn renew(state: &State, call: &CallSession, body: Bytes) -> Result<FlightEndpoint> {
    let malformed = |reason: String| Error::malformed("RenewFlightEndpoint", reason);
    let request = RenewFlightEndpointRequest::decode(body);
    let request = request.map_err(|error| malformed(error.to_string()))?;
    let endpoint = request.endpoint;
    let endpoint = endpoint.ok_or_else(|| malformed("expected an endpoint".to_owned()))?;
    let ticket = endpoint.ticket.as_ref();
    let ticket = ticket.ok_or_else(|| malformed("expected a ticket, found none".to_owned()))?;
    let read = StatementTicket::of_bytes(&ticket.ticket, &state.ticket_key)?;
    let Some(mut ticket) = read else {
        // tickets of metadata commands do not expire
        return Ok(endpoint);
    };
    let Some(plan) = &mut ticket.plan else {
        return Ok(endpoint);
    };
    plan.check(&call.principal.name, state.now_ms())?;
    plan.expires_at_ms = state.ticket_expiry_ms();
    let expires_at_ms = plan.expires_at_ms;
    Ok(FlightEndpoint {
        ticket: Some(Ticket::new(ticket.encode(&state.ticket_key)?)),
        expiration_time: Some(timestamp(expires_at_ms)),
        ..endpoint
    })
}
