//! A running server and its clients, and what the tests read from their answers.
//!
//! Guarantees: the server ends when it is told to or when the test ends.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int64Type, Schema, SchemaRef};
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::{FlightInfo, Ticket};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chatlake::Chatlake;
use chatlake_flight::{Error, FlightOptions, FlightServer};
use chatlake_tests::lakes;
use futures::TryStreamExt;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// A Flight SQL client of arrow-rs.
pub type Client = FlightSqlServiceClient<Channel>;

/// A query that takes an hour and needs little memory.
pub const LONG_QUERY: &str = "SELECT sum(value % 7) AS n FROM generate_series(1, 1000000000000)";

/// Another, in which every batch that is read becomes a million: it only ends when the engine lets go between them.
pub const MULTIPLYING_QUERY: &str = "SELECT sum(a.value * b.value % 7) AS n \
    FROM generate_series(1, 1000000) AS a CROSS JOIN generate_series(1, 1000000) AS b";

/// How long a query that nobody reads any more may go on before a test gives up on it.
const IDLE_WITHIN: Duration = Duration::from_secs(30);

/// A server at work.
pub struct Served {
    /// Where it listens, as a URL.
    pub address: String,
    /// The lake that it serves.
    pub lake: Chatlake,
    /// How many plans and streams are at work in it.
    pub running: watch::Receiver<usize>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

impl Served {
    /// Serves the oracle's records with default options.
    pub async fn oracle() -> Self {
        Self::with(FlightOptions::default()).await
    }

    /// Serves the oracle's records.
    pub async fn with(options: FlightOptions) -> Self {
        let lake = lakes::in_memory().await;
        let report = lakes::ingest_text(&lake, &lakes::oracle_input()).await;
        report.expect("the oracle's records are valid");
        Self::of(FlightServer::new(lake.clone(), options), lake).await
    }

    /// Runs a server of `lake`.
    pub async fn of(server: FlightServer, lake: Chatlake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let running = server.running_task_count();
        let task = tokio::spawn(server.serve(listener, async {
            stopped.await.ok();
        }));
        Self {
            address,
            lake,
            running,
            stop,
            task,
        }
    }

    /// A new client on a connection of its own.
    pub async fn client(&self) -> Client {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address");
        Client::new(endpoint.connect().await.expect("the server listens"))
    }

    /// A client with a session of its own.
    pub async fn session(&self) -> Client {
        let mut client = self.client().await;
        client.handshake("anybody", "").await.expect("a handshake");
        client
    }

    /// Waits until nothing runs in the server.
    pub async fn idle(&mut self) {
        let idle = self.running.wait_for(|&count| count == 0);
        let idle = tokio::time::timeout(IDLE_WITHIN, idle).await;
        idle.expect("what nobody reads has ended")
            .expect("the server is there");
    }

    /// Tells the server to stop; the task ends when it has.
    pub fn stop(self) -> JoinHandle<Result<(), Error>> {
        self.stop.send(()).expect("the server listens for its end");
        self.task
    }
}

/// The ticket of the only endpoint.
pub fn ticket(info: &FlightInfo) -> Ticket {
    let [endpoint] = info.endpoint.as_slice() else {
        panic!("expected one endpoint, found {}", info.endpoint.len());
    };
    assert!(endpoint.location.is_empty(), "the connection that asked");
    endpoint.ticket.clone().expect("a ticket")
}

/// Plans a statement and reads its result.
pub async fn query(client: &mut Client, sql: &str) -> Result<RecordBatch, FlightError> {
    let info = client.execute(sql.to_owned(), None).await?;
    read(client, &info).await
}

/// Reads a flight as one batch; fails when the stream has another schema than was announced.
pub async fn read(client: &mut Client, info: &FlightInfo) -> Result<RecordBatch, FlightError> {
    let announced = info.clone().try_decode_schema()?;
    let (schema, batches) = collect(client.do_get(ticket(info)).await?).await?;
    assert_eq!(schema.as_ref(), &announced, "FlightInfo and stream");
    Ok(concat_batches(&schema, &batches)?)
}

/// The schema and the batches of a stream.
pub async fn collect(
    mut stream: FlightRecordBatchStream,
) -> Result<(SchemaRef, Vec<RecordBatch>), FlightError> {
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await? {
        batches.push(batch);
    }
    let schema = stream
        .schema()
        .map_or_else(|| Arc::new(Schema::empty()), Arc::clone);
    Ok((schema, batches))
}

/// The status behind a client's error.
pub fn status(error: FlightError) -> Status {
    match error {
        FlightError::Tonic(status) => *status,
        other => panic!("expected a status, found {other}"),
    }
}

/// The status of a handshake that is refused: the client of arrow-rs makes a text of it, so it is asked below that client.
pub async fn refused_handshake(client: &mut Client, name: &str, password: &str) -> Status {
    let mut request = Request::new(futures::stream::empty());
    request.metadata_mut().insert(
        "authorization",
        basic(name, password).parse().expect("ASCII"),
    );
    let refused = client.inner_mut().handshake(request).await;
    refused.expect_err("a refused handshake")
}

/// The header of a user name and a password.
pub fn basic(name: &str, password: &str) -> String {
    let text = [name, ":", password].concat();
    ["Basic ", &BASE64_STANDARD.encode(text)].concat()
}

/// A column of integers; NULL is `None`.
pub fn integers(batch: &RecordBatch, column: usize) -> Vec<Option<i64>> {
    batch
        .column(column)
        .as_primitive::<Int64Type>()
        .iter()
        .collect()
}

/// A column of texts; NULL is empty.
pub fn texts(batch: &RecordBatch, column: usize) -> Vec<String> {
    let texts = batch.column(column).as_string::<i32>();
    (0..texts.len())
        .map(|row| {
            if texts.is_null(row) {
                ""
            } else {
                texts.value(row)
            }
            .to_owned()
        })
        .collect()
}

/// One row of parameters.
pub fn row<const N: usize>(values: [ArrayRef; N]) -> RecordBatch {
    let names = (0..N).map(|index| format!("param_{index}"));
    RecordBatch::try_from_iter_with_nullable(
        names.zip(values).map(|(name, value)| (name, value, true)),
    )
    .expect("columns of one length")
}
