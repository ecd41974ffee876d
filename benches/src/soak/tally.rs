//! What all visitors did: how often, how long it took, and what was refused with which code.
//!
//! Guarantees: every action is counted once; findings are all counted, and the first ones kept with their text.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::action::Action;
use super::failure::Outcome;
use crate::flight::latencies::{Latencies, Percentiles};
use crate::table::{Table, grouped};

/// Findings that are kept with their text.
const FINDING_COUNT_MAX: usize = 20;

/// See the module's documentation.
#[derive(Debug, Default)]
pub struct Tally {
    latencies: BTreeMap<Action, Latencies>,
    refusals: BTreeMap<Refusal, u64>,
    findings: Vec<String>,
    finding_count: u64,
    /// Since the last look.
    recent_count: u64,
    recent_small: Latencies,
}

/// One row of the table of errors: action, code, whether it was expected.
type Refusal = (&'static str, String, &'static str);

/// What happened since the last look.
#[derive(Clone, Copy, Debug)]
pub struct Recent {
    /// Actions.
    pub action_count: u64,
    /// Small queries.
    pub small: Percentiles,
    /// Findings since the start.
    pub finding_count: u64,
}

/// The tally of all visitors, for one of them.
pub fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    // a panic elsewhere cannot leave the counts half changed
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Tally {
    /// Adds an action.
    pub fn push(&mut self, action: Action, elapsed: Duration, outcome: &Outcome) {
        self.recent_count += 1;
        match outcome {
            Ok(None) => {}
            Ok(Some(code)) => self.refuse(action.name(), format!("{code:?}"), "expected"),
            Err(failure) if failure.is_limit() => {
                self.refuse(action.name(), failure.name(), "a limit");
                return;
            }
            Err(failure) => {
                self.find(action.name(), failure.name(), &failure.to_string());
                return;
            }
        }
        self.latencies.entry(action).or_default().push(elapsed);
        if action == Action::Small {
            self.recent_small.push(elapsed);
        }
    }

    /// Adds something that must not be.
    pub fn find(&mut self, what: &'static str, name: String, text: &str) {
        self.refuse(what, name, "NOT EXPECTED");
        self.finding_count += 1;
        if self.findings.len() < FINDING_COUNT_MAX {
            self.findings.push(format!("{what}: {text}"));
        }
    }

    fn refuse(&mut self, what: &'static str, name: String, verdict: &'static str) {
        *self.refusals.entry((what, name, verdict)).or_default() += 1;
    }

    /// What happened since the last look.
    pub fn look(&mut self) -> Recent {
        let small = std::mem::take(&mut self.recent_small);
        Recent {
            action_count: std::mem::take(&mut self.recent_count),
            small: small.percentiles(),
            finding_count: self.finding_count,
        }
    }

    /// How many things must not have been.
    pub fn finding_count(&self) -> u64 {
        self.finding_count
    }

    /// The first of them.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// How long each kind of action took, when it ended as it should.
    pub fn actions_table(&self) -> Table {
        let mut table = Table::new(&[
            "action",
            "count",
            "p50 ms",
            "p90 ms",
            "p99 ms",
            "longest ms",
        ]);
        for (action, latencies) in &self.latencies {
            let percentiles = latencies.percentiles();
            let mut row = vec![action.name().to_owned(), grouped(percentiles.count as u64)];
            row.extend(percentiles.cells());
            table.push(row);
        }
        table
    }

    /// Every code that the server answered with besides OK.
    pub fn refusals_table(&self) -> Table {
        let mut table = Table::new(&["refused", "code", "verdict", "count"]);
        for ((what, name, verdict), count) in &self.refusals {
            table.push(vec![
                (*what).to_owned(),
                name.clone(),
                (*verdict).to_owned(),
                grouped(*count),
            ]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::soak::failure::Failure;

    #[test]
    fn a_look_tells_what_came_since_the_last_one() {
        let mut tally = Tally::default();
        let millisecond = Duration::from_millis(1);
        tally.push(Action::Small, millisecond, &Ok(None));
        let failure = Failure::Wrong("no rows".to_owned());
        tally.push(Action::Page, millisecond, &Err(failure));
        let recent = tally.look();
        assert_eq!((recent.action_count, recent.small.count), (2, 1));
        assert_eq!((tally.look().action_count, tally.finding_count()), (0, 1));
        assert_eq!(tally.findings(), ["page: no rows"]);
    }
}
