//! `avg_of_means(value, group_key)`: the mean of the means of groups, in one pass (domain specification §5.6).
//!
//! 1. Per key, values add up as `avg_score` adds them: fixed point in, one division out.
//! 2. The mean of each key that has a value enters the same way into the mean of means.
//!
//! Guarantees: equal to `SELECT avg_score(m) FROM (SELECT avg_score(value) AS m … GROUP BY group_key)` to the last bit, so
//! NULL is a key like any other and keys without a value do not count. Memory follows the number of distinct keys and is
//! reported, so the session's memory limit holds.

use std::mem::size_of;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float64Array, Int64Array, ListArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Int64Type};
use datafusion::common::utils::take_function_args;
use datafusion::common::{HashMap, Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, EmitTo, GroupsAccumulator, Signature, Volatility,
};

use super::row_keys::RowKeys;
use super::{is_kept, refuse_distinct, state_field};
use crate::arguments::{Kind, coerce, number_array};
use crate::error::Error;
use crate::reference::Entry;
use crate::score_sum::{self, SUM_TYPE};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "avg_of_means(value, group_key)",
        description: "The mean of the means of groups: `avg_score` of `value` within each `group_key`, then `avg_score` of \
                      those. With a score and `conversation_id` it is the average sentiment. NULL and NaN do not count; \
                      NULL when nothing is scored.",
        arguments: &[
            ("value", "a score; at most 2^26 in magnitude"),
            ("group_key", "what the value belongs to; of any type"),
        ],
        example: "SELECT avg_of_means(s, c) FROM (VALUES (1.0, 'a'), (0.5, 'a'), (0.25, 'b')) AS v(s, c);\n-- 0.5",
    }
    .aggregate()
});

/// The function `avg_of_means`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct AvgOfMeans {
    signature: Signature,
}

impl Default for AvgOfMeans {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for AvgOfMeans {
    fn name(&self) -> &str {
        "avg_of_means"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number, Kind::Any], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let [_, key] = arguments.input_fields else {
            return plan_err!("`avg_of_means` expects 2 arguments");
        };
        Ok(vec![
            state_field(&arguments, "keys", list_type(key.data_type().clone())),
            state_field(&arguments, "sums", list_type(SUM_TYPE)),
            state_field(&arguments, "counts", list_type(DataType::Int64)),
        ])
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        Ok(Box::new(RowMeans(Means::new(key_type(&arguments)?)?)))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Means::new(key_type(&arguments)?)?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn key_type(arguments: &AccumulatorArgs) -> Result<DataType> {
    match arguments.expr_fields {
        [_, key] => Ok(key.data_type().clone()),
        _ => plan_err!(
            "`avg_of_means` expects 2 arguments, found {}",
            arguments.expr_fields.len()
        ),
    }
}

fn list_type(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
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
struct Means {
    key_type: DataType,
    keys: RowKeys,
    /// Where each (group, key) is in `parts`.
    index: HashMap<(usize, u32), usize>,
    parts: Vec<Part>,
    group_count: usize,
}

impl Means {
    fn new(key_type: DataType) -> Result<Self> {
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
struct RowMeans(Means);

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

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(values: &str) -> String {
        format!("SELECT avg_of_means(s, c) FROM (VALUES {values}) AS v(s, c)")
    }

    #[tokio::test]
    async fn nulls_do_not_count_and_a_null_key_is_a_group() {
        let values = "(1.0, 'a'), (NULL, 'a'), (0.5, NULL), (0.0, NULL), (NULL, 'b'), (CAST('NaN' AS DOUBLE), 'c')";
        assert_eq!(first_value(&over(values)).await, "0.625");
    }

    #[tokio::test]
    async fn empty_input_has_no_mean() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("(0.5, 'a')"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_is_its_own_mean() {
        assert_eq!(first_value(&over("(0.3, 'a')")).await, "0.3");
    }

    #[tokio::test]
    async fn all_nulls_have_no_mean() {
        assert_eq!(
            first_value(&over("(NULL, 'a'), (NULL, NULL)")).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn it_equals_two_steps_of_avg_score_to_the_last_bit() {
        for key in [
            "n % 7",
            "CAST(n % 7 AS VARCHAR)",
            "arrow_cast(CAST(n % 7 AS VARCHAR), 'Utf8View')",
            "DATE '2026-01-01' + CAST(n % 7 AS INT)",
        ] {
            let scores = format!(
                "(SELECT n % 3 AS g, {key} AS c, CASE WHEN n % 5 = 0 THEN NULL ELSE sin(n) END AS s FROM (SELECT unnest(range(1, 400)) AS n))"
            );
            let grouped = format!(
                "SELECT g, avg_of_means(s, c), avg_of_means(s, c) FILTER (WHERE s > 0) FROM {scores} GROUP BY g ORDER BY g"
            );
            let stepwise = format!(
                "SELECT g, avg_score(m), avg_score(p) FROM (SELECT g, c, avg_score(s) AS m, avg_score(s) FILTER (WHERE s > 0) AS p FROM {scores} GROUP BY g, c) GROUP BY g ORDER BY g"
            );
            assert_eq!(rows(&grouped).await, rows(&stepwise).await, "{key}");
            let whole = format!("SELECT avg_of_means(s, c) FROM {scores}");
            let stepwise = format!(
                "SELECT avg_score(m) FROM (SELECT avg_score(s) AS m FROM {scores} GROUP BY c)"
            );
            assert_eq!(rows(&whole).await, rows(&stepwise).await, "{key}");
        }
    }

    #[tokio::test]
    async fn a_growing_window_keeps_what_it_has_seen() {
        let values = "(VALUES (1, 1.0, 'a'), (2, 0.0, 'b'), (3, 0.0, 'a')) AS v(t, s, c)";
        let found = rows(&format!(
            "SELECT avg_of_means(s, c) OVER (ORDER BY t) FROM {values} ORDER BY t"
        ))
        .await;
        assert_eq!(found.concat(), ["1.0", "0.5", "0.25"]);
        assert!(
            failure("SELECT avg_of_means(DISTINCT 1, 2)")
                .await
                .contains("without DISTINCT")
        );
    }
}
