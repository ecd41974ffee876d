//! Codes of rejects and warnings, e.g. `missing_field:conversationId` (domain specification §2).
//!
//! Guarantees: a code is `kind` or `kind:path`; the kinds are those of the specification and of [`Code`]'s
//! constructors, the path is the field as the record writes it.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

/// Warnings that one record can have at the most; later ones of the same record are not told.
pub(crate) const RECORD_WARNINGS_MAX: usize = 1_000;

/// Why a record is rejected, or what is odd about one that is accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// The line is not JSON text, or not an object.
    pub(crate) const BAD_JSON: Self = Self(Cow::Borrowed("bad_json"));
    /// The `type` is missing or not one of the known ones.
    pub(crate) const UNKNOWN_TYPE: Self = Self(Cow::Borrowed("unknown_type"));
    /// A capture with too many messages.
    pub(crate) const TOO_MANY_MESSAGES: Self = Self(Cow::Borrowed("too_many_messages"));
    /// The line is longer than the limit.
    pub(crate) const RECORD_TOO_LARGE: Self = Self(Cow::Borrowed("too_large:record"));
    /// Deletion comes with a later version (domain specification §9.6).
    pub(crate) const DELETE_UNSUPPORTED: Self = Self(Cow::Borrowed("unsupported:delete"));
    /// A message got a random id, so a retry of it cannot be recognised (domain specification §2.5).
    pub(crate) const NO_MESSAGE_ID: Self = Self(Cow::Borrowed("no_message_id"));
    /// A row of a CSV file that has not as many fields as the header, or is not UTF-8.
    pub(crate) const BAD_CSV: Self = Self(Cow::Borrowed("bad_csv"));

    /// `kind:path`.
    pub(crate) fn of(kind: &str, path: impl fmt::Display) -> Self {
        Self(Cow::Owned(format!("{kind}:{path}")))
    }

    /// The same kind with `*` for the path.
    pub(crate) fn any_path(&self) -> Self {
        let kind = self.0.split_once(':').map_or(&*self.0, |(kind, _)| kind);
        Self::of(kind, "*")
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first rule that a record breaks; the record is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reject(pub(crate) Code);

impl Reject {
    /// `kind:path`.
    pub(crate) fn of(kind: &str, path: impl fmt::Display) -> Self {
        Self(Code::of(kind, path))
    }
}

impl From<Code> for Reject {
    fn from(code: Code) -> Self {
        Self(code)
    }
}

/// What is odd about one record, each code once, in the order in which it was noticed.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Code>);

impl Warnings {
    /// Notes a code.
    pub(crate) fn push(&mut self, code: Code) {
        if self.0.len() < RECORD_WARNINGS_MAX && !self.0.contains(&code) {
            self.0.push(code);
        }
    }

    /// Notes `kind:path`.
    pub(crate) fn of(&mut self, kind: &str, path: impl fmt::Display) {
        self.push(Code::of(kind, path));
    }

    /// Forgets what was noted.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The codes so far.
    pub(crate) fn codes(&self) -> &[Code] {
        &self.0
    }
}
