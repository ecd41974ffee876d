//! Touches of conversations per group, of which `session_spans` is made.
//!
//! 1. Every touch is kept as it comes, with the number of its group: 24 bytes.
//! 2. When groups are asked for, their touches are put in order, group by group.
//!
//! Guarantees: any order of rows and any split gives the same; a state is one list of touches and
//! one idle time-out per group; memory follows the number of touches and is reported.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringViewArray, StructArray,
    TimestampMicrosecondArray, UInt8Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{
    DataType, Field, FieldRef, Fields, Int64Type, TimestampMicrosecondType, UInt8Type,
};
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::EmitTo;
use datafusion::logical_expr::function::StateFieldsArgs;

use super::{is_kept, state_field};
use crate::arguments::{text_array, timestamp_type};
use crate::error::Error;
use crate::session::{Touch, TouchKind};

/// Microseconds in a second.
const MICROS_PER_SECOND: i64 = 1_000_000;

/// The fields of the state: a list of touches and the idle time-out.
pub fn state_fields(arguments: &StateFieldsArgs) -> Vec<FieldRef> {
    let touches = DataType::List(touch_item());
    vec![
        state_field(arguments, "touches", touches),
        state_field(arguments, "idle_timeout_s", DataType::Int64),
    ]
}

/// What the columns of a touch are in a state.
fn touch_fields() -> Fields {
    Fields::from(vec![
        Field::new("at", timestamp_type(), true),
        Field::new("kind", DataType::UInt8, true),
        Field::new("ingest_seq", DataType::Int64, true),
    ])
}

fn touch_item() -> FieldRef {
    let touch = DataType::Struct(touch_fields());
    Arc::new(Field::new_list_field(touch, true))
}

/// One touch of one group. It is flat, because a [`Touch`] beside a group would take 32 bytes.
#[derive(Clone, Copy, Debug)]
struct Row {
    at_micros: i64,
    ingest_seq: i64,
    group: u32,
    kind: TouchKind,
}

const _: () = assert!(size_of::<Row>() == 24);

impl Row {
    fn touch(&self) -> Touch {
        Touch {
            at_micros: self.at_micros,
            kind: self.kind,
            ingest_seq: self.ingest_seq,
        }
    }

    /// Group by group, in the order of touches.
    fn place(&self) -> (u32, (i64, u8, i64, TouchKind)) {
        (self.group, self.touch().place())
    }
}

/// The touches of some groups.
#[derive(Debug, Default)]
pub struct Touches {
    rows: Vec<Row>,
    /// The idle time-out of each group, 0 for none. So there are as many groups.
    idle_timeouts_s: Vec<i64>,
}

impl Touches {
    /// Makes room for groups up to this number.
    pub fn grow(&mut self, group_count: usize) {
        self.idle_timeouts_s.resize(group_count, 0);
    }

    fn push(&mut self, group: usize, touch: Touch) {
        self.rows.push(Row {
            at_micros: touch.at_micros,
            ingest_seq: touch.ingest_seq,
            // Groups are held in memory with their keys; there are not four billion of them.
            group: group as u32,
            kind: touch.kind,
        });
    }

    /// The largest time-out of a group's rows counts, so that their order does not.
    fn set_idle_timeout(&mut self, group: usize, idle_timeout_s: i64) {
        let known = &mut self.idle_timeouts_s[group];
        *known = idle_timeout_s.max(*known);
    }

    /// Adds rows of the function's arguments to groups that there is room for.
    ///
    /// # Errors
    /// [`Error::BadValue`] for an unknown event and a time-out that is not positive.
    pub fn add_rows(
        &mut self,
        arguments: &[ArrayRef],
        group_of: impl Fn(usize) -> usize,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let arguments = Arguments::read(arguments)?;
        for row in (0..arguments.at.len()).filter(|&row| is_kept(filter, row)) {
            let Some(touch) = arguments.touch(row)? else {
                continue;
            };
            let group = group_of(row);
            if let Some(idle_timeout_s) = arguments.idle_timeout_s(row)? {
                self.set_idle_timeout(group, idle_timeout_s);
            }
            self.push(group, touch);
        }
        Ok(())
    }

    /// Adds states to groups that there is room for.
    ///
    /// # Errors
    /// When the arrays are no state of this aggregate.
    pub fn add_states(
        &mut self,
        states: &[ArrayRef],
        group_of: impl Fn(usize) -> usize,
    ) -> Result<()> {
        let [lists, idle_timeouts_s] = take_function_args("session_spans", states)?;
        let (lists, idle_timeouts_s) = (
            lists.as_list::<i32>(),
            idle_timeouts_s.as_primitive::<Int64Type>(),
        );
        let [at, kinds, ingest_seqs] =
            take_function_args("session_spans", lists.values().as_struct().columns())?;
        let at = at.as_primitive::<TimestampMicrosecondType>();
        let kinds = kinds.as_primitive::<UInt8Type>();
        let ingest_seqs = ingest_seqs.as_primitive::<Int64Type>();
        for (row, span) in lists.offsets().windows(2).enumerate() {
            let group = group_of(row);
            if idle_timeouts_s.is_valid(row) {
                self.set_idle_timeout(group, idle_timeouts_s.value(row));
            }
            if lists.is_null(row) {
                continue;
            }
            for item in span[0] as usize..span[1] as usize {
                let kind = TouchKind::of_code(kinds.value(item)).ok_or_else(|| {
                    exec_datafusion_err!("expected a touch, found `{}`", kinds.value(item))
                })?;
                let touch = Touch {
                    at_micros: at.value(item),
                    kind,
                    ingest_seq: ingest_seqs.value(item),
                };
                self.push(group, touch);
            }
        }
        Ok(())
    }

    /// Puts the touches in order.
    pub fn sort(&mut self) {
        self.rows.sort_unstable_by_key(Row::place);
    }

    /// Takes the groups to emit, with their touches in order; the others move up.
    pub fn take(&mut self, emit_to: EmitTo) -> Self {
        let idle_timeouts_s = emit_to.take_needed(&mut self.idle_timeouts_s);
        let mut rows = std::mem::take(&mut self.rows);
        if let EmitTo::First(group_count) = emit_to {
            let group_count = group_count as u32;
            (rows, self.rows) = rows.into_iter().partition(|row| row.group < group_count);
            for row in &mut self.rows {
                row.group -= group_count;
            }
        }
        let mut taken = Self {
            rows,
            idle_timeouts_s,
        };
        taken.sort();
        taken
    }

    /// The touches of each group in turn, and its idle time-out in µs. They were sorted before.
    pub fn groups(&self) -> impl Iterator<Item = (impl Iterator<Item = Touch>, Option<i64>)> {
        let mut rest = self.rows.as_slice();
        let groups = self.idle_timeouts_s.iter().enumerate();
        groups.map(move |(group, &idle_timeout_s)| {
            let is_own = |row: &&Row| row.group as usize == group;
            let own_count = rest.iter().take_while(is_own).count();
            let (own, others) = rest.split_at(own_count);
            rest = others;
            let idle_timeout_micros = idle_timeout_s.saturating_mul(MICROS_PER_SECOND);
            (
                own.iter().map(Row::touch),
                (idle_timeout_s > 0).then_some(idle_timeout_micros),
            )
        })
    }

    /// The groups as a state. They were sorted before.
    ///
    /// # Errors
    /// When the arrays do not fit together: a bug.
    pub fn state(&self) -> Result<Vec<ArrayRef>> {
        let rows = || self.rows.iter();
        let at = TimestampMicrosecondArray::from_iter_values(rows().map(|row| row.at_micros));
        let kinds = UInt8Array::from_iter_values(rows().map(|row| row.kind.code()));
        let ingest_seqs = Int64Array::from_iter_values(rows().map(|row| row.ingest_seq));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(at.with_timezone("UTC")),
            Arc::new(kinds),
            Arc::new(ingest_seqs),
        ];
        let touches = StructArray::try_new(touch_fields(), columns, None)?;
        let lengths = self.groups().map(|(touches, _)| touches.count());
        let offsets = OffsetBuffer::from_lengths(lengths);
        let lists = ListArray::try_new(touch_item(), offsets, Arc::new(touches), None)?;
        let idle_timeouts_s = self.idle_timeouts_s.iter();
        let idle_timeouts_s: Int64Array = idle_timeouts_s
            .map(|&idle_timeout_s| (idle_timeout_s > 0).then_some(idle_timeout_s))
            .collect();
        Ok(vec![Arc::new(lists), Arc::new(idle_timeouts_s)])
    }

    /// Memory held, in bytes.
    pub fn size(&self) -> usize {
        self.rows.capacity() * size_of::<Row>() + self.idle_timeouts_s.capacity() * size_of::<i64>()
    }
}

/// The argument columns of a batch: at, event, actor, ingest_seq and, if it is given, the idle
/// time-out.
struct Arguments<'a> {
    at: &'a TimestampMicrosecondArray,
    events: StringViewArray,
    actors: StringViewArray,
    ingest_seqs: &'a Int64Array,
    idle_timeouts_s: Option<&'a Int64Array>,
}

impl<'a> Arguments<'a> {
    fn read(arguments: &'a [ArrayRef]) -> Result<Self> {
        let [at, events, actors, ingest_seqs, rest @ ..] = arguments else {
            return Err(exec_datafusion_err!(
                "`session_spans` expects 4 to 5 arguments, found {}",
                arguments.len()
            ));
        };
        Ok(Self {
            at: at.as_primitive(),
            events: text_array(events)?,
            actors: text_array(actors)?,
            ingest_seqs: ingest_seqs.as_primitive(),
            idle_timeouts_s: rest.first().map(|idle| idle.as_primitive()),
        })
    }

    /// The touch of a row that is one.
    fn touch(&self, row: usize) -> Result<Option<Touch>, Error> {
        if self.at.is_null(row) || self.events.is_null(row) || self.ingest_seqs.is_null(row) {
            return Ok(None);
        }
        let actor = self.actors.is_valid(row).then(|| self.actors.value(row));
        let kind = TouchKind::parse(self.events.value(row), actor)?;
        // Without a time-out nobody asks for the last activity.
        let is_used =
            |kind: &TouchKind| *kind != TouchKind::Outbound || self.idle_timeouts_s.is_some();
        Ok(kind.filter(is_used).map(|kind| Touch {
            at_micros: self.at.value(row),
            kind,
            ingest_seq: self.ingest_seqs.value(row),
        }))
    }

    fn idle_timeout_s(&self, row: usize) -> Result<Option<i64>, Error> {
        match self.idle_timeouts_s.filter(|idle| idle.is_valid(row)) {
            None => Ok(None),
            Some(idle) if idle.value(row) > 0 => Ok(Some(idle.value(row))),
            Some(idle) => Err(Error::bad_value(
                "idle_timeout_s",
                "a positive number of seconds",
                idle.value(row),
            )),
        }
    }
}
