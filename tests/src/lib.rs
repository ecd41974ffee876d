//! What the tests of the house share: its files, its fixtures, its lakes, and the runner of `.slt` files.
//!
//! Guarantees: nothing here depends on the wall clock, on a fixed port or on anything outside the checkout.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed expectation is a failed test"
)]

pub mod batches;
pub mod cells;
pub mod database;
pub mod failing_store;
pub mod house;
pub mod lakes;
