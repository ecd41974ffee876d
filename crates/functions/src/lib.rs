//! Chatlake's SQL functions and the rules behind them (domain specification §4, §5.4, §5.6, §8.8,
//! §9.3, §9.4).
//!
//! A function is one file in `scalar/` or `aggregate/`, listed once beside it. What pages need too
//! is plain Rust: [`period`] (windows of time), [`zone`] (local days), [`schedule`] (business
//! hours), [`session`] (from touches to sessions), [`condition`] (what workflows ask for),
//! [`sentiment`] (labels and bands), [`score_sum`] (sums that do not depend on order),
//! [`edit_distance`] and [`slug_text`].
//!
//! Guarantees: functions are pure. They read no clock: where `as_of` may be left out, the time at
//! which the query was planned to start takes its place.

mod aggregate;
mod arguments;
mod call;
pub mod condition;
pub mod edit_distance;
mod error;
pub mod period;
mod reference;
mod scalar;
pub mod schedule;
pub mod score_sum;
pub mod sentiment;
pub mod session;
#[cfg(test)]
mod testing;
pub mod zone;

use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;

pub use aggregate::aggregate_functions;
pub use chatlake_types::slug as slug_text;
pub use error::Error;
pub use reference::reference_markdown;
pub use scalar::scalar_functions;

/// Makes every function of this crate known to a session.
///
/// # Errors
/// When the registry takes no functions.
pub fn register_all(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for function in scalar_functions() {
        registry.register_udf(function)?;
    }
    for function in aggregate_functions() {
        registry.register_udaf(function)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_alphabetical_and_name_nothing_twice() {
        let scalars = scalar_functions();
        let names: Vec<&str> = scalars.iter().map(|function| function.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        let aggregates = aggregate_functions();
        let names: Vec<&str> = aggregates.iter().map(|function| function.name()).collect();
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }

    #[tokio::test]
    async fn no_function_hides_one_of_datafusion() {
        let session = datafusion::prelude::SessionContext::new();
        for function in scalar_functions() {
            assert!(session.udf(function.name()).is_err(), "{}", function.name());
        }
        for function in aggregate_functions() {
            assert!(
                session.udaf(function.name()).is_err(),
                "{}",
                function.name()
            );
        }
    }
}
