//! The extended protocol: statements prepared, bound to values, described and executed in parts.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{Sink, SinkExt};
use pgwire::api::portal::Portal;
use pgwire::api::query::ExtendedQueryHandler;
use pgwire::api::results::Response;
use pgwire::api::stmt::NoopQueryParser;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, PgWireConnectionState};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::ParameterDescription;
use pgwire::messages::extendedquery::{
    Bind, BindComplete, Close, CloseComplete, Describe, Execute, Parse, ParseComplete,
    Sync as PgSync, TARGET_TYPE_BYTE_PORTAL, TARGET_TYPE_BYTE_STATEMENT,
};
use pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use tokio::time::timeout;

use super::{Handlers, client_of, turn_of};
use crate::answers::{Extent, command_in, describe, move_transaction, send};
use crate::client::Client;
use crate::error::Error;

#[async_trait]
impl ExtendedQueryHandler for Handlers {
    type Statement = String;
    type QueryParser = NoopQueryParser;

    fn query_parser(&self) -> Arc<Self::QueryParser> {
        Arc::new(NoopQueryParser)
    }

    async fn on_parse<C>(&self, socket: &mut C, message: Parse) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let client = client_of(socket)?;
        let mut turn = turn_of(socket, &client).await?;
        let status = socket.transaction_status();
        turn.run(client.prepare(&message, status)).await?;
        let done = PgWireBackendMessage::ParseComplete(ParseComplete::new());
        Ok(socket.feed(done).await?)
    }

    async fn on_bind<C>(&self, socket: &mut C, message: Bind) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let client = client_of(socket)?;
        let mut turn = turn_of(socket, &client).await?;
        let status = socket.transaction_status();
        turn.run(client.bind(&message, status)).await?;
        let done = PgWireBackendMessage::BindComplete(BindComplete::new());
        Ok(socket.feed(done).await?)
    }

    async fn on_describe<C>(&self, socket: &mut C, message: Describe) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let client = client_of(socket)?;
        let name = message.name.as_ref();
        match message.target_type {
            TARGET_TYPE_BYTE_STATEMENT => {
                let statement = client.statement(name)?;
                let types = statement.placeholders.types();
                let oids = types.iter().map(postgres_types::Type::oid).collect();
                let described = ParameterDescription::new(oids);
                socket
                    .feed(PgWireBackendMessage::ParameterDescription(described))
                    .await?;
                describe(socket, client.columns_of(&statement)?.as_ref()).await
            }
            TARGET_TYPE_BYTE_PORTAL => {
                describe(socket, client.columns_of_portal(name)?.as_ref()).await
            }
            other => Err(PgWireError::InvalidTargetType(other)),
        }
    }

    async fn on_execute<C>(&self, socket: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        if !matches!(socket.state(), PgWireConnectionState::ReadyForQuery) {
            return Err(PgWireError::NotReadyForQuery);
        }
        socket.set_state(PgWireConnectionState::QueryInProgress);
        let client = client_of(socket)?;
        let mut turn = turn_of(socket, &client).await?;
        let status = socket.transaction_status();
        let (name, mut portal) = client.take_portal(message.name.as_ref())?;
        let command = command_in(portal.command().clone(), status)?;
        portal.set_command(command.clone());
        let answer = turn.run(client.execute(&mut portal, status)).await?;
        let wanted = usize::try_from(message.max_rows).unwrap_or(0);
        let extent = Extent {
            rows_max: if wanted == 0 { usize::MAX } else { wanted },
            ..self.whole(false)
        };
        let left = send(socket, &client, &mut turn, answer, extent).await?;
        if let Some(rows) = left {
            Client::keep(&mut portal, rows);
        }
        client.give_portal(name, portal);
        move_transaction(socket, &client, &command);
        socket.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    async fn on_sync<C>(&self, socket: &mut C, _: PgSync) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let status = socket.transaction_status();
        if status == TransactionStatus::Idle {
            // outside of a transaction block, one ends here, and portals end with it
            client_of(socket)?.close_portals();
        }
        let ready = PgWireBackendMessage::ReadyForQuery(ReadyForQuery::new(status));
        let telling = timeout(self.stall(), socket.send(ready)).await;
        Ok(telling.map_err(|_| Error::Stalled)??)
    }

    async fn on_close<C>(&self, socket: &mut C, message: Close) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let client = client_of(socket)?;
        match message.target_type {
            TARGET_TYPE_BYTE_STATEMENT => client.close_statement(message.name.as_ref()),
            TARGET_TYPE_BYTE_PORTAL => client.close_portal(message.name.as_ref()),
            other => return Err(PgWireError::InvalidTargetType(other)),
        }
        let done = PgWireBackendMessage::CloseComplete(CloseComplete::new());
        Ok(socket.feed(done).await?)
    }

    async fn do_query<C>(
        &self,
        _: &mut C,
        _: &Portal<Self::Statement>,
        _: usize,
    ) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        Err(Error::encoding("a portal that `on_execute` did not answer").into())
    }
}
