//! `chatlake serve`: the lake over Arrow Flight SQL.
//!
//! Guarantees: an address beyond this machine is refused unless `--insecure` is given, because there is no
//! authentication yet; the bound address is printed before the first client can be answered; Ctrl-C and SIGTERM let
//! running calls finish, a second one does not wait.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;

use chatlake::Chatlake;
use chatlake_flight::{FlightOptions, FlightServer};
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::configuration::{Configuration, FLIGHT_DEFAULT, ServerSaid};
use crate::error::{Error, Result};
use crate::exit::ExitStatus;
use crate::interrupt::Interrupts;
use crate::output::Destination;
use crate::{database, terminal};

/// Examples for the end of the long help.
pub const EXAMPLES: &str = "\
Examples:
  chatlake serve
  chatlake serve --lake /data/lake --flight 127.0.0.1:4711
  chatlake serve --tls-certificate server.pem --tls-key server.key
  chatlake serve --flight 0.0.0.0:31337 --allow-insecure-remote

Without authentication everybody who reaches the address may read everything: keep it on this
machine, or behind a tunnel.";

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

    /// Allow an address beyond this machine although there is no authentication yet
    #[arg(long, visible_alias = "insecure", env = "CHATLAKE_ALLOW_INSECURE_REMOTE", hide_env_values = true, value_name = "BOOL",
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_insecure_remote: Option<bool>,
}

/// Arguments of `chatlake serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArguments {
    #[command(flatten)]
    flight: FlightArguments,

    #[command(flatten)]
    server: ServerSaid,
}

/// Runs `chatlake serve`.
pub async fn run(configuration: &Configuration, arguments: &ServeArguments) -> Result<ExitStatus> {
    let server = arguments.server.clone();
    let options = options(configuration, &arguments.flight, server)?;
    let listener = listen(configuration, &arguments.flight).await?;
    let chatlake = database::open_existing(configuration).await?;
    serve(chatlake, listener, options).await
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
) -> Result<TcpListener> {
    let named = arguments
        .flight
        .as_deref()
        .or(configuration.flight.as_deref());
    let address = named.unwrap_or(FLIGHT_DEFAULT);
    let failed = |source| Error::Listen {
        address: address.to_owned(),
        source,
    };
    let addresses: Vec<SocketAddr> = tokio::net::lookup_host(address)
        .await
        .map_err(failed)?
        .collect();
    let allow_remote = allows_remote(configuration, arguments);
    if let Some(remote) = addresses.iter().find(|address| !address.ip().is_loopback())
        && !allow_remote
    {
        return Err(Error::Usage(format!(
            "expected a loopback address such as {FLIGHT_DEFAULT}, found `{}`: there is no authentication yet, so \
             everybody who reaches it may read the lake; --allow-insecure-remote serves there nevertheless",
            if address == remote.to_string() {
                address.to_owned()
            } else {
                format!("{address} ({remote})")
            },
        )));
    }
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

/// Serves until told to stop, after saying where and how to connect.
pub async fn serve(
    chatlake: Chatlake,
    listener: TcpListener,
    options: FlightOptions,
) -> Result<ExitStatus> {
    let address = listener.local_addr().map_err(|source| Error::Listen {
        address: "the socket".to_owned(),
        source,
    })?;
    let mut interrupts = Interrupts::listen();
    let mut destination = Destination::stdout();
    write!(
        destination.stream,
        "{}",
        greeting(chatlake.url(), reachable(address), options.tls.is_some())
    )
    .map_err(Error::Output)?;
    destination.finish()?;
    let server = FlightServer::new(chatlake, options);
    let (stop, stopped) = oneshot::channel();
    let watch = async {
        interrupts.next().await;
        terminal::say("stopping: running queries may finish; Ctrl-C again stops at once");
        // the server may have ended by itself in the meantime
        let _ = stop.send(());
        interrupts.next().await;
    };
    tokio::select! {
        served = server.serve(listener, async { drop(stopped.await) }) => served?,
        () = watch => return Err(Error::Interrupted("the server was stopped at once".to_owned())),
    }
    Ok(ExitStatus::Success)
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

fn greeting(url: &str, address: SocketAddr, is_secured: bool) -> String {
    let scheme = if is_secured { "grpc+tls" } else { "grpc" };
    format!(
        "\
Serving {url} over Arrow Flight SQL at {scheme}://{address}

  Python   pip install adbc-driver-flightsql pyarrow
           import adbc_driver_flightsql.dbapi as flight
           with flight.connect(\"{scheme}://{address}\") as connection, connection.cursor() as cursor:
               cursor.execute(\"SELECT chatbot_id, count(*) AS messages FROM messages GROUP BY 1\")
               print(cursor.fetch_arrow_table())
  JDBC     jdbc:arrow-flight-sql://{address}?useEncryption={is_secured}    (DBeaver, Tableau; no user or password)
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
