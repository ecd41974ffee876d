//! What can go wrong in a bench.

/// The result of a step of a bench.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed step; a bench ends with it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Arrow refused a batch.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A server refused, or its answer ended early.
    #[error("flight: {0}")]
    Flight(#[from] arrow_flight::error::FlightError),
    /// The lake refused.
    #[error("lake: {0}")]
    Lake(#[from] chatlake::Error),
    /// A file or a process.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A record could not be written as JSON, or an answer was not JSON.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
    /// A Parquet file could not be written.
    #[error("parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A step in a process of its own failed.
    #[error("`{step}` failed: {message}")]
    Step {
        /// The step.
        step: String,
        /// The last thing it said.
        message: String,
    },
    /// Nobody listens, or the connection is gone.
    #[error("connection: {0}")]
    Transport(#[from] tonic::transport::Error),
}

impl Error {
    /// For `map_err`: an I/O error with what was being done.
    pub fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
