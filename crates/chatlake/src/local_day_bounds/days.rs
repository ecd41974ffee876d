//! The local days that a condition leaves for an instant, and the bounds on the instant that follow from them.
//!
//! Guarantees: where the condition is true, the local day is among the days; and the instant of a local day is within the
//! bounds in any zone whose clocks differ by less than a day from UTC, which is every zone there is or was.

use arrow::datatypes::DataType;
use datafusion::common::{Column, ScalarValue};
use datafusion::logical_expr::expr::{Between, InList, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator, TryCast, binary_expr, lit};

const DAY_MICROS: i64 = 86_400_000_000;

/// Name of the function; no other can be registered under it.
const LOCAL_DAY: &str = "local_day";

/// From the first to the last local day, as days since 1970-01-01; `None` where it is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) first: Option<i32>,
    pub(super) last: Option<i32>,
}

impl Days {
    /// The days that compare so with a day.
    fn comparing(operator: Operator, day: i32) -> Option<Self> {
        let (first, last) = match operator {
            Operator::Eq => (Some(day), Some(day)),
            Operator::Gt => (Some(day.saturating_add(1)), None),
            Operator::GtEq => (Some(day), None),
            Operator::Lt => (None, Some(day.saturating_sub(1))),
            Operator::LtEq => (None, Some(day)),
            _ => return None,
        };
        Some(Self { first, last })
    }

    /// Days of both.
    fn and(self, other: Self) -> Self {
        Self {
            first: self.first.max(other.first),
            last: match (self.last, other.last) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            },
        }
    }

    /// From the first of either to the last of either.
    fn hull(self, other: Self) -> Self {
        let both = |one: Option<i32>, other: Option<i32>| Some((one?, other?));
        Self {
            first: both(self.first, other.first).map(|(one, other)| one.min(other)),
            last: both(self.last, other.last).map(|(one, other)| one.max(other)),
        }
    }

    /// With a day more at either end.
    fn widened(self) -> Self {
        Self {
            first: self.first.map(|first| first.saturating_sub(1)),
            last: self.last.map(|last| last.saturating_add(1)),
        }
    }
}

/// The instants of whose local days the condition leaves only some, with those days.
pub(super) fn bounded_days(condition: &Expr) -> Vec<(Column, Days)> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => match op {
            Operator::And => both(bounded_days(left), bounded_days(right)),
            Operator::Or => either(&bounded_days(left), &bounded_days(right)),
            op => {
                let swapped = || compared(right, op.swap()?, left);
                compared(left, *op, right)
                    .or_else(swapped)
                    .into_iter()
                    .collect()
            }
        },
        Expr::Between(Between {
            expr,
            negated: false,
            low,
            high,
        }) => both(
            compared(expr, Operator::GtEq, low).into_iter().collect(),
            compared(expr, Operator::LtEq, high).into_iter().collect(),
        ),
        Expr::InList(InList {
            expr,
            list,
            negated: false,
        }) => {
            // a NULL in the list makes no row pass
            let values = list.iter().filter(|value| !is_null(value));
            let found: Option<Vec<_>> = values
                .map(|value| compared(expr, Operator::Eq, value))
                .collect();
            let hull = |(instant, days): (Column, Days), (_, other): (Column, Days)| {
                (instant, days.hull(other))
            };
            found
                .and_then(|found| found.into_iter().reduce(hull))
                .into_iter()
                .collect()
        }
        _ => Vec::new(),
    }
}

fn both(mut left: Vec<(Column, Days)>, right: Vec<(Column, Days)>) -> Vec<(Column, Days)> {
    for (instant, days) in right {
        match left.iter_mut().find(|(other, _)| *other == instant) {
            Some((_, known)) => *known = known.and(days),
            None => left.push((instant, days)),
        }
    }
    left
}

fn either(left: &[(Column, Days)], right: &[(Column, Days)]) -> Vec<(Column, Days)> {
    let shared = left.iter().filter_map(|(instant, days)| {
        let (_, other) = right.iter().find(|(other, _)| other == instant)?;
        Some((instant.clone(), days.hull(*other)))
    });
    shared.collect()
}

fn is_null(value: &Expr) -> bool {
    matches!(value, Expr::Literal(value, _) if value.is_null())
}

/// What `local_day(instant, …) operator literal` leaves.
fn compared(local_day: &Expr, operator: Operator, literal: &Expr) -> Option<(Column, Days)> {
    let Expr::Literal(value, _) = literal else {
        return None;
    };
    let instant = instant_of(local_day)?;
    if let ScalarValue::Date32(day) = value {
        return Some((instant.clone(), Days::comparing(operator, (*day)?)?));
    }
    // Tools compare days with times too. The time may lie inside of its day, and a zone may have moved the day's midnight.
    let operator = match operator {
        Operator::Gt => Operator::GtEq,
        Operator::Lt => Operator::LtEq,
        other => other,
    };
    let days = Days::comparing(operator, day_of(value)?)?;
    Some((instant.clone(), days.widened()))
}

/// The instant whose local day the expression is, perhaps as a time.
fn instant_of(expr: &Expr) -> Option<&Column> {
    match expr {
        Expr::ScalarFunction(ScalarFunction { func, args }) if func.name() == LOCAL_DAY => {
            args.first()?.try_as_col()
        }
        Expr::Cast(Cast { expr, field }) | Expr::TryCast(TryCast { expr, field }) => {
            let is_time = matches!(
                field.data_type(),
                DataType::Date64 | DataType::Timestamp(_, _)
            );
            is_time.then(|| instant_of(expr)).flatten()
        }
        _ => None,
    }
}

/// The day in UTC of a time.
fn day_of(value: &ScalarValue) -> Option<i32> {
    let (ticks, ticks_per_second) = match value {
        ScalarValue::Date64(ticks) => (ticks, 1_000),
        ScalarValue::TimestampSecond(ticks, _) => (ticks, 1),
        ScalarValue::TimestampMillisecond(ticks, _) => (ticks, 1_000),
        ScalarValue::TimestampMicrosecond(ticks, _) => (ticks, 1_000_000),
        ScalarValue::TimestampNanosecond(ticks, _) => (ticks, 1_000_000_000),
        _ => return None,
    };
    i32::try_from((*ticks)?.div_euclid(86_400 * ticks_per_second)).ok()
}

/// A bound on an instant, in µs since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// At or after.
    From(i64),
    /// Before.
    Before(i64),
}

impl Bound {
    /// The bounds on the instants of local days: a local day begins less than a day before midnight in UTC and ends less
    /// than a day after the next one.
    pub(super) fn around(days: Days) -> impl Iterator<Item = Self> {
        let midnight = |day: i64| day.checked_mul(DAY_MICROS);
        let from = days.first.and_then(|first| midnight(i64::from(first) - 1));
        let before = days.last.and_then(|last| midnight(i64::from(last) + 2));
        from.map(Self::From)
            .into_iter()
            .chain(before.map(Self::Before))
    }

    /// The bound as a condition.
    pub(super) fn condition(self, instant: &Column) -> Expr {
        let (operator, micros) = match self {
            Self::From(micros) => (Operator::GtEq, micros),
            Self::Before(micros) => (Operator::Lt, micros),
        };
        let value = ScalarValue::TimestampMicrosecond(Some(micros), Some("UTC".into()));
        binary_expr(Expr::Column(instant.clone()), operator, lit(value))
    }

    /// Does whoever passes `condition` pass the bound too?
    pub(super) fn follows_from(self, condition: &Expr, instant: &Column) -> bool {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = condition else {
            return false;
        };
        let Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), _), _) = right.as_ref()
        else {
            return false;
        };
        let is_tight = match self {
            Self::From(from) => {
                matches!(op, Operator::Eq | Operator::Gt | Operator::GtEq) && *micros >= from
            }
            Self::Before(before) => match op {
                Operator::Eq | Operator::LtEq => *micros < before,
                Operator::Lt => *micros <= before,
                _ => false,
            },
        };
        is_tight && left.try_as_col() == Some(instant)
    }
}
