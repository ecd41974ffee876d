//! `chatlake serve`: the lake over Arrow Flight SQL, and over the PostgreSQL wire protocol when asked for.
//!
//! Guarantees: an address beyond this machine is refused without authentication and TLS unless `--insecure` is given; where there
//! is an auth file, nobody comes in who is not in it unless `--auth=false` is given; the bound address is printed before the first client can be answered; Ctrl-C and SIGTERM let
//! running calls finish, a second one does not wait.

mod authentication;
mod postgres;

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use chatlake::Chatlake;
use chatlake_flight::{FlightOptions, FlightServer, Members};
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::configuration::{Configuration, FLIGHT_DEFAULT, ServerSaid};
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::interrupt::Interrupts;
use crate::output::Destination;
use crate::serve::postgres::PostgresDoor;
use crate::{database, terminal};
use authentication::Authentication;

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake serve
  chatlake serve --lake /data/lake --flight 127.0.0.1:4711
  chatlake serve --tls-certificate server.pem --tls-key server.key
  chatlake serve --flight 0.0.0.0:31337 --tls-certificate server.pem --tls-key server.key
  chatlake serve --postgres 127.0.0.1:5432

Once there are users or keys (chatlake auth), nobody else comes in. Without them everybody who
reaches the address may read everything: keep it on this machine, or behind a tunnel.";

/// Where Flight SQL listens; shared by `serve` and `demo`.
#[derive(Args, Clone, Debug)]
pub struct FlightArguments {
    /// Address Flight SQL listens on; port 0 takes a free one [default: 127.0.0.1:31337]
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "CHATLAKE_FLIGHT",
        hide_env_values = true
    )]
    flight: Option<String>,

    /// Allow an address beyond this machine without authentication or without TLS
    #[arg(long, visible_alias = "insecure", env = "CHATLAKE_ALLOW_INSECURE_REMOTE", hide_env_values = true, value_name = "BOOL",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_insecure_remote: Option<bool>,
}

/// Arguments of `chatlake serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArguments {
    #[command(flatten)]
    flight: FlightArguments,

    /// Address of the PostgreSQL wire protocol, for tools without Flight SQL; it reads only [default: not served]
    #[arg(
        long,
        value_name = "HOST:PORT",
        env = "CHATLAKE_POSTGRES",
        hide_env_values = true
    )]
    postgres: Option<String>,

    #[command(flatten)]
    server: ServerSaid,
}

/// Runs `chatlake serve`.
pub async fn run(configuration: &Configuration, arguments: &ServeArguments) -> Result<ExitStatus> {
    let server = arguments.server.clone().or(configuration.server.clone());
    let mut options = options(configuration, &arguments.flight, server.clone())?;
    let authentication = Authentication::open(configuration, server).await?;
    let missing = missing(authentication.is_some(), options.tls.is_some());
    let listener = listen(configuration, &arguments.flight, missing).await?;
    let address = arguments.postgres.as_deref();
    let door = match address.or(configuration.postgres.as_deref()) {
        Some(address) => {
            let known = authentication.as_ref();
            let authenticator = known.map(|known| Arc::clone(&known.authenticator));
            Some(PostgresDoor::open(address, &options, authenticator).await?)
        }
        None => None,
    };
    let (chatlake, gatekeeper) = match authentication {
        None => (database::open_existing(configuration).await?, None),
        Some(authentication) => {
            options.ticket_key = Some(authentication.ticket_key);
            let chatlake = database::open_audited(configuration, authentication.audit).await?;
            (chatlake, Some(authentication.members))
        }
    };
    serve(chatlake, listener, options, gatekeeper, door).await
}

/// What a server lacks that has neither users nor certificates, as that of the demonstration.
pub const OPEN_TO_ALL: Option<&str> = Some("authentication and TLS");

/// What a server lacks that is to listen beyond this machine.
fn missing(has_authentication: bool, has_tls: bool) -> Option<&'static str> {
    match (has_authentication, has_tls) {
        (true, true) => None,
        (false, false) => OPEN_TO_ALL,
        (false, true) => Some("authentication"),
        (true, false) => Some("TLS"),
    }
}

/// The server's options: what `server` says, else the configuration file.
pub fn options(
    configuration: &Configuration,
    arguments: &FlightArguments,
    server: ServerSaid,
) -> Result<FlightOptions> {
    Ok(FlightOptions {
        allow_insecure_remote: allows_remote(configuration, arguments),
        ..server.or(configuration.server.clone()).options()?
    })
}

fn allows_remote(configuration: &Configuration, arguments: &FlightArguments) -> bool {
    arguments
        .allow_insecure_remote
        .unwrap_or(configuration.allow_insecure_remote)
}

/// Binds the address that flags, environment and configuration file name; while nobody names one, a free port is taken
/// when the usual one is not.
pub async fn listen(
    configuration: &Configuration,
    arguments: &FlightArguments,
    missing: Option<&str>,
) -> Result<TcpListener> {
    let named = arguments
        .flight
        .as_deref()
        .or(configuration.flight.as_deref());
    let address = named.unwrap_or(FLIGHT_DEFAULT);
    let failed = |source| Error::Listen {
        address: address.to_owned(),
        source,
        flag: "--flight",
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(address)
        .await
        .map_err(failed)?
        .collect();
    let allows_remote = allows_remote(configuration, arguments);
    refuse_remote(address, &addresses, missing.filter(|_| !allows_remote))?;
    match TcpListener::bind(addresses.as_slice()).await {
        Err(error) if error.kind() == ErrorKind::AddrInUse && named.is_none() => {
            terminal::say(&format!(
                "{address} is taken by another program, using a free port"
            ));
            TcpListener::bind("127.0.0.1:0").await.map_err(failed)
        }
        bound => bound.map_err(failed),
    }
}

/// Refuses an address that others reach while something is `missing`.
fn refuse_remote(named: &str, addresses: &[SocketAddr], missing: Option<&str>) -> Result<()> {
    let remote = addresses.iter().find(|address| !address.ip().is_loopback());
    let (Some(remote), Some(missing)) = (remote, missing) else {
        return Ok(());
    };
    let found = match named == remote.to_string() {
        true => named.to_owned(),
        false => format!("{named} ({remote})"),
    };
    Err(Error::Usage(format!(
        "expected a loopback address such as {FLIGHT_DEFAULT}, found `{found}` without {missing}: \
         others who reach it could read the lake or listen in; --allow-insecure-remote serves there nevertheless"
    )))
}

/// Serves until told to stop, after saying where and how to connect.
pub async fn serve(
    chatlake: Chatlake,
    listener: TcpListener,
    options: FlightOptions,
    members: Option<Members>,
    door: Option<PostgresDoor>,
) -> Result<ExitStatus> {
    let address = address_of(&listener)?;
    let mut interrupts = Interrupts::listen();
    let mut destination = Destination::stdout();
    write!(
        destination.stream,
        "{}",
        greeting(
            chatlake.url(),
            reachable(address),
            Door {
                is_secured: options.tls.is_some(),
                asks_for_password: members.is_some(),
            },
        )
    )
    .map_err(Error::Output)?;
    if let Some(door) = &door {
        write!(destination.stream, "{}", door.greeting()?).map_err(Error::Output)?;
    }
    destination.finish()?;
    let stop = watch::Sender::new(false);
    let stopped = || {
        let mut stopped = stop.subscribe();
        async move { drop(stopped.wait_for(|stopped| *stopped).await) }
    };
    let postgres = postgres::serve(door, chatlake.clone(), stopped());
    let mut server = FlightServer::new(chatlake, options);
    if let Some(members) = members {
        server = server.with_gatekeeper(Arc::new(members));
    }
    let flight = async { Ok::<_, Error>(server.serve(listener, stopped()).await?) };
    let watch = async {
        interrupts.next().await;
        terminal::say("stopping: running queries may finish; Ctrl-C again stops at once");
        stop.send_replace(true);
        interrupts.next().await;
    };
    tokio::select! {
        served = async { tokio::try_join!(flight, postgres) } => drop(served?),
        () = watch => return Err(Error::Interrupted("the server was stopped at once".to_owned())),
    }
    Ok(ExitStatus::Success)
}

fn address_of(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(|source| Error::Listen {
        address: "the socket".to_owned(),
        source,
        flag: "--flight",
    })
}

/// The address a client on this machine dials: an unspecified one (`0.0.0.0`) is no destination.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

/// How one comes in.
#[derive(Clone, Copy)]
struct Door {
    is_secured: bool,
    asks_for_password: bool,
}

fn greeting(url: &str, address: SocketAddr, door: Door) -> String {
    let is_secured = door.is_secured;
    let scheme = if is_secured { "grpc+tls" } else { "grpc" };
    let (python, jdbc) = match door.asks_for_password {
        true => (
            ", db_kwargs={\"username\": \"…\", \"password\": \"…\"}",
            "with user and password",
        ),
        false => ("", "no user or password"),
    };
    format!(
        "\
Serving {url} over Arrow Flight SQL at {scheme}://{address}

  Python   pip install adbc-driver-flightsql pyarrow
           import adbc_driver_flightsql.dbapi as flight
           with flight.connect(\"{scheme}://{address}\"{python}) as connection, connection.cursor() as cursor:
               cursor.execute(\"SELECT chatbot_id, count(*) AS messages FROM messages GROUP BY 1\")
               print(cursor.fetch_arrow_table())
  JDBC     jdbc:arrow-flight-sql://{address}?useEncryption={is_secured}    (DBeaver, Tableau; {jdbc})
  Stop     Ctrl-C
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unspecified_address_is_shown_as_one_that_can_be_dialled() {
        for (bound, dialled) in [
            ("0.0.0.0:1", "127.0.0.1:1"),
            ("[::]:1", "[::1]:1"),
            ("10.0.0.1:1", "10.0.0.1:1"),
        ] {
            assert_eq!(reachable(bound.parse().unwrap()).to_string(), dialled);
        }
    }
}
