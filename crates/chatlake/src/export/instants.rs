//! Instants in the zone in which a reader wants them: the account's for text files, UTC for Parquet.
//!
//! Guarantees: the instant never changes, only the zone in its column's type, from which text formats take the offset;
//! instants inside of lists and structs too. A column without a zone holds instants in UTC, as everywhere in the lake.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

/// Gives the instants of batches another zone.
#[derive(Clone, Debug)]
pub(super) struct Instants {
    in_utc: SchemaRef,
    in_zone: SchemaRef,
}

impl Instants {
    /// For rows of `schema`; `zone` is an IANA name.
    pub(super) fn new(schema: &Schema, zone: &str) -> Self {
        Self {
            in_utc: with_zone(schema, "UTC"),
            in_zone: with_zone(schema, zone),
        }
    }

    /// The schema of what comes out.
    pub(super) fn schema(&self) -> &SchemaRef {
        &self.in_zone
    }

    /// The rows with their instants in the zone.
    pub(super) fn convert(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().enumerate().map(|(index, column)| {
            // first UTC: a cast from "no zone" to a zone would take the value for local time
            let column = cast_to(column, self.in_utc.field(index).data_type())?;
            cast_to(&column, self.in_zone.field(index).data_type())
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.in_zone), columns, &options)
    }
}

fn cast_to(column: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == data_type {
        return Ok(Arc::clone(column));
    }
    cast(column, data_type)
}

fn with_zone(schema: &Schema, zone: &str) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| field_in(field, zone));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn field_in(field: &FieldRef, zone: &str) -> FieldRef {
    let data_type = type_in(field.data_type(), zone);
    Arc::new(Field::clone(field).with_data_type(data_type))
}

fn type_in(data_type: &DataType, zone: &str) -> DataType {
    match data_type {
        DataType::Timestamp(unit, _) => DataType::Timestamp(*unit, Some(zone.into())),
        DataType::List(item) => DataType::List(field_in(item, zone)),
        DataType::LargeList(item) => DataType::LargeList(field_in(item, zone)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(field_in(item, zone), *size),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| field_in(field, zone)).collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ListArray, TimestampMicrosecondArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::util::display::array_value_to_string;

    use super::*;

    const NOON_MICROS: i64 = 1_773_331_200_000_000;

    fn shown(column: ArrayRef, zone: &str) -> String {
        let batch = RecordBatch::try_from_iter([("at", column)]).unwrap();
        let instants = Instants::new(&batch.schema(), zone);
        let converted = instants.convert(&batch).unwrap();
        assert_eq!(&converted.schema(), instants.schema());
        array_value_to_string(converted.column(0), 0).unwrap()
    }

    #[test]
    fn an_instant_gets_the_offset_that_its_zone_had_then() {
        let at = || TimestampMicrosecondArray::from(vec![NOON_MICROS]);
        for (zone, expected) in [
            ("America/New_York", "2026-03-12T12:00:00-04:00"),
            ("Asia/Kolkata", "2026-03-12T21:30:00+05:30"),
            ("UTC", "2026-03-12T16:00:00Z"),
        ] {
            for column in [
                at(),
                at().with_timezone("UTC"),
                at().with_timezone("Asia/Tokyo"),
            ] {
                assert_eq!(shown(Arc::new(column), zone), expected);
            }
        }
    }

    #[test]
    fn instants_inside_of_lists_move_too() {
        let values: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![NOON_MICROS]));
        let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let list = ListArray::new(field, OffsetBuffer::from_lengths([1]), values, None);
        assert_eq!(
            shown(Arc::new(list), "America/New_York"),
            "[2026-03-12T12:00:00-04:00]"
        );
    }

    #[test]
    fn rows_without_columns_are_counted() {
        let options = RecordBatchOptions::new().with_row_count(Some(2));
        let none =
            RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
        let instants = Instants::new(&none.schema(), "UTC");
        assert_eq!(instants.convert(&none).unwrap().num_rows(), 2);
    }
}
