//! Where the time comes from. Nothing else reads the system clock, so results can be reproduced.
//!
//! Guarantees: a [`FixedClock`] never moves.

use std::fmt;
use std::time::UNIX_EPOCH;

/// Tells the present.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now, in µs since 1970-01-01T00:00:00Z.
    fn now_micros(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the system clock"
    )]
    fn now_micros(&self) -> i64 {
        let elapsed = std::time::SystemTime::now().duration_since(UNIX_EPOCH);
        elapsed.map_or(0, |elapsed| {
            i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX)
        })
    }
}

/// A clock that always shows the same instant (µs since 1970-01-01T00:00:00Z).
#[derive(Clone, Copy, Debug)]
pub struct FixedClock(pub i64);

impl Clock for FixedClock {
    fn now_micros(&self) -> i64 {
        self.0
    }
}
