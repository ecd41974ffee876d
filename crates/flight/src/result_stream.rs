//! From record batches to the messages of a `DoGet` stream.
//!
//! 1. A task of the [`Executor`] pulls a batch, gives it the schema that was announced, cuts it ([`split`]) and encodes it.
//! 2. Messages are handed over in groups, because each hand-over wakes a thread, and wait in a bounded queue; while it is full the
//!    query is not polled.
//! 3. When the query stays silent, an empty record batch tells proxies that the stream is alive.
//! 4. When the stream is dropped the task is aborted, and with it the query; a join that does not come back is told.
//!
//! Guarantees: the schema is the first message, also of an empty result; a message waits for no other that is not there yet, and
//! no longer than [`GROUP_OPEN_MAX`] for those that are; at most `batch_queue_count_max` groups and two more are held per stream; the
//! stream ends with an error when the query does.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::utils::batches_to_flight_data;
use chatlake::Reader;
use chatlake_serving::{Executor, task_error};
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, poll, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Status;

use crate::error::{Error, Result};
use crate::options::FlightOptions;
use crate::split::split;

/// Record batches on their way to a client.
pub(crate) type BatchStream = BoxStream<'static, Result<RecordBatch>>;

/// Messages on their way to a client.
pub(crate) type FlightDataStream = BoxStream<'static, Result<FlightData, Status>>;

/// How long a message may wait for the rest of its group.
const GROUP_OPEN_MAX: Duration = Duration::from_millis(5);

/// Streams `batches`, computed on `executor`, under `schema`, as long as `reader` lives, which belongs to the stream.
pub(crate) fn stream_query(
    executor: &Executor<Error>,
    options: &FlightOptions,
    schema: SchemaRef,
    batches: BatchStream,
    reader: Reader,
) -> Result<FlightDataStream> {
    let silence = Duration::from_millis(options.idle_batch_interval_ms.max(1));
    let empty_batch = empty_message(&schema)?;
    let messages = encode(schema, batches, options.batch_bytes_target);
    let (sender, receiver) = mpsc::channel(options.batch_queue_count_max.max(1));
    let group = Group::new(options.batch_bytes_target, GROUP_OPEN_MAX);
    let tasks = executor.spawn(produce(messages, sender, silence, empty_batch, group))?;
    Ok(ResultStream {
        receiver,
        group: Vec::new().into_iter(),
        tasks,
        _reader: reader,
    }
    .boxed())
}

/// Streams one batch that is there already: the answer to a metadata command.
pub(crate) fn stream_batch(options: &FlightOptions, batch: RecordBatch) -> FlightDataStream {
    let schema = batch.schema();
    encode(
        schema,
        stream::iter([Ok(batch)]).boxed(),
        options.batch_bytes_target,
    )
}

/// Encodes the schema, then every batch in parts of at most `bytes_target`.
fn encode(schema: SchemaRef, batches: BatchStream, bytes_target: usize) -> FlightDataStream {
    let announced = Arc::clone(&schema);
    let parts = batches
        .and_then(move |batch| {
            let conformed = conform(&announced, batch);
            async move { conformed }
        })
        .map_ok(move |batch| stream::iter(split(batch, bytes_target).into_iter().map(Ok)))
        .try_flatten()
        .map_err(|error: Error| FlightError::from(Status::from(error)));
    FlightDataEncoderBuilder::new()
        .with_schema(schema)
        // `split` has seen to the size already
        .with_max_flight_data_size(usize::MAX)
        .build(parts)
        .map_err(|error| match error {
            FlightError::Tonic(status) => *status,
            other => Error::encoding(other).into(),
        })
        .boxed()
}

/// `batch` under the schema that was announced; an error when its types are others.
fn conform(schema: &SchemaRef, batch: RecordBatch) -> Result<RecordBatch> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = batch.columns().to_vec();
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &rows).map_err(Error::encoding)
}

/// A message that holds no rows.
fn empty_message(schema: &SchemaRef) -> Result<FlightData> {
    let batch = RecordBatch::new_empty(Arc::clone(schema));
    let messages = batches_to_flight_data(schema, vec![batch]).map_err(Error::encoding)?;
    messages
        .into_iter()
        .next_back()
        .ok_or_else(|| Error::encoding("an empty batch has no message"))
}

/// Messages that are handed over together.
struct Group {
    messages: Vec<Result<FlightData, Status>>,
    bytes: usize,
    bytes_target: usize,
    opened: Instant,
    open_max: Duration,
}

impl Group {
    fn new(bytes_target: usize, open_max: Duration) -> Self {
        Self {
            messages: Vec::new(),
            bytes: 0,
            bytes_target,
            opened: Instant::now(),
            open_max,
        }
    }

    /// Adds a message; is the group to be handed over now?
    fn push(&mut self, message: Result<FlightData, Status>) -> bool {
        if self.messages.is_empty() {
            self.opened = Instant::now();
        }
        if let Ok(data) = &message {
            self.bytes += data.data_header.len() + data.data_body.len();
        }
        let failed = message.is_err();
        self.messages.push(message);
        failed || self.bytes >= self.bytes_target || self.opened.elapsed() >= self.open_max
    }

    fn take(&mut self) -> Vec<Result<FlightData, Status>> {
        self.bytes = 0;
        std::mem::take(&mut self.messages)
    }
}

/// Sends `messages` until they end, one is an error, or nobody listens.
async fn produce(
    mut messages: FlightDataStream,
    sender: mpsc::Sender<Vec<Result<FlightData, Status>>>,
    silence: Duration,
    empty_batch: FlightData,
    mut group: Group,
) {
    loop {
        let message = match poll!(messages.next()) {
            Poll::Ready(message) => message,
            Poll::Pending if !group.messages.is_empty() => {
                if sender.send(group.take()).await.is_err() {
                    return;
                }
                continue;
            }
            Poll::Pending => match timeout(silence, messages.next()).await {
                Ok(message) => message,
                Err(_) => Some(Ok(empty_batch.clone())),
            },
        };
        let Some(message) = message else {
            // nobody listens: nobody misses it
            sender.send(group.take()).await.ok();
            return;
        };
        let failed = message.is_err();
        if group.push(message) && (sender.send(group.take()).await.is_err() || failed) {
            return;
        }
    }
}

/// The reader's end; dropping it aborts the task that produces.
struct ResultStream {
    receiver: mpsc::Receiver<Vec<Result<FlightData, Status>>>,
    group: std::vec::IntoIter<Result<FlightData, Status>>,
    tasks: JoinSet<()>,
    _reader: Reader,
}

impl Stream for ResultStream {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(message) = self.group.next() {
                return Poll::Ready(Some(message));
            }
            match ready!(self.receiver.poll_recv(context)) {
                Some(group) => self.group = group.into_iter(),
                None => break,
            }
        }
        // all was sent, or the task died: an early end must not look like a complete result
        match ready!(self.tasks.poll_join_next(context)) {
            Some(Err(error)) => Poll::Ready(Some(Err(Error::from(task_error(error)).into()))),
            Some(Ok(())) | None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests;
