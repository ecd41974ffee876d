//! Streams: their schema, their end, and what stops them.

use arrow::array::{ArrayRef, Int64Array};
use arrow_flight::decode::FlightRecordBatchStream;
use tokio::sync::watch;
use tonic::Code;

use super::*;

fn numbers(count: i64) -> RecordBatch {
    let numbers = Int64Array::from_iter_values(0..count);
    RecordBatch::try_from_iter_with_nullable([("n", Arc::new(numbers) as ArrayRef, true)]).unwrap()
}

fn executor() -> (Executor<Error>, watch::Receiver<usize>) {
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
        Reader::default(),
    );
    let mut decoded =
        FlightRecordBatchStream::new_from_flight_data(stream.unwrap().map_err(FlightError::from));
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
    let stream = stream_query(
        &executor,
        &options,
        numbers(0).schema(),
        silent,
        Reader::default(),
    )
    .unwrap();
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
        Ok(numbers(1))
    });
    let options = FlightOptions {
        // every message is a group
        batch_bytes_target: 1,
        batch_queue_count_max: 2,
        ..FlightOptions::default()
    };
    let mut stream = stream_query(
        &executor,
        &options,
        numbers(0).schema(),
        endless.boxed(),
        Reader::default(),
    )
    .unwrap();
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
async fn what_is_ready_travels_in_groups_of_the_size_of_a_batch() {
    let messages = || stream::repeat_with(|| Ok(FlightData::new().with_data_body(vec![0; 400])));
    let (sender, mut groups) = mpsc::channel(1);
    let (more, waits) = tokio::sync::oneshot::channel::<()>();
    let late = async {
        waits.await.ok();
        Ok(FlightData::new())
    };
    let first = messages().take(4).chain(stream::once(late)).boxed();
    let silence = Duration::from_secs(3600);
    let producing = tokio::spawn(produce(
        first,
        sender,
        silence,
        FlightData::new(),
        Group::new(1_000, silence),
    ));
    assert_eq!(groups.recv().await.unwrap().len(), 3, "1,200 bytes");
    assert_eq!(
        groups.recv().await.unwrap().len(),
        1,
        "the next is not there yet"
    );
    more.send(()).unwrap();
    assert_eq!(groups.recv().await.unwrap().len(), 1);
    assert!(groups.recv().await.is_none());
    producing.await.unwrap();
    let mut impatient = Group::new(1_000, Duration::ZERO);
    assert!(impatient.push(Ok(FlightData::new())));
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
        Reader::default(),
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
    let stream = stream_query(
        &executor,
        &FlightOptions::default(),
        schema,
        source,
        Reader::default(),
    )
    .unwrap();
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
