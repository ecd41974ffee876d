//! Functions of many rows (domain specification §5.4, §5.6, §9.4). One file each; listed here in
//! alphabetical order. What several of them are made of lies beside them.
//!
//! Guarantees: the answer does not depend on the order of rows nor on how they are split among
//! partitions.

mod avg_of_means;
mod avg_score;
mod first_value_by;
mod flag_rate;
mod latest;
mod means_by_key;
mod pick;
mod row_keys;
mod session_spans;
mod sum_and_count;
mod sum_score;
mod top_k;
mod touches_by_group;

use std::sync::Arc;

use arrow::array::{Array, BooleanArray};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, not_impl_err};
use datafusion::logical_expr::AggregateUDF;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;

/// All aggregate functions, by name.
pub fn aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    vec![
        Arc::new(avg_of_means::AvgOfMeans::default().into()),
        Arc::new(avg_score::AvgScore::default().into()),
        Arc::new(first_value_by::FirstValueBy::default().into()),
        Arc::new(flag_rate::FlagRate::default().into()),
        Arc::new(latest::Latest::default().into()),
        Arc::new(session_spans::SessionSpans::default().into()),
        Arc::new(sum_score::SumScore::default().into()),
        Arc::new(top_k::TopK::default().into()),
    ]
}

/// Refuses `DISTINCT`, which would have to remember every value.
fn refuse_distinct(function: &str, arguments: &AccumulatorArgs) -> Result<()> {
    if arguments.is_distinct {
        return not_impl_err!(
            "expected `{function}` without DISTINCT, found `{}`",
            arguments.name
        );
    }
    Ok(())
}

/// A field of a state, named after the aggregate as DataFusion asks for.
fn state_field(arguments: &StateFieldsArgs, name: &str, data_type: DataType) -> FieldRef {
    Arc::new(Field::new(
        format_state_name(arguments.name, name),
        data_type,
        true,
    ))
}

/// Does `FILTER` let the row through?
fn is_kept(filter: Option<&BooleanArray>, row: usize) -> bool {
    filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row))
}

#[cfg(test)]
mod tests;
