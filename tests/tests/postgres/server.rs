//! A running server and its clients, and what the tests read from their answers.
//!
//! Guarantees: the server ends when it is told to or when the test ends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use chatlake::Chatlake;
use chatlake_auth::{
    AuthFile, AuthSettings, Authenticator, Grant, NewKey, NewUser, NoAudit, Role, Secret,
};
use chatlake_postgres::{Error, PostgresOptions, PostgresServer};
use chatlake_tests::lakes;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio_postgres::{CancelToken, Client, Config, NoTls, SimpleQueryMessage};

/// A query that takes an hour and needs little memory.
pub const LONG_QUERY: &str = "SELECT sum(value % 7) AS n FROM generate_series(1, 1000000000000)";

/// How long a query that nobody reads any more may go on before a test gives up on it.
const IDLE_WITHIN: Duration = Duration::from_secs(30);

/// The password of every user of the tests.
pub const PASSWORD: &str = "correct horse";

/// A server at work.
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    /// How many plans and queries are at work in it.
    pub running: watch::Receiver<usize>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Error>>,
}

/// Users and keys in a folder of their own.
pub struct Users {
    file: AuthFile,
    folder: TempDir,
}

impl Users {
    /// Nobody yet.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = AuthFile::named(folder.path().join("auth.toml"), lakes::clock());
        Self { file, folder }
    }

    /// Somebody with [`PASSWORD`] who sees these chatbots of the account; all of them when none are named.
    pub fn add(&self, name: &str, role: Role, chatbots: &[&str]) {
        let user = NewUser {
            name: name.to_owned(),
            password: Secret::new(PASSWORD),
            grant: grant(role, chatbots),
            expires_at_micros: None,
        };
        self.file.add_user(&user).expect("a new user");
    }

    /// A key.
    pub fn add_key(&self, name: &str, role: Role) -> String {
        let key = NewKey {
            name: name.to_owned(),
            grant: grant(role, &[]),
            expires_at_micros: None,
        };
        let shown = self.file.add_key(&key).expect("a new key");
        shown.key.reveal().to_owned()
    }

    /// Takes a user or key back.
    pub fn revoke(&self, name: &str) {
        self.file.revoke(name).expect("a known user or key");
    }

    fn authenticator(&self) -> Arc<Authenticator> {
        let settings = AuthSettings {
            recheck_interval_ms: 0,
            ..AuthSettings::default()
        };
        let path = self.folder.path().join("auth.toml");
        let file = AuthFile::open(path, lakes::clock()).expect("an auth file");
        let authenticator = Authenticator::new(file, settings, Arc::new(NoAudit));
        Arc::new(authenticator.expect("a good auth file"))
    }
}

fn grant(role: Role, chatbots: &[&str]) -> Grant {
    Grant {
        role,
        accounts: vec!["acc_1".to_owned()],
        every_account: false,
        chatbots: (!chatbots.is_empty()).then(|| owned(chatbots)),
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

impl Served {
    /// Serves the oracle's records with default options to everybody.
    pub async fn oracle() -> Self {
        Self::with(PostgresOptions::default(), None).await
    }

    /// Serves the oracle's records.
    pub async fn with(options: PostgresOptions, users: Option<&Users>) -> Self {
        let lake = lakes::in_memory().await;
        let report = lakes::ingest_text(&lake, &lakes::oracle_input()).await;
        report.expect("the oracle's records are valid");
        Self::of(lake, options, users).await
    }

    /// Serves a lake.
    pub async fn of(lake: Chatlake, options: PostgresOptions, users: Option<&Users>) -> Self {
        let server = PostgresServer::new(lake, options);
        let server = match users {
            Some(users) => server.with_authenticator(users.authenticator()),
            None => server,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let running = server.running_task_count();
        let task = tokio::spawn(server.serve(listener, async {
            stopped.await.ok();
        }));
        Self {
            address,
            running,
            stop,
            task,
        }
    }

    /// How to connect as somebody.
    pub fn config(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config
            .host(self.address.ip().to_string())
            .port(self.address.port());
        config.user(user).password(password).dbname("chatlake");
        config
    }

    /// A client that needs no password.
    pub async fn client(&self) -> Client {
        self.login("anybody", "")
            .await
            .expect("everybody is let in")
    }

    /// A client with a password or key.
    pub async fn login(&self, user: &str, password: &str) -> Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.config(user, password).connect(NoTls).await?;
        // it ends with the client
        tokio::spawn(connection);
        Ok(client)
    }

    /// Waits until nothing is at work any more.
    pub async fn is_idle(&mut self) {
        let idle = self.running.wait_for(|count| *count == 0);
        let idle = tokio::time::timeout(IDLE_WITHIN, idle).await;
        idle.expect("a query went on although nobody waits for it")
            .expect("a server");
    }

    /// Waits until something is at work.
    pub async fn is_busy(&mut self) {
        self.running
            .wait_for(|count| *count > 0)
            .await
            .expect("a server");
    }

    /// Ends the server.
    pub async fn stop(self) {
        self.stop
            .send(())
            .expect("the server still listens for its end");
        let ended = self.task.await.expect("the server does not panic");
        ended.expect("the server ends well");
    }
}

impl Served {
    /// Asks to cancel what the client runs, and waits until the server has heard it, as libpq does.
    ///
    /// The client library does not wait: its request may come while the next statement runs.
    pub async fn cancel(&self, token: &CancelToken) {
        let mut stream = TcpStream::connect(self.address).await.expect("a server");
        let sent = token.cancel_query_raw(&mut stream, NoTls).await;
        sent.expect("a request to cancel");
        let answer = stream.read_to_end(&mut Vec::new()).await;
        assert_eq!(answer.expect("the server closes the connection"), 0);
    }
}

/// All rows of a text of statements by the simple protocol, `NULL` as such.
pub async fn ask(client: &Client, sql: &str) -> Vec<Vec<String>> {
    let messages = client
        .simple_query(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    rows.map(|row| {
        let cells = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL").to_owned());
        cells.collect()
    })
    .collect()
}

/// The one value of a query by the simple protocol.
pub async fn one(client: &Client, sql: &str) -> String {
    let rows = ask(client, sql).await;
    assert_eq!(
        (rows.len(), rows.first().map(Vec::len)),
        (1, Some(1)),
        "{sql}: {rows:?}"
    );
    rows[0][0].clone()
}

/// SQLSTATE and sentence of a failure.
pub fn failure(error: &tokio_postgres::Error) -> (String, String) {
    let told = error
        .as_db_error()
        .unwrap_or_else(|| panic!("not told by the server: {error:?}"));
    (told.code().code().to_owned(), told.message().to_owned())
}

/// SQLSTATE of a statement that fails, by the simple protocol.
pub async fn state_of(client: &Client, sql: &str) -> String {
    let failed = client.simple_query(sql).await;
    let error = failed
        .err()
        .unwrap_or_else(|| panic!("`{sql}` was expected to fail"));
    failure(&error).0
}
