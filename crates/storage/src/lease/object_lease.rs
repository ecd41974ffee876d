//! The lease of a lake on S3: `<lake>/writer.lease` says who writes and until when.
//!
//! 1. It is taken by a put that must not overwrite; when another one's time has run out, by a put that must replace the very
//!    version that was read.
//! 2. While it is held, a task renews it each third of its time.
//! 3. It is given back by setting its end to the past.
//!
//! Guarantees: none that safety needs. Clocks differ and processes sleep, so two may believe that they hold it; then the
//! journal refuses the slower one. What it brings is that the second writer is told before its load and not after.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatlake_types::Clock;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use crate::data_file::format_micros;
use crate::location::Location;
use crate::paths::LakePaths;
use crate::{Error, Result};

/// Tries to take a lease that others change meanwhile.
const TAKE_TRIES_MAX: usize = 5;

/// Renewals in the time of a lease.
const RENEWALS: u64 = 3;

/// `writer.lease`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LeaseFile {
    /// Who: a process, and an id of this holding.
    holder: String,
    /// Until when, in µs since 1970-01-01T00:00:00Z, by the holder's clock.
    expires_at_micros: i64,
}

/// A lease that is held.
#[derive(Debug)]
pub(crate) struct ObjectLease {
    held: Arc<tokio::sync::Mutex<Held>>,
    renewing: JoinHandle<()>,
}

/// The object, and its version that we wrote last; `None` after somebody else took it.
#[derive(Debug)]
struct Held {
    store: Arc<dyn ObjectStore>,
    path: Path,
    holder: String,
    version: Option<UpdateVersion>,
}

impl ObjectLease {
    /// Takes the lease at once or says who has it.
    pub(super) async fn take(
        location: &Location,
        lease_ms: u64,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let mut held = Held {
            store: Arc::clone(location.store()),
            path: LakePaths::new(location.root()).writer_lease()?,
            holder: format!("process {} ({})", std::process::id(), ulid::Ulid::new()),
            version: None,
        };
        let lease_micros = i64::try_from(lease_ms).map_or(i64::MAX, |ms| ms.saturating_mul(1_000));
        let end = move |clock: &dyn Clock| clock.now_micros().saturating_add(lease_micros);
        if let Some(other) = held.try_take(clock.as_ref(), end(clock.as_ref())).await? {
            return Err(Error::WriterBusy {
                url: location.text().to_owned(),
                holder: format!(
                    "{}, whose lease ends at {}",
                    other.holder,
                    format_micros(other.expires_at_micros)
                ),
            });
        }
        let held = Arc::new(tokio::sync::Mutex::new(held));
        let renewed = Arc::clone(&held);
        let period = Duration::from_millis((lease_ms / RENEWALS).max(1));
        let renewing = tokio::spawn(async move {
            let mut ticks = tokio::time::interval(period);
            ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            ticks.tick().await;
            loop {
                ticks.tick().await;
                if !renewed.lock().await.renew(end(clock.as_ref())).await {
                    break;
                }
            }
        });
        Ok(Self { held, renewing })
    }

    /// Gives it back, so that nobody has to wait for its end.
    pub(super) async fn release(self) {
        self.renewing.abort();
        self.held.lock().await.renew(0).await;
    }
}

impl Drop for ObjectLease {
    fn drop(&mut self) {
        // not given back, it ends by itself
        self.renewing.abort();
    }
}

impl Held {
    /// Who has the lease, if it is not to be had.
    async fn try_take(&mut self, clock: &dyn Clock, end: i64) -> Result<Option<LeaseFile>> {
        for _ in 0..TAKE_TRIES_MAX {
            let mode = match self.read().await? {
                None => PutMode::Create,
                Some((other, _)) if other.expires_at_micros > clock.now_micros() => {
                    return Ok(Some(other));
                }
                Some((_, version)) => PutMode::Update(version),
            };
            match self.put(mode, end).await {
                Ok(version) => {
                    self.version = Some(version);
                    return Ok(None);
                }
                Err(error) if is_refused(&error) => debug!(%error, "the lease was taken meanwhile"),
                Err(error) => return Err(Error::store("write", &self.path, error)),
            }
        }
        Ok(Some(LeaseFile {
            holder: "several others".to_owned(),
            expires_at_micros: end,
        }))
    }

    /// Sets another end; false when the lease is no longer ours.
    async fn renew(&mut self, end: i64) -> bool {
        while let Some(version) = self.version.clone() {
            match self.put(PutMode::Update(version.clone()), end).await {
                Ok(version) => {
                    self.version = Some(version);
                    return true;
                }
                // the answer to an earlier put of ours may have got lost: the version that is there may be ours
                Err(error) if is_refused(&error) => match self.read().await {
                    Ok(Some((found, newer)))
                        if found.holder == self.holder && newer.e_tag != version.e_tag =>
                    {
                        self.version = Some(newer);
                    }
                    Ok(_) => {
                        warn!("the writer's lease was lost; the load may be refused at its end");
                        self.version = None;
                    }
                    Err(error) => {
                        warn!(%error, "the writer's lease could not be read; trying again");
                        return true;
                    }
                },
                Err(error) => {
                    warn!(%error, "the writer's lease could not be renewed; trying again");
                    return true;
                }
            }
        }
        false
    }

    async fn read(&self) -> Result<Option<(LeaseFile, UpdateVersion)>> {
        let failed = |error| Error::store("read", &self.path, error);
        let found = match self.store.get(&self.path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = found.bytes().await.map_err(failed)?;
        let lease = serde_json::from_slice(&bytes).map_err(|error| Error::Damaged {
            path: self.path.to_string(),
            reason: format!("expected a writer's lease: {error}"),
        })?;
        Ok(Some((lease, version)))
    }

    async fn put(&self, mode: PutMode, end: i64) -> object_store::Result<UpdateVersion> {
        let lease = LeaseFile {
            holder: self.holder.clone(),
            expires_at_micros: end,
        };
        let text = serde_json::to_vec(&lease).map_err(|error| object_store::Error::Generic {
            store: "writer.lease",
            source: Box::new(error),
        })?;
        let options = PutOptions {
            mode,
            ..PutOptions::default()
        };
        let put = self
            .store
            .put_opts(&self.path, Bytes::from(text).into(), options);
        put.await.map(UpdateVersion::from)
    }
}

/// Whether a conditional put met something else than it expected.
fn is_refused(error: &object_store::Error) -> bool {
    matches!(
        error,
        object_store::Error::AlreadyExists { .. }
            | object_store::Error::Precondition { .. }
            | object_store::Error::NotFound { .. }
    )
}

#[cfg(test)]
mod tests {
    use chatlake_types::FixedClock;
    use object_store::memory::InMemory;

    use super::*;

    const LEASE_MS: u64 = 60_000;
    const LEASE_MICROS: i64 = 60_000_000;

    async fn take(location: &Location, now_micros: i64) -> Result<ObjectLease> {
        ObjectLease::take(location, LEASE_MS, Arc::new(FixedClock(now_micros))).await
    }

    fn place() -> Location {
        Location::with_store("s3://b/lake", "memory:///lake", Arc::new(InMemory::new())).unwrap()
    }

    #[tokio::test]
    async fn one_holds_it_until_it_gives_it_back() {
        let location = place();
        let first = take(&location, 1).await.unwrap();
        let busy = take(&location, LEASE_MICROS).await.unwrap_err();
        assert_eq!(busy.code(), chatlake_types::ErrorCode::Busy);
        let sentence = busy.to_string();
        let holder = format!("process {} (", std::process::id());
        assert!(
            sentence.contains(&holder) && sentence.contains("ends at 1970-01-01T00:01:00.000001Z"),
            "{sentence}"
        );
        first.release().await;
        let second = take(&location, 2).await.unwrap();
        take(&location, 3).await.unwrap_err();
        second.release().await;
    }

    #[tokio::test]
    async fn what_its_holder_left_ends_by_itself_and_is_not_renewed_after_somebody_took_it() {
        let location = place();
        let sleeper = take(&location, 0).await.unwrap();
        let next = take(&location, LEASE_MICROS).await.unwrap();
        assert!(!sleeper.held.lock().await.renew(i64::MAX).await);
        assert!(!sleeper.held.lock().await.renew(i64::MAX).await);
        assert!(next.held.lock().await.renew(3 * LEASE_MICROS).await);
        take(&location, 2 * LEASE_MICROS).await.unwrap_err();
        sleeper.release().await;
        take(&location, 2 * LEASE_MICROS).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_renewal_whose_answer_got_lost_is_a_renewal() {
        let location = place();
        let lease = take(&location, 0).await.unwrap();
        let mut held = lease.held.lock().await;
        let version = held.version.clone().unwrap();
        held.put(PutMode::Update(version), 7).await.unwrap();
        assert!(held.renew(8).await);
        assert!(held.renew(9).await);
    }
}
