//! Tests of the bounds: which conditions give them, where they arrive, and that no zone has days outside of them.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use chatlake_functions::zone::Zone;
use chrono::DateTime;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::datasource::MemTable;
use datafusion::execution::SessionStateBuilder;
use datafusion::optimizer::OptimizerContext;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use super::days::Days;
use super::*;

/// Messages `m` and zones `z`, both without rows.
fn session() -> SessionContext {
    let base = SessionContext::new().state();
    let builder = SessionStateBuilder::new_from_existing(base);
    let mut state = builder.with_optimizer_rules(optimizer_rules()).build();
    chatlake_functions::register_all(&mut state).unwrap();
    let session = SessionContext::new_with_state(state);
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let table = |columns: &[(&str, &DataType)]| {
        let fields = columns.iter().map(|(name, data_type)| {
            let is_nullable = true;
            Field::new(*name, DataType::clone(data_type), is_nullable)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Arc::new(MemTable::try_new(schema, vec![vec![]]).unwrap())
    };
    let messages = [
        ("bot", &DataType::Utf8),
        ("sent_at", &instant),
        ("note", &DataType::Utf8),
    ];
    let zones = [("bot", &DataType::Utf8), ("zone", &DataType::Utf8)];
    session.register_table("m", table(&messages)).unwrap();
    session.register_table("z", table(&zones)).unwrap();
    session
}

async fn optimized(sql: &str) -> LogicalPlan {
    let session = session();
    let plan = session.sql(sql).await.unwrap().into_unoptimized_plan();
    session.state().optimize(&plan).unwrap()
}

/// `>= 2026-02-28` for a bound on `sent_at`.
fn shown(condition: &Expr) -> Option<String> {
    let Expr::BinaryExpr(comparison) = condition else {
        return None;
    };
    let column = comparison.left.try_as_col()?;
    let Expr::Literal(ScalarValue::TimestampMicrosecond(Some(micros), _), _) =
        comparison.right.as_ref()
    else {
        return None;
    };
    let midnight = DateTime::from_timestamp_micros(*micros)?.format("%F");
    (column.name == "sent_at").then(|| format!("{} {midnight}", comparison.op))
}

/// The bounds on `sent_at` right above each scan of `m`, in order; scans are separated by `;`.
async fn bounds(sql: &str) -> String {
    let mut scans = Vec::new();
    let visit = |node: &LogicalPlan| {
        if let LogicalPlan::Filter(filter) = node
            && matches!(filter.input.as_ref(), LogicalPlan::TableScan(_))
        {
            let conditions = split_conjunction(&filter.predicate).into_iter();
            let mut found: Vec<String> = conditions.filter_map(shown).collect();
            found.sort_by_key(|bound| bound.starts_with('<'));
            scans.push(found.join(" "));
        }
        Ok(TreeNodeRecursion::Continue)
    };
    optimized(sql).await.apply(visit).unwrap();
    scans.retain(|scan| !scan.is_empty());
    scans.join("; ")
}

/// As a daily view: the zone is a column of an outer join.
const DAILY: &str = "SELECT * FROM (SELECT m.note, local_day(m.sent_at, coalesce(z.zone, 'UTC')) AS day \
                     FROM z RIGHT JOIN m ON m.bot = z.bot) AS daily WHERE ";

#[tokio::test]
async fn conditions_on_a_local_day_bound_the_instant() {
    let cases = [
        ("day = DATE '2026-03-01'", ">= 2026-02-28 < 2026-03-03"),
        ("day >= DATE '2026-03-01'", ">= 2026-02-28"),
        ("day > DATE '2026-03-01'", ">= 2026-03-01"),
        ("DATE '2026-03-01' < day", ">= 2026-03-01"),
        ("day < DATE '2026-03-01'", "< 2026-03-02"),
        ("day <= DATE '2026-03-01'", "< 2026-03-03"),
        (
            "day BETWEEN DATE '2026-03-01' AND DATE '2026-03-05'",
            ">= 2026-02-28 < 2026-03-07",
        ),
        (
            "day >= DATE '2026-03-01' AND day < DATE '2026-04-01'",
            ">= 2026-02-28 < 2026-04-02",
        ),
        (
            "day IN (DATE '2026-03-05', DATE '2026-03-01')",
            ">= 2026-02-28 < 2026-03-07",
        ),
        (
            "day IN ('2026-03-05', '2026-03-01', '2026-03-04', '2026-03-03', '2026-03-02', NULL)",
            ">= 2026-02-28 < 2026-03-07",
        ),
        (
            "day = DATE '2026-03-05' OR (day = DATE '2026-03-01' AND note = 'x')",
            ">= 2026-02-28 < 2026-03-07",
        ),
        ("day >= '2026-03-01'", ">= 2026-02-28"),
        ("day >= TIMESTAMP '2026-03-02T12:00:00'", ">= 2026-02-28"),
        (
            "extract(year FROM day) = 2026",
            ">= 2025-12-31 < 2027-01-02",
        ),
        (
            "note = 'x' AND NOT (day < DATE '2026-03-01')",
            ">= 2026-02-28",
        ),
    ];
    for (condition, expected) in cases {
        assert_eq!(
            bounds(&[DAILY, condition].concat()).await,
            expected,
            "{condition}"
        );
    }
}

#[tokio::test]
async fn conditions_that_leave_every_day_bound_nothing() {
    let cases = [
        "day <> DATE '2026-03-01'",
        "day NOT IN (DATE '2026-03-01', DATE '2026-03-02')",
        "day NOT BETWEEN DATE '2026-03-01' AND DATE '2026-03-02'",
        "day >= DATE '2026-03-01' OR note = 'x'",
        "day IS NULL",
        "day = CAST(note AS DATE)",
    ];
    for condition in cases {
        assert_eq!(
            bounds(&[DAILY, condition].concat()).await,
            "",
            "{condition}"
        );
    }
}

#[tokio::test]
async fn bounds_arrive_below_aggregates_unions_and_joins() {
    let grouped = "SELECT * FROM (SELECT m.bot, local_day(m.sent_at, coalesce(z.zone, 'UTC')) AS day, count(*) AS n \
                   FROM z RIGHT JOIN (SELECT bot, sent_at FROM m WHERE note = 'x') AS m ON m.bot = z.bot GROUP BY 1, 2) AS daily \
                   WHERE day = DATE '2026-03-01'";
    assert_eq!(bounds(grouped).await, ">= 2026-02-28 < 2026-03-03");
    let union = "SELECT local_day(facts.at, z.zone) FROM z JOIN \
                 (SELECT bot, sent_at AS at FROM m UNION ALL SELECT note, sent_at FROM m) AS facts ON facts.bot = z.bot \
                 WHERE local_day(facts.at, z.zone) >= DATE '2026-03-01'";
    assert_eq!(bounds(union).await, ">= 2026-02-28; >= 2026-02-28");
    let on = "SELECT note FROM z JOIN m ON m.bot = z.bot AND local_day(m.sent_at, z.zone) = DATE '2026-03-01'";
    assert_eq!(bounds(on).await, ">= 2026-02-28 < 2026-03-03");
}

#[tokio::test]
async fn an_outer_join_keeps_the_rows_that_it_must_keep() {
    let padded = "SELECT note FROM z LEFT JOIN m ON m.bot = z.bot AND local_day(m.sent_at, z.zone) = DATE '2026-03-01'";
    assert_eq!(bounds(padded).await, ">= 2026-02-28 < 2026-03-03");
    let kept = "SELECT note FROM m LEFT JOIN z ON m.bot = z.bot AND local_day(m.sent_at, z.zone) = DATE '2026-03-01'";
    assert_eq!(bounds(kept).await, "");
}

#[tokio::test]
async fn instants_that_no_scan_gives_are_left_alone() {
    for sql in [
        "SELECT * FROM (SELECT bot, min(sent_at) AS at FROM m GROUP BY bot) AS firsts JOIN z ON z.bot = firsts.bot \
         WHERE local_day(firsts.at, z.zone) = DATE '2026-03-01'",
        "SELECT * FROM (SELECT bot, sent_at FROM m ORDER BY sent_at LIMIT 5) AS few JOIN z ON z.bot = few.bot \
         WHERE local_day(few.sent_at, z.zone) = DATE '2026-03-01'",
    ] {
        assert_eq!(bounds(sql).await, "", "{sql}");
        let plan = optimized(sql).await.display_indent().to_string();
        assert!(
            plan.contains("local_day") && !plan.contains(" >= Timestamp"),
            "{plan}"
        );
    }
}

#[tokio::test]
async fn a_plan_that_has_the_bounds_stays_as_it_is() {
    let plan = optimized(&[DAILY, "day = DATE '2026-03-01'"].concat()).await;
    let config = OptimizerContext::new();
    let again = plan.transform_down(|node| LocalDayBounds.rewrite(node, &config));
    assert!(!again.unwrap().transformed);
}

#[test]
fn every_local_day_lies_within_its_bounds() {
    const HOUR_MICROS: i64 = 3_600_000_000;
    // the farthest zones, a day that never was, the widest local mean times, clock changes at midnight
    let zones = [
        "Pacific/Kiritimati",
        "Etc/GMT-14",
        "Etc/GMT+12",
        "Pacific/Apia",
        "Pacific/Kwajalein",
        "Asia/Manila",
        "America/Metlakatla",
        "America/Havana",
        "Africa/Cairo",
    ];
    // each hour of ten days from 1840-01-01, 1993-08-15, 2011-12-28 and 2026-03-05 on
    let starts = [-47_482, 8_627, 15_336, 20_517];
    for (name, start) in zones
        .iter()
        .flat_map(|name| starts.map(|start| (name, start)))
    {
        let mut zone = Zone::parse(name).unwrap();
        for hour in 0..240 {
            let instant = start * 24 * HOUR_MICROS + hour * HOUR_MICROS + HOUR_MICROS / 2;
            let day = zone.day_of(instant).unwrap().day.0;
            let only = Days {
                first: Some(day),
                last: Some(day),
            };
            for bound in Bound::around(only) {
                let holds = match bound {
                    Bound::From(from) => from <= instant,
                    Bound::Before(before) => instant < before,
                };
                assert!(holds, "{name}: {instant} of day {day}, {bound:?}");
            }
        }
    }
}

#[test]
fn days_at_the_ends_of_time_have_no_bound() {
    let all = Days {
        first: Some(i32::MIN),
        last: Some(i32::MAX),
    };
    assert_eq!(Bound::around(all).count(), 0);
}
