//! Rules over several columns of a row, and columns that follow from others.
//!
//! Guarantees: what a file says in a derived column (role, direction, is_visible) is never used, so it cannot disagree
//! with the columns that it follows from.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, StringArray, StringBuilder};
use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};

use crate::bulk::check::TableCheck;
use crate::error::Result;
use crate::record::{self, CATEGORY_OTHER, SENDERS, Sender};

/// A message of an agent says which one.
pub(super) fn agents_are_named(check: &mut TableCheck<'_>) -> Result<()> {
    let (senders, agents) = (
        check.finished_text("sender_type")?,
        check.finished("agent_id")?,
    );
    if agents.null_count() == 0 {
        return Ok(());
    }
    for row in (0..check.row_count()).filter(|&row| agents.is_null(row)) {
        if senders.is_valid(row) && senders.value(row) == "agent" {
            check.findings.reject(row, "missing_field", "agent_id");
        }
    }
    Ok(())
}

/// Fills in what follows from sender and privacy (§1.1).
pub(super) fn role_direction_and_visibility(check: &mut TableCheck<'_>) -> Result<()> {
    let (senders, privacy) = (
        check.finished_text("sender_type")?,
        check.finished("is_private")?,
    );
    let privacy = privacy.as_boolean();
    let row_count = check.row_count();
    let mut roles = StringBuilder::with_capacity(row_count, row_count * "assistant".len());
    let mut directions = StringBuilder::with_capacity(row_count, row_count * "outbound".len());
    let mut visibilities = Vec::with_capacity(row_count);
    for row in 0..row_count {
        // A row without a sender is rejected already.
        let sender_type = SENDERS
            .iter()
            .find(|sender| **sender == senders.value(row))
            .unwrap_or(&SENDERS[0]);
        let sender = Sender {
            sender_type,
            is_private: privacy.value(row),
        };
        roles.append_value(sender.role());
        directions.append_value(sender.direction());
        visibilities.push(sender.is_visible());
    }
    check.finish_column("role", Arc::new(roles.finish()))?;
    check.finish_column("direction", Arc::new(directions.finish()))?;
    check.finish_column("is_visible", Arc::new(BooleanArray::from(visibilities)))
}

/// An assignment names an agent or a team.
pub(super) fn assignment_names_somebody(check: &mut TableCheck<'_>) -> Result<()> {
    let events = check.finished_text("event")?;
    let (agents, teams) = (check.finished("agent_id")?, check.finished("team_id")?);
    for row in 0..check.row_count() {
        if agents.is_null(row)
            && teams.is_null(row)
            && events.is_valid(row)
            && events.value(row) == "assigned"
        {
            check
                .findings
                .reject(row, "missing_field", "agent_id|team_id");
        }
    }
    Ok(())
}

/// Who acts when an event does not say so.
pub(super) fn default_actor(check: &mut TableCheck<'_>) -> Result<()> {
    let (events, actors) = (check.finished_text("event")?, check.finished_text("actor")?);
    fill_text(check, "actor", &actors, |row| {
        record::default_actor(events.value(row)).map(Cow::Borrowed)
    })
}

/// The id of an event that came without one.
pub(super) fn missing_event_id(check: &mut TableCheck<'_>) -> Result<()> {
    let event_ids = check.finished_text("event_id")?;
    if event_ids.null_count() == 0 {
        return Ok(());
    }
    let (conversations, events) = (
        check.finished_text("conversation_id")?,
        check.finished_text("event")?,
    );
    let (agents, teams) = (
        check.finished_text("agent_id")?,
        check.finished_text("team_id")?,
    );
    let times = check.finished("occurred_at")?;
    let times = times.as_primitive::<TimestampMicrosecondType>().clone();
    let value =
        |column: &StringArray, row| column.is_valid(row).then(|| column.value(row).to_owned());
    fill_text(check, "event_id", &event_ids, |row| {
        let (agent, team) = (value(&agents, row), value(&teams, row));
        let (conversation, event) = (conversations.value(row), events.value(row));
        Some(Cow::Owned(record::event_id(
            conversation,
            event,
            times.value(row),
            agent.as_deref(),
            team.as_deref(),
        )))
    })
}

/// Only adjustments may be below zero.
pub(super) fn only_adjustments_are_negative(check: &mut TableCheck<'_>) -> Result<()> {
    let (kinds, amounts) = (check.finished_text("kind")?, check.finished("amount_usd")?);
    let amounts = amounts.as_primitive::<Decimal128Type>();
    for row in 0..check.row_count() {
        if amounts.value(row) < 0 && kinds.value(row) != "adjustment" {
            check.findings.reject(row, "out_of_range", "amount_usd");
        }
    }
    Ok(())
}

/// Usage has one of the known categories or `Other`, anything else has none.
pub(super) fn category(check: &mut TableCheck<'_>) -> Result<()> {
    let (kinds, categories) = (
        check.finished_text("kind")?,
        check.finished_text("category")?,
    );
    let category = |row| {
        let is_usage = kinds.value(row) == "usage";
        let category = if categories.is_valid(row) {
            record::category(categories.value(row))
        } else {
            CATEGORY_OTHER
        };
        is_usage.then_some(category)
    };
    let categories: StringArray = (0..check.row_count()).map(category).collect();
    check.finish_column("category", Arc::new(categories))
}

/// Usage says which chatbot it was for.
pub(super) fn usage_names_a_chatbot(check: &mut TableCheck<'_>) -> Result<()> {
    let (kinds, chatbots) = (check.finished_text("kind")?, check.finished("chatbot_id")?);
    for row in (0..check.row_count()).filter(|&row| chatbots.is_null(row)) {
        if kinds.is_valid(row) && kinds.value(row) == "usage" {
            check.findings.reject(row, "missing_field", "chatbot_id");
        }
    }
    Ok(())
}

/// A state of a run that does not say when it was updated was updated when it occurred.
pub(super) fn updated_when_it_occurred(check: &mut TableCheck<'_>) -> Result<()> {
    let (updated, occurred) = (
        check.finished("updated_at")?,
        check.finished("occurred_at")?,
    );
    if updated.null_count() == 0 {
        return Ok(());
    }
    let filled: ArrayRef = arrow::compute::kernels::zip::zip(
        &arrow::compute::is_null(&updated)?,
        &occurred,
        &updated,
    )?;
    check.finish_column("updated_at", filled)
}

/// Fills the missing values of a column.
fn fill_text<'a>(
    check: &mut TableCheck<'_>,
    name: &str,
    texts: &'a StringArray,
    missing: impl Fn(usize) -> Option<Cow<'a, str>>,
) -> Result<()> {
    if texts.null_count() == 0 {
        return Ok(());
    }
    let filled = texts
        .iter()
        .enumerate()
        .map(|(row, text)| text.map(Cow::Borrowed).or_else(|| missing(row)));
    check.finish_column(name, Arc::new(filled.collect::<StringArray>()))
}
