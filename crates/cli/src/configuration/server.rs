//! What somebody may say about the server: as a flag of `serve`, in the environment, or in the table `[server]` of the
//! configuration file.
//!
//! Guarantees: one field is one option of [`FlightOptions`], [`AuthSettings`] or [`TokenLimits`]; nothing here has a default, so what was not said can be told apart.

use std::path::PathBuf;

use chatlake_auth::{AuthSettings, TokenLimits};
use chatlake_flight::{FlightOptions, TlsFiles};
use clap::Args;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::quantity::{ByteSize, TimeLimit};

/// The settings of the server that one source says something about.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[command(next_help_heading = "Options of the server")]
#[serde(default, deny_unknown_fields)]
pub struct ServerSaid {
    /// Let in only users and keys of the auth file [default: whether there is one]
    #[arg(long, value_name = "BOOL", env = "CHATLAKE_AUTH", hide_env_values = true,
          num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub auth: Option<bool>,

    /// How old the look at the auth file may be when a call of an open session is checked [default: 1s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_AUTH_RECHECK", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub auth_recheck: Option<TimeLimit>,

    /// Failed logins in a row of one name before it has to wait [default: 10]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_NAME_FAILURES_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub name_failures_max: Option<u32>,

    /// How long such a name waits for one more try [default: 30s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_NAME_FAILURE_WAIT", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub name_failure_wait: Option<TimeLimit>,

    /// Failed logins in a row from one address before it has to wait [default: 50]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_PEER_FAILURES_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub peer_failures_max: Option<u32>,

    /// How long such an address waits for one more try [default: 2s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_PEER_FAILURE_WAIT", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub peer_failure_wait: Option<TimeLimit>,

    /// How long the session of a login lasts at the most [default: 7d]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_SESSION_LIFE", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub session_life: Option<TimeLimit>,

    /// Sessions of one user or key that are kept [default: 1000]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_USER_SESSIONS_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub user_sessions_max: Option<u32>,

    /// Certificate of the server, PEM, with those that lead to its authority; read anew when it changes
    #[arg(
        long,
        value_name = "FILE",
        env = "CHATLAKE_TLS_CERTIFICATE",
        hide_env_values = true
    )]
    pub tls_certificate: Option<PathBuf>,

    /// Private key of the server, PEM
    #[arg(
        long,
        value_name = "FILE",
        env = "CHATLAKE_TLS_KEY",
        hide_env_values = true
    )]
    pub tls_key: Option<PathBuf>,

    /// Authorities that clients' certificates must come from, PEM; without it clients need no certificate
    #[arg(
        long,
        value_name = "FILE",
        env = "CHATLAKE_TLS_CLIENT_AUTHORITIES",
        hide_env_values = true
    )]
    pub tls_client_authorities: Option<PathBuf>,

    /// How often the TLS files are looked at for newer ones [default: 1min]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_TLS_RELOAD_INTERVAL", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub tls_reload_interval: Option<TimeLimit>,

    /// Connections at the same time [default: 1000]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_CONNECTIONS_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections_max: Option<u32>,

    /// Longest time until a new connection speaks TLS and HTTP/2 [default: 10s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_CONNECTION_OPENING", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub connection_opening: Option<TimeLimit>,

    /// Open calls of one connection [default: 256]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_STREAMS_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub streams_max: Option<u32>,

    /// Silence of a connection after which it is asked whether the client is still there [default: 30s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_KEEPALIVE", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub keepalive: Option<TimeLimit>,

    /// Size of one message from a client [default: 64MiB]
    #[arg(long, value_name = "SIZE", env = "CHATLAKE_MESSAGE_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub message_max: Option<ByteSize>,

    /// Size of one SQL text [default: 1MiB]
    #[arg(long, value_name = "SIZE", env = "CHATLAKE_STATEMENT_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = ByteSize::parse)]
    pub statement_max: Option<ByteSize>,

    /// Open prepared statements [default: 10000]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_PREPARED_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub prepared_max: Option<u32>,

    /// Sessions that are kept [default: 10000]
    #[arg(long, value_name = "COUNT", env = "CHATLAKE_SESSIONS_MAX", hide_env_values = true,
          hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub sessions_max: Option<u32>,

    /// How long a session may lie unused [default: 24h]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_SESSION_IDLE", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub session_idle: Option<TimeLimit>,

    /// How long a session with an open transaction may lie unused until it is rolled back [default: 10min]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_TRANSACTION_IDLE", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub transaction_idle: Option<TimeLimit>,

    /// How long the ticket of a planned query can be redeemed [default: 24h]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_TICKET_TTL", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub ticket_ttl: Option<TimeLimit>,

    /// How long running calls may go on when the server is told to stop [default: 10s]
    #[arg(long, value_name = "DURATION", env = "CHATLAKE_SHUTDOWN_GRACE", hide_env_values = true,
          hide_short_help = true, value_parser = TimeLimit::parse)]
    pub shutdown_grace: Option<TimeLimit>,
}

impl ServerSaid {
    /// What `self` says, and where it says nothing what `fallback` says.
    pub fn or(self, fallback: Self) -> Self {
        Self {
            auth: self.auth.or(fallback.auth),
            auth_recheck: self.auth_recheck.or(fallback.auth_recheck),
            name_failures_max: self.name_failures_max.or(fallback.name_failures_max),
            name_failure_wait: self.name_failure_wait.or(fallback.name_failure_wait),
            peer_failures_max: self.peer_failures_max.or(fallback.peer_failures_max),
            peer_failure_wait: self.peer_failure_wait.or(fallback.peer_failure_wait),
            session_life: self.session_life.or(fallback.session_life),
            user_sessions_max: self.user_sessions_max.or(fallback.user_sessions_max),
            tls_certificate: self.tls_certificate.or(fallback.tls_certificate),
            tls_key: self.tls_key.or(fallback.tls_key),
            tls_client_authorities: self
                .tls_client_authorities
                .or(fallback.tls_client_authorities),
            tls_reload_interval: self.tls_reload_interval.or(fallback.tls_reload_interval),
            connections_max: self.connections_max.or(fallback.connections_max),
            connection_opening: self.connection_opening.or(fallback.connection_opening),
            streams_max: self.streams_max.or(fallback.streams_max),
            keepalive: self.keepalive.or(fallback.keepalive),
            message_max: self.message_max.or(fallback.message_max),
            statement_max: self.statement_max.or(fallback.statement_max),
            prepared_max: self.prepared_max.or(fallback.prepared_max),
            sessions_max: self.sessions_max.or(fallback.sessions_max),
            session_idle: self.session_idle.or(fallback.session_idle),
            transaction_idle: self.transaction_idle.or(fallback.transaction_idle),
            ticket_ttl: self.ticket_ttl.or(fallback.ticket_ttl),
            shutdown_grace: self.shutdown_grace.or(fallback.shutdown_grace),
        }
    }

    /// The server's options with what was said in place of the defaults.
    pub fn options(self) -> Result<FlightOptions> {
        let default = FlightOptions::default();
        let count = |said: Option<u32>, default: usize| {
            said.map_or(default, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            })
        };
        let bytes = |said: Option<ByteSize>, default: usize| {
            said.map_or(default, |size| {
                usize::try_from(size.bytes).unwrap_or(usize::MAX)
            })
        };
        let tls = self.tls()?;
        Ok(FlightOptions {
            connection_count_max: count(self.connections_max, default.connection_count_max),
            connection_opening_ms: needed(
                "connection_opening",
                self.connection_opening,
                default.connection_opening_ms,
            )?,
            keepalive_interval_ms: needed(
                "keepalive",
                self.keepalive,
                default.keepalive_interval_ms,
            )?,
            prepared_count_max: count(self.prepared_max, default.prepared_count_max),
            receive_bytes_max: bytes(self.message_max, default.receive_bytes_max),
            session_count_max: count(self.sessions_max, default.session_count_max),
            session_idle_ms: needed("session_idle", self.session_idle, default.session_idle_ms)?,
            shutdown_grace_ms: self
                .shutdown_grace
                .map_or(default.shutdown_grace_ms, |limit| limit.limit_ms),
            statement_bytes_max: bytes(self.statement_max, default.statement_bytes_max),
            streams_per_connection_max: self
                .streams_max
                .unwrap_or(default.streams_per_connection_max),
            ticket_ttl_ms: needed("ticket_ttl", self.ticket_ttl, default.ticket_ttl_ms)?,
            tls_reload_interval_ms: needed(
                "tls_reload_interval",
                self.tls_reload_interval,
                default.tls_reload_interval_ms,
            )?,
            transaction_idle_ms: needed(
                "transaction_idle",
                self.transaction_idle,
                default.transaction_idle_ms,
            )?,
            tls,
            ..default
        })
    }

    /// The limits of logins with what was said in place of the defaults.
    pub fn auth_settings(&self) -> Result<AuthSettings> {
        let default = AuthSettings::default();
        Ok(AuthSettings {
            recheck_interval_ms: self
                .auth_recheck
                .map_or(default.recheck_interval_ms, |limit| limit.limit_ms),
            name_failure_count_max: self
                .name_failures_max
                .unwrap_or(default.name_failure_count_max),
            name_failure_interval_ms: needed(
                "name_failure_wait",
                self.name_failure_wait,
                default.name_failure_interval_ms,
            )?,
            peer_failure_count_max: self
                .peer_failures_max
                .unwrap_or(default.peer_failure_count_max),
            peer_failure_interval_ms: needed(
                "peer_failure_wait",
                self.peer_failure_wait,
                default.peer_failure_interval_ms,
            )?,
            ..default
        })
    }

    /// The limits of the sessions that logins open.
    pub fn token_limits(&self) -> Result<TokenLimits> {
        let default = TokenLimits::default();
        let count = |said: Option<u32>, default: usize| {
            said.map_or(default, |count| {
                usize::try_from(count).unwrap_or(usize::MAX)
            })
        };
        Ok(TokenLimits {
            count_max: count(self.sessions_max, default.count_max),
            count_per_principal_max: count(self.user_sessions_max, default.count_per_principal_max),
            idle_ms: needed("session_idle", self.session_idle, default.idle_ms)?,
            life_ms: needed("session_life", self.session_life, default.life_ms)?,
        })
    }

    /// The TLS files, when they were said.
    fn tls(&self) -> Result<Option<TlsFiles>> {
        match (&self.tls_certificate, &self.tls_key) {
            (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
                client_authorities: self.tls_client_authorities.clone(),
            })),
            (None, None) if self.tls_client_authorities.is_none() => Ok(None),
            _ => Err(Error::Usage(
                "expected `tls_certificate` and `tls_key` together, found one without the other"
                    .to_owned(),
            )),
        }
    }
}

/// A duration that cannot be without end.
fn needed(name: &str, said: Option<TimeLimit>, default_ms: u64) -> Result<u64> {
    match said {
        None => Ok(default_ms),
        Some(limit) if limit.limit_ms > 0 => Ok(limit.limit_ms),
        Some(_) => Err(Error::Usage(format!(
            "expected `{name}` to be a duration, found none"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_always() {
        let options = ServerSaid::default().options().unwrap();
        assert_eq!(options, FlightOptions::default());
        let said = ServerSaid::default();
        assert_eq!(said.auth_settings().unwrap(), AuthSettings::default());
        assert_eq!(said.token_limits().unwrap(), TokenLimits::default());
    }

    #[test]
    fn what_is_said_is_used_or_refused() {
        let said = ServerSaid {
            connections_max: Some(5),
            ticket_ttl: Some(TimeLimit { limit_ms: 7 }),
            ..ServerSaid::default()
        };
        let options = said.options().unwrap();
        assert_eq!(
            (options.connection_count_max, options.ticket_ttl_ms),
            (5, 7)
        );
        let endless = ServerSaid {
            session_idle: Some(TimeLimit { limit_ms: 0 }),
            ..ServerSaid::default()
        };
        assert!(endless.options().is_err());
        let keyless = ServerSaid {
            tls_certificate: Some("a.pem".into()),
            ..ServerSaid::default()
        };
        assert!(keyless.options().is_err());
    }

    #[test]
    fn the_help_tells_the_real_defaults() {
        let default = FlightOptions::default();
        let (auth, tokens) = (AuthSettings::default(), TokenLimits::default());
        let mut command =
            <ServerSaid as Args>::augment_args(clap::Command::new("serve").term_width(200));
        let help = command.render_long_help().to_string();
        for (ms, text) in [
            (default.connection_opening_ms, "10s"),
            (default.keepalive_interval_ms, "30s"),
            (default.session_idle_ms, "24h"),
            (default.shutdown_grace_ms, "10s"),
            (default.ticket_ttl_ms, "24h"),
            (default.tls_reload_interval_ms, "1min"),
            (default.transaction_idle_ms, "10min"),
            (auth.recheck_interval_ms, "1s"),
            (auth.name_failure_interval_ms, "30s"),
            (auth.peer_failure_interval_ms, "2s"),
            (tokens.life_ms, "7d"),
        ] {
            assert_eq!(TimeLimit::parse(text), Ok(TimeLimit { limit_ms: ms }));
            assert!(help.contains(&format!("[default: {text}]")), "{text}");
        }
        for count in [
            default.connection_count_max,
            default.prepared_count_max,
            default.streams_per_connection_max as usize,
            auth.name_failure_count_max as usize,
            auth.peer_failure_count_max as usize,
            tokens.count_per_principal_max,
        ] {
            assert!(help.contains(&format!("[default: {count}]")), "{count}");
        }
    }
}
