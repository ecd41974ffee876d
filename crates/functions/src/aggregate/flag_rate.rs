//! `flag_rate(flags, flag)`: the share of analysed rows that carry a flag (domain specification
//! §8.3).
//!
//! Guarantees: an empty list counts as analysed, NULL does not; NULL when nothing was analysed.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Float64Array};
use arrow::datatypes::{DataType, FieldRef};
use datafusion::common::utils::take_function_args;
use datafusion::common::{Result, exec_datafusion_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature, Volatility,
};

use super::refuse_distinct;
use super::sum_and_count::{self, GroupSums, RowSums, Rule};
use crate::arguments::{Kind, coerce, text_array};
use crate::reference::Entry;
use crate::score_sum::SUM_TYPE;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "flag_rate(flags, flag)",
        description: "The share of rows whose list holds the flag, among the rows that have a \
                      list. An empty list counts \
                      as analysed; NULL means not analysed and does not count. NULL when nothing \
                      was analysed. Give it \
                      one row per conversation to get the rate of the flags page.",
        arguments: &[
            ("flags", "a list of flags as stored"),
            ("flag", "the flag, spelled as stored (see `slug`)"),
        ],
        example: "SELECT flag_rate(f, 'churn_risk') FROM (VALUES (['churn_risk']), ([]), (NULL)) \
                  AS v(f);\n-- 0.5",
    }
    .aggregate()
});

/// The function `flag_rate`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct FlagRate {
    signature: Signature,
}

impl Default for FlagRate {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl AggregateUDFImpl for FlagRate {
    fn name(&self) -> &str {
        "flag_rate"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::TextList, Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(&self, arguments: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        Ok(sum_and_count::state_fields(&arguments))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn accumulator(&self, arguments: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(self.name(), &arguments)?;
        Ok(Box::new(RowSums::<Share>::default()))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(GroupSums::<Share>::default()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

/// Adds 1 for a list with the flag and 0 for one without.
#[derive(Debug)]
struct Share;

impl Rule for Share {
    fn amounts(arguments: &[ArrayRef]) -> Result<Decimal128Array> {
        let [lists, flags] = take_function_args("flag_rate", arguments)?;
        let lists = lists.as_list_opt::<i32>();
        let lists =
            lists.ok_or_else(|| exec_datafusion_err!("`flag_rate` expects a list of texts"))?;
        let (items, flags) = (text_array(lists.values())?, text_array(flags)?);
        let mut found = Decimal128Array::builder(lists.len()).with_data_type(SUM_TYPE);
        for (row, span) in lists.offsets().windows(2).enumerate() {
            if lists.is_null(row) || flags.is_null(row) {
                found.append_null();
                continue;
            }
            let flag = flags.value(row);
            let is_flag = |item: usize| items.is_valid(item) && items.value(item) == flag;
            let is_carried = (span[0] as usize..span[1] as usize).any(is_flag);
            found.append_value(i128::from(is_carried));
        }
        Ok(found.finish())
    }

    fn finish(sums: &[i128], counts: &[i64]) -> Result<ArrayRef> {
        let rates = sums.iter().zip(counts);
        let rates = rates.map(|(&sum, &count)| (count > 0).then(|| sum as f64 / count as f64));
        Ok(Arc::new(rates.collect::<Float64Array>()))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{failure, first_value, rows};

    fn over(lists: &str) -> String {
        format!("SELECT flag_rate(f, 'a') FROM (VALUES {lists}) AS v(f)")
    }

    #[tokio::test]
    async fn nulls_do_not_count_and_empty_lists_do() {
        assert_eq!(
            first_value(&over(
                "(['a', 'b']), (NULL), ([]), (['b']), (['b', NULL, 'a'])"
            ))
            .await,
            "0.5"
        );
    }

    #[tokio::test]
    async fn empty_input_has_no_rate() {
        assert_eq!(
            first_value(&format!("{} WHERE false", over("(['a'])"))).await,
            "NULL"
        );
    }

    #[tokio::test]
    async fn one_row_has_all_or_nothing() {
        assert_eq!(first_value(&over("(['a'])")).await, "1.0");
        assert_eq!(first_value(&over("(['A'])")).await, "0.0");
    }

    #[tokio::test]
    async fn all_nulls_have_no_rate() {
        assert_eq!(first_value(&over("(NULL), (NULL)")).await, "NULL");
    }

    #[tokio::test]
    async fn every_list_and_string_type_is_taken_and_the_flag_may_be_a_column() {
        let lists = "(VALUES ('x', ['a']), ('y', ['b']), ('x', ['b', 'a']), ('x', [])) AS v(g, f)";
        for cast in [
            "List(Utf8)",
            "List(LargeUtf8)",
            "List(Utf8View)",
            "LargeList(Utf8)",
        ] {
            let statement = format!(
                "SELECT g, flag_rate(arrow_cast(f, '{cast}'), 'a'), flag_rate(f, lower('B')) FROM \
                 {lists} GROUP BY g ORDER BY g"
            );
            let third = (1.0_f64 / 3.0).to_string();
            let two_thirds = (2.0_f64 / 3.0).to_string();
            let expected = [
                ["x", two_thirds.as_str(), third.as_str()],
                ["y", "0.0", "1.0"],
            ];
            assert_eq!(rows(&statement).await, expected, "{cast}");
        }
        assert_eq!(
            first_value(&format!("SELECT flag_rate(f, NULL) FROM {lists}")).await,
            "NULL"
        );
        assert!(
            failure("SELECT flag_rate('a', 'a')")
                .await
                .contains("expects a list of texts as argument 1")
        );
    }
}
