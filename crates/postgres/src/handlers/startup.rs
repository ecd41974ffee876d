//! The first messages of a connection: the start packet, and a password where one is needed.
//!
//! 1. A password is asked for in clear text, because what is stored of it is an Argon2id hash; so it is asked for over TLS, from
//!    this machine, or when somebody said that clear text is wanted.
//! 2. An API key or a JSON Web Token may stand for the password.
//! 3. Whoever is let in gets a place, a session, a process id and a secret to stop statements by.
//!
//! Guarantees: whatever goes wrong here ends the connection.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use chatlake::CATALOG;
use futures::{Sink, SinkExt};
use pgwire::api::auth::{
    StartupHandler, protocol_negotiation, save_startup_parameters_to_metadata,
};
use pgwire::api::{
    ClientInfo, ConnectionGuard, ConnectionHandle, METADATA_DATABASE, METADATA_USER,
    PgWireConnectionState, PidSecretKeyGenerator,
};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::response::{ReadyForQuery, TransactionStatus};
use pgwire::messages::startup::{Authentication, BackendKeyData, ParameterStatus, Startup};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::Handlers;
use crate::client::Client;
use crate::error::{Error, Result};

/// Database names that clients use although they mean no other: some cannot connect without naming one.
const OTHER_DATABASE_NAMES: [&str; 1] = ["postgres"];

#[async_trait]
impl StartupHandler for Handlers {
    async fn on_startup<C>(
        &self,
        socket: &mut C,
        message: PgWireFrontendMessage,
    ) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let is_first = matches!(socket.state(), PgWireConnectionState::AwaitingStartup);
        match message {
            PgWireFrontendMessage::Startup(startup) if is_first => {
                self.begin(socket, &startup).await
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) if !is_first => {
                let password = message.into_password()?.password;
                self.enter(socket, &password).await
            }
            _ => Err(Error::fatal("08P01", "expected a start packet or a password").into()),
        }
    }
}

impl Handlers {
    async fn begin<C>(&self, socket: &mut C, startup: &Startup) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        protocol_negotiation(socket, startup).await?;
        save_startup_parameters_to_metadata(socket, startup);
        require_database(socket)?;
        if !self.state.asks_for_passwords() {
            return self.enter(socket, "").await;
        }
        let may_send = socket.is_secure()
            || socket.socket_addr().ip().is_loopback()
            || self.state.options.allow_insecure_remote;
        if !may_send {
            return Err(Error::fatal(
                "28000",
                "expected TLS, found a connection in clear text: passwords are taken encrypted only (sslmode=require)",
            )
            .into());
        }
        socket.set_state(PgWireConnectionState::AuthenticationInProgress);
        let ask = PgWireBackendMessage::Authentication(Authentication::CleartextPassword);
        Ok(socket.send(ask).await?)
    }

    /// Lets somebody in, or not.
    async fn enter<C>(&self, socket: &mut C, password: &str) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let peer = socket.socket_addr().ip();
        let name = socket
            .metadata()
            .get(METADATA_USER)
            .cloned()
            .unwrap_or_default();
        let principal = self.state.login(&name, password, peer).await?;
        // after the login: who has none learns nothing about how busy it is
        let place = self.state.place()?;
        if !principal.permissions().allow_queries() {
            let denied = "permission_denied: this role may not ask anything";
            return Err(Error::fatal("42501", denied).into());
        }
        let client = Client::new(Arc::clone(&self.state), principal, peer, place)?;
        set_all(socket, &client).await?;
        let (process_id, secret) = self.state.process_ids.generate(socket);
        socket.set_pid_and_secret_key(process_id, secret.clone());
        let (handle, guard) = self.state.connections.register(process_id, secret.clone());
        let kept = socket.session_extensions();
        kept.insert::<Arc<ConnectionHandle>>(handle);
        kept.insert::<ConnectionGuard>(guard);
        socket
            .feed(PgWireBackendMessage::Authentication(Authentication::Ok))
            .await?;
        for (name, value) in reports(&client) {
            let status = ParameterStatus::new(name, value);
            socket
                .feed(PgWireBackendMessage::ParameterStatus(status))
                .await?;
        }
        let key = BackendKeyData::new(process_id, secret);
        socket
            .feed(PgWireBackendMessage::BackendKeyData(key))
            .await?;
        socket.session_extensions().insert::<Client>(client);
        self.limit.raise_to(self.state.options.message_bytes_max);
        socket.set_state(PgWireConnectionState::ReadyForQuery);
        let ready = ReadyForQuery::new(TransactionStatus::Idle);
        Ok(socket
            .send(PgWireBackendMessage::ReadyForQuery(ready))
            .await?)
    }
}

/// Clients that name no database name their user, as libpq does.
fn require_database(socket: &impl ClientInfo) -> Result<()> {
    let said = socket.metadata();
    let user = said
        .get(METADATA_USER)
        .map(String::as_str)
        .unwrap_or_default();
    let name = said.get(METADATA_DATABASE).map_or(user, String::as_str);
    let known =
        name.is_empty() || name == CATALOG || name == user || OTHER_DATABASE_NAMES.contains(&name);
    match known {
        true => Ok(()),
        false => Err(Error::fatal(
            "3D000",
            format!("database \"{name}\" does not exist; the only one is `{CATALOG}`"),
        )),
    }
}

/// Settings of the start packet, also those inside of `options` (`-c name=value`).
async fn set_all(socket: &(impl ClientInfo + Sync), client: &Client) -> Result<()> {
    for (name, value) in socket.metadata() {
        match name.as_str() {
            METADATA_USER | METADATA_DATABASE | "replication" => {}
            "options" => {
                for (name, value) in options_of(value) {
                    client.set_at_start(name, value).await?;
                }
            }
            name => client.set_at_start(name, value).await?,
        }
    }
    Ok(())
}

/// The settings in `-c name=value -cname=value --name=value`.
fn options_of(text: &str) -> Vec<(&str, &str)> {
    let mut words = text.split_whitespace();
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        let pair = match word {
            "-c" => words.next(),
            word => word.strip_prefix("-c").or(word.strip_prefix("--")),
        };
        found.extend(pair.and_then(|pair| pair.split_once('=')));
    }
    found
}

fn reports(client: &Client) -> Vec<(String, String)> {
    let settings = client.settings();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut reports: Vec<_> = settings.reports().map(owned).collect();
    drop(settings);
    reports.push(("TimeZone".to_owned(), client.time_zone()));
    reports.push(("session_authorization".to_owned(), client.user().to_owned()));
    reports
}
