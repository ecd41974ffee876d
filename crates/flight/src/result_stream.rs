//! From record batches to the messages of a `DoGet` stream.
//!
//! 1. A task of the [`Executor`] pulls a batch, gives it the schema that was announced, cuts it ([`split`]) and encodes it.
//! 2. Messages wait in a bounded queue; while it is full the query is not polled.
//! 3. When the query stays silent, an empty record batch tells proxies that the stream is alive.
//! 4. When the stream is dropped the task is aborted, and with it the query.
//!
//! Guarantees: the schema is the first message, also of an empty result; at most `batch_queue_count_max` messages and one
//! batch are held per stream; the stream ends with an error when the query does.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use arrow_flight::FlightData;
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::error::FlightError;
use arrow_flight::utils::batches_to_flight_data;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::Status;

use crate::error::{Error, Result};
use crate::executor::{Executor, task_error};
use crate::options::FlightOptions;
use crate::split::split;

/// Record batches on their way to a client.
pub(crate) type BatchStream = BoxStream<'static, Result<RecordBatch>>;

/// Messages on their way to a client.
pub(crate) type FlightDataStream = BoxStream<'static, Result<FlightData, Status>>;

/// Streams `batches`, computed on `executor`, under `schema`.
pub(crate) fn stream_query(
    executor: &Executor,
    options: &FlightOptions,
    schema: SchemaRef,
    batches: BatchStream,
) -> Result<FlightDataStream> {
    let silence = Duration::from_millis(options.idle_batch_interval_ms.max(1));
    let empty_batch = empty_message(&schema)?;
    let messages = encode(schema, batches, options.batch_bytes_target);
    let (sender, receiver) = mpsc::channel(options.batch_queue_count_max.max(1));
    let tasks = executor.spawn(produce(messages, sender, silence, empty_batch))?;
    Ok(ResultStream { receiver, tasks }.boxed())
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

/// Sends `messages` until they end, one is an error, or nobody listens.
async fn produce(
    mut messages: FlightDataStream,
    sender: mpsc::Sender<Result<FlightData, Status>>,
    silence: Duration,
    empty_batch: FlightData,
) {
    loop {
        let message = match timeout(silence, messages.next()).await {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(_) => Ok(empty_batch.clone()),
        };
        let failed = message.is_err();
        if sender.send(message).await.is_err() || failed {
            return;
        }
    }
}

/// The reader's end; dropping it aborts the task that produces.
struct ResultStream {
    receiver: mpsc::Receiver<Result<FlightData, Status>>,
    tasks: JoinSet<()>,
}

impl Stream for ResultStream {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.receiver.poll_recv(context)) {
            return Poll::Ready(Some(message));
        }
        // all was sent, or the task died: an early end must not look like a complete result
        match ready!(self.tasks.poll_join_next(context)) {
            Some(Err(error)) => Poll::Ready(Some(Err(task_error(error).into()))),
            Some(Ok(())) | None => Poll::Ready(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};
    use arrow_flight::decode::FlightRecordBatchStream;
    use tokio::sync::watch;
    use tonic::Code;

    use super::*;

    fn numbers(count: i64) -> RecordBatch {
        let numbers = Int64Array::from_iter_values(0..count);
        RecordBatch::try_from_iter_with_nullable([("n", Arc::new(numbers) as ArrayRef, true)])
            .unwrap()
    }

    fn executor() -> (Executor, watch::Receiver<usize>) {
        let (sender, receiver) = watch::channel(0);
        (Executor::start(1, sender).unwrap(), receiver)
    }

    #[tokio::test]
    async fn an_empty_result_still_tells_its_schema() {
        let (executor, _) = executor();
        let schema = numbers(0).schema();
        let stream = stream_query(
            &executor,
            &FlightOptions::default(),
            Arc::clone(&schema),
            stream::empty().boxed(),
        );
        let mut decoded = FlightRecordBatchStream::new_from_flight_data(
            stream.unwrap().map_err(FlightError::from),
        );
        assert!(decoded.next().await.is_none());
        assert_eq!(decoded.schema(), Some(&schema));
    }

    #[tokio::test]
    async fn a_silent_query_sends_empty_batches_and_a_dropped_stream_ends_it() {
        let (executor, mut running) = executor();
        let options = FlightOptions {
            idle_batch_interval_ms: 1,
            ..FlightOptions::default()
        };
        let silent = stream::pending().boxed();
        let stream = stream_query(&executor, &options, numbers(0).schema(), silent).unwrap();
        let mut decoded =
            FlightRecordBatchStream::new_from_flight_data(stream.map_err(FlightError::from));
        assert_eq!(decoded.next().await.unwrap().unwrap().num_rows(), 0);
        assert_eq!(*running.borrow(), 1);
        drop(decoded);
        running.wait_for(|&count| count == 0).await.unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_stops_stops_the_query() {
        let (executor, _) = executor();
        let (polled, mut polls) = watch::channel(0);
        let endless = stream::repeat_with(move || {
            polled.send_modify(|count| *count += 1);
            Ok(numbers(10))
        });
        let options = FlightOptions {
            batch_queue_count_max: 2,
            ..FlightOptions::default()
        };
        let mut stream =
            stream_query(&executor, &options, numbers(0).schema(), endless.boxed()).unwrap();
        // the schema and four batches arrive; two more wait in the queue and one is about to enter it
        for _ in 0..5 {
            stream.next().await.unwrap().unwrap();
        }
        polls.wait_for(|&count| count >= 7).await.unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(
            *polls.borrow() <= 7,
            "{} batches were asked for",
            *polls.borrow()
        );
    }

    #[tokio::test]
    async fn a_panic_is_not_the_end_of_a_complete_result() {
        let (executor, _) = executor();
        let broken =
            stream::poll_fn(|_| -> Poll<Option<Result<RecordBatch>>> { panic!("broken") }).boxed();
        let stream = stream_query(
            &executor,
            &FlightOptions::default(),
            numbers(0).schema(),
            broken,
        )
        .unwrap();
        let last = stream.collect::<Vec<_>>().await.pop().unwrap();
        assert_eq!(last.unwrap_err().code(), Code::Internal);
    }

    #[tokio::test]
    async fn a_batch_of_another_type_is_refused() {
        let (executor, _) = executor();
        let other =
            RecordBatch::try_from_iter([("n", Arc::new(Int64Array::from(vec![1])) as ArrayRef)])
                .unwrap();
        let schema = Arc::new(arrow::datatypes::Schema::new(vec![
            arrow::datatypes::Field::new("n", arrow::datatypes::DataType::Utf8, true),
        ]));
        let source = stream::iter([Ok(other)]).boxed();
        let stream = stream_query(&executor, &FlightOptions::default(), schema, source).unwrap();
        assert_eq!(
            stream
                .collect::<Vec<_>>()
                .await
                .pop()
                .unwrap()
                .unwrap_err()
                .code(),
            Code::Internal
        );
    }
}
