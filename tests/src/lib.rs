//! What the tests of the house share: its files, its fixtures, its lakes, the runner of `.slt` files, and the oracle's cases.
//!
//! Guarantees: nothing here depends on the wall clock, on a fixed port or on anything outside the checkout.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

pub mod arrival;
pub mod batches;
pub mod cells;
pub mod database;
pub mod failing_store;
pub mod house;
pub mod lakes;
pub mod oracle;
pub mod programs;
pub mod python;
