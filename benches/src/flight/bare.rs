//! A server that is nothing but arrow-flight: what it sends lies in memory, in the batches in which our server sent it.
//!
//! 1. It reads the answer of a query from our server, once, and keeps its batches.
//! 2. Whoever asks it anything gets these batches, encoded while they are read, with the settings of our server's encoder: no
//!    batch is cut, because our server cut them to size already.
//!
//! Guarantees: no session, no authentication, no query; the same schema, batches and encoder as ours, encoded anew for every reader.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::flight_service_server::{FlightService, FlightServiceServer};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightEndpoint, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use super::client::start;
use super::door::Client;
use crate::Result;

/// See the module's documentation.
pub struct Bare {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
}

/// Messages to a client.
type Messages<T> = BoxStream<'static, std::result::Result<T, Status>>;

impl Bare {
    /// Keeps the answer of a query.
    ///
    /// # Errors
    /// When the server of `client` refuses it.
    pub async fn of(client: &mut Client, sql: &str) -> Result<Self> {
        let (_, mut stream) = start(client, sql).await?;
        let mut batches = Vec::new();
        while let Some(batch) = stream.try_next().await? {
            // our server sends an empty batch when a query is silent for long: no part of the answer
            if batch.num_rows() > 0 {
                batches.push(batch);
            }
        }
        let schema = stream.schema().map(Arc::clone);
        Ok(Self {
            schema: schema.unwrap_or_else(|| Arc::new(Schema::empty())),
            batches,
        })
    }

    /// Batches that it sends.
    pub fn batch_count(&self) -> usize {
        self.batches.len()
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(self, listener: TcpListener) -> Result<()> {
        let service = FlightServiceServer::new(self).max_encoding_message_size(usize::MAX);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().add_service(service);
        Ok(server.serve_with_incoming(incoming).await?)
    }
}

fn absent<T>() -> std::result::Result<Response<T>, Status> {
    Err(Status::unimplemented("this server only sends its batches"))
}

#[tonic::async_trait]
impl FlightService for Bare {
    type HandshakeStream = Messages<HandshakeResponse>;
    type ListFlightsStream = Messages<FlightInfo>;
    type DoGetStream = Messages<FlightData>;
    type DoPutStream = Messages<PutResult>;
    type DoActionStream = Messages<arrow_flight::Result>;
    type ListActionsStream = Messages<ActionType>;
    type DoExchangeStream = Messages<FlightData>;

    async fn handshake(
        &self,
        _request: Request<Streaming<HandshakeRequest>>,
    ) -> std::result::Result<Response<Self::HandshakeStream>, Status> {
        absent()
    }

    async fn list_flights(
        &self,
        _request: Request<Criteria>,
    ) -> std::result::Result<Response<Self::ListFlightsStream>, Status> {
        absent()
    }

    /// Whatever is asked for: the batches.
    async fn get_flight_info(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> std::result::Result<Response<FlightInfo>, Status> {
        let endpoint = FlightEndpoint::new().with_ticket(Ticket::new("the batches"));
        let info = FlightInfo::new().try_with_schema(&self.schema);
        let info = info.map_err(|error| Status::internal(error.to_string()))?;
        Ok(Response::new(info.with_endpoint(endpoint)))
    }

    async fn poll_flight_info(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> std::result::Result<Response<PollInfo>, Status> {
        absent()
    }

    async fn get_schema(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> std::result::Result<Response<SchemaResult>, Status> {
        absent()
    }

    async fn do_get(
        &self,
        _request: Request<Ticket>,
    ) -> std::result::Result<Response<Self::DoGetStream>, Status> {
        let batches = self.batches.clone();
        let messages = FlightDataEncoderBuilder::new()
            .with_schema(Arc::clone(&self.schema))
            .with_max_flight_data_size(usize::MAX)
            .build(stream::iter(batches.into_iter().map(Ok)))
            .map_err(Status::from);
        Ok(Response::new(messages.boxed()))
    }

    async fn do_put(
        &self,
        _request: Request<Streaming<FlightData>>,
    ) -> std::result::Result<Response<Self::DoPutStream>, Status> {
        absent()
    }

    async fn do_action(
        &self,
        _request: Request<Action>,
    ) -> std::result::Result<Response<Self::DoActionStream>, Status> {
        absent()
    }

    async fn list_actions(
        &self,
        _request: Request<Empty>,
    ) -> std::result::Result<Response<Self::ListActionsStream>, Status> {
        absent()
    }

    async fn do_exchange(
        &self,
        _request: Request<Streaming<FlightData>>,
    ) -> std::result::Result<Response<Self::DoExchangeStream>, Status> {
        absent()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};

    use super::*;
    use crate::flight::LISTEN;
    use crate::flight::client::ask;
    use crate::flight::door::{Door, Ending};

    #[tokio::test]
    async fn every_reader_gets_all_batches() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        let batch = RecordBatch::try_from_iter([("n", column)]).unwrap();
        let bare = Bare {
            schema: batch.schema(),
            batches: vec![batch; 2],
        };
        let listener = TcpListener::bind(LISTEN).await.unwrap();
        let door = Door::clear(&listener.local_addr().unwrap().to_string());
        let serving = tokio::spawn(bare.serve(listener));
        for ending in [Ending::Polite, Ending::Abrupt] {
            let mut client = door.connect(ending).await.unwrap();
            assert_eq!(ask(&mut client, "anything").await.unwrap(), 6);
        }
        serving.abort();
    }
}
