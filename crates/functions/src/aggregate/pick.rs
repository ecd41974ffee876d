//! Picks one value per group: the one with the best place in an order. `latest` and
//! `first_value_by` are made of it.
//!
//! 1. A row takes part when none of its arguments is NULL: value, order and, when given, tie.
//! 2. The best order wins; among equal orders the best tie; among equal ties the best value (see
//!    [`Best`]).
//! 3. A batch is first decided by comparing numbers; only the winners' values are copied, as one
//!    small array.
//! 4. Values that have been beaten since are dropped as soon as they outnumber the groups.
//!
//! Guarantees: works for values of every type that can be compared; the same winner in any order of
//! rows; memory follows the number of groups, not of rows.

mod order;

use std::cmp::Ordering;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array, UInt32Array,
    make_comparator, new_null_array,
};
use arrow::compute::{SortOptions, interleave, take};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use self::order::Batch;
use super::{is_kept, state_field};

/// Values beyond twice the groups that may be kept before the beaten ones are dropped.
const SPARE_ROWS: usize = 8_192;

/// Small arrays of winners that may be kept before they are made one.
const CHUNKS_MAX: usize = 1_024;

/// Where no winner is known: the one row of the first chunk, which is NULL.
const NOBODY: Place = Place { chunk: 0, row: 0 };

/// How an order reaches a state: any number of up to 38 digits.
const ORDER_TYPE: DataType = DataType::Decimal128(38, 0);

/// Which end of the order wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Best {
    /// The largest order; on ties the largest tie, then the largest value.
    Largest,
    /// The smallest order; on ties the smallest tie, then the smallest value.
    Smallest,
}

impl Best {
    fn beats(self, ordering: Ordering) -> bool {
        match self {
            Self::Largest => ordering.is_gt(),
            Self::Smallest => ordering.is_lt(),
        }
    }
}

/// The fields of the state: value, order and tie of the winner.
pub fn state_fields(arguments: &StateFieldsArgs) -> Vec<FieldRef> {
    vec![
        state_field(arguments, "value", arguments.return_type().clone()),
        state_field(arguments, "order", ORDER_TYPE),
        state_field(arguments, "tie", DataType::Int64),
    ]
}

/// A row of one of the kept arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    chunk: u32,
    row: u32,
}

/// The winner per group.
pub struct GroupPicks {
    best: Best,
    /// Arrays of values; the first holds one NULL.
    chunks: Vec<ArrayRef>,
    kept_rows: usize,
    orders: Vec<i128>,
    ties: Vec<i64>,
    places: Vec<Place>,
}

impl GroupPicks {
    /// No groups yet; `value_type` is the type of the values.
    pub fn new(best: Best, value_type: &DataType) -> Self {
        let nobody = new_null_array(value_type, 1);
        let (orders, ties, places) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            best,
            chunks: vec![nobody],
            kept_rows: 0,
            orders,
            ties,
            places,
        }
    }

    /// Lets the rows of a batch compete: value, order and, if there are three columns, tie.
    fn compete(
        &mut self,
        columns: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
        group_count: usize,
    ) -> Result<()> {
        let batch = Batch::new(columns)?;
        self.orders.resize(group_count, 0);
        self.ties.resize(group_count, 0);
        self.places.resize(group_count, NOBODY);
        // Until its winners are known, the batch itself is the newest chunk.
        let pending = self.chunks.len() as u32;
        let mut touched = Vec::new();
        for (row, &group) in group_indices.iter().enumerate() {
            let Some((order, tie)) = batch.standing(row).filter(|_| is_kept(filter, row)) else {
                continue;
            };
            let place = self.places[group];
            if place != NOBODY {
                let ordering = order
                    .cmp(&self.orders[group])
                    .then(tie.cmp(&self.ties[group]));
                let ordering = match ordering {
                    Ordering::Equal => self.compare_values(&batch, row, place)?,
                    different => different,
                };
                if !self.best.beats(ordering) {
                    continue;
                }
            }
            if place.chunk != pending {
                touched.push(group);
            }
            (self.orders[group], self.ties[group]) = (order, tie);
            self.places[group] = Place {
                chunk: pending,
                row: row as u32,
            };
        }
        self.keep(batch.values, &touched)
    }

    /// How the batch's value in `row` compares with the winner so far.
    fn compare_values(&self, batch: &Batch, row: usize, place: Place) -> Result<Ordering> {
        let winner = self
            .chunks
            .get(place.chunk as usize)
            .unwrap_or(batch.values);
        let compare = make_comparator(batch.values, winner, SortOptions::default())?;
        Ok(compare(row, place.row as usize))
    }

    /// Copies the winners of the groups a batch has touched into a chunk of their own.
    fn keep(&mut self, values: &ArrayRef, touched: &[usize]) -> Result<()> {
        if touched.is_empty() {
            return Ok(());
        }
        let rows =
            UInt32Array::from_iter_values(touched.iter().map(|&group| self.places[group].row));
        for (row, &group) in touched.iter().enumerate() {
            self.places[group].row = row as u32;
        }
        self.chunks.push(owned(take(values, &rows, None)?));
        self.kept_rows += touched.len();
        if self.kept_rows > 2 * self.places.len() + SPARE_ROWS || self.chunks.len() > CHUNKS_MAX {
            self.drop_beaten()?;
        }
        Ok(())
    }

    /// Replaces all chunks by one that holds the winners alone.
    fn drop_beaten(&mut self) -> Result<()> {
        let winners: Vec<usize> = (0..self.places.len())
            .filter(|&group| self.places[group] != NOBODY)
            .collect();
        let values = self.values(winners.iter().map(|&group| self.places[group]))?;
        for (row, &group) in winners.iter().enumerate() {
            self.places[group] = Place {
                chunk: 1,
                row: row as u32,
            };
        }
        self.kept_rows = winners.len();
        self.chunks.truncate(1);
        self.chunks.push(owned(values));
        Ok(())
    }

    /// The values in some places, as one array.
    fn values(&self, places: impl Iterator<Item = Place>) -> Result<ArrayRef> {
        let chunks: Vec<&dyn Array> = self.chunks.iter().map(AsRef::as_ref).collect();
        let places: Vec<(usize, usize)> = places
            .map(|place| (place.chunk as usize, place.row as usize))
            .collect();
        if places.is_empty() {
            return Ok(self.chunks[0].slice(0, 0));
        }
        Ok(interleave(&chunks, &places)?)
    }

    /// Values, orders and ties of the groups as a state; the groups stay.
    fn peek(&self, group_count: usize) -> Result<Vec<ArrayRef>> {
        let known = |group: usize| self.places[group] != NOBODY;
        let orders = (0..group_count).map(|group| known(group).then(|| self.orders[group]));
        let orders = orders
            .collect::<Decimal128Array>()
            .with_data_type(ORDER_TYPE);
        let ties = (0..group_count).map(|group| known(group).then(|| self.ties[group]));
        let ties = ties.collect::<Int64Array>();
        let values = self.values(self.places[..group_count].iter().copied())?;
        Ok(vec![values, Arc::new(orders), Arc::new(ties)])
    }

    /// The groups to emit, as a state; they go, and the others move up.
    fn emit(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let group_count = match emit_to {
            EmitTo::All => self.places.len(),
            EmitTo::First(group_count) => group_count,
        };
        let state = self.peek(group_count)?;
        emit_to.take_needed(&mut self.orders);
        emit_to.take_needed(&mut self.ties);
        emit_to.take_needed(&mut self.places);
        if self.places.is_empty() {
            self.chunks.truncate(1);
            self.kept_rows = 0;
        }
        Ok(state)
    }
}

impl GroupsAccumulator for GroupPicks {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.compete(values, group_indices, opt_filter, total_num_groups)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.compete(values, group_indices, None, total_num_groups)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(self.emit(emit_to)?.swap_remove(0))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.emit(emit_to)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let groups: Vec<usize> = (0..values.first().map_or(0, |values| values.len())).collect();
        let value_type = self.chunks[0].data_type();
        let mut rows = Self::new(self.best, value_type);
        rows.compete(values, &groups, opt_filter, groups.len())?;
        rows.emit(EmitTo::All)
    }

    fn size(&self) -> usize {
        let chunks = self
            .chunks
            .iter()
            .map(|chunk| chunk.get_array_memory_size());
        chunks.sum::<usize>()
            + self.chunks.capacity() * size_of::<ArrayRef>()
            + self.orders.capacity() * size_of::<i128>()
            + self.ties.capacity() * size_of::<i64>()
            + self.places.capacity() * size_of::<Place>()
    }
}

/// One winner, for aggregates without groups and for windows that only grow.
pub struct RowPick {
    picks: GroupPicks,
}

impl RowPick {
    /// No row seen yet; `value_type` is the type of the values.
    pub fn new(best: Best, value_type: &DataType) -> Self {
        let mut picks = GroupPicks::new(best, value_type);
        picks.places.push(NOBODY);
        picks.orders.push(0);
        picks.ties.push(0);
        Self { picks }
    }
}

impl std::fmt::Debug for RowPick {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowPick")
            .field("best", &self.picks.best)
            .finish_non_exhaustive()
    }
}

impl Accumulator for RowPick {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let groups = vec![0; values.first().map_or(0, |values| values.len())];
        self.picks.compete(values, &groups, None, 1)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.picks.peek(1)?;
        state
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.picks.peek(1)?[0], 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.picks.size()
    }
}

/// The array without the buffers of the batch it was taken from, where views would keep them alive.
fn owned(values: ArrayRef) -> ArrayRef {
    match values.data_type() {
        DataType::Utf8View => Arc::new(values.as_string_view().gc()),
        DataType::BinaryView => Arc::new(values.as_binary_view().gc()),
        _ => values,
    }
}
