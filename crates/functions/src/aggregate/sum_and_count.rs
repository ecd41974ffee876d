//! Aggregates that are a sum and a count: each row adds a whole number or nothing.
//!
//! Guarantees: sums are integers of 128 bits, so any order and any split gives the same; overflow
//! is an error. The state is 24 bytes a group. Rows can be taken out again, for windows that slide.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Int64Array};
use arrow::datatypes::{DataType, Decimal128Type, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::{is_kept, state_field};
use crate::score_sum::SUM_TYPE;

/// What is added up, and what becomes of it.
pub trait Rule: Debug + Send + Sync + 'static {
    /// What each row adds; NULL for a row that does not count.
    fn amounts(arguments: &[ArrayRef]) -> Result<Decimal128Array>;

    /// The answers of groups, from their sums and counts.
    fn finish(sums: &[i128], counts: &[i64]) -> Result<ArrayRef>;
}

/// The fields of the state: sum and count.
pub fn state_fields(arguments: &StateFieldsArgs) -> Vec<FieldRef> {
    vec![
        state_field(arguments, "sum", SUM_TYPE),
        state_field(arguments, "count", DataType::Int64),
    ]
}

/// One sum and count, for aggregates without groups and for windows.
#[derive(Debug)]
pub struct RowSums<R> {
    sum: i128,
    count: i64,
    rule: PhantomData<R>,
}

impl<R> Default for RowSums<R> {
    fn default() -> Self {
        Self {
            sum: 0,
            count: 0,
            rule: PhantomData,
        }
    }
}

impl<R: Rule> Accumulator for RowSums<R> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for amount in R::amounts(values)?.iter().flatten() {
            self.sum = add(self.sum, amount)?;
            self.count += 1;
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        for amount in R::amounts(values)?.iter().flatten() {
            self.sum = self.sum.checked_sub(amount).ok_or_else(overflow)?;
            self.count -= 1;
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (sums, counts) = sums_and_counts(states)?;
        for (sum, count) in sums.iter().zip(counts.iter()) {
            self.sum = add(self.sum, sum.unwrap_or(0))?;
            self.count += count.unwrap_or(0);
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let sum = ScalarValue::Decimal128(Some(self.sum), 38, 0);
        Ok(vec![sum, ScalarValue::Int64(Some(self.count))])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&R::finish(&[self.sum], &[self.count])?, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self)
    }
}

/// A sum and a count per group.
#[derive(Debug)]
pub struct GroupSums<R> {
    sums: Vec<i128>,
    counts: Vec<i64>,
    rule: PhantomData<R>,
}

impl<R> Default for GroupSums<R> {
    fn default() -> Self {
        Self {
            sums: Vec::new(),
            counts: Vec::new(),
            rule: PhantomData,
        }
    }
}

impl<R> GroupSums<R> {
    fn grow(&mut self, group_count: usize) {
        self.sums.resize(group_count, 0);
        self.counts.resize(group_count, 0);
    }
}

impl<R: Rule> GroupsAccumulator for GroupSums<R> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let amounts = R::amounts(values)?;
        for (row, (&group, amount)) in group_indices.iter().zip(amounts.iter()).enumerate() {
            if let Some(amount) = amount.filter(|_| is_kept(opt_filter, row)) {
                self.sums[group] = add(self.sums[group], amount)?;
                self.counts[group] += 1;
            }
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        let (sums, counts) = sums_and_counts(values)?;
        for ((&group, sum), count) in group_indices.iter().zip(sums.iter()).zip(counts.iter()) {
            self.sums[group] = add(self.sums[group], sum.unwrap_or(0))?;
            self.counts[group] += count.unwrap_or(0);
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        R::finish(
            &emit_to.take_needed(&mut self.sums),
            &emit_to.take_needed(&mut self.counts),
        )
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let sums = emit_to.take_needed(&mut self.sums);
        let counts = emit_to.take_needed(&mut self.counts);
        let sums = Decimal128Array::from_iter_values(sums).with_data_type(SUM_TYPE);
        Ok(vec![Arc::new(sums), Arc::new(Int64Array::from(counts))])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let amounts = R::amounts(values)?;
        let kept = amounts.iter().enumerate();
        let kept = kept.map(|(row, amount)| amount.filter(|_| is_kept(opt_filter, row)));
        let sums: Decimal128Array = kept.collect();
        let counts = (0..sums.len()).map(|row| i64::from(sums.is_valid(row)));
        let counts = Int64Array::from_iter_values(counts);
        Ok(vec![
            Arc::new(sums.with_data_type(SUM_TYPE)),
            Arc::new(counts),
        ])
    }

    fn size(&self) -> usize {
        self.sums.capacity() * size_of::<i128>() + self.counts.capacity() * size_of::<i64>()
    }
}

fn sums_and_counts(states: &[ArrayRef]) -> Result<(&Decimal128Array, &Int64Array)> {
    let [sums, counts] = states else {
        return Err(exec_datafusion_err!(
            "expected a state of 2 columns, found {}",
            states.len()
        ));
    };
    Ok((
        sums.as_primitive::<Decimal128Type>(),
        counts.as_primitive::<Int64Type>(),
    ))
}

fn add(sum: i128, amount: i128) -> Result<i128> {
    sum.checked_add(amount).ok_or_else(overflow)
}

fn overflow() -> datafusion::error::DataFusionError {
    exec_datafusion_err!(
        "bad_value:score: expected scores whose sum fits 128 bits, found a larger sum"
    )
}
