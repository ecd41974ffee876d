//! Sends the answer to a statement: descriptions, rows, tags, changes of settings.
//!
//! Guarantees: rows are sent as they come and never gathered; a client that reads nothing for `send_stall_ms` is taken for gone;
//! whatever ends the turn early ends the query.

use std::fmt::Debug;
use std::time::Duration;

use futures::{Sink, SinkExt};
use pgwire::api::ClientInfo;
use pgwire::api::results::{FieldInfo, Tag};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::{FieldDescription, NoData, RowDescription};
use pgwire::messages::extendedquery::PortalSuspended;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, TransactionStatus};
use pgwire::messages::startup::ParameterStatus;
use tokio::time::timeout;

use crate::client::{Answer, Client};
use crate::columns::Columns;
use crate::command::Command;
use crate::error::{Error, Result};
use crate::rows::Rows;
use crate::turn::Turn;

/// Rows that are taken of a query at once.
const ROWS_AT_ONCE: usize = 1_024;

/// How much of an answer is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent {
    /// Are columns described first? The simple protocol does so.
    pub(crate) described: bool,
    /// Rows at most; more stay with the portal.
    pub(crate) rows_max: usize,
    /// How long a part may lie unread.
    pub(crate) stall: Duration,
}

/// Sends an answer; the rows that are left when there are more than wanted.
pub(crate) async fn send<C>(
    socket: &mut C,
    client: &Client,
    turn: &mut Turn,
    answer: Answer,
    extent: Extent,
) -> PgWireResult<Option<Rows>>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    C::Error: Debug,
    PgWireError: From<C::Error>,
{
    match answer {
        Answer::Empty => {
            socket
                .feed(PgWireBackendMessage::EmptyQueryResponse(
                    EmptyQueryResponse::new(),
                ))
                .await?;
            Ok(None)
        }
        Answer::Done(tag) => {
            complete(socket, Tag::new(&tag)).await?;
            Ok(None)
        }
        Answer::Changed(tag, name, value) => {
            let status = ParameterStatus::new(name.to_owned(), value);
            socket
                .feed(PgWireBackendMessage::ParameterStatus(status))
                .await?;
            complete(socket, Tag::new(&tag)).await?;
            Ok(None)
        }
        Answer::Rows(columns, mut rows, tag) => {
            describe_when(extent.described, socket, &columns).await?;
            let sent = send_rows(socket, turn, &mut rows, extent).await?;
            if sent.more {
                socket
                    .feed(PgWireBackendMessage::PortalSuspended(PortalSuspended::new()))
                    .await?;
                return Ok(Some(rows));
            }
            complete(socket, Tag::new(tag).with_rows(sent.count)).await?;
            Ok(None)
        }
        Answer::Fetched(count, mut cursor) => {
            describe_when(extent.described, socket, &cursor.columns).await?;
            let wanted = Extent {
                rows_max: count,
                ..extent
            };
            let sent = send_rows(socket, turn, &mut cursor.rows, wanted).await?;
            client.give_cursor(*cursor);
            complete(socket, Tag::new("FETCH").with_rows(sent.count)).await?;
            Ok(None)
        }
    }
}

/// What was sent.
struct Sent {
    count: usize,
    /// Did it stop because enough was sent?
    more: bool,
}

async fn send_rows<C>(
    socket: &mut C,
    turn: &mut Turn,
    rows: &mut Rows,
    extent: Extent,
) -> PgWireResult<Sent>
where
    C: Sink<PgWireBackendMessage> + Unpin + Send,
    C::Error: Debug,
    PgWireError: From<C::Error>,
{
    let mut count = 0;
    while count < extent.rows_max {
        let wanted = ROWS_AT_ONCE.min(extent.rows_max - count);
        let Some(part) = turn.run(rows.next(wanted)).await? else {
            return Ok(Sent { count, more: false });
        };
        count += part.len();
        let sending = async {
            for row in part {
                socket.feed(PgWireBackendMessage::DataRow(row)).await?;
            }
            Ok::<_, PgWireError>(())
        };
        let sent = turn
            .run(async { Ok(timeout(extent.stall, sending).await) })
            .await?;
        sent.map_err(|_| Error::Stalled)??;
    }
    Ok(Sent { count, more: true })
}

/// Sends the description of columns, or that there are none.
pub(crate) async fn describe<C>(socket: &mut C, columns: Option<&Columns>) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    C::Error: Debug,
    PgWireError: From<C::Error>,
{
    let message = match columns {
        Some(columns) => {
            let fields = columns.infos().iter().map(field).collect();
            PgWireBackendMessage::RowDescription(RowDescription::new(fields))
        }
        None => PgWireBackendMessage::NoData(NoData::new()),
    };
    Ok(socket.feed(message).await?)
}

fn field(info: &FieldInfo) -> FieldDescription {
    info.into()
}

async fn describe_when<C>(described: bool, socket: &mut C, columns: &Columns) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    C::Error: Debug,
    PgWireError: From<C::Error>,
{
    match described {
        true => describe(socket, Some(columns)).await,
        false => Ok(()),
    }
}

async fn complete<C>(socket: &mut C, tag: Tag) -> PgWireResult<()>
where
    C: Sink<PgWireBackendMessage> + Unpin,
    C::Error: Debug,
    PgWireError: From<C::Error>,
{
    let message = PgWireBackendMessage::CommandComplete(CommandComplete::from(tag));
    Ok(socket.feed(message).await?)
}

/// What a command that was done means for the transaction; the tag of a COMMIT that could only be a ROLLBACK is the caller's.
pub(crate) fn move_transaction<C: ClientInfo>(socket: &mut C, client: &Client, command: &Command) {
    let status = socket.transaction_status();
    let next = match command {
        Command::Begin(_) => TransactionStatus::Transaction,
        Command::RollbackTo => TransactionStatus::Transaction,
        Command::Commit | Command::Rollback => {
            client.close_portals();
            TransactionStatus::Idle
        }
        Command::DiscardAll => TransactionStatus::Idle,
        _ => status,
    };
    socket.set_transaction_status(next);
}

/// A COMMIT of what has failed is a ROLLBACK; savepoints need a transaction.
pub(crate) fn command_in(command: Command, status: TransactionStatus) -> Result<Command> {
    match (command, status) {
        (Command::Commit, TransactionStatus::Error) => Ok(Command::Rollback),
        (Command::Savepoint(what), TransactionStatus::Idle) => Err(Error::sql(
            "25P01",
            format!("{what} can only be used in transaction blocks"),
        )),
        (Command::RollbackTo, TransactionStatus::Idle) => Err(Error::sql(
            "25P01",
            "ROLLBACK TO SAVEPOINT can only be used in transaction blocks",
        )),
        (Command::Declare(..), TransactionStatus::Idle) => Err(Error::sql(
            "25P01",
            "DECLARE CURSOR can only be used in transaction blocks",
        )),
        (command, _) => Ok(command),
    }
}
