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
use chatlake_auth::Secret;
use futures::stream::{BoxStream, Empty as NoStream};
use futures::{StreamExt, stream};
use tonic::{Request, Response, Status, Streaming};

use crate::actions::{self, ActionStream};
use crate::command;
use crate::credentials::{self, give_token};
use crate::error::Error;
use crate::handshake::{HandshakeStream, handshake};
use crate::put::{PutStream, do_put};
use crate::result_stream::FlightDataStream;
use crate::sessions::CallSession;
use crate::state::State;

/// Answers gRPC calls.
pub(crate) struct Service {
    state: Arc<State>,
}

impl Service {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self { state }
    }

    /// Whoever calls.
    async fn enter<T>(&self, request: &Request<T>) -> Result<CallSession, Status> {
        let (headers, extensions) = (request.metadata(), request.extensions());
        Ok(self.state.enter(headers, extensions).await?)
    }

    /// Plans the command of a descriptor.
    async fn plan<T>(
        &self,
        request: Request<FlightDescriptor>,
        answer_of: impl FnOnce(FlightInfo) -> Result<T, Status>,
    ) -> Result<Response<T>, Status> {
        let mut call = self.enter(&request).await?;
        let token = call.token.take();
        let descriptor = request.into_inner();
        let command = command::of_descriptor(&descriptor)?;
        let info = command::get_flight_info(&self.state, call, command, descriptor).await?;
        answer(answer_of(info)?, token.as_ref())
    }
}

/// An answer, with the token that the client is to send from now on.
fn answer<T>(value: T, token: Option<&Secret>) -> Result<Response<T>, Status> {
    let mut response = Response::new(value);
    give_token(&mut response, token)?;
    Ok(response)
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
        let call = self.enter(&request).await?;
        answer(stream::empty(), call.token.as_ref())
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        self.plan(request, Ok).await
    }

    /// Rows are computed while they are read, so the first answer is the last: the flight is ready to be read.
    async fn poll_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        let poll = |info| {
            let poll = PollInfo::new().with_info(info).try_with_progress(1.0);
            Ok(poll.map_err(Error::encoding)?)
        };
        self.plan(request, poll).await
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let mut call = self.enter(&request).await?;
        let token = call.token.take();
        let descriptor = request.into_inner();
        let command = command::of_descriptor(&descriptor)?;
        let schema = command::get_schema(&self.state, call, command, descriptor).await?;
        answer(SchemaResult { schema }, token.as_ref())
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let mut call = self.enter(&request).await?;
        let token = call.token.take();
        let stream = command::do_get(&self.state, call, &request.into_inner().ticket).await?;
        answer(stream, token.as_ref())
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let mut call = self.enter(&request).await?;
        let token = call.token.take();
        let answers = do_put(&self.state, call, request.into_inner()).await?;
        answer(answers, token.as_ref())
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
        let call = self.enter(&request).await?;
        let list = stream::iter(actions::list().map(Ok)).boxed();
        answer(list, call.token.as_ref())
    }

    async fn do_exchange(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        self.enter(&request).await?;
        Err(Error::Unsupported("DoExchange".to_owned()).into())
    }
}
