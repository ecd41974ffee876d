//! The actions themselves, each against the server as a client would do it.
//!
//! Guarantees: an action checks what it is told (rows, codes) as far as it can know it; it leaves nothing behind on purpose but
//! its session.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow_flight::CancelStatus;
use arrow_flight::sql::{
    CommandStatementIngest, EndTransaction, TableDefinitionOptions, TableExistsOption,
    TableNotExistOption,
};
use futures::{TryStreamExt, stream};
use rand::Rng;
use tokio::time::sleep;
use tonic::Code;

use super::action::Action;
use super::failure::{Failure, Outcome, refused};
use super::visitor::Visitor;
use crate::flight::client::{
    ask, cancel, close_session, first_cell, read, row_count, shake_hands, start,
};
use crate::flight::door::Ending;

/// Small queries: without the lake, over its log, over its data.
const SMALL: [&str; 3] = [
    "SELECT 1 AS one",
    "SELECT count(*) AS n FROM messages",
    "SELECT chatbot_id, count(*) AS n FROM messages GROUP BY chatbot_id ORDER BY n DESC LIMIT 5",
];
/// A large answer; `ROWS` stands for its rows.
const LARGE: &str = "SELECT value AS id, value * 0.5 AS v, \
    concat('conv-', CAST(value % 5000 AS VARCHAR)) AS s FROM generate_series(1, ROWS)";
const BIG_ROWS: u64 = 300_000;
/// More than all buffers between server and reader hold.
const SLOW_ROWS: u64 = 5_000_000;
/// A query that takes an hour and needs little memory; `MARK` stands for the name of its column.
const LONG: &str = "SELECT sum(value % 7) AS MARK FROM generate_series(1, 1000000000000)";
/// The id of the long query with a mark while it runs.
const FIND: &str = "SELECT query_id FROM system.queries WHERE state = 'running' \
    AND sql LIKE '%AS MARK FROM%' AND sql NOT LIKE '%system.queries%'";
const PREPARED: &str = "SELECT count(*) AS n FROM generate_series(1, 10000) WHERE value < $1";
/// Statements with the codes that they may be refused with.
const WRONG: [(&str, &[Code]); 5] = [
    ("selec 1", &[Code::InvalidArgument]),
    (
        "SELECT no_such_column FROM messages",
        &[Code::InvalidArgument, Code::NotFound],
    ),
    (
        "SELECT * FROM no_such_table",
        &[Code::InvalidArgument, Code::NotFound],
    ),
    ("SELECT ?", &[Code::InvalidArgument]),
    (
        "SELECT 1 / (value - 5000) AS n FROM generate_series(1, 10000)",
        &[Code::InvalidArgument],
    ),
];
const SCRATCH_ROWS: i64 = 20_000;
/// How long a query that was started may take until it can be seen or cancelled.
const RUNS_WITHIN: Duration = Duration::from_secs(30);
const LOOK_INTERVAL: Duration = Duration::from_millis(50);

impl Visitor {
    /// Does one thing.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn act(&mut self, action: Action) -> Outcome {
        match action {
            Action::Big => self.big().await,
            Action::Cancel => self.cancel().await,
            Action::Disconnect => self.disconnect().await,
            Action::Drop => self.leave().await,
            Action::Kill => self.kill().await,
            Action::Page => self.page().await,
            Action::Prepared => self.prepared().await,
            Action::Scratch => self.scratch().await,
            Action::Session => self.session().await,
            Action::Slow => self.slow().await,
            Action::Small => self.small().await,
            Action::Transaction => self.transaction().await,
            Action::Wrong => self.wrong().await,
        }
    }

    async fn small(&mut self) -> Outcome {
        let sql = SMALL[self.random.random_range(0..SMALL.len())];
        match ask(&mut self.client, sql).await? {
            0 => Err(Failure::Wrong(format!("expected rows of `{sql}`"))),
            _ => Ok(None),
        }
    }

    async fn page(&mut self) -> Outcome {
        let page = self.random.random_range(0..self.site.pages.len().max(1));
        if let Some(sql) = self.site.pages.get(page) {
            ask(&mut self.client, sql).await?;
        }
        Ok(None)
    }

    async fn prepared(&mut self) -> Outcome {
        let mut statement = self.client.prepare(PREPARED.to_owned(), None).await?;
        for _ in 0..2 {
            let limit = self.random.random_range(1..10_000);
            statement.set_parameters(numbers("$1", vec![limit])?)?;
            let info = statement.execute().await?;
            read(&mut self.client, &info).await?;
        }
        statement.close().await?;
        Ok(None)
    }

    async fn big(&mut self) -> Outcome {
        let sql = LARGE.replace("ROWS", &BIG_ROWS.to_string());
        expect_count(ask(&mut self.client, &sql).await?, BIG_ROWS)
    }

    async fn slow(&mut self) -> Outcome {
        let sql = LARGE.replace("ROWS", &SLOW_ROWS.to_string());
        let (_, mut stream) = start(&mut self.client, &sql).await?;
        for _ in 0..self.random.random_range(3..12) {
            if stream.try_next().await?.is_none() {
                return Err(Failure::Wrong("the answer ended early".to_owned()));
            }
            self.wait(100, 600).await;
        }
        Ok(None)
    }

    async fn disconnect(&mut self) -> Outcome {
        let sql = LARGE.replace("ROWS", &SLOW_ROWS.to_string());
        let (_, mut stream) = start(&mut self.client, &sql).await?;
        stream.try_next().await?;
        // the client of before goes here, and with its last stream the connection, in the middle of the answer
        self.come_again().await?;
        drop(stream);
        Ok(None)
    }

    async fn leave(&mut self) -> Outcome {
        let sql = LONG.replace("MARK", &self.mark());
        let (_, stream) = start(&mut self.client, &sql).await?;
        self.wait(20, 500).await;
        drop(stream);
        Ok(None)
    }

    async fn cancel(&mut self) -> Outcome {
        let sql = LONG.replace("MARK", &self.mark());
        let (info, stream) = start(&mut self.client, &sql).await?;
        self.wait(20, 500).await;
        let asked = Instant::now();
        while cancel(&mut self.client, &info).await? != CancelStatus::Cancelled {
            if asked.elapsed() > RUNS_WITHIN {
                let text = "expected a flight to cancel, found none that runs";
                return Err(Failure::Wrong(text.to_owned()));
            }
            sleep(LOOK_INTERVAL).await;
        }
        refused(row_count(stream).await, &[Code::Cancelled])
    }

    async fn kill(&mut self) -> Outcome {
        let mark = self.mark();
        let (_, stream) = start(&mut self.client, &LONG.replace("MARK", &mark)).await?;
        let find = FIND.replace("MARK", &mark);
        let asked = Instant::now();
        let id = loop {
            if let Some(id) = first_cell(&mut self.client, &find).await? {
                break id;
            }
            if asked.elapsed() > RUNS_WITHIN {
                let text = "expected the query in `system.queries`, found none that runs";
                return Err(Failure::Wrong(text.to_owned()));
            }
            sleep(LOOK_INTERVAL).await;
        };
        ask(&mut self.client, &["KILL '", &id, "'"].concat()).await?;
        refused(row_count(stream).await, &[Code::Cancelled])
    }

    async fn session(&mut self) -> Outcome {
        let mut client = self.site.door.connect(Ending::Polite).await?;
        shake_hands(&mut client, &self.member().key_header()).await?;
        ask(&mut client, &self.site.narrow).await?;
        ask(&mut client, SMALL[1]).await?;
        close_session(&mut client).await?;
        refused(ask(&mut client, SMALL[1]).await, &[Code::Unauthenticated])
    }

    async fn transaction(&mut self) -> Outcome {
        let table = self.mark();
        let id = self.client.begin_transaction().await?;
        let create = ["CREATE TABLE ", &table, " AS SELECT 1 AS n"].concat();
        ask(&mut self.client, &create).await?;
        let rollback = EndTransaction::Rollback;
        self.client.end_transaction(id, rollback).await?;
        let sql = ["SELECT * FROM ", &table].concat();
        let codes = [Code::InvalidArgument, Code::NotFound];
        refused(ask(&mut self.client, &sql).await, &codes)
    }

    async fn wrong(&mut self) -> Outcome {
        let (sql, codes) = WRONG[self.random.random_range(0..WRONG.len())];
        refused(ask(&mut self.client, sql).await, codes)
    }

    async fn scratch(&mut self) -> Outcome {
        let table = self.mark();
        let command = CommandStatementIngest {
            table_definition_options: Some(TableDefinitionOptions {
                if_not_exist: TableNotExistOption::Create as i32,
                if_exists: TableExistsOption::Fail as i32,
            }),
            table: table.clone(),
            ..CommandStatementIngest::default()
        };
        let rows = stream::iter([Ok(numbers("n", (0..SCRATCH_ROWS).collect())?)]);
        let taken = self.client.execute_ingest(command, rows).await?;
        let expected = SCRATCH_ROWS.unsigned_abs();
        expect_count(taken.unsigned_abs(), expected)?;
        let all = ["SELECT n FROM ", &table].concat();
        expect_count(ask(&mut self.client, &all).await?, expected)?;
        ask(&mut self.client, &["DROP TABLE ", &table].concat()).await?;
        Ok(None)
    }
}

/// A batch of one column.
fn numbers(name: &str, values: Vec<i64>) -> Result<RecordBatch, Failure> {
    let column: ArrayRef = Arc::new(Int64Array::from(values));
    RecordBatch::try_from_iter_with_nullable([(name, column, true)])
        .map_err(|error| Failure::Wrong(error.to_string()))
}

fn expect_count(found: u64, expected: u64) -> Outcome {
    match found == expected {
        true => Ok(None),
        false => Err(Failure::Wrong(format!(
            "expected {expected} rows, found {found}"
        ))),
    }
}
