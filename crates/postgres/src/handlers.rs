//! What `pgwire` hands the messages of a connection to: one type for startup, simple and extended queries.
//!
//! Guarantees: before the login only the startup handler does anything; statements and portals are kept by [`Client`], with limits,
//! and not by `pgwire`, which has none and gathers results.

mod extended;
mod simple;
mod startup;

use std::sync::Arc;
use std::time::Duration;

use pgwire::api::cancel::DefaultCancelHandler;
use pgwire::api::{ClientInfo, ConnectionHandle};

use crate::answers::Extent;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::metered_io::MessageLimit;
use crate::state::State;
use crate::turn::Turn;

/// The handlers of one connection.
pub(crate) struct Handlers {
    state: Arc<State>,
    limit: MessageLimit,
}

impl Handlers {
    /// Handlers that raise `limit` when the client has logged in.
    pub(crate) fn new(state: Arc<State>, limit: MessageLimit) -> Self {
        Self { state, limit }
    }

    /// What answers requests to stop.
    pub(crate) fn cancel_handler(&self) -> Arc<DefaultCancelHandler> {
        Arc::new(DefaultCancelHandler::new(Arc::clone(
            &self.state.connections,
        )))
    }

    /// How an answer is sent whole.
    fn whole(&self, described: bool) -> Extent {
        Extent {
            described,
            rows_max: usize::MAX,
            stall: self.stall(),
        }
    }

    /// How long a client may leave something unread.
    pub(crate) fn stall(&self) -> Duration {
        Duration::from_millis(self.state.options.send_stall_ms.max(1))
    }
}

/// The client behind a connection.
///
/// # Errors
/// Before it has logged in.
fn client_of(socket: &impl ClientInfo) -> Result<Arc<Client>> {
    let client = socket.session_extensions().get::<Client>();
    client.ok_or_else(|| Error::fatal("08P01", "expected a login first"))
}

/// Begins the work on a message.
async fn turn_of(socket: &(impl ClientInfo + Sync), client: &Client) -> Result<Turn> {
    let handle = socket.session_extensions().get::<Arc<ConnectionHandle>>();
    let handle = handle.ok_or_else(|| Error::fatal("08P01", "expected a login first"))?;
    let limit = client.settings().statement_timeout();
    Ok(Turn::begin(handle.start_query().await, limit))
}
