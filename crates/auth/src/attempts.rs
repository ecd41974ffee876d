//! Failed logins, and who has to wait because of them.
//!
//! A leaky bucket for each name and each address, in the form of GCRA: one number per bucket, the instant at which it is empty
//! again. A failure moves it forward by one interval; who is more than `count` intervals ahead of now has to wait. (The crate
//! `governor` counts every call and cannot be asked without counting; only failures count here, and a login that waits its turn
//! must not use up what belongs to failures.)
//!
//! Guarantees: a success costs nothing; memory is bounded: when there are too many buckets, empty ones go first, then those
//! that are nearest to it.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::settings::AuthSettings;
use crate::{Error, Result};

/// Failures by name and by address.
#[derive(Debug)]
pub(crate) struct Attempts {
    names: Buckets<String>,
    peers: Buckets<IpAddr>,
}

impl Attempts {
    pub(crate) fn new(settings: &AuthSettings) -> Self {
        let entry_count_max = settings.failure_entry_count_max.max(1);
        Self {
            names: Buckets::new(
                "name_failure_count_max",
                settings.name_failure_count_max,
                settings.name_failure_interval_ms,
                entry_count_max,
            ),
            peers: Buckets::new(
                "peer_failure_count_max",
                settings.peer_failure_count_max,
                settings.peer_failure_interval_ms,
                entry_count_max,
            ),
        }
    }

    /// # Errors
    /// [`Error::TooManyFailures`] while the name has to wait.
    pub(crate) fn require_name(&self, name: &str, now_micros: i64) -> Result<()> {
        self.names.require(&name.to_owned(), now_micros)
    }

    /// # Errors
    /// [`Error::TooManyFailures`] while the address has to wait.
    pub(crate) fn require_peer(&self, peer: Option<IpAddr>, now_micros: i64) -> Result<()> {
        peer.map_or(Ok(()), |peer| {
            self.peers.require(&network(peer), now_micros)
        })
    }

    /// Remembers a failure.
    pub(crate) fn failed(&self, name: Option<&str>, peer: Option<IpAddr>, now_micros: i64) {
        if let Some(name) = name {
            self.names.add(name.to_owned(), now_micros);
        }
        if let Some(peer) = peer {
            self.peers.add(network(peer), now_micros);
        }
    }
}

/// What one customer of a network has: an IPv4 address, 64 bits of IPv6.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let bits = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(bits.into())
        }
    }
}

#[derive(Debug)]
struct Buckets<K> {
    setting: &'static str,
    /// How far ahead of now a bucket may be, in µs.
    ahead_max_micros: i64,
    interval_micros: i64,
    entry_count_max: usize,
    /// When each is empty again, in µs since 1970-01-01T00:00:00Z.
    empty_at_micros: Mutex<HashMap<K, i64>>,
}

impl<K: Clone + Eq + Hash> Buckets<K> {
    fn new(setting: &'static str, count: u32, interval_ms: u64, entry_count_max: usize) -> Self {
        let interval_micros =
            i64::try_from(interval_ms.max(1).saturating_mul(1_000)).unwrap_or(i64::MAX);
        Self {
            setting,
            ahead_max_micros: interval_micros.saturating_mul(i64::from(count.max(1)) - 1),
            interval_micros,
            entry_count_max,
            empty_at_micros: Mutex::default(),
        }
    }

    fn require(&self, key: &K, now_micros: i64) -> Result<()> {
        let buckets = self.lock();
        let empty_at = buckets.get(key).copied().unwrap_or(now_micros);
        let wait_micros = empty_at
            .saturating_sub(now_micros)
            .saturating_sub(self.ahead_max_micros);
        if wait_micros <= 0 {
            return Ok(());
        }
        Err(Error::TooManyFailures {
            retry_after_ms: wait_micros.unsigned_abs().div_ceil(1_000),
            setting: self.setting,
        })
    }

    fn add(&self, key: K, now_micros: i64) {
        let mut buckets = self.lock();
        if buckets.len() >= self.entry_count_max && !buckets.contains_key(&key) {
            make_room(&mut buckets, now_micros);
        }
        let empty_at = buckets.entry(key).or_insert(now_micros);
        let most = self.ahead_max_micros.saturating_add(self.interval_micros);
        // whoever goes on trying does not wait ever longer
        let later = (*empty_at)
            .max(now_micros)
            .saturating_add(self.interval_micros);
        *empty_at = later.min(now_micros.saturating_add(most));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<K, i64>> {
        self.empty_at_micros
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets the empty buckets, and at least half of them all: so room is made once in many failures.
fn make_room<K: Clone + Eq + Hash>(buckets: &mut HashMap<K, i64>, now_micros: i64) {
    let mut instants: Vec<i64> = buckets.values().copied().collect();
    let middle = instants.len() / 2;
    let (_, middle, _) = instants.select_nth_unstable(middle);
    let limit = (*middle).max(now_micros);
    buckets.retain(|_, empty_at| *empty_at > limit);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn attempts(entry_count_max: usize) -> Attempts {
        Attempts::new(&AuthSettings {
            name_failure_count_max: 3,
            name_failure_interval_ms: 10_000,
            peer_failure_count_max: 5,
            peer_failure_interval_ms: 1_000,
            failure_entry_count_max: entry_count_max,
            ..AuthSettings::default()
        })
    }

    #[test]
    fn a_name_waits_after_its_last_try_and_gets_one_back_after_each_interval() {
        let attempts = attempts(100);
        for _ in 0..3 {
            attempts.require_name("ada", 0).unwrap();
            attempts.failed(Some("ada"), None, 0);
        }
        let error = attempts.require_name("ada", 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "too many failed logins; try again in 10 s (`name_failure_count_max`)"
        );
        attempts.require_name("bob", 0).unwrap();
        assert!(attempts.require_name("ada", 10 * SECOND - 1).is_err());
        attempts.require_name("ada", 10 * SECOND).unwrap();
        attempts.failed(Some("ada"), None, 10 * SECOND);
        assert!(attempts.require_name("ada", 11 * SECOND).is_err());
        attempts.require_name("ada", 40 * SECOND).unwrap();
    }

    #[test]
    fn whoever_goes_on_trying_waits_no_longer_than_an_interval() {
        let attempts = attempts(100);
        (0..1_000).for_each(|_| attempts.failed(Some("ada"), None, 0));
        attempts.require_name("ada", 10 * SECOND).unwrap();
    }

    #[test]
    fn an_address_counts_by_what_its_owner_has() {
        let attempts = attempts(100);
        let peer = |text: &str| Some(text.parse().unwrap());
        for host in 0..5 {
            let each = ["2001:db8:0:1::", &host.to_string()].concat();
            attempts.failed(None, peer(&each), 0);
            attempts.failed(None, peer("::ffff:192.0.2.1"), 0);
        }
        assert!(
            attempts
                .require_peer(peer("2001:db8:0:1::ffff"), 0)
                .is_err()
        );
        assert!(attempts.require_peer(peer("192.0.2.1"), 0).is_err());
        attempts.require_peer(peer("2001:db8:0:2::1"), 0).unwrap();
        attempts.require_peer(peer("192.0.2.2"), 0).unwrap();
        attempts.require_peer(None, 0).unwrap();
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let attempts = attempts(100);
        (0..3).for_each(|_| attempts.failed(Some("worst"), None, 0));
        for number in 0..10_000 {
            attempts.failed(Some(&number.to_string()), None, 0);
        }
        assert!(attempts.names.lock().len() <= 100);
        assert!(attempts.require_name("worst", 0).is_err());
    }
}
