//! What can go wrong when a lake is opened or asked, as one clear sentence with a code.

use chatlake_types::ErrorCode;
use datafusion::error::DataFusionError;
use tokio::task::JoinError;

/// Result of an operation on a lake.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The lake's storage failed.
    #[error(transparent)]
    Storage(#[from] chatlake_storage::Error),
    /// Rows could not be taken in.
    #[error(transparent)]
    Ingest(#[from] chatlake_ingest::Error),
    /// A SQL file of a view or page is wrong.
    #[error(transparent)]
    Library(#[from] chatlake_analytics::Error),
    /// The SQL text, or a value in it, is wrong.
    #[error("{0}")]
    Sql(String),
    /// The statement is not one that this database runs.
    #[error("{0}")]
    Unsupported(String),
    /// What was named is not there (any more).
    #[error("{0}")]
    NotFound(String),
    /// What was to be made is there already.
    #[error("{0}")]
    AlreadyExists(String),
    /// Somebody stopped the query.
    #[error("{0}")]
    Stopped(String),
    /// The session may not see what was asked for.
    #[error("permission_denied: {0}")]
    PermissionDenied(String),
    /// A session variable does not exist or has a wrong value.
    #[error("{0}")]
    Variable(String),
    /// A setting cannot be used.
    #[error("setting `{name}`: {reason}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What was expected and found.
        reason: String,
    },
    /// Memory, disk or time ran out.
    #[error("{0}")]
    Limit(String),
    /// Stored data could not be read.
    #[error("{0}")]
    Data(String),
    /// The disk or object store failed.
    #[error("{0}")]
    Unavailable(String),
    /// A bug of ours.
    #[error("internal error: {0}")]
    Internal(String),
}

impl Error {
    /// What kind of failure it is.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Storage(error) => error.code(),
            Self::Ingest(error) => error.code(),
            Self::Library(error) => error.code(),
            Self::Sql(_) | Self::Variable(_) | Self::Setting { .. } => ErrorCode::InvalidInput,
            Self::Unsupported(_) => ErrorCode::Unsupported,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::AlreadyExists(_) => ErrorCode::AlreadyExists,
            Self::Stopped(_) => ErrorCode::Cancelled,
            Self::PermissionDenied(_) => ErrorCode::PermissionDenied,
            Self::Limit(_) => ErrorCode::LimitReached,
            Self::Data(_) => ErrorCode::DataDamaged,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Internal(_) => ErrorCode::Internal,
        }
    }

    /// As an error inside of a plan; [`Error::from`] finds it again.
    pub(crate) fn into_datafusion(self) -> DataFusionError {
        DataFusionError::External(Box::new(self))
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        let text = error.strip_backtrace();
        match error {
            DataFusionError::External(source) => match source.downcast::<Self>() {
                Ok(ours) => *ours,
                Err(source) => Self::Sql(source.to_string()),
            },
            DataFusionError::Shared(shared) => match std::sync::Arc::try_unwrap(shared) {
                Ok(error) => Self::from(error),
                Err(shared) => from_shared(&shared, text),
            },
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
                Self::from(*inner)
            }
            DataFusionError::Collection(errors) => errors
                .into_iter()
                .next()
                .map_or(Self::Internal(text), Self::from),
            DataFusionError::SQL(_, _)
            | DataFusionError::Plan(_)
            | DataFusionError::Configuration(_)
            | DataFusionError::SchemaError(_, _)
            | DataFusionError::Execution(_)
            | DataFusionError::ArrowError(_, _) => Self::Sql(sentence(&text)),
            DataFusionError::NotImplemented(_) => Self::Unsupported(sentence(&text)),
            DataFusionError::ResourcesExhausted(_) => Self::Limit(sentence(&text)),
            DataFusionError::ParquetError(_) => {
                Self::Data(format!("a data file cannot be read: {text}"))
            }
            DataFusionError::ObjectStore(source) => match *source {
                object_store::Error::NotFound { path, .. } => Self::Data(format!(
                    "the lake is damaged: expected the data file `{path}`, found none"
                )),
                _ => Self::Unavailable(sentence(&text)),
            },
            DataFusionError::IoError(_) => Self::Unavailable(sentence(&text)),
            DataFusionError::ExecutionJoin(source) => from_task(&source, text),
            DataFusionError::Internal(_)
            | DataFusionError::Substrait(_)
            | DataFusionError::Ffi(_) => Self::Internal(text),
        }
    }
}

/// An error that several tasks hold can only be looked at.
fn from_shared(error: &DataFusionError, text: String) -> Error {
    match error.find_root() {
        DataFusionError::ResourcesExhausted(_) => Error::Limit(sentence(&text)),
        DataFusionError::NotImplemented(_) => Error::Unsupported(sentence(&text)),
        DataFusionError::Internal(_) => Error::Internal(text),
        DataFusionError::ExecutionJoin(source) => from_task(source, text),
        DataFusionError::ParquetError(_) | DataFusionError::ObjectStore(_) => {
            Error::Data(sentence(&text))
        }
        _ => Error::Sql(sentence(&text)),
    }
}

/// A task of the query ended early: it panicked, or its threads were taken away.
fn from_task(error: &JoinError, text: String) -> Error {
    match error.is_cancelled() {
        true => Error::Unavailable(
            "the query was stopped: the threads that run queries are shutting down".to_owned(),
        ),
        false => Error::Internal(text),
    }
}

/// The engine's message without its class in front.
fn sentence(text: &str) -> String {
    const CLASSES: [&str; 9] = [
        "Error during planning: ",
        "SQL error: ",
        "Schema error: ",
        "Execution error: ",
        "Arrow error: ",
        "Invalid or Unsupported Configuration: ",
        "This feature is not implemented: ",
        "Resources exhausted: ",
        "IO error: ",
    ];
    let text = CLASSES
        .iter()
        .fold(text, |text, class| text.strip_prefix(class).unwrap_or(text));
    match text
        .strip_prefix("ParserError(\"")
        .and_then(|rest| rest.strip_suffix("\")"))
    {
        Some(inner) => format!("cannot parse the SQL text: {}", inner.replace("\\\"", "\"")),
        None => text.trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn a_task_without_threads_is_nobodys_mistake() {
        let join_error = || async {
            let task = tokio::spawn(std::future::pending::<()>());
            task.abort();
            Box::new(task.await.unwrap_err())
        };
        let own = DataFusionError::ExecutionJoin(join_error().await);
        assert_eq!(Error::from(own).code(), ErrorCode::Unavailable);
        let shared = Arc::new(DataFusionError::ExecutionJoin(join_error().await));
        let held_by_another_task = Arc::clone(&shared);
        let of_several = DataFusionError::Shared(shared);
        assert_eq!(Error::from(of_several).code(), ErrorCode::Unavailable);
        drop(held_by_another_task);
    }
}
