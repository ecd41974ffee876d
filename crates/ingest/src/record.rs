//! The record types of domain specification §2.4: which fields each knows, how it is checked, which rows it becomes.
//!
//! Guarantees: a record is checked in the field order of the reference ingest and gives its rows only when every
//! rule holds, so a rejected record leaves nothing behind.

mod ai_tool_use;
mod annotation;
mod capture;
mod conversation;
mod conversation_event;
mod conversation_meta;
mod credit_entry;
mod delete;
mod flow_trigger;
mod message;
mod message_id;
mod registry;
mod slugs;
mod user_profile;
mod workflow_run;

use crate::code::{Reject, Warnings};
use crate::error::Result;
use crate::fields::Fields;
use crate::rows::{Cell, RowBuilder};

pub(crate) use ai_tool_use::TOOLS;
pub(crate) use conversation_event::{ACTORS, EVENTS, default_actor, event_id};
pub(crate) use conversation_meta::is_flat_map;
pub(crate) use credit_entry::{AMOUNT_SCALE, CATEGORY_OTHER, KINDS, category};
pub(crate) use message::{CONTENT_BYTES_MAX, SENDERS, Sender};
pub(crate) use registry::{AGENT_ROLES, WORKFLOW_STATUSES, is_zone};
pub(crate) use slugs::{is_slug, label, resolution, slug, slugs, sort_slugs};
pub(crate) use workflow_run::STATUSES;
pub use workflow_run::workflow_run_id;

/// Every record type, by name.
pub(crate) const RECORD_TYPES: &[RecordType] = &[
    registry::ACCOUNT,
    registry::AGENT,
    ai_tool_use::AI_TOOL_USE,
    annotation::ANNOTATION,
    registry::BROADCAST,
    capture::CAPTURE,
    registry::CHATBOT,
    conversation::CONVERSATION,
    conversation_event::CONVERSATION_EVENT,
    credit_entry::CREDIT_ENTRY,
    delete::DELETE,
    registry::FLOW,
    flow_trigger::FLOW_TRIGGER,
    registry::INBOX,
    message::MESSAGE,
    registry::TEAM,
    registry::TEAM_MEMBER,
    user_profile::USER_PROFILE,
    registry::WORKFLOW,
    workflow_run::WORKFLOW_RUN,
];

/// A record type.
pub(crate) struct RecordType {
    /// Value of the field `type`.
    pub(crate) name: &'static str,
    /// Keys that give no warning.
    pub(crate) known: &'static [&'static str],
    /// The rows that a record can become.
    pub(crate) outputs: &'static [Output],
    /// Checks a record and appends its rows.
    pub(crate) decode: fn(Fields<'_>, &mut Record<'_>) -> Result<(), Reject>,
}

/// Rows of one kind.
pub(crate) struct Output {
    /// The stored table.
    pub(crate) table: &'static str,
    /// The order in which a row's cells come.
    pub(crate) columns: &'static [&'static str],
    /// Whether several rows, or other rows as well, belong to one record.
    pub(crate) part_of_record: bool,
}

/// The record being read.
pub(crate) struct Record<'c> {
    /// When the server received it, unless it says so itself, in µs.
    pub(crate) received_at: i64,
    /// What is odd about it.
    pub(crate) warnings: &'c mut Warnings,
    /// Builders of the type's outputs.
    pub(crate) rows: &'c mut [RowBuilder],
    /// Rows in the chunk so far.
    pub(crate) row_count: &'c mut i64,
}

impl Record<'_> {
    /// Appends a row to the `output`-th of the type's outputs.
    pub(crate) fn append(&mut self, output: usize, cells: &[Cell<'_>]) {
        self.rows[output].append(*self.row_count, cells);
        *self.row_count += 1;
    }
}
