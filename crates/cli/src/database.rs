//! Opens the lake that the configuration names.
//!
//! Guarantees: only commands that write create a lake; a missing one is an error that says how to make one.

use std::sync::Arc;

use chatlake::{Chatlake, OpenOptions, SystemClock};

use crate::configuration::Configuration;
use crate::error::Result;

/// A lake that must be there already.
pub async fn open_existing(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, &configuration.lake, false).await
}

/// A lake that is made when it is missing.
pub async fn open_or_create(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, &configuration.lake, true).await
}

/// An empty lake in memory, for what needs no stored data.
pub async fn open_empty(configuration: &Configuration) -> Result<Chatlake> {
    open(configuration, "memory://", true).await
}

async fn open(configuration: &Configuration, url: &str, create: bool) -> Result<Chatlake> {
    let options = OpenOptions {
        create,
        clock: Arc::new(SystemClock),
        settings: configuration.settings.clone(),
    };
    Ok(Chatlake::open(url, options).await?)
}
