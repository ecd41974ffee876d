//! `session_spans(at, event, actor, ingest_seq [, idle_timeout_s])`: the sessions of a conversation
//! (domain specification §5.4).
//!
//! Guarantees: the state machine of [`crate::session`]; the same answer in any order of rows, also
//! when rows come twice. Memory follows the number of touches and is reported, so the session's
//! memory limit holds.

use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, Int64Array, ListArray, StructArray, TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::touches_by_group::{self, Touches};
use crate::arguments::{Kind, coerce, timestamp_type};
use crate::reference::Entry;
use crate::session::{Session, sessions};

/// What is taken: time, event, actor, arrival number and, optionally, the idle time-out.
const KINDS: [Kind; 5] = [
    Kind::Timestamp,
    Kind::Text,
    Kind::Text,
    Kind::Integer,
    Kind::Integer,
];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "session_spans(at, event, actor, ingest_seq [, idle_timeout_s])",
        description: "The sessions of one conversation as a list of structs `session_no`, \
                      `started_at`, `is_incoming`, `resolved_at`, `ended_at` and `reopens`, in \
                      order; NULL when there is none. An inbound message, `opened` or `reopened` \
                      starts a session, or continues the one that has not ended; a session that \
                      is resolved ends 24 hours later unless it is continued before, which \
                      reopens it. Rows whose time, event or arrival number is NULL are left out; \
                      the order of rows does not matter, nor does a row that comes twice. Unfold \
                      the list with `unnest`.",
        arguments: &[
            ("at", "when it happened: a timestamp"),
            (
                "event",
                "the `direction` of a message, `inbound` or `outbound`, or an event: `opened`, \
                 `reopened`, `resolved`, or `assigned` and `unassigned`, which do not matter here",
            ),
            (
                "actor",
                "who opened: a session is incoming when it starts with an inbound message or was \
                 opened by `customer`",
            ),
            (
                "ingest_seq",
                "a whole number that decides between events of one instant",
            ),
            (
                "idle_timeout_s",
                "seconds after which an unresolved session ends in which nothing happens. \
                 Outbound messages keep it going and matter for nothing else, so give them, \
                 visible ones only, when there is a time-out; left out or NULL: it does not end. \
                 The largest of a conversation's rows counts",
            ),
        ],
        example: "SELECT session_spans(at, event, NULL, n) FROM (VALUES ('2026-03-01T10:00:00Z', \
                  'inbound', 1), ('2026-03-01T11:00:00Z', 'resolved', 2)) AS v(at, event, n);\n\
                  -- [{session_no: 1, started_at: 2026-03-01T10:00:00Z, is_incoming: true, \
                  resolved_at: 2026-03-01T11:00:00Z, ended_at: 2026-03-02T11:00:00Z, reopens: 0}]",
    }
    .aggregate()
});

/// The function `session_spans`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SessionSpans {
    signature: Signature,
}

impl Default for SessionSpans {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for SessionSpans {
    fn name(&self) -> &str {
        "session_spans"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &KINDS, 1, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::List(span_item()))
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(touches_by_group::state_fields(&arguments))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(RowSpans::default()))
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GroupSpans::default()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

/// The columns of a session.
fn span_fields() -> Fields {
    Fields::from(vec![
        Field::new("session_no", DataType::Int64, true),
        Field::new("started_at", timestamp_type(), true),
        Field::new("is_incoming", DataType::Boolean, true),
        Field::new("resolved_at", timestamp_type(), true),
        Field::new("ended_at", timestamp_type(), true),
        Field::new("reopens", DataType::Int64, true),
    ])
}

fn span_item() -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(span_fields()), true))
}

/// The sessions of each group as a list. The touches were sorted before.
fn spans(touches: &Touches) -> Result<ArrayRef> {
    let (mut found, mut lengths) = (Vec::<(i64, Session)>::new(), Vec::new());
    for (touches, idle_timeout_micros) in touches.groups() {
        let sessions = sessions(touches, idle_timeout_micros);
        lengths.push(sessions.len());
        found.extend((1..).zip(sessions));
    }
    let instants = |of: fn(&Session) -> Option<i64>| -> ArrayRef {
        let instants = found.iter().map(|(_, session)| of(session));
        let instants: TimestampMicrosecondArray = instants.collect();
        Arc::new(instants.with_timezone("UTC"))
    };
    let numbers = found.iter().map(|(session_no, _)| *session_no);
    let incoming = found.iter().map(|(_, session)| Some(session.is_incoming));
    let reopens = found.iter().map(|(_, session)| session.reopen_count);
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int64Array::from_iter_values(numbers)),
        instants(|session| Some(session.started_at_micros)),
        Arc::new(incoming.collect::<BooleanArray>()),
        instants(|session| session.resolved_at_micros),
        instants(|session| session.ended_at_micros),
        Arc::new(Int64Array::from_iter_values(reopens)),
    ];
    let nulls: NullBuffer = lengths.iter().map(|&length| length > 0).collect();
    Ok(Arc::new(ListArray::try_new(
        span_item(),
        OffsetBuffer::from_lengths(lengths),
        Arc::new(StructArray::try_new(span_fields(), columns, None)?),
        Some(nulls),
    )?))
}

/// The touches of each group.
#[derive(Debug, Default)]
struct GroupSpans(Touches);

impl GroupsAccumulator for GroupSpans {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.grow(total_num_groups);
        self.0
            .add_rows(values, |row| group_indices[row], opt_filter)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.grow(total_num_groups);
        self.0.add_states(values, |row| group_indices[row])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        spans(&self.0.take(emit_to))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.0.take(emit_to).state()
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Touches::default();
        rows.grow(values.first().map_or(0, |values| values.len()));
        rows.add_rows(values, |row| row, opt_filter)?;
        rows.state()
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

/// The touches of one group, for aggregates without groups and for windows that only grow.
#[derive(Debug)]
struct RowSpans(Touches);

impl Default for RowSpans {
    fn default() -> Self {
        let mut touches = Touches::default();
        touches.grow(1);
        Self(touches)
    }
}

impl Accumulator for RowSpans {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.add_rows(values, |_| 0, None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.add_states(states, |_| 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.sort();
        let state = self.0.state()?;
        state
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.0.sort();
        ScalarValue::try_from_array(&spans(&self.0)?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }
}

#[cfg(test)]
mod tests;
