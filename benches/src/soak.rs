//! The soak: many clients that do everything clients do, also what they should not, and what the server holds when they are gone.
//!
//! 1. Every visitor draws its actions from a seed of its own, with pauses in between (`action.rs`, `visitor.rs`).
//! 2. An action says itself which refusals it expects; any other is a finding (`acts.rs`, `failure.rs`, `tally.rs`).
//! 3. What the server holds before and after is compared (`verdict.rs`).
//!
//! Guarantees: the same seed gives the same actions in the same order for every visitor, not the same moments; nothing that went
//! wrong is left out of the count.

pub mod action;
pub mod acts;
pub mod failure;
pub mod samples;
pub mod tally;
pub mod verdict;
pub mod visitor;
