//! A server that knows users and keys, over TLS, with a clock that is set by hand.
//!
//! Guarantees: every test has a server and an auth file of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chatlake::{AuditTrail, Chatlake, Clock, OpenOptions};
use chatlake_auth::{
    AuditFile, AuditLimits, AuditSink, AuthFile, AuthSettings, Authenticator, Grant, NewKey,
    NewUser, Role, Secret, TokenLimits,
};
use chatlake_flight::{AuditLog, FlightOptions, FlightServer, Members, TlsFiles};
use chatlake_tests::lakes;
use tempfile::TempDir;
use tonic::transport::Channel;

use crate::server::{Client, Served};
use crate::tls;

/// The password of every user.
pub const PASSWORD: &str = "correct horse";
const SECOND: i64 = 1_000_000;

/// A clock that is set by hand.
#[derive(Debug)]
struct MovingClock(AtomicI64);

impl Clock for MovingClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A server with its auth file.
pub struct House {
    clock: Arc<MovingClock>,
    /// What an administrator changes.
    pub file: AuthFile,
    served: Served,
    /// The key of the program `dashboards`, which asks what ada asks.
    pub key: Secret,
    _folder: TempDir,
}

/// A role in one account, for one chatbot.
pub fn grant(role: Role, account: &str, chatbot: &str) -> Grant {
    Grant {
        role,
        accounts: vec![account.to_owned()],
        every_account: false,
        chatbots: Some(vec![chatbot.to_owned()]),
    }
}

/// A user to be added.
pub fn user(name: &str, grant: Grant) -> NewUser {
    NewUser {
        name: name.to_owned(),
        grant,
        password: Secret::new(PASSWORD),
        expires_at_micros: None,
    }
}

impl House {
    /// Serves the oracle's records to `ada` (admin, `cb_1`), `bea` (admin, `cb_2` of another account), `meg` (member, `cb_1`), `root`
    /// (owner of all) and `brief`, who is ada for a minute.
    pub async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MovingClock(AtomicI64::new(lakes::NOW_MICROS)));
        let shared = || Arc::clone(&clock) as Arc<dyn Clock>;
        let path = folder.path().join("_auth/auth.toml");
        let file = AuthFile::named(&path, shared());
        let everything = Grant {
            role: Role::Owner,
            accounts: Vec::new(),
            every_account: true,
            chatbots: None,
        };
        for (name, grant) in [
            ("ada", grant(Role::Admin, "acc_1", "cb_1")),
            ("bea", grant(Role::Admin, "acc_9", "cb_2")),
            ("meg", grant(Role::Member, "acc_1", "cb_1")),
            ("root", everything),
        ] {
            file.add_user(&user(name, grant)).unwrap();
        }
        file.add_user(&NewUser {
            expires_at_micros: Some(lakes::NOW_MICROS + 60 * SECOND),
            ..user("brief", grant(Role::Admin, "acc_1", "cb_1"))
        })
        .unwrap();
        let key = file.add_key(&NewKey {
            name: "dashboards".to_owned(),
            grant: grant(Role::Admin, "acc_1", "cb_1"),
            expires_at_micros: None,
        });
        let log = AuditFile::open(file.audit_log_path(), AuditLimits::default());
        let log = Arc::new(log.unwrap());
        let settings = AuthSettings {
            recheck_interval_ms: 0,
            name_failure_count_max: 3,
            name_failure_interval_ms: 30_000,
            ..AuthSettings::default()
        };
        let known = AuthFile::open(&path, shared()).unwrap();
        let sink = Arc::clone(&log) as Arc<dyn AuditSink>;
        let authenticator = Authenticator::new(known, settings, sink).unwrap();
        let members = Members::new(Arc::new(authenticator), TokenLimits::default(), shared());
        let options = OpenOptions {
            create: true,
            clock: shared(),
            audit: Some(Arc::new(AuditLog::new(log)) as Arc<dyn AuditTrail>),
            ..OpenOptions::default()
        };
        let lake = Chatlake::open("memory://", options).await.unwrap();
        let report = lakes::ingest_text(&lake, &lakes::oracle_input()).await;
        report.expect("the oracle's records are valid");
        tls::install(folder.path(), "first");
        let options = FlightOptions {
            tls: Some(TlsFiles {
                certificate: folder.path().join("certificate"),
                key: folder.path().join("key"),
                client_authorities: None,
            }),
            ..FlightOptions::default()
        };
        let server = FlightServer::new(lake.clone(), options).with_gatekeeper(Arc::new(members));
        Self {
            served: Served::of(server, lake).await,
            key: key.unwrap().key,
            file,
            clock,
            _folder: folder,
        }
    }

    async fn channel(&self) -> Channel {
        let channel = tls::connect(&self.served, None).await;
        channel.expect("the server speaks TLS")
    }

    /// A client that has shown nothing yet.
    pub async fn stranger(&self) -> Client {
        Client::new(self.channel().await)
    }

    /// A client that shook hands.
    pub async fn client(&self, name: &str) -> Client {
        let mut client = self.stranger().await;
        client.handshake(name, PASSWORD).await.unwrap();
        client
    }

    /// A client that sends the same header with every call.
    pub async fn showing(&self, header: &str) -> Client {
        let mut client = self.stranger().await;
        client.set_header("authorization", header);
        client
    }

    /// Lets time pass.
    pub fn forward(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * SECOND, Ordering::SeqCst);
    }
}
