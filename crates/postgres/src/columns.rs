//! Columns of a result as PostgreSQL knows them: which type each has, and how a batch becomes rows of it.
//!
//! 1. [`Columns::of`] decides for each column the type that a client is told, and the Arrow type that is encoded as it:
//!    instants are `timestamptz` in the session's time zone, lists of plain values are arrays, whatever else is nested is `json`.
//! 2. [`Columns::rows`] casts a batch to those Arrow types and encodes it row by row.
//!
//! Three kinds of values are written by us, because `arrow-pg` would change them: decimals (it knows 28 digits), instants as text (it
//! leaves out the minutes of an offset), and infinities as text (`inf` is no number to PostgreSQL).
//!
//! Guarantees: what a client is told about a statement, its rows and its cursors comes from here, so it always agrees; decimals
//! are exact; a value that cannot be encoded is an error of its statement, never a panic.

use std::sync::Arc;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DECIMAL128_MAX_PRECISION, DataType, Decimal128Type, Decimal256Type, Field, Float32Type,
    Float64Type, Schema, TimeUnit, TimestampMicrosecondType,
};
use arrow::json::writer::{EncoderOptions, make_encoder};
use arrow_pg::datatypes::into_pg_type;
use arrow_pg::encoder::encode_value;
use chrono::{DateTime, Offset};
use pgwire::api::results::{DataRowEncoder, FieldFormat, FieldInfo};
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;
use postgres_types::Type;

use crate::error::{Error, Result};
use crate::numeric::Numeric;

/// How a session wants to see values.
#[derive(Clone, Debug)]
pub(crate) struct Presentation {
    /// The zone of instants.
    pub(crate) time_zone: Arc<str>,
    /// How dates, floats and bytes are written as text.
    pub(crate) formats: Arc<FormatOptions>,
}

/// See the module's documentation.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    infos: Arc<Vec<FieldInfo>>,
    fields: Arc<Vec<Field>>,
}

impl Columns {
    /// The columns of a result. `format_codes` are those of `Bind`: none, one for all, or one for each.
    ///
    /// # Errors
    /// When there are more or fewer codes than columns, or a type is one that PostgreSQL has no place for.
    pub(crate) fn of(schema: &Schema, format_codes: &[i16], shown: &Presentation) -> Result<Self> {
        let count = schema.fields().len();
        if format_codes.len() > 1 && format_codes.len() != count {
            return Err(Error::sql(
                "08P01",
                format!(
                    "expected no, one or {count} result formats, found {}",
                    format_codes.len()
                ),
            ));
        }
        let mut infos = Vec::with_capacity(count);
        let mut fields = Vec::with_capacity(count);
        for (at, field) in schema.fields().iter().enumerate() {
            let (encoded, told) = wire_type(field.data_type(), &shown.time_zone)?;
            let code = match format_codes {
                [] => 0,
                [one] => *one,
                codes => codes[at],
            };
            let info = FieldInfo::new(
                field.name().clone(),
                None,
                None,
                told.clone(),
                FieldFormat::from(code),
            );
            let info = info.with_format_options(Arc::clone(&shown.formats));
            infos.push(info.with_type_size(type_size(&told)));
            fields.push(Field::new(field.name(), encoded, true));
        }
        Ok(Self {
            infos: Arc::new(infos),
            fields: Arc::new(fields),
        })
    }

    /// No columns.
    pub(crate) fn none() -> Self {
        Self {
            infos: Arc::default(),
            fields: Arc::default(),
        }
    }

    /// What a client is told about them.
    pub(crate) fn infos(&self) -> &[FieldInfo] {
        &self.infos
    }

    /// The rows of a batch.
    ///
    /// # Errors
    /// When a value does not fit its type in PostgreSQL.
    pub(crate) fn rows(&self, batch: &RecordBatch) -> Result<Vec<DataRow>> {
        let columns = batch.columns().iter().zip(self.fields.iter());
        let columns: Vec<ArrayRef> = columns
            .map(|(column, field)| encodable(column, field.data_type()))
            .collect::<Result<_>>()?;
        let mut encoder = DataRowEncoder::new(Arc::clone(&self.infos));
        let mut rows = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            for ((column, field), info) in columns
                .iter()
                .zip(self.fields.iter())
                .zip(self.infos.iter())
            {
                encode(&mut encoder, column, row, field, info)?;
            }
            rows.push(encoder.take_row());
        }
        Ok(rows)
    }
}

/// The Arrow type that is encoded for a result type, and the type that a client is told.
fn wire_type(data_type: &DataType, time_zone: &Arc<str>) -> Result<(DataType, Type)> {
    let encoded = match data_type {
        DataType::Timestamp(_, Some(_)) => {
            DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(time_zone)))
        }
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) => {
            let widened = DataType::Decimal128(DECIMAL128_MAX_PRECISION, *scale);
            return Ok((widened, Type::NUMERIC));
        }
        DataType::Decimal128(..) | DataType::Decimal256(..) => {
            return Ok((data_type.clone(), Type::NUMERIC));
        }
        DataType::List(item) | DataType::FixedSizeList(item, _) if is_plain(item.data_type()) => {
            // in UTC, whose offset `arrow-pg` writes whole
            let (item_type, _) = wire_type(item.data_type(), &"UTC".into())?;
            DataType::List(Arc::new(Field::new(item.name(), item_type, true)))
        }
        nested if nested.is_nested() => return Ok((DataType::Utf8, Type::JSON)),
        other => other.clone(),
    };
    let told = into_pg_type(&encoded).map_err(|_| {
        let found = format!("a result column of type `{data_type}` is not supported here");
        Error::sql("0A000", found)
    })?;
    Ok((encoded, told))
}

/// May a list of it be an array? Decimals of a list are encoded by a library that knows 28 digits only.
fn is_plain(item: &DataType) -> bool {
    !item.is_nested() && !item.is_decimal() && !matches!(item, DataType::Interval(_))
}

/// `pg_type.typlen`.
fn type_size(told: &Type) -> i16 {
    match *told {
        Type::BOOL => 1,
        Type::INT2 => 2,
        Type::INT4 | Type::FLOAT4 | Type::DATE | Type::OID => 4,
        Type::INT8 | Type::FLOAT8 | Type::TIMESTAMP | Type::TIMESTAMPTZ | Type::TIME => 8,
        Type::INTERVAL => 16,
        _ => -1,
    }
}

/// A column as it is encoded.
fn encodable(column: &ArrayRef, encoded: &DataType) -> Result<ArrayRef> {
    if column.data_type() == encoded {
        return Ok(Arc::clone(column));
    }
    if column.data_type().is_nested() && *encoded == DataType::Utf8 {
        return json(column);
    }
    cast(column, encoded).map_err(Error::encoding)
}

/// Nested values as JSON text.
fn json(column: &ArrayRef) -> Result<ArrayRef> {
    let field = Arc::new(Field::new("value", column.data_type().clone(), true));
    let options = EncoderOptions::default();
    let mut encoder = make_encoder(&field, column.as_ref(), &options).map_err(Error::encoding)?;
    let texts = (0..column.len()).map(|row| {
        (!column.is_null(row)).then(|| {
            let mut text = Vec::new();
            encoder.encode(row, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        })
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

fn encode(
    encoder: &mut DataRowEncoder,
    column: &ArrayRef,
    row: usize,
    field: &Field,
    info: &FieldInfo,
) -> Result<()> {
    if column.is_null(row) {
        return encoder.encode_field(&None::<i8>).map_err(Error::encoding);
    }
    let own = match info.format() {
        FieldFormat::Text => text(column, row)?,
        FieldFormat::Binary => None,
    };
    if let Some(text) = own {
        return encoder.encode_field(&text).map_err(Error::encoding);
    }
    match numeric(column, row) {
        Some(numeric) => encoder.encode_field(&numeric).map_err(Error::encoding),
        None => encode_value(encoder, column, row, field, info)
            .map_err(|error| Error::sql("22003", format!("column `{}`: {error}", field.name()))),
    }
}

/// A value as text, where it is written by us.
fn text(column: &ArrayRef, row: usize) -> Result<Option<String>> {
    let infinity = |value: f64| match value.is_infinite() {
        true if value > 0.0 => Some("Infinity".to_owned()),
        true => Some("-Infinity".to_owned()),
        false => None,
    };
    Ok(match column.data_type() {
        DataType::Float32 => infinity(column.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => infinity(column.as_primitive::<Float64Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) => {
            let zone: Tz = zone.parse().map_err(Error::encoding)?;
            let instants = column.as_primitive::<TimestampMicrosecondType>();
            let local = instants.value_as_datetime_with_tz(row, zone);
            Some(instant(&local.ok_or_else(|| {
                Error::sql("22008", "timestamp out of range")
            })?))
        }
        _ => None,
    })
}

/// `2026-03-12 16:00:00.5+05:30`; minutes of the offset only when there are some.
fn instant(local: &DateTime<Tz>) -> String {
    let offset_seconds = local.offset().fix().local_minus_utc();
    let offset = match offset_seconds % 3_600 {
        0 => "%:::z",
        _ => "%:z",
    };
    let micros = local.timestamp_subsec_micros();
    let seconds = local.format("%Y-%m-%d %H:%M:%S");
    let offset = local.format(offset);
    match micros {
        0 => format!("{seconds}{offset}"),
        _ => {
            let fraction = format!("{micros:06}");
            format!("{seconds}.{}{offset}", fraction.trim_end_matches('0'))
        }
    }
}

/// A decimal value.
fn numeric(column: &ArrayRef, row: usize) -> Option<Numeric> {
    let (unscaled, scale) = match column.data_type() {
        DataType::Decimal128(_, scale) => {
            let values = column.as_primitive::<Decimal128Type>();
            (values.value(row).to_string(), scale)
        }
        DataType::Decimal256(_, scale) => {
            let values = column.as_primitive::<Decimal256Type>();
            (values.value(row).to_string(), scale)
        }
        _ => return None,
    };
    Some(Numeric::new(&unscaled, *scale))
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Decimal128Array, Float64Array, Int64Array, IntervalMonthDayNanoArray, ListArray,
        StructArray, TimestampMicrosecondArray,
    };
    use arrow::datatypes::Int64Type;

    use super::*;

    fn presentation(time_zone: &str) -> Presentation {
        Presentation {
            time_zone: time_zone.into(),
            formats: Arc::default(),
        }
    }

    /// The types of all columns, and the first row as text.
    fn shown(columns: Vec<(&str, ArrayRef)>, time_zone: &str) -> (Vec<Type>, Vec<Option<String>>) {
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let columns = Columns::of(&batch.schema(), &[], &presentation(time_zone)).unwrap();
        let types = columns
            .infos()
            .iter()
            .map(|info| info.datatype().clone())
            .collect();
        let row = columns.rows(&batch).unwrap().remove(0);
        let mut bytes = row.data.as_ref();
        let mut cells = Vec::new();
        while let Some((length, rest)) = bytes.split_first_chunk::<4>() {
            let length = i32::from_be_bytes(*length);
            let (cell, rest) = rest.split_at(usize::try_from(length).unwrap_or(0));
            cells.push((length >= 0).then(|| String::from_utf8(cell.to_vec()).unwrap()));
            bytes = rest;
        }
        (types, cells)
    }

    #[test]
    fn types_are_those_that_clients_expect() {
        let digits: i128 = "9".repeat(38).parse().unwrap();
        let decimal = Decimal128Array::from(vec![digits])
            .with_precision_and_scale(38, 2)
            .unwrap();
        let instant =
            TimestampMicrosecondArray::from(vec![1_773_327_600_000_000]).with_timezone("UTC");
        let list = ListArray::from_iter_primitive::<Int64Type, _, _>([Some([Some(1), None])]);
        let inner: ArrayRef = Arc::new(Int64Array::from(vec![7]));
        let row = StructArray::try_from(vec![("a", inner)]).unwrap();
        let (types, cells) = shown(
            vec![
                ("d", Arc::new(decimal)),
                ("t", Arc::new(instant)),
                ("l", Arc::new(list)),
                ("s", Arc::new(row)),
                ("i", Arc::new(IntervalMonthDayNanoArray::new_null(1))),
            ],
            "Europe/Berlin",
        );
        let expected = [
            Type::NUMERIC,
            Type::TIMESTAMPTZ,
            Type::INT8_ARRAY,
            Type::JSON,
            Type::INTERVAL,
        ];
        assert_eq!(types, expected);
        let nines = format!("{}.99", "9".repeat(36));
        let expected = [
            Some(nines.as_str()),
            Some("2026-03-12 16:00:00+01"),
            Some("{1,NULL}"),
            Some("{\"a\":7}"),
            None,
        ];
        assert_eq!(
            cells.iter().map(Option::as_deref).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn instants_keep_their_offset_and_infinities_their_name() {
        let instant =
            TimestampMicrosecondArray::from(vec![1_773_327_600_500_000]).with_timezone("UTC");
        let (_, cells) = shown(
            vec![
                ("t", Arc::new(instant)),
                ("f", Arc::new(Float64Array::from(vec![f64::NEG_INFINITY]))),
            ],
            "Asia/Kolkata",
        );
        assert_eq!(cells[0].as_deref(), Some("2026-03-12 20:30:00.5+05:30"));
        assert_eq!(cells[1].as_deref(), Some("-Infinity"));
    }

    #[test]
    fn format_codes_are_none_one_or_one_for_each() {
        let field = |name: &str| Field::new(name, DataType::Int64, true);
        let schema = Schema::new(vec![field("a"), field("b"), field("c")]);
        let columns = |codes: &[i16]| Columns::of(&schema, codes, &presentation("UTC"));
        for codes in [&[][..], &[1], &[0, 1, 0]] {
            assert!(columns(codes).is_ok());
        }
        assert!(
            columns(&[0, 1])
                .unwrap_err()
                .to_string()
                .contains("no, one or 3")
        );
    }
}
