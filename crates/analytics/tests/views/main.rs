//! The views on small lakes: every expected row is derived by hand from the domain specification.
//!
//! Guarantees: no file, no clock, no network; each test reads alone.

#![expect(
    clippy::expect_used,
    reason = "a test that cannot go on ends and says why"
)]

mod annotations;
mod conversations;
mod lake;
mod point_in_time;
mod profiles;
mod pruning;
mod registries;
mod sessions;
mod shape;
