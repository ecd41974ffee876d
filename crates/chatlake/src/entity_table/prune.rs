//! Which files a scan has to read.
//!
//! 1. Equalities and lists on the chatbot column, together with the scope, give the chatbots; comparisons of the time
//!    column or `day` with literals give a range of days. The file index is asked for just those.
//! 2. Every filter is evaluated on the bounds of the files that are left (partition values, time, first sort column,
//!    `ingest_seq`).

use std::collections::{BTreeSet, HashSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int64Array, StringViewArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::datatypes::{DataType, SchemaRef};
use chatlake_schema::Table;
use chatlake_storage::{DAY_COLUMN, DataFile, TableFiles};
use chatlake_types::Day;
use datafusion::catalog::Session;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema, Result, ScalarValue};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::visible_rows::VisibleRows;

const ALL_DAYS: RangeInclusive<Day> = Day(i32::MIN)..=Day(i32::MAX);

/// The files that may hold rows which pass the filters, within what is visible.
pub(super) fn select_files(
    state: &dyn Session,
    table: &'static Table,
    schema: &SchemaRef,
    files: &TableFiles,
    visible: &VisibleRows,
    filters: &[Expr],
) -> Result<Vec<Arc<DataFile>>> {
    let candidates: Vec<Arc<DataFile>> = if table.is_partitioned() {
        partition_files(table, files, visible, filters)
    } else {
        files.unpartitioned().to_vec()
    };
    if candidates.is_empty() || filters.is_empty() {
        return Ok(candidates);
    }
    let Some(filter) = conjunction(filters.iter().cloned()) else {
        return Ok(candidates);
    };
    let df_schema = DFSchema::try_from(Arc::clone(schema))?;
    let filter = state.create_physical_expr(filter, &df_schema)?;
    // a filter that says nothing about bounds prunes nothing
    let Some(predicate) = PruningPredicateBuilder::new()
        .with_file_schema(Arc::clone(schema))
        .build(filter)
    else {
        return Ok(candidates);
    };
    let kept = predicate.prune(&FileBounds {
        table,
        files: &candidates,
    })?;
    Ok(candidates
        .into_iter()
        .zip(kept)
        .filter_map(|(file, kept)| kept.then_some(file))
        .collect())
}

fn partition_files(
    table: &Table,
    files: &TableFiles,
    visible: &VisibleRows,
    filters: &[Expr],
) -> Vec<Arc<DataFile>> {
    let days = filters.iter().fold(ALL_DAYS, |days, filter| {
        intersect(days, days_of(table, filter))
    });
    let named: Vec<BTreeSet<String>> = filters
        .iter()
        .filter_map(|filter| chatbots_of(table, filter))
        .collect();
    let visible_chatbots = visible.chatbots_in(table);
    let allowed = |chatbot_id: &str| {
        visible_chatbots
            .as_ref()
            .is_none_or(|visible| visible.contains(chatbot_id))
            && named.iter().all(|named| named.contains(chatbot_id))
    };
    let mut selected = Vec::new();
    let mut take = |chatbot: &Option<Arc<str>>| {
        selected.extend(files.of_chatbot(chatbot, days.clone()).map(Arc::clone))
    };
    // the smallest list of names there is, so that a lake of many chatbots costs nothing
    let shortest = named
        .iter()
        .map(|named| named.iter().map(String::as_str).collect::<Vec<_>>());
    let shortest = shortest
        .chain(
            visible_chatbots
                .iter()
                .map(|visible| visible.iter().copied().collect()),
        )
        .min_by_key(Vec::len);
    match shortest {
        Some(names) => names
            .into_iter()
            .filter(|name| allowed(name))
            .for_each(|name| take(&Some(Arc::from(name)))),
        None => files
            .chatbots()
            .filter(|chatbot| chatbot.is_some())
            .for_each(&mut take),
    }
    if visible.rows_without_chatbot(table) && named.is_empty() {
        take(&None);
    }
    selected
}

/// The chatbots that a filter allows, when it is an equality or a list.
fn chatbots_of(table: &Table, filter: &Expr) -> Option<BTreeSet<String>> {
    let is_chatbot = |expr: &Expr| matches!(expr, Expr::Column(column) if Some(&column.name) == table.chatbot_column.as_ref());
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let value = match (left.as_ref(), right.as_ref()) {
                (column, Expr::Literal(value, _)) | (Expr::Literal(value, _), column)
                    if is_chatbot(column) =>
                {
                    value
                }
                _ => return None,
            };
            Some(text_of(value).into_iter().collect())
        }
        // short lists arrive as a OR b
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Or,
            right,
        }) => {
            let (left, right) = (chatbots_of(table, left)?, chatbots_of(table, right)?);
            Some(left.into_iter().chain(right).collect())
        }
        Expr::InList(list) if !list.negated && is_chatbot(&list.expr) => {
            let values = list.list.iter().map(|item| match item {
                Expr::Literal(value, _) => Some(text_of(value)),
                _ => None,
            });
            Some(
                values
                    .collect::<Option<Vec<_>>>()?
                    .into_iter()
                    .flatten()
                    .collect(),
            )
        }
        _ => None,
    }
}

fn text_of(value: &ScalarValue) -> Option<String> {
    value.try_as_str().flatten().map(str::to_owned)
}

/// The days that a filter allows, as far as it compares the time column or `day` with a literal.
fn days_of(table: &Table, filter: &Expr) -> RangeInclusive<Day> {
    match filter {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match (left.as_ref(), right.as_ref()) {
            (Expr::Column(column), Expr::Literal(value, _)) => {
                days_of_comparison(table, column, *op, value)
            }
            (Expr::Literal(value, _), Expr::Column(column)) => op
                .swap()
                .map_or(ALL_DAYS, |op| days_of_comparison(table, column, op, value)),
            (left, right) if *op == Operator::And => {
                intersect(days_of(table, left), days_of(table, right))
            }
            _ => ALL_DAYS,
        },
        Expr::Between(between) if !between.negated => {
            match (
                between.expr.as_ref(),
                between.low.as_ref(),
                between.high.as_ref(),
            ) {
                (Expr::Column(column), Expr::Literal(low, _), Expr::Literal(high, _)) => intersect(
                    days_of_comparison(table, column, Operator::GtEq, low),
                    days_of_comparison(table, column, Operator::LtEq, high),
                ),
                _ => ALL_DAYS,
            }
        }
        _ => ALL_DAYS,
    }
}

fn days_of_comparison(
    table: &Table,
    column: &Column,
    op: Operator,
    value: &ScalarValue,
) -> RangeInclusive<Day> {
    let is_time = Some(&column.name) == table.time_column.as_ref();
    if !is_time && column.name != DAY_COLUMN || is_time == matches!(value, ScalarValue::Date32(_)) {
        return ALL_DAYS;
    }
    let Some(day) = day_of(value) else {
        return ALL_DAYS;
    };
    // of an instant's day other instants may pass a strict comparison; a date stands for itself
    let exact = matches!(value, ScalarValue::Date32(_));
    match op {
        Operator::Eq => day..=day,
        Operator::Gt if exact => Day(day.0.saturating_add(1))..=Day(i32::MAX),
        Operator::Lt if exact => Day(i32::MIN)..=Day(day.0.saturating_sub(1)),
        Operator::Gt | Operator::GtEq => day..=Day(i32::MAX),
        Operator::Lt | Operator::LtEq => Day(i32::MIN)..=day,
        _ => ALL_DAYS,
    }
}

/// The day that holds the literal instant.
fn day_of(value: &ScalarValue) -> Option<Day> {
    let micros = match value {
        ScalarValue::Date32(day) => return day.map(Day),
        ScalarValue::TimestampSecond(value, _) => {
            value.and_then(|value| value.checked_mul(1_000_000))
        }
        ScalarValue::TimestampMillisecond(value, _) => {
            value.and_then(|value| value.checked_mul(1_000))
        }
        ScalarValue::TimestampMicrosecond(value, _) => *value,
        ScalarValue::TimestampNanosecond(value, _) => value.map(|value| value.div_euclid(1_000)),
        _ => None,
    };
    micros.map(Day::of_micros)
}

fn intersect(left: RangeInclusive<Day>, right: RangeInclusive<Day>) -> RangeInclusive<Day> {
    *left.start().max(right.start())..=*left.end().min(right.end())
}

/// Whether step 1 decides the filter for every row of a file: an equality or list of chatbots, or a comparison of `day`
/// with a date.
pub(super) fn is_exact(table: &Table, filter: &Expr) -> bool {
    if !table.is_partitioned() {
        return false;
    }
    let text = |expr: &Expr| matches!(expr, Expr::Literal(value, _) if text_of(value).is_some());
    let date = |expr: &Expr| matches!(expr, Expr::Literal(ScalarValue::Date32(Some(_)), _));
    let is = |expr: &Expr, name: Option<&str>| matches!(expr, Expr::Column(column) if Some(column.name.as_str()) == name);
    let chatbot = table.chatbot_column.as_deref();
    match filter {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) if is(left, chatbot) => text(right),
        Expr::BinaryExpr(BinaryExpr { left, op, right }) if is(left, Some(DAY_COLUMN)) => {
            let compares = matches!(
                op,
                Operator::Eq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
            );
            compares && date(right)
        }
        Expr::InList(list) => {
            !list.negated && is(&list.expr, chatbot) && list.list.iter().all(text)
        }
        _ => false,
    }
}

/// The bounds of files, column by column.
struct FileBounds<'a> {
    table: &'static Table,
    files: &'a [Arc<DataFile>],
}

impl FileBounds<'_> {
    fn bounds(&self, column: &Column, upper: bool) -> Option<ArrayRef> {
        let name = column.name.as_str();
        let pick = |pair: (i64, i64)| if upper { pair.1 } else { pair.0 };
        let files = self.files.iter();
        if name == "ingest_seq" {
            return Some(Arc::new(
                files
                    .map(|file| Some(pick(file.stats.ingest_seq)))
                    .collect::<Int64Array>(),
            ));
        }
        if Some(name) == self.table.time_column.as_deref() {
            let times = files
                .map(|file| file.stats.time.map(pick))
                .collect::<TimestampMicrosecondArray>();
            return Some(Arc::new(times.with_timezone("UTC")));
        }
        if self.table.is_partitioned() && name == DAY_COLUMN {
            let days = files.map(|file| file.partition.as_ref().map(|partition| partition.day));
            return Some(Arc::new(days.collect::<Date32Array>()));
        }
        if self.table.is_partitioned() && Some(name) == self.table.chatbot_column.as_deref() {
            let ids = files.map(|file| {
                file.partition
                    .as_ref()
                    .and_then(|partition| partition.chatbot_id.as_deref())
            });
            return Some(Arc::new(ids.collect::<StringViewArray>()));
        }
        let first = self
            .table
            .cluster_by
            .iter()
            .find(|first| Some(*first) != self.table.chatbot_column.as_ref())?;
        if name != first || self.table.column(name)?.column_type.arrow_type() != DataType::Utf8 {
            return None;
        }
        let keys = files.map(|file| {
            file.stats
                .first_key
                .as_ref()
                .map(|(low, high)| if upper { high.as_ref() } else { low.as_ref() })
        });
        Some(Arc::new(keys.collect::<StringViewArray>()))
    }
}

impl PruningStatistics for FileBounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, false)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.bounds(column, true)
    }

    fn num_containers(&self) -> usize {
        self.files.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        // partition columns are NULL in all rows of a file or in none
        if !self.table.is_partitioned() || Some(&column.name) != self.table.chatbot_column.as_ref()
        {
            return None;
        }
        let nulls = self.files.iter().map(|file| {
            let without = file
                .partition
                .as_ref()
                .is_some_and(|partition| partition.chatbot_id.is_none());
            Some(if without { file.stats.row_count } else { 0 })
        });
        Some(Arc::new(nulls.collect::<UInt64Array>()))
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(
            self.files
                .iter()
                .map(|file| Some(file.stats.row_count))
                .collect::<UInt64Array>(),
        ))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
