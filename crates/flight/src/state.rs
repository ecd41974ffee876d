//! What all calls of one server share.
//!
//! Guarantees: nothing here grows without a limit of [`FlightOptions`].

use std::sync::Arc;

use arrow_flight::sql::metadata::{SqlInfoData, XdbcTypeInfoData};
use chatlake::Chatlake;
use chatlake_serving::Executor;
use tokio::sync::watch;
use tonic::Extensions;
use tonic::metadata::MetadataMap;

use crate::commands::{sql_info, xdbc_type_info};
use crate::credentials;
use crate::error::{Error, Result};
use crate::gatekeeper::Gatekeeper;
use crate::options::FlightOptions;
use crate::prepared_statements::PreparedStatements;
use crate::sessions::{CallSession, Sessions};
use crate::ticket_key::TicketKey;

/// The shared parts of a server.
pub(crate) struct State {
    pub options: FlightOptions,
    pub executor: Executor<Error>,
    pub prepared_statements: PreparedStatements,
    pub sessions: Sessions,
    /// Who decides who comes in.
    pub gatekeeper: Arc<dyn Gatekeeper>,
    /// What signs tickets.
    pub ticket_key: TicketKey,
    /// The answers to `CommandGetSqlInfo`.
    pub sql_info: SqlInfoData,
    /// The answers to `CommandGetXdbcTypeInfo`.
    pub type_info: XdbcTypeInfoData,
}

impl State {
    /// Starts the query threads; `running_task_count` counts what they do.
    pub(crate) fn start(
        chatlake: Chatlake,
        options: FlightOptions,
        gatekeeper: Arc<dyn Gatekeeper>,
        running_task_count: watch::Sender<usize>,
    ) -> Result<Arc<Self>> {
        Ok(Arc::new(Self {
            executor: Executor::start(options.query_threads(), running_task_count)?,
            prepared_statements: PreparedStatements::new(Arc::clone(chatlake.clock()), &options),
            sql_info: sql_info::answers(&options)?,
            type_info: xdbc_type_info::answers()?,
            sessions: Sessions::new(chatlake, &options),
            gatekeeper,
            ticket_key: options.ticket_key.clone().unwrap_or_else(TicketKey::random),
            options,
        }))
    }

    /// Whoever calls, and the session that the call works in.
    pub(crate) async fn enter(
        &self,
        headers: &MetadataMap,
        extensions: &Extensions,
    ) -> Result<CallSession> {
        let peer = credentials::peer(extensions);
        let shown = credentials::of_headers(headers);
        let admission = self.gatekeeper.check(&peer, shown).await?;
        let cookie = credentials::session_cookie(headers);
        let call = self.sessions.of_call(admission.principal, cookie)?;
        let address = peer.address.map(|address| address.ip());
        Ok(CallSession {
            session: call.session.used_from(address),
            token: admission.token,
            ..call
        })
    }

    /// The present, in ms since 1970-01-01T00:00:00Z.
    pub(crate) fn now_ms(&self) -> i64 {
        self.sessions
            .database()
            .clock()
            .now_micros()
            .div_euclid(1_000)
    }

    /// When a ticket that is made now expires, in ms since 1970-01-01T00:00:00Z.
    pub(crate) fn ticket_expiry_ms(&self) -> i64 {
        let ttl_ms = i64::try_from(self.options.ticket_ttl_ms).unwrap_or(i64::MAX);
        self.now_ms().saturating_add(ttl_ms)
    }
}
