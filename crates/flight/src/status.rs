//! From an error to the gRPC status that a client sees. The one map of error codes to gRPC codes.
//!
//! Guarantees: exhaustive, without a catch-all; what is internal goes to the log and not to the client; a message always
//! is one line that fits the 8 KiB of headers which gRPC clients accept.

use chatlake_types::ErrorCode;
use tonic::{Code, Status};

use crate::error::Error;

/// Bytes of a status message. gRPC percent-encodes it, up to three bytes for one, into headers of at most 8 KiB.
const STATUS_MESSAGE_BYTES_MAX: usize = 2_000;

/// What a client reads instead of an internal error's text.
const INTERNAL_MESSAGE: &str = "internal error; the log of the server says more";

/// The gRPC code of a kind of failure.
fn grpc_code(code: ErrorCode) -> Code {
    match code {
        ErrorCode::InvalidInput => Code::InvalidArgument,
        ErrorCode::NotFound => Code::NotFound,
        ErrorCode::AlreadyExists => Code::AlreadyExists,
        ErrorCode::Unauthenticated => Code::Unauthenticated,
        ErrorCode::PermissionDenied => Code::PermissionDenied,
        ErrorCode::Busy | ErrorCode::Unavailable => Code::Unavailable,
        ErrorCode::LimitReached => Code::ResourceExhausted,
        ErrorCode::Cancelled => Code::Cancelled,
        ErrorCode::DataDamaged => Code::DataLoss,
        ErrorCode::Unsupported => Code::Unimplemented,
        ErrorCode::Internal => Code::Internal,
    }
}

/// `message` on one line, cut at a character when it is too long for a header.
fn sentence(message: &str) -> String {
    let mut message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    if message.len() > STATUS_MESSAGE_BYTES_MAX {
        let end = (0..=STATUS_MESSAGE_BYTES_MAX)
            .rev()
            .find(|&end| message.is_char_boundary(end));
        message.truncate(end.unwrap_or(0));
        message.push_str(" …");
    }
    message
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        let code = error.code();
        let message = match code {
            ErrorCode::Internal => {
                tracing::error!(%error, "internal error in a Flight SQL call");
                INTERNAL_MESSAGE.to_owned()
            }
            ErrorCode::InvalidInput
            | ErrorCode::NotFound
            | ErrorCode::AlreadyExists
            | ErrorCode::Unauthenticated
            | ErrorCode::PermissionDenied
            | ErrorCode::Busy
            | ErrorCode::LimitReached
            | ErrorCode::Cancelled
            | ErrorCode::DataDamaged
            | ErrorCode::Unavailable
            | ErrorCode::Unsupported => sentence(&error.to_string()),
        };
        Self::new(grpc_code(code), message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_text_stays_inside() {
        let status = Status::from(Error::Encoding("secret path /lake/x".to_owned()));
        assert_eq!(status.code(), Code::Internal);
        assert_eq!(status.message(), INTERNAL_MESSAGE);
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let status = Status::from(Error::Parameters("é".repeat(5_000)));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().len() <= STATUS_MESSAGE_BYTES_MAX + 4);
        assert!(status.message().ends_with(" …"));
    }

    #[test]
    fn a_message_is_one_line() {
        let status = Status::from(Error::Parameters("no `x`.\nDid you mean `y`?".to_owned()));
        assert_eq!(
            status.message(),
            "wrong parameters: no `x`. Did you mean `y`?"
        );
    }

    #[test]
    fn the_message_of_a_limit_names_its_option() {
        let limit = Error::Limit {
            what: "bytes of SQL",
            option: "statement_bytes_max",
            limit: 10,
            found: 11,
        };
        let status = Status::from(limit);
        assert_eq!(status.code(), Code::ResourceExhausted);
        assert_eq!(
            status.message(),
            "bytes of SQL over the limit: expected at most 10 (`statement_bytes_max`), found 11"
        );
    }
}
