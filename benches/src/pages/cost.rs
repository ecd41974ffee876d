//! What one answer of Chatlake costs.
//!
//! Guarantees: a time is that of a whole answer, from the statement's text to its last row, through the public API.

use chatlake::Session;

use crate::Result;
use crate::measure::{Stopwatch, median};

/// The median of some answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// From text to the last row, in ms.
    pub milliseconds: f64,
    /// Of it until the statement was planned, in ms.
    pub plan_milliseconds: f64,
    /// Rows of the answer.
    pub row_count: u64,
}

impl Cost {
    /// Asks once, then `runs` times for the record, or until these took `seconds_max` together. Where the first takes
    /// longer than that, it counts itself.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn measure(
        session: &Session,
        sql: &str,
        runs: usize,
        seconds_max: f64,
    ) -> Result<Self> {
        let milliseconds_max = seconds_max * 1_000.0;
        let mut cost = Self::once(session, sql).await?;
        if cost.milliseconds > milliseconds_max {
            return Ok(cost);
        }
        let (mut plans, mut answers) = (Vec::new(), Vec::new());
        let mut milliseconds = 0.0;
        while answers.len() < runs && milliseconds < milliseconds_max {
            cost = Self::once(session, sql).await?;
            milliseconds += cost.milliseconds;
            answers.push(cost.milliseconds);
            plans.push(cost.plan_milliseconds);
        }
        Ok(Self {
            milliseconds: median(answers),
            plan_milliseconds: median(plans),
            ..cost
        })
    }

    async fn once(session: &Session, sql: &str) -> Result<Self> {
        let watch = Stopwatch::start();
        let query = session.query(sql).await?;
        let plan_milliseconds = watch.seconds() * 1_000.0;
        let batches = query.collect().await?;
        let milliseconds = watch.seconds() * 1_000.0;
        let row_count: usize = batches.iter().map(|batch| batch.num_rows()).sum();
        Ok(Self {
            milliseconds,
            plan_milliseconds,
            row_count: row_count as u64,
        })
    }
}
