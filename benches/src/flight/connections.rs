//! How fast clients come in: a new connection, a handshake, `SELECT 1`, and away again.
//!
//! Guarantees: every visit is a connection of its own (TCP, and TLS where the door has it) and a session of its own; it counts
//! from the first packet to the last row of the answer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::calls::SELECT_ONE;
use super::client::{ask, shake_hands};
use super::door::{Door, Ending};
use super::latencies::Latencies;
use crate::{Error, Result};

/// What visits cost.
#[derive(Clone, Debug, Default)]
pub struct Visits {
    /// Each of them.
    pub latencies: Latencies,
    /// All of them together.
    pub elapsed: Duration,
}

impl Visits {
    /// Visits in a second.
    pub fn per_second(&self) -> f64 {
        let count = self.latencies.percentiles().count;
        count as f64 / self.elapsed.as_secs_f64()
    }
}

/// `count` visits, `at_once` of them at the same time; `header` is what everybody shows.
///
/// # Errors
/// When the server refuses.
pub async fn visits(door: &Door, header: &str, count: usize, at_once: usize) -> Result<Visits> {
    let started = Instant::now();
    let mut visitors = JoinSet::new();
    for _ in 0..at_once.max(1) {
        let (door, header) = (door.clone(), header.to_owned());
        let own_count = count / at_once.max(1);
        visitors.spawn(async move { one_after_the_other(&door, &header, own_count).await });
    }
    let mut visits = Visits::default();
    while let Some(visitor) = visitors.join_next().await {
        let visitor = visitor.map_err(|error| Error::Step {
            step: "visit".to_owned(),
            message: error.to_string(),
        })?;
        visits.latencies.extend(&visitor?);
    }
    visits.elapsed = started.elapsed();
    Ok(visits)
}

async fn one_after_the_other(door: &Door, header: &str, count: usize) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    for _ in 0..count {
        let started = Instant::now();
        let mut client = door.connect(Ending::Polite).await?;
        shake_hands(&mut client, header).await?;
        ask(&mut client, SELECT_ONE).await?;
        latencies.push(started.elapsed());
    }
    Ok(latencies)
}

/// Handshakes on one connection, one after the other.
///
/// # Errors
/// When the server refuses.
pub async fn logins(door: &Door, header: &str, count: usize) -> Result<Visits> {
    let mut client = door.connect(Ending::Polite).await?;
    let started = Instant::now();
    let mut latencies = Latencies::default();
    for _ in 0..count {
        let login_started = Instant::now();
        shake_hands(&mut client, header).await?;
        latencies.push(login_started.elapsed());
    }
    Ok(Visits {
        latencies,
        elapsed: started.elapsed(),
    })
}
