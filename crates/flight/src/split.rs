//! Cuts record batches to the size that one gRPC message may have.
//!
//! Guarantees: rows keep their order; no part is larger than the target unless it is a single row. Sizes are those of the
//! rows themselves, so that a slice of a large buffer counts as what it is, and one long text does not make every part
//! small (the encoder's own splitting does both, see apache/arrow-rs#3407).

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::DataType;

/// The parts of `batch`, each of at most `bytes_target` bytes or one row. An empty batch has no parts.
pub(crate) fn split(batch: RecordBatch, bytes_target: usize) -> Vec<RecordBatch> {
    let mut parts = Vec::new();
    let mut waiting = vec![batch];
    while let Some(batch) = waiting.pop() {
        let row_count = batch.num_rows();
        if row_count == 0 {
            continue;
        }
        if row_count == 1 || batch_bytes(&batch) <= bytes_target {
            parts.push(batch);
            continue;
        }
        let half = row_count / 2;
        waiting.push(batch.slice(half, row_count - half));
        waiting.push(batch.slice(0, half));
    }
    parts
}

/// Bytes of the rows of a batch.
fn batch_bytes(batch: &RecordBatch) -> usize {
    batch.columns().iter().map(array_bytes).sum()
}

/// Bytes of the rows of an array, without what its buffers hold before and after them.
fn array_bytes(array: &ArrayRef) -> usize {
    let validity_bytes = if array.nulls().is_some() {
        array.len().div_ceil(8)
    } else {
        0
    };
    match array.data_type() {
        DataType::List(_) => {
            let list = array.as_list::<i32>();
            let offsets = list.value_offsets();
            let (first, last) = (
                offsets.first().copied().unwrap_or(0),
                offsets.last().copied().unwrap_or(0),
            );
            let start = usize::try_from(first).unwrap_or(0);
            let length = usize::try_from(last - first).unwrap_or(0);
            validity_bytes + size_of_val(offsets) + array_bytes(&list.values().slice(start, length))
        }
        DataType::Struct(_) => {
            validity_bytes
                + array
                    .as_struct()
                    .columns()
                    .iter()
                    .map(array_bytes)
                    .sum::<usize>()
        }
        // other nested types count with all their values: too much for a slice, so parts only get smaller
        _ => array
            .to_data()
            .get_slice_memory_size()
            .unwrap_or_else(|_| array.get_array_memory_size()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListArray, StringArray};
    use arrow::compute::concat_batches;
    use arrow::datatypes::Int64Type;

    use super::*;

    fn texts(lengths: &[usize]) -> RecordBatch {
        let texts: StringArray = lengths
            .iter()
            .map(|&length| Some("x".repeat(length)))
            .collect();
        RecordBatch::try_from_iter([("text", Arc::new(texts) as ArrayRef)]).unwrap()
    }

    #[test]
    fn an_empty_batch_has_no_parts() {
        assert!(split(texts(&[]), 10).is_empty());
    }

    #[test]
    fn parts_keep_the_order_and_the_limit() {
        let batch = texts(&[10, 900, 20, 30, 5_000, 1, 2, 3]);
        let parts = split(batch.clone(), 1_000);
        assert_eq!(concat_batches(&batch.schema(), &parts).unwrap(), batch);
        for part in &parts {
            assert!(
                part.num_rows() == 1 || batch_bytes(part) <= 1_000,
                "{} rows",
                part.num_rows()
            );
        }
        assert!(
            parts.len() < batch.num_rows(),
            "one long text must not isolate every row"
        );
    }

    #[test]
    fn a_slice_counts_as_its_rows_and_not_as_its_buffers() {
        let numbers = Int64Array::from_iter_values(0..100_000);
        let batch = RecordBatch::try_from_iter([("n", Arc::new(numbers) as ArrayRef)]).unwrap();
        assert_eq!(split(batch.slice(50_000, 100), 1_000).len(), 1);
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>(
            (0..1_000).map(|n| Some(vec![Some(n); 10])),
        );
        let batch = RecordBatch::try_from_iter([("list", Arc::new(lists) as ArrayRef)]).unwrap();
        assert_eq!(split(batch.slice(500, 10), 2_000).len(), 1);
    }
}
