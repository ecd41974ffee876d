//! What `chatlake serve` needs to know users and keys: the auth file and what lies beside it.
//!
//! Guarantees: where there is an auth file it is used, unless somebody says otherwise; where one is wanted and is not there, or
//! cannot be used, nothing is served.

use std::path::PathBuf;
use std::sync::Arc;

use chatlake::{AuditTrail, SystemClock};
use chatlake_auth::{AuditFile, AuditLimits, AuditSink, AuthFile, Authenticator, Signer};
use chatlake_flight::{AuditLog, Members, TicketKey};

use crate::configuration::{Configuration, ServerSaid};
use crate::error::Result;

/// See the module's documentation.
pub struct Authentication {
    /// Who knows users, keys and tokens.
    pub authenticator: Arc<Authenticator>,
    /// Who lets in over Flight SQL.
    pub members: Members,
    /// What signs tickets, also after a restart.
    pub ticket_key: TicketKey,
    /// Where what happens is written down.
    pub audit: Arc<dyn AuditTrail>,
}

impl Authentication {
    /// Opens the auth file, when one is to be used.
    ///
    /// # Errors
    /// When it, the audit log or the signing key cannot be used.
    pub async fn open(configuration: &Configuration, server: ServerSaid) -> Result<Option<Self>> {
        let path = match (server.auth, configuration.auth_file()) {
            (Some(false), _) => return Ok(None),
            (Some(true), path) => path?,
            (None, Ok(path)) if path.exists() => path,
            // nobody named a file, and a lake that is no folder has none
            (None, _) if configuration.auth_file.is_none() => return Ok(None),
            (None, path) => path?,
        };
        // files and password hashes block: not on a thread of the runtime
        let opened = tokio::task::spawn_blocking(move || Self::open_file(path, &server));
        let opened = opened
            .await
            .map_err(|error| chatlake_auth::Error::Internal(error.to_string()))?;
        Ok(Some(opened?))
    }

    fn open_file(path: PathBuf, server: &ServerSaid) -> Result<Self> {
        let file = AuthFile::open(path, Arc::new(SystemClock))?;
        let signer = Signer::open(&file.signing_key_path())?;
        let audit = Arc::new(AuditFile::open(
            file.audit_log_path(),
            AuditLimits::default(),
        )?);
        let sink = Arc::clone(&audit) as Arc<dyn AuditSink>;
        let authenticator = Authenticator::new(file, server.auth_settings()?, sink)?;
        let authenticator = Arc::new(authenticator);
        Ok(Self {
            authenticator: Arc::clone(&authenticator),
            members: Members::new(authenticator, server.token_limits()?, Arc::new(SystemClock)),
            ticket_key: TicketKey::of(&signer),
            audit: Arc::new(AuditLog::new(audit)),
        })
    }
}
