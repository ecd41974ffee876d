//! How long calls took: every one of them is kept, so that percentiles are exact.
//!
//! Guarantees: a percentile is a time that was measured (nearest rank), never one between two.

use std::time::Duration;

/// Times of calls, in µs.
#[derive(Clone, Debug, Default)]
pub struct Latencies(Vec<u32>);

/// The times below which a share of the calls stayed, in µs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Percentiles {
    /// Calls.
    pub count: usize,
    /// Half of them.
    pub p50_micros: u32,
    /// Nine of ten.
    pub p90_micros: u32,
    /// All but one of a hundred.
    pub p99_micros: u32,
    /// All.
    pub max_micros: u32,
}

impl Latencies {
    /// Adds a call; one of more than 71 minutes counts as that long.
    pub fn push(&mut self, elapsed: Duration) {
        self.0
            .push(u32::try_from(elapsed.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds the calls of others.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend_from_slice(&others.0);
    }

    /// The percentiles of all calls; zeros when there are none.
    pub fn percentiles(&self) -> Percentiles {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).max(1);
            sorted.get(rank - 1).copied().unwrap_or_default()
        };
        Percentiles {
            count: sorted.len(),
            p50_micros: rank(50),
            p90_micros: rank(90),
            p99_micros: rank(99),
            max_micros: rank(100),
        }
    }
}

impl Percentiles {
    /// p50, p90, p99 and the longest in ms, as cells of a table.
    pub fn cells(&self) -> [String; 4] {
        [
            self.p50_micros,
            self.p90_micros,
            self.p99_micros,
            self.max_micros,
        ]
        .map(milliseconds)
    }
}

/// µs as ms with two digits.
pub fn milliseconds(micros: u32) -> String {
    format!("{:.2}", f64::from(micros) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.percentiles(), Percentiles::default());
        (1..=200).for_each(|micros| latencies.push(Duration::from_micros(201 - micros)));
        let found = latencies.percentiles();
        assert_eq!(
            (found.p50_micros, found.p90_micros, found.p99_micros),
            (100, 180, 198)
        );
        assert_eq!((found.count, found.max_micros), (200, 200));
        assert_eq!(milliseconds(1_234), "1.23");
    }
}
