//! The simple protocol: a text of statements, answered one after the other, all values as text.
//!
//! Guarantees: each statement sees what those before it did; the first that fails ends the text.

use std::fmt::Debug;

use async_trait::async_trait;
use chatlake_types::split_statements;
use futures::{Sink, SinkExt};
use pgwire::api::query::{SimpleQueryHandler, send_ready_for_query};
use pgwire::api::results::Response;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::response::EmptyQueryResponse;
use pgwire::messages::simplequery::Query;
use tokio::time::timeout;

use super::{Handlers, client_of, turn_of};
use crate::answers::{command_in, move_transaction, send};
use crate::error::Error;

#[async_trait]
impl SimpleQueryHandler for Handlers {
    async fn on_query<C>(&self, socket: &mut C, query: Query) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if !matches!(socket.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        socket.set_state(PgWireConnectionState::QueryInProgress);
        let client = client_of(socket)?;
        let mut turn = turn_of(socket, &client).await?;
        let texts = split_statements(&query.query).all();
        if texts.is_empty() {
            socket
                .feed(PgWireBackendMessage::EmptyQueryResponse(
                    EmptyQueryResponse::new(),
                ))
                .await?;
        }
        for text in texts {
            let status = socket.transaction_status();
            let command = command_in(client.admit(text, status)?, status)?;
            let answer = turn.run(client.perform(&command, text)).await?;
            send(socket, &client, &mut turn, answer, self.whole(true)).await?;
            move_transaction(socket, &client, &command);
        }
        socket.set_state(PgWireConnectionState::ReadyForQuery);
        let status = socket.transaction_status();
        let telling = timeout(self.stall(), send_ready_for_query(socket, status)).await;
        telling.map_err(|_| Error::Stalled)?
    }

    async fn do_query<C>(&self, _: &mut C, _: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        Err(Error::encoding("a query that `on_query` did not answer").into())
    }
}
