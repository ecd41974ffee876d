//! `delete`: the request to forget a user, a conversation or a message (domain specification §9.6).
//!
//! Guarantees: this version cannot delete, so every request is rejected with `unsupported:delete`; none is silently
//! dropped.

use crate::code::{Code, Reject};
use crate::fields::Fields;
use crate::record::{Record, RecordType};

pub(super) const DELETE: RecordType = RecordType {
    name: "delete",
    known: &[],
    outputs: &[],
    decode,
};

fn decode(_: Fields<'_>, _: &mut Record<'_>) -> Result<(), Reject> {
    Err(Code::DELETE_UNSUPPORTED.into())
}
