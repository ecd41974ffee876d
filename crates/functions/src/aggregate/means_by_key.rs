//! Sums and counts per group and key, of which `avg_of_means` is made.
//!
//! Guarantees: exact in any order; a state is one list of keys, of sums and of counts per group;
//! memory follows the number of distinct (group, key) pairs.

use std::mem::size_of;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::utils::take_function_args;
use datafusion::common::{HashMap, Result, ScalarValue};
use datafusion::logical_expr::function::StateFieldsArgs;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use super::row_keys::RowKeys;
use super::{is_kept, state_field};
use crate::arguments::number_array;
use crate::error::Error;
use crate::score_sum::{self, SUM_TYPE};

/// The fields of the state: lists of keys, sums and counts.
pub fn state_fields(arguments: &StateFieldsArgs, key_type: &DataType) -> Vec<FieldRef> {
    let list_of = |item| DataType::List(Arc::new(Field::new_list_field(item, true)));
    vec![
        state_field(arguments, "keys", list_of(key_type.clone())),
        state_field(arguments, "sums", list_of(SUM_TYPE)),
        state_field(arguments, "counts", list_of(DataType::Int64)),
    ]
}

/// Sum and count of one key within one group.
#[derive(Clone, Copy, Debug)]
struct Part {
    group: usize,
    key: u32,
    sum: i128,
    count: i64,
}

/// Sums and counts per group and key.
#[derive(Debug)]
pub struct Means {
    key_type: DataType,
    keys: RowKeys,
    /// Where each (group, key) is in `parts`.
    index: HashMap<(usize, u32), usize>,
    parts: Vec<Part>,
    group_count: usize,
}

impl Means {
    /// No groups yet; `key_type` is the type of the keys.
    ///
    /// # Errors
    /// When keys of this type cannot be told apart.
    pub fn new(key_type: DataType) -> Result<Self> {
        let keys = RowKeys::new(&key_type)?;
        Ok(Self {
            key_type,
            keys,
            index: HashMap::default(),
            parts: Vec::new(),
            group_count: 0,
        })
    }

    /// Adds a sum of `count` values to a key of a group.
    fn add(&mut self, group: usize, key: u32, sum: i128, count: i64) -> Result<()> {
        let Self { index, parts, .. } = self;
        let at = *index.entry((group, key)).or_insert_with(|| {
            parts.push(Part {
                group,
                key,
                sum: 0,
                count: 0,
            });
            parts.len() - 1
        });
        let part = &mut parts[at];
        part.sum = part.sum.checked_add(sum).ok_or_else(|| {
            Error::bad_value("value", "values whose sum fits 128 bits", "a larger sum")
        })?;
        part.count += count;
        Ok(())
    }

    /// Adds rows of a value and a key.
    fn add_rows(
        &mut self,
        values: &[ArrayRef],
        group_of: impl Fn(usize) -> usize,
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let [values, keys] = take_function_args("avg_of_means", values)?;
        let (values, keys) = (number_array(values)?, self.keys.number(keys)?);
        for (row, (value, key)) in values.iter().zip(keys).enumerate() {
            let Some(value) = value.filter(|_| is_kept(filter, row)) else {
                continue;
            };
            if let Some(value) = score_sum::fixed(value)? {
                self.add(group_of(row), key, value, 1)?;
            }
        }
        Ok(())
    }

    /// Adds states: lists of keys, sums and counts.
    fn add_states(&mut self, states: &[ArrayRef], group_of: impl Fn(usize) -> usize) -> Result<()> {
        let [keys, sums, counts] = take_function_args("avg_of_means", states)?;
        let (keys, sums) = (keys.as_list::<i32>(), sums.as_list::<i32>());
        let counts = counts.as_list::<i32>();
        for row in (0..keys.len()).filter(|&row| keys.is_valid(row)) {
            let numbers = self.keys.number(&keys.value(row))?;
            let (sums, counts) = (sums.value(row), counts.value(row));
            let (sums, counts) = (
                sums.as_primitive::<Decimal128Type>(),
                counts.as_primitive::<Int64Type>(),
            );
            for (at, key) in numbers.into_iter().enumerate() {
                self.add(group_of(row), key, sums.value(at), counts.value(at))?;
            }
        }
        Ok(())
    }

    /// Takes the parts of the groups to emit, ordered by group; the others move up.
    fn take(&mut self, emit_to: EmitTo) -> Result<Emitted> {
        let group_count = match emit_to {
            EmitTo::All => self.group_count,
            EmitTo::First(group_count) => group_count,
        };
        let rest = Self::new(self.key_type.clone())?;
        let taken = std::mem::replace(self, rest);
        self.group_count = taken.group_count - group_count;
        let (mut parts, rest): (Vec<Part>, Vec<Part>) = taken
            .parts
            .into_iter()
            .partition(|part| part.group < group_count);
        // Only the keys that are still needed are kept.
        let kept = taken.keys.values(rest.iter().map(|part| part.key))?;
        let numbers = self.keys.number(&kept)?;
        for (part, key) in rest.iter().zip(numbers) {
            self.add(part.group - group_count, key, part.sum, part.count)?;
        }
        parts.sort_unstable_by_key(|part| part.group);
        Ok(Emitted {
            parts,
            keys: taken.keys,
            group_count,
        })
    }
}

/// Parts of groups, ordered by group.
struct Emitted {
    parts: Vec<Part>,
    keys: RowKeys,
    group_count: usize,
}

impl Emitted {
    /// The mean of means of each group.
    fn means(&self) -> Result<Float64Array> {
        let mut found = Vec::with_capacity(self.group_count);
        let mut parts = self.parts.iter().peekable();
        for group in 0..self.group_count {
            let mut own = Vec::new();
            while let Some(part) = parts.next_if(|part| part.group == group) {
                own.push(*part);
            }
            found.push(mean_of_means(&own)?);
        }
        Ok(Float64Array::from(found))
    }

    /// A list of keys, of sums and of counts per group.
    fn state(&self) -> Result<Vec<ArrayRef>> {
        let mut lengths = vec![0; self.group_count];
        for part in &self.parts {
            lengths[part.group] += 1;
        }
        let offsets = OffsetBuffer::from_lengths(lengths);
        let keys = self.keys.values(self.parts.iter().map(|part| part.key))?;
        let sums = Decimal128Array::from_iter_values(self.parts.iter().map(|part| part.sum));
        let counts = Int64Array::from_iter_values(self.parts.iter().map(|part| part.count));
        let columns: [ArrayRef; 3] = [
            keys,
            Arc::new(sums.with_data_type(SUM_TYPE)),
            Arc::new(counts),
        ];
        let list = |items: ArrayRef| -> Result<ArrayRef> {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            Ok(Arc::new(ListArray::try_new(
                field,
                offsets.clone(),
                items,
                None,
            )?))
        };
        columns.into_iter().map(list).collect()
    }
}

/// The mean of the means of the parts of one group.
fn mean_of_means(parts: &[Part]) -> Result<Option<f64>, Error> {
    let (mut sum, mut count) = (0_i128, 0);
    for part in parts {
        let mean = score_sum::mean(part.sum, u64::try_from(part.count).unwrap_or_default());
        if let Some(mean) = mean
            && let Some(mean) = score_sum::fixed(mean)?
        {
            // Means are at most 2^86 and their number fits 32 bits: no overflow.
            sum += mean;
            count += 1;
        }
    }
    Ok(score_sum::mean(sum, count))
}

impl GroupsAccumulator for Means {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.group_count = total_num_groups;
        self.add_rows(values, |row| group_indices[row], opt_filter)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.group_count = total_num_groups;
        self.add_states(values, |row| group_indices[row])
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        Ok(Arc::new(self.take(emit_to)?.means()?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        self.take(emit_to)?.state()
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut rows = Self::new(self.key_type.clone())?;
        rows.group_count = values.first().map_or(0, |values| values.len());
        rows.add_rows(values, |row| row, opt_filter)?;
        rows.take(EmitTo::All)?.state()
    }

    fn size(&self) -> usize {
        let slot = size_of::<((usize, u32), usize)>() + 1;
        self.keys.size() + self.index.capacity() * slot + self.parts.capacity() * size_of::<Part>()
    }
}

/// One group, for aggregates without groups and for windows that only grow.
#[derive(Debug)]
pub struct RowMeans(Means);

impl RowMeans {
    /// No row seen yet; `key_type` is the type of the keys.
    ///
    /// # Errors
    /// When keys of this type cannot be told apart.
    pub fn new(key_type: DataType) -> Result<Self> {
        Ok(Self(Means::new(key_type)?))
    }
}

impl Accumulator for RowMeans {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.0.add_rows(values, |_| 0, None)
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.0.add_states(states, |_| 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        self.0.group_count = 1;
        let state = self.0.take(EmitTo::All)?.state()?;
        state
            .iter()
            .map(|column| ScalarValue::try_from_array(column, 0))
            .collect()
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(mean_of_means(&self.0.parts)?))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.size()
    }
}
