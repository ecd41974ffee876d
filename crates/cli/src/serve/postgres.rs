//! The second door of `chatlake serve`: the PostgreSQL wire protocol, when `--postgres HOST:PORT` asks for it.
//!
//! Guarantees: who may come in, certificates and what both doors bound are the same as for Flight SQL; failed logins at one door count
//! at the other.

use std::sync::Arc;

use chatlake::Chatlake;
use chatlake_auth::Authenticator;
use chatlake_flight::FlightOptions;
use chatlake_postgres::{PostgresOptions, PostgresServer};
use tokio::net::TcpListener;

use super::{address_of, missing, reachable, refuse_remote};
use crate::error::{Error, Result};

/// A server that is bound to its address.
pub struct PostgresDoor {
    listener: TcpListener,
    options: PostgresOptions,
    authenticator: Option<Arc<Authenticator>>,
}

impl PostgresDoor {
    /// Binds `address`.
    pub async fn open(
        address: &str,
        flight: &FlightOptions,
        authenticator: Option<Arc<Authenticator>>,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| Error::Listen {
            address: address.to_owned(),
            source,
            flag: "--postgres",
        })?;
        let missing = missing(authenticator.is_some(), flight.tls.is_some());
        let missing = missing.filter(|_| !flight.allow_insecure_remote);
        refuse_remote(address, &[address_of(&listener)?], missing)?;
        Ok(Self {
            listener,
            options: options(flight),
            authenticator,
        })
    }

    /// How to connect.
    pub fn greeting(&self) -> Result<String> {
        let address = reachable(address_of(&self.listener)?);
        let mode = match self.options.tls.is_some() {
            true => "verify-full",
            false => "disable",
        };
        let user = match self.authenticator.is_some() {
            true => "NAME",
            false => "anybody",
        };
        let (host, port) = (address.ip(), address.port());
        Ok(format!(
            "  psql     psql \"host={host} port={port} dbname=chatlake user={user} sslmode={mode}\"    (PostgreSQL, read only)\n"
        ))
    }
}

/// Serves until told to stop; without a door there is nothing to do.
pub async fn serve(
    door: Option<PostgresDoor>,
    chatlake: Chatlake,
    stopped: impl Future<Output = ()> + Send,
) -> Result<()> {
    let Some(door) = door else {
        return Ok(());
    };
    let server = PostgresServer::new(chatlake, door.options);
    let server = match door.authenticator {
        Some(authenticator) => server.with_authenticator(authenticator),
        None => server,
    };
    Ok(server.serve(door.listener, stopped).await?)
}

/// What both doors have in common is said once.
fn options(flight: &FlightOptions) -> PostgresOptions {
    PostgresOptions {
        allow_insecure_remote: flight.allow_insecure_remote,
        shutdown_grace_ms: flight.shutdown_grace_ms,
        statement_bytes_max: flight.statement_bytes_max,
        tls: flight.tls.clone(),
        tls_reload_interval_ms: flight.tls_reload_interval_ms,
        ..PostgresOptions::default()
    }
}
