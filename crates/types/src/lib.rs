//! Small things that every room speaks: days, clocks, access scopes and permissions, error codes, the slug rule, and where a
//! text ends a SQL statement.
//!
//! Guarantees: no I/O but reading the system clock, no dependency on any other room.

mod access;
mod access_scope;
mod clock;
mod day;
mod error_code;
mod slug;
mod statements;

pub use access::{Access, Permission, Permissions};
pub use access_scope::AccessScope;
pub use clock::{Clock, FixedClock, SystemClock};
pub use day::Day;
pub use error_code::ErrorCode;
pub use slug::slug;
pub use statements::{Statements, split_statements};
