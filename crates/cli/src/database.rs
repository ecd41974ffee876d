//! Opens the lake that the configuration names.
//!
//! Guarantees: only commands that write create a lake; a missing one is an error that says how to make one.

use std::sync::Arc;

use chatlake::{AuditTrail, Chatlake, OpenOptions, SystemClock};

use crate::configuration::Configuration;
use crate::error::Result;

/// A lake that must be there already.
pub async fn open_existing(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, &configuration.lake, false, None).await
}

/// A lake that must be there already, with somebody who keeps its audit log.
pub async fn open_audited(
    configuration: &Configuration,
    audit: Arc<dyn AuditTrail>,
) -> Result<Chatlake> {
    open(configuration, &configuration.lake, false, Some(audit)).await
}

/// A lake that is made when it is missing.
pub async fn open_or_create(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, &configuration.lake, true, None).await
}

/// An empty lake in memory, for what needs no stored data.
pub async fn open_empty(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, "memory://", true, None).await
}

async fn open(
    configuration: &Configuration,
    url: &str,
    create: bool,
    audit: Option<Arc<dyn AuditTrail>>,
) -> Result<Chatlake> {
    let options = OpenOptions {
        create,
        clock: Arc::new(SystemClock),
        settings: configuration.settings.clone(),
        audit,
    };
    Ok(Chatlake::open(url, options).await?)
}
