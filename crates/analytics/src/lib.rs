//! The derived relations of the domain specification (§5, §9.2) as SQL text, one file each, with checked headers.
//!
//! Guarantees: SQL stands in files and is never built in Rust; whatever changes from query to query enters through
//! the placeholders [`AS_OF`] and [`NOW`]; a view whose header does not say what it is never gets past the tests.
//!
//! View SQL reads the stored tables as `stored.<table>` and other views by their plain names; the session that plans it
//! knows the functions of `chatlake-functions`.

mod error;
mod header;
mod reference;
mod view;
mod views;

pub use error::{Error, Result};
pub use reference::reference_markdown;
pub use view::{View, ViewColumn};
pub use views::{view, views};

/// Name of the placeholder `$as_of`: a TIMESTAMP (µs, UTC). Nothing that happened later is seen; the far future
/// means no cut (domain specification §4).
pub const AS_OF: &str = "as_of";

/// Name of the placeholder `$now`: a TIMESTAMP (µs, UTC). The present, which is `$as_of` where the caller set it.
pub const NOW: &str = "now";
