//! Both engines' answers side by side: the table of a period and what is to be said below it.
//!
//! Guarantees: a sum compares only questions that both engines answered; where the numbers of rows differ, it is said.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

use super::Question;
use super::cost::Cost;
use crate::table::{Table, grouped};

/// Pages that take longer are counted below the table, in ms.
const SLOW_MS: f64 = 500.0;
/// As many of the slowest pages are named.
const SLOWEST_COUNT: usize = 8;

/// Costs by period and name of the question; a page that failed has its error. Pages without a period stand at the first.
pub type Costs = BTreeMap<(String, String), Result<Cost, String>>;

/// See the module's documentation.
#[derive(Debug)]
pub struct Answers<'a> {
    /// What was asked.
    pub questions: &'a [Question],
    /// What Chatlake's answers cost.
    pub costs: Costs,
    /// What `duckdb_pages.py` said; NULL when it was not asked.
    pub duckdb: &'a Value,
}

impl Answers<'_> {
    /// The table of a period in Markdown, with a few sentences.
    pub fn report(&self, period: &str) -> String {
        let mut table = Table::new(&[
            period,
            "rows",
            "Chatlake ms",
            "of it planning",
            "DuckDB, Parquet ms",
            "DuckDB, memory ms",
        ]);
        let mut notes = Vec::new();
        for (name, cost) in self.of(period) {
            let theirs = &self.duckdb["periods"][period][name];
            let (parquet, memory) = (&theirs["parquet"], &theirs["memory"]);
            let mut row = vec![name.to_owned()];
            match cost {
                Err(error) => {
                    row.extend(["-", "failed", "-"].map(str::to_owned));
                    notes.push(format!("`{name}` failed: {error}"));
                }
                Ok(cost) => {
                    row.push(grouped(cost.row_count));
                    row.push(format!("{:.1}", cost.milliseconds));
                    row.push(format!("{:.1}", cost.plan_milliseconds));
                    notes.extend(disagreement(name, cost, parquet));
                }
            }
            row.extend([parquet, memory].map(cell));
            table.push(row);
        }
        let mut text = format!("{table}\n{period}: {}.\n", self.slowest(period));
        for note in self.together(period).into_iter().chain(notes) {
            // a `String` takes whatever is written to it
            let _ = writeln!(text, "{period}: {note}.");
        }
        text
    }

    /// Questions and costs of a period, in the order of the questions.
    fn of(&self, period: &str) -> impl Iterator<Item = (&str, &Result<Cost, String>)> {
        self.questions.iter().filter_map(move |question| {
            let key = (period.to_owned(), question.name.clone());
            let cost = self.costs.get(&key)?;
            Some((question.name.as_str(), cost))
        })
    }

    fn slowest(&self, period: &str) -> String {
        let measured = self.of(period).filter_map(|(name, cost)| {
            let cost = cost.as_ref().ok()?;
            Some((cost.milliseconds, name))
        });
        let mut measured: Vec<_> = measured.collect();
        measured.sort_by(|left, right| right.0.total_cmp(&left.0));
        let slow_count = measured.iter().filter(|(ms, _)| *ms > SLOW_MS).count();
        let named = measured.iter().take(SLOWEST_COUNT);
        let named: Vec<String> = named
            .map(|(ms, name)| format!("`{name}` {ms:.0} ms"))
            .collect();
        format!(
            "{slow_count} over {SLOW_MS} ms; slowest {}",
            named.join(", ")
        )
    }

    /// Sums over the questions that both engines answered, `None` when there are none.
    fn together(&self, period: &str) -> Option<String> {
        let (mut ours, mut parquet, mut memory, mut count) = (0.0, 0.0, 0.0, 0);
        for (name, cost) in self.of(period) {
            let theirs = &self.duckdb["periods"][period][name];
            let theirs = ["parquet", "memory"].map(|kind| theirs[kind]["ms"].as_f64());
            if let (Ok(cost), [Some(parquet_ms), Some(memory_ms)]) = (cost, theirs) {
                ours += cost.milliseconds;
                parquet += parquet_ms;
                memory += memory_ms;
                count += 1;
            }
        }
        (count > 0).then(|| {
            format!(
                "the {count} that all three columns have, together: Chatlake {ours:.0} ms, DuckDB over Parquet {parquet:.0} ms, over memory {memory:.0} ms"
            )
        })
    }
}

/// DuckDB's milliseconds.
fn cell(cost: &Value) -> String {
    if let Some(ms) = cost["ms"].as_f64() {
        return format!("{ms:.1}");
    }
    match (cost["over_ms"].as_f64(), cost["error"].as_str()) {
        (Some(ms), _) => format!("> {ms:.0}"),
        (None, Some(_)) => "failed".to_owned(),
        (None, None) => "-".to_owned(),
    }
}

/// What is to be said when the two did not answer the same.
fn disagreement(name: &str, ours: &Cost, theirs: &Value) -> Option<String> {
    if let Some(error) = theirs["error"].as_str() {
        return Some(format!("`{name}` failed in DuckDB: {error}"));
    }
    let rows = theirs["rows"].as_u64()?;
    (rows != ours.row_count).then(|| {
        format!(
            "`{name}` has {} rows in Chatlake and {rows} in DuckDB",
            ours.row_count
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn question(name: &str) -> Question {
        Question {
            name: name.to_owned(),
            page: name.to_owned(),
            argument: None,
            has_period: true,
        }
    }

    #[test]
    fn sums_are_of_common_answers_and_other_numbers_of_rows_are_said() {
        let cost = |milliseconds| {
            Ok(Cost {
                milliseconds,
                plan_milliseconds: 1.0,
                row_count: 3,
            })
        };
        let key = |name: &str| ("today".to_owned(), name.to_owned());
        let questions = [question("a"), question("b"), question("c")];
        let duckdb = json!({"periods": {"today": {
            "a": {"parquet": {"ms": 20.0, "rows": 3}, "memory": {"ms": 4.0, "rows": 3}},
            "b": {"parquet": {"over_ms": 5000.0}, "memory": {"ms": 4.0, "rows": 2}},
        }}});
        let answers = Answers {
            questions: &questions,
            costs: Costs::from([
                (key("a"), cost(7.0)),
                (key("b"), cost(600.0)),
                (key("c"), Err("no such thing".to_owned())),
            ]),
            duckdb: &duckdb,
        };
        let expected = "\
| today | rows | Chatlake ms | of it planning | DuckDB, Parquet ms | DuckDB, memory ms |
|-------|-----:|------------:|---------------:|-------------------:|------------------:|
| a     |    3 |         7.0 |            1.0 |               20.0 |               4.0 |
| b     |    3 |       600.0 |            1.0 |             > 5000 |               4.0 |
| c     |    - |      failed |              - |                  - |                 - |

today: 1 over 500 ms; slowest `b` 600 ms, `a` 7 ms.
today: the 1 that all three columns have, together: Chatlake 7 ms, DuckDB over Parquet 20 ms, over memory 4 ms.
today: `c` failed: no such thing.
";
        assert_eq!(answers.report("today"), expected);
        let other = json!({"rows": 2});
        let ours = cost(1.0).expect("it is one");
        let said = "`a` has 3 rows in Chatlake and 2 in DuckDB";
        assert_eq!(disagreement("a", &ours, &other).as_deref(), Some(said));
    }
}
