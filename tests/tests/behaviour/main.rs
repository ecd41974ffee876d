//! What must hold over several rooms, as invariants of ARCHITECTURE.md: one module per question.
//!
//! Guarantees: one binary, because each one that links the whole engine costs seconds.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

mod arrival_order;
mod bi_pruning;
mod damaged_lakes;
mod export;
mod hostile_ids;
mod isolation;
mod pages;
mod pruning;
mod recovery;
mod roles;
mod sample;
mod scope;
mod store_failures;
mod workflows;
