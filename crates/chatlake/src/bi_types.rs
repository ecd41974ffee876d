//! The one place that turns result types into types that every BI tool reads.
//!
//! No views, no dictionaries, no NULL type; every column nullable. A query's announced schema and its batches go through
//! here both, so they always agree.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// The readable type for a result type.
fn readable(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, values) => readable(values),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => DataType::List(readable_field(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(readable_field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(readable_field).collect()),
        DataType::RunEndEncoded(_, values) => readable(values.data_type()),
        other => other.clone(),
    }
}

fn readable_field(field: &FieldRef) -> FieldRef {
    Arc::new(Field::new(field.name(), readable(field.data_type()), true))
}

/// The schema that a tool is told.
pub(crate) fn readable_schema(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(
        schema
            .fields()
            .iter()
            .map(readable_field)
            .collect::<Vec<_>>(),
    ))
}

/// A batch in the schema that a tool was told.
pub(crate) fn readable_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(column, field.data_type())
            }
        });
    let columns: Vec<ArrayRef> = columns.collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, DictionaryArray, Int64Array, NullArray, StringViewArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    #[test]
    fn views_dictionaries_and_nulls_become_plain_text() {
        let view: ArrayRef = Arc::new(StringViewArray::from(vec![Some("a"), None]));
        let dictionary: ArrayRef = Arc::new(
            vec![Some("x"), Some("x")]
                .into_iter()
                .collect::<DictionaryArray<Int32Type>>(),
        );
        let nulls: ArrayRef = Arc::new(NullArray::new(2));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let batch = RecordBatch::try_from_iter([
            ("v", view),
            ("d", dictionary),
            ("n", nulls),
            ("i", numbers),
        ])
        .unwrap();
        let schema = readable_schema(&batch.schema());
        let types: Vec<_> = schema
            .fields()
            .iter()
            .map(|field| (field.data_type().clone(), field.is_nullable()))
            .collect();
        assert_eq!(
            types,
            [
                (DataType::Utf8, true),
                (DataType::Utf8, true),
                (DataType::Utf8, true),
                (DataType::Int64, true)
            ]
        );
        let readable = readable_batch(&batch, &schema).unwrap();
        assert_eq!(readable.column(1).as_string::<i32>().value(1), "x");
        assert_eq!(readable.column(2).null_count(), 2);
    }

    #[test]
    fn a_batch_without_columns_keeps_its_rows() {
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let batch =
            RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
        assert_eq!(
            readable_batch(&batch, &readable_schema(&batch.schema()))
                .unwrap()
                .num_rows(),
            3
        );
    }
}
