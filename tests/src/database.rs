//! A lake as sqllogictest sees it, through one of its two doors: embedded or over Flight SQL.
//!
//! Guarantees: both doors get the same SQL and give cells in the same form; a Flight SQL server listens on a port that the
//! system chose and ends with its lake; statements that begin with `.ingest` load records instead of asking.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use async_trait::async_trait;
use chatlake::{Chatlake, IngestReport, Session};
use chatlake_flight::{FlightOptions, FlightServer};
use futures::TryStreamExt;
use sqllogictest::{AsyncDB, DBOutput};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

use crate::cells::{self, CellType};
use crate::lakes;

/// What can go wrong in a record of an `.slt` file, as one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

impl Failure {
    /// The server's sentence, without what the client wraps around it.
    fn from_flight(error: FlightError) -> Self {
        match error {
            FlightError::Tonic(status) => Self(status.message().to_owned()),
            other => Self(other.to_string()),
        }
    }
}

/// How a lake is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DoorKind {
    /// In this process, by the library.
    Embedded,
    /// Through a Flight SQL server and its client.
    Flight,
}

impl DoorKind {
    /// The name for `onlyif` and `skipif`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Flight => "flight",
        }
    }
}

/// A lake in memory, and its server when it is asked over Flight SQL.
#[derive(Debug)]
pub struct Lake {
    chatlake: Chatlake,
    server: Option<Server>,
}

#[derive(Debug)]
struct Server {
    address: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), chatlake_flight::Error>>,
}

impl Lake {
    /// An empty lake with the door `kind`.
    pub async fn open(kind: DoorKind) -> Self {
        let chatlake = lakes::in_memory().await;
        let server = match kind {
            DoorKind::Embedded => None,
            DoorKind::Flight => Some(Server::start(chatlake.clone()).await),
        };
        Self { chatlake, server }
    }

    /// A new session.
    pub async fn connect(&self) -> Result<Connection, Failure> {
        let door = match &self.server {
            None => Door::Embedded(self.chatlake.session()),
            Some(server) => Door::Flight(Box::new(server.connect().await?)),
        };
        Ok(Connection {
            chatlake: self.chatlake.clone(),
            door,
        })
    }

    /// Loads NDJSON text as one batch; the number of accepted records, a refused one is a failure.
    pub async fn ingest(&self, text: &str) -> Result<u64, Failure> {
        let report = lakes::ingest_text(&self.chatlake, text).await;
        accepted(&report.map_err(|error| Failure(error.to_string()))?)
    }

    /// Where its Flight SQL server listens, `http://host:port`, if it has one.
    pub fn address(&self) -> Option<&str> {
        self.server.as_ref().map(|server| server.address.as_str())
    }

    /// Ends the server, if there is one, and waits for it.
    pub async fn close(self) {
        if let Some(server) = self.server {
            server
                .stop
                .send(())
                .expect("the server still listens for its end");
            server
                .task
                .await
                .expect("the server does not panic")
                .expect("the server ends well");
        }
    }
}

impl Server {
    async fn start(chatlake: Chatlake) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("a bound address"));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = FlightServer::new(chatlake, FlightOptions::default());
        let shutdown = async {
            stopped.await.ok();
        };
        let task = tokio::spawn(server.serve(listener, shutdown));
        Self {
            address,
            stop,
            task,
        }
    }

    async fn connect(&self) -> Result<FlightSqlServiceClient<Channel>, Failure> {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address of ours");
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| Failure(error.to_string()))?;
        let mut client = FlightSqlServiceClient::new(channel);
        // session variables hang on the token of the handshake
        client
            .handshake("", "")
            .await
            .map_err(Failure::from_flight)?;
        Ok(client)
    }
}

enum Door {
    Embedded(Session),
    Flight(Box<FlightSqlServiceClient<Channel>>),
}

/// One session of an `.slt` file.
pub struct Connection {
    chatlake: Chatlake,
    door: Door,
}

impl Connection {
    /// The columns and rows of a query.
    pub async fn query(&mut self, sql: &str) -> Result<(Schema, Vec<RecordBatch>), Failure> {
        match &mut self.door {
            Door::Embedded(session) => ask_embedded(session, sql).await,
            Door::Flight(client) => ask_flight(client, sql).await,
        }
    }
}

async fn ingest(chatlake: Chatlake, command: String) -> Result<u64, Failure> {
    let (head, records) = command.split_once('\n').unwrap_or((&command, ""));
    let path = head.trim_start_matches(".ingest").trim();
    let text = if path.is_empty() {
        records.to_owned()
    } else {
        lakes::fixture(path)
    };
    let report = lakes::ingest_text(&chatlake, &text)
        .await
        .map_err(|error| Failure(error.to_string()))?;
    accepted(&report)
}

/// The number of accepted records; a refused record is a failure that names line and code.
fn accepted(report: &IngestReport) -> Result<u64, Failure> {
    if report.rejected == 0 {
        return Ok(report.accepted);
    }
    let first = report.rejects.first.iter();
    let refused: Vec<String> = first
        .map(|reject| format!("line {}: {}", reject.line, reject.code))
        .collect();
    Err(Failure(refused.join(", ")))
}

async fn ask_embedded(session: &Session, sql: &str) -> Result<(Schema, Vec<RecordBatch>), Failure> {
    let failure = |error: chatlake::Error| Failure(error.to_string());
    let query = session.query(sql).await.map_err(failure)?;
    let schema = query.schema().as_ref().clone();
    Ok((schema, query.collect().await.map_err(failure)?))
}

async fn ask_flight(
    client: &mut FlightSqlServiceClient<Channel>,
    sql: &str,
) -> Result<(Schema, Vec<RecordBatch>), Failure> {
    let info = client
        .execute(sql.to_owned(), None)
        .await
        .map_err(Failure::from_flight)?;
    let schema = info
        .clone()
        .try_decode_schema()
        .map_err(|error| Failure(error.to_string()))?;
    let mut batches = Vec::new();
    for endpoint in info.endpoint {
        let ticket = endpoint
            .ticket
            .ok_or_else(|| Failure("an endpoint without a ticket".to_owned()))?;
        let stream: FlightRecordBatchStream =
            client.do_get(ticket).await.map_err(Failure::from_flight)?;
        let read: Vec<RecordBatch> = stream.try_collect().await.map_err(Failure::from_flight)?;
        batches.extend(read);
    }
    for batch in &batches {
        if batch.schema().fields() != schema.fields() {
            return Err(Failure(format!(
                "the FlightInfo promised {:?}, the stream has {:?}",
                schema.fields(),
                batch.schema().fields()
            )));
        }
    }
    Ok((schema, batches))
}

#[async_trait]
impl AsyncDB for Connection {
    type Error = Failure;
    type ColumnType = CellType;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<CellType>, Failure> {
        if sql.starts_with(".ingest") {
            // a task of its own: the compiler cannot see that the borrowed future may move between threads
            let load = tokio::spawn(ingest(self.chatlake.clone(), sql.to_owned()));
            let accepted = load.await.map_err(|error| Failure(error.to_string()))??;
            return Ok(DBOutput::StatementComplete(accepted));
        }
        let (schema, batches) = self.query(sql).await?;
        let types = cells::cell_types(&schema);
        if types.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        let rows = cells::rows(&batches);
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        match self.door {
            Door::Embedded(_) => DoorKind::Embedded.name(),
            Door::Flight(_) => DoorKind::Flight.name(),
        }
    }
}
