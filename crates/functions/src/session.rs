//! How the touches of one conversation fall into sessions (domain specification §5.4).
//!
//! 1. Touches come in order: by time; at one instant an inbound message, then `opened` and
//!    `reopened`, then `resolved`; then by arrival number.
//! 2. An inbound message, `opened` or `reopened` starts a session when there is none that has not
//!    ended by then. Else it continues the session, and reopens it if it is resolved.
//! 3. `resolved` resolves a session that is neither resolved nor ended; else it is a no-op.
//! 4. A resolved session ends [`CLOSING_MICROS`] after it was resolved. An unresolved one does not
//!    end, unless there is an idle time-out: then it ends that long after its last activity, which
//!    is a visible message or a touch of step 2. A session at whose end something happens has
//!    ended.
//!
//! Guarantees: touches are ordered totally, so they may arrive in any order; one that is given
//! twice changes nothing.

use crate::error::Error;

/// Microseconds from the resolve of a session to its end.
pub const CLOSING_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// What happened, as far as sessions are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TouchKind {
    /// A visible message to the customer: opens nothing, but is activity.
    Outbound,
    /// A message of the customer.
    Inbound,
    /// Opened by the customer.
    OpenedByCustomer,
    /// Opened by anybody else, or reopened.
    Opened,
    /// Resolved.
    Resolved,
}

impl TouchKind {
    /// All kinds; the place of each is its [`TouchKind::code`].
    const ALL: [Self; 5] = [
        Self::Outbound,
        Self::Inbound,
        Self::OpenedByCustomer,
        Self::Opened,
        Self::Resolved,
    ];

    /// The kind of a message's direction or of an event; `None` for events that concern the
    /// assignee alone.
    ///
    /// # Errors
    /// [`Error::BadValue`] for any other word.
    pub fn parse(event: &str, actor: Option<&str>) -> Result<Option<Self>, Error> {
        Ok(Some(match event {
            "inbound" => Self::Inbound,
            "outbound" => Self::Outbound,
            "opened" if actor == Some("customer") => Self::OpenedByCustomer,
            "opened" | "reopened" => Self::Opened,
            "resolved" => Self::Resolved,
            "assigned" | "unassigned" => return Ok(None),
            _ => {
                let expected = "`inbound`, `outbound`, `opened`, `reopened`, `resolved`, \
                                `assigned` or `unassigned`";
                return Err(Error::bad_value("event", expected, event));
            }
        }))
    }

    /// A number that stands for the kind in stored states.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The kind of a [`TouchKind::code`].
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Which of several touches at one instant comes first.
    fn precedence(self) -> u8 {
        match self {
            Self::Outbound => 0,
            Self::Inbound => 1,
            Self::OpenedByCustomer | Self::Opened => 2,
            Self::Resolved => 3,
        }
    }
}

/// One touch of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// When it happened, in µs since 1970-01-01T00:00:00Z.
    pub at_micros: i64,
    /// What happened.
    pub kind: TouchKind,
    /// Arrival number, the final tie-breaker.
    pub ingest_seq: i64,
}

impl Touch {
    /// The place in the order of step 1.
    pub fn place(&self) -> (i64, u8, i64, TouchKind) {
        let precedence = self.kind.precedence();
        (self.at_micros, precedence, self.ingest_seq, self.kind)
    }
}

/// One session of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When its first touch happened, in µs since 1970-01-01T00:00:00Z, as all its times.
    pub started_at_micros: i64,
    /// Whether the first touch is an inbound message or was opened by the customer.
    pub is_incoming: bool,
    /// When it was resolved, if nothing reopened it since.
    pub resolved_at_micros: Option<i64>,
    /// When it ends, as far as is known.
    pub ended_at_micros: Option<i64>,
    /// Touches that reopened it.
    pub reopen_count: i64,
}

/// The sessions of one conversation, whose touches come in the order of [`Touch::place`].
pub fn sessions(
    touches: impl IntoIterator<Item = Touch>,
    idle_timeout_micros: Option<i64>,
) -> Vec<Session> {
    let idle_end = |at_micros: i64| idle_timeout_micros.map(|idle| at_micros.saturating_add(idle));
    let mut sessions: Vec<Session> = Vec::new();
    for touch in touches {
        let at = touch.at_micros;
        let is_going_on =
            |session: &&mut Session| session.ended_at_micros.is_none_or(|end| at < end);
        let current = sessions.last_mut().filter(is_going_on);
        match (touch.kind, current) {
            (TouchKind::Outbound, Some(session)) if session.resolved_at_micros.is_none() => {
                session.ended_at_micros = idle_end(at);
            }
            (TouchKind::Resolved, Some(session)) if session.resolved_at_micros.is_none() => {
                session.resolved_at_micros = Some(at);
                session.ended_at_micros = Some(at.saturating_add(CLOSING_MICROS));
            }
            (TouchKind::Outbound | TouchKind::Resolved, _) => {}
            (_, Some(session)) => {
                let reopens = session.resolved_at_micros.take().is_some();
                session.reopen_count += i64::from(reopens);
                session.ended_at_micros = idle_end(at);
            }
            (kind, None) => sessions.push(Session {
                started_at_micros: at,
                is_incoming: matches!(kind, TouchKind::Inbound | TouchKind::OpenedByCustomer),
                resolved_at_micros: None,
                ended_at_micros: idle_end(at),
                reopen_count: 0,
            }),
        }
    }
    sessions
}

#[cfg(test)]
mod tests;
