//! The gRPC service: every call of Flight, each a few lines that lead to the module which answers it.
//!
//! Guarantees: no call blocks; every call is let in by the gatekeeper first; what a call needs of its headers is its session; errors
//! become statuses here and only here.

use std::sync::Arc;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, PollInfo, SchemaResult, Ticket,
};
use futures::stream::{BoxStream, Empty as NoStream};
use futures::{StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::actions::{self, ActionStream};
use crate::command;
use crate::credentials;
use crate::error::Error;
use crate::handshake::{HandshakeStream, handshake};
use crate::put::{PutStream, do_put};
use crate::result_stream::FlightDataStream;
use crate::state::State;

/// Answers gRPC calls.
pub(crate) struct Service {
    state: Arc<State>,
}

impl Service {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Plans the command of a descriptor.
    async fn plan(&self, request: Request<FlightDescriptor>) -> Result<FlightInfo, Status> {
        let call = self
            .state
            .enter(request.metadata(), request.extensions())
            .await?;
        let descriptor = request.into_inner();
        let command = command::of_descriptor(&descriptor)?;
        Ok(command::get_flight_info(&self.state, call, command, descriptor).await?)
    }
}

#[tonic::async_trait]
impl FlightService for Service {
    type HandshakeStream = HandshakeStream;
    type ListFlightsStream = NoStream<Result<FlightInfo, Status>>;
    type DoGetStream = FlightDataStream;
    type DoPutStream = PutStream;
    type DoActionStream = ActionStream;
    type ListActionsStream = BoxStream<'static, Result<ActionType, Status>>;
    type DoExchangeStream = NoStream<Result<FlightData, Status>>;

    async fn handshake(
        &self,
        request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        let peer = credentials::peer(request.extensions());
        let shown = credentials::of_headers(request.metadata());
        handshake(&self.state, &peer, shown).await
    }

    /// There are no stored flights: tables are listed by `CommandGetTables`.
    async fn list_flights(
        &self,
        request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        self.state
            .enter(request.metadata(), request.extensions())
            .await?;
        Ok(Response::new(stream::empty()))
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        Ok(Response::new(self.plan(request).await?))
    }

    /// Rows are computed while they are read, so the first answer is the last: the flight is ready to be read.
    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        let info = self.plan(request).await?;
        let poll = PollInfo::new()
            .with_info(info)
            .try_with_progress(1.0)
            .map_err(Error::encoding)?;
        Ok(Response::new(poll))
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let call = self
            .state
            .enter(request.metadata(), request.extensions())
            .await?;
        let descriptor = request.into_inner();
        let command = command::of_descriptor(&descriptor)?;
        let schema = command::get_schema(&self.state, call, command, descriptor).await?;
        Ok(Response::new(SchemaResult { schema }))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let call = self
            .state
            .enter(request.metadata(), request.extensions())
            .await?;
        let stream = command::do_get(&self.state, call, &request.into_inner().ticket).await?;
        Ok(Response::new(stream))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let call = self
            .state
            .enter(request.metadata(), request.extensions())
            .await?;
        Ok(Response::new(
            do_put(&self.state, call, request.into_inner()).await?,
        ))
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let (headers, extensions, action) = request.into_parts();
        actions::run(&self.state, &headers, &extensions, action).await
    }

    async fn list_actions(
        &self,
        request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        self.state
            .enter(request.metadata(), request.extensions())
            .await?;
        Ok(Response::new(stream::iter(actions::list().map(Ok)).boxed()))
    }

    async fn do_exchange(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        self.state
            .enter(request.metadata(), request.extensions())
            .await?;
        Err(Error::Unsupported("DoExchange".to_owned()).into())
    }
}
