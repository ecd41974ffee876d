//! What must hold over several rooms, as invariants of ARCHITECTURE.md: one module per question.
//!
//! Guarantees: one binary, because each one that links the whole engine costs seconds.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod arrival_order;
mod damaged_lakes;
mod hostile_ids;
mod pruning;
mod recovery;
mod sample;
mod scope;
mod store_failures;
