//! What every door of a server needs, whatever it speaks: threads for queries, certificates, connections that close well.
//!
//! Guarantees: knows no protocol, no SQL and no user.

mod certificates;
mod error;
mod executor;
mod lingering;

pub use certificates::{Certificates, TlsFiles};
pub use error::{Error, Result};
pub use executor::{Executor, task_error};
pub use lingering::Lingering;
