//! What a query starts from: the engine's functions, rules, limits and defaults, in the time zone of its session.
//!
//! Building a state registers every function anew, because some follow the zone: a sixth of the CPU of `SELECT 1`. A copy of
//! one that was built shares them.
//!
//! Guarantees: states have no catalog, every query gives its own; at most [`ZONE_COUNT_MAX`] are kept besides the default's.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use datafusion::execution::{SessionState, SessionStateBuilder};

/// Zones whose states are kept; those of further ones are built for each query.
const ZONE_COUNT_MAX: usize = 32;

/// See the module's documentation.
pub(crate) struct EngineStates {
    default: SessionState,
    by_zone: Mutex<HashMap<String, SessionState>>,
}

impl EngineStates {
    pub(crate) fn new(default: SessionState) -> Self {
        Self {
            default,
            by_zone: Mutex::default(),
        }
    }

    /// The state in the default zone.
    pub(crate) fn default(&self) -> &SessionState {
        &self.default
    }

    /// A copy of the state in a zone.
    pub(crate) fn in_zone(&self, zone: &str) -> SessionState {
        if zone_of(&self.default) == Some(zone) {
            return self.default.clone();
        }
        let mut by_zone = self.by_zone.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = by_zone.get(zone) {
            return state.clone();
        }
        let state = self.build(zone);
        if by_zone.len() < ZONE_COUNT_MAX {
            by_zone.insert(zone.to_owned(), state.clone());
        }
        state
    }

    fn build(&self, zone: &str) -> SessionState {
        let mut config = self.default.config().clone();
        config.options_mut().execution.time_zone = Some(zone.to_owned());
        SessionStateBuilder::new_from_existing(self.default.clone())
            .with_config(config)
            .build()
    }
}

fn zone_of(state: &SessionState) -> Option<&str> {
    state.config().options().execution.time_zone.as_deref()
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;

    #[test]
    fn every_zone_has_its_state_and_few_are_kept() {
        let states = EngineStates::new(SessionContext::new().state());
        let names = (0..=ZONE_COUNT_MAX).map(|offset| format!("+{offset:02}:00"));
        for name in names {
            for _ in 0..2 {
                assert_eq!(zone_of(&states.in_zone(&name)), Some(name.as_str()));
            }
        }
        assert!(states.by_zone.lock().unwrap().len() <= ZONE_COUNT_MAX);
        assert_ne!(zone_of(states.default()), Some("+01:00"));
    }
}
