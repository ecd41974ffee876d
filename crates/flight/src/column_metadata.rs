//! What Flight SQL says about a column beside its Arrow type: the SQL type name, precision and scale that Power BI and
//! JDBC read, and for the columns of a table where they come from.
//!
//! Guarantees: every schema that leaves this room passes through here once, so announced and streamed schemas agree; all
//! columns are nullable; remarks are never put on result columns (JDBC would show them as the column's name).

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, SchemaRef};
use chatlake::TableInfo;

const CATALOG_NAME: &str = "ARROW:FLIGHT:SQL:CATALOG_NAME";
const IS_AUTO_INCREMENT: &str = "ARROW:FLIGHT:SQL:IS_AUTO_INCREMENT";
const IS_CASE_SENSITIVE: &str = "ARROW:FLIGHT:SQL:IS_CASE_SENSITIVE";
const IS_READ_ONLY: &str = "ARROW:FLIGHT:SQL:IS_READ_ONLY";
const IS_SEARCHABLE: &str = "ARROW:FLIGHT:SQL:IS_SEARCHABLE";
const PRECISION: &str = "ARROW:FLIGHT:SQL:PRECISION";
const SCALE: &str = "ARROW:FLIGHT:SQL:SCALE";
const SCHEMA_NAME: &str = "ARROW:FLIGHT:SQL:SCHEMA_NAME";
const TABLE_NAME: &str = "ARROW:FLIGHT:SQL:TABLE_NAME";
const TYPE_NAME: &str = "ARROW:FLIGHT:SQL:TYPE_NAME";

/// The schema of a query's result as clients see it.
pub(crate) fn result_schema(schema: &Schema) -> SchemaRef {
    described(schema, |_| HashMap::new())
}

/// The schema of a table as `CommandGetTables` shows it.
pub(crate) fn table_schema(catalog: &str, table: &TableInfo) -> SchemaRef {
    described(&table.arrow_schema, |field| {
        let is_text = matches!(field.data_type(), DataType::Utf8);
        HashMap::from([
            (CATALOG_NAME.to_owned(), catalog.to_owned()),
            (SCHEMA_NAME.to_owned(), table.schema.clone()),
            (TABLE_NAME.to_owned(), table.name.clone()),
            (IS_AUTO_INCREMENT.to_owned(), flag(false)),
            (IS_CASE_SENSITIVE.to_owned(), flag(is_text)),
            (IS_READ_ONLY.to_owned(), flag(true)),
            (IS_SEARCHABLE.to_owned(), flag(true)),
        ])
    })
}

/// How Flight SQL writes a flag.
fn flag(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

/// `schema` with nullable columns whose metadata is their type's and `more`. Metadata of other origin is dropped.
fn described(schema: &Schema, more: impl Fn(&Field) -> HashMap<String, String>) -> SchemaRef {
    let fields: Vec<Field> = schema
        .fields()
        .iter()
        .map(|field| {
            let mut metadata = more(field);
            metadata.insert(
                TYPE_NAME.to_owned(),
                sql_type_name(field.data_type()).to_owned(),
            );
            if let DataType::Decimal128(precision, scale) = field.data_type() {
                metadata.insert(PRECISION.to_owned(), precision.to_string());
                metadata.insert(SCALE.to_owned(), scale.to_string());
            }
            Field::new(field.name(), field.data_type().clone(), true).with_metadata(metadata)
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// The SQL name of an Arrow type, as `CommandGetXdbcTypeInfo` lists it.
pub(crate) fn sql_type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Null => "NULL",
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INTEGER UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float16 | DataType::Float32 => "REAL",
        DataType::Float64 => "DOUBLE",
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "DECIMAL",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(_, None) => "TIMESTAMP",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Interval(
            IntervalUnit::YearMonth | IntervalUnit::DayTime | IntervalUnit::MonthDayNano,
        )
        | DataType::Duration(_) => "INTERVAL",
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR",
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => "VARBINARY",
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..) => "ARRAY",
        DataType::Struct(_) => "STRUCT",
        DataType::Map(..) => "MAP",
        DataType::Union(..) => "UNION",
        DataType::Dictionary(_, values) => sql_type_name(values),
        DataType::RunEndEncoded(_, values) => sql_type_name(values.data_type()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn result_columns_are_nullable_and_tell_their_type_only() {
        let remarks =
            HashMap::from([("ARROW:FLIGHT:SQL:REMARKS".to_owned(), "a price".to_owned())]);
        let price = Field::new("price", DataType::Decimal128(12, 2), false).with_metadata(remarks);
        let schema = result_schema(&Schema::new(vec![price]));
        let field = schema.field(0);
        assert!(field.is_nullable());
        let mut metadata: Vec<_> = field
            .metadata()
            .iter()
            .map(|(k, v)| (k.as_str(), v.as_str()))
            .collect();
        metadata.sort_unstable();
        assert_eq!(
            metadata,
            [(PRECISION, "12"), (SCALE, "2"), (TYPE_NAME, "DECIMAL")]
        );
    }
}
