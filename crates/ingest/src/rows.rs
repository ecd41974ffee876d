//! Rows of one stored table, gathered column by column.
//!
//! Guarantees: the batch has exactly the table's Arrow schema, columns in that order, `ingest_seq` last and in the
//! order in which rows came.

use std::sync::Arc;

use arrow::array::{
    ArrayBuilder, ArrayRef, BooleanBuilder, Decimal128Builder, Float64Builder, Int64Array,
    ListBuilder, RecordBatch, StringBuilder, TimestampMicrosecondBuilder,
};
use chatlake_schema::{ColumnType, INGEST_SEQ, Table};

use crate::error::{Error, Result};
use crate::fields::Text;

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<'a> {
    Null,
    Text(&'a str),
    Boolean(bool),
    Float(f64),
    /// µs since 1970-01-01T00:00:00Z.
    Micros(i64),
    /// The value times ten to the column's scale.
    Decimal(i64),
    TextList(&'a [Text<'a>]),
}

impl<'a> Cell<'a> {
    /// Text or NULL.
    pub(crate) fn text(text: &'a Option<Text<'a>>) -> Self {
        text.as_deref().map_or(Self::Null, Self::Text)
    }

    /// Text of a fixed set or NULL.
    pub(crate) fn word(word: Option<&'static str>) -> Self {
        word.map_or(Self::Null, Self::Text)
    }

    /// An instant or NULL.
    pub(crate) fn micros(micros: Option<i64>) -> Self {
        micros.map_or(Self::Null, Self::Micros)
    }

    /// A decimal or NULL.
    pub(crate) fn decimal(units: Option<i64>) -> Self {
        units.map_or(Self::Null, Self::Decimal)
    }

    /// A list or NULL.
    pub(crate) fn text_list(list: &'a Option<Vec<Text<'a>>>) -> Self {
        list.as_deref().map_or(Self::Null, Self::TextList)
    }
}

/// The values of one column.
#[derive(Debug)]
enum ColumnBuilder {
    Text(StringBuilder),
    Boolean(BooleanBuilder),
    Float(Float64Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Decimal(Decimal128Builder),
    TextList(ListBuilder<StringBuilder>),
}

impl ColumnBuilder {
    fn new(column_type: ColumnType) -> Result<Self> {
        Ok(match column_type {
            ColumnType::Text | ColumnType::Json => Self::Text(StringBuilder::new()),
            ColumnType::Boolean => Self::Boolean(BooleanBuilder::new()),
            ColumnType::Float => Self::Float(Float64Builder::new()),
            ColumnType::Timestamp => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_timezone("UTC"))
            }
            ColumnType::Decimal { precision, scale } => {
                Self::Decimal(Decimal128Builder::new().with_precision_and_scale(precision, scale)?)
            }
            ColumnType::TextList => Self::TextList(ListBuilder::new(StringBuilder::new())),
            ColumnType::Integer | ColumnType::Date => {
                return Err(Error::Schema(format!(
                    "no record fills a column of type `{column_type}`"
                )));
            }
        })
    }

    /// Appends a value; false when it is not of the column's type.
    fn append(&mut self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Text(column), Cell::Text(text)) => column.append_value(text),
            (Self::Text(column), Cell::Null) => column.append_null(),
            (Self::Boolean(column), Cell::Boolean(value)) => column.append_value(value),
            (Self::Float(column), Cell::Float(value)) => column.append_value(value),
            (Self::Float(column), Cell::Null) => column.append_null(),
            (Self::Timestamp(column), Cell::Micros(micros)) => column.append_value(micros),
            (Self::Timestamp(column), Cell::Null) => column.append_null(),
            (Self::Decimal(column), Cell::Decimal(units)) => column.append_value(i128::from(units)),
            (Self::Decimal(column), Cell::Null) => column.append_null(),
            (Self::TextList(column), Cell::TextList(list)) => {
                list.iter()
                    .for_each(|text| column.values().append_value(text));
                column.append(true);
            }
            (Self::TextList(column), Cell::Null) => column.append(false),
            _ => return false,
        }
        true
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Timestamp(column) => Arc::new(column.finish()),
            Self::Decimal(column) => Arc::new(column.finish()),
            Self::TextList(column) => ArrayBuilder::finish(column),
        }
    }
}

/// Gathers the rows of one table.
#[derive(Debug)]
pub(crate) struct RowBuilder {
    table: &'static Table,
    columns: Vec<ColumnBuilder>,
    /// For each cell of a row, the column that it belongs to.
    places: Vec<usize>,
    sequence: Vec<i64>,
    /// A cell did not fit its column: a bug that `finish` reports.
    misfit: Option<usize>,
}

impl RowBuilder {
    /// A builder of rows whose cells come in the order of `names`: every column of the table but `ingest_seq`.
    pub(crate) fn new(table: &str, names: &[&str]) -> Result<Self> {
        let table = stored_table(table)?;
        let columns: Vec<_> = table
            .columns
            .iter()
            .filter(|column| column.name != INGEST_SEQ)
            .collect();
        let place = |name: &&str| {
            let place = columns.iter().position(|column| column.name == **name);
            place.ok_or_else(|| {
                Error::Schema(format!("table `{}` has no column `{name}`", table.name))
            })
        };
        let places = names.iter().map(place).collect::<Result<Vec<_>>>()?;
        if let Some(missing) = (0..columns.len()).find(|place| !places.contains(place)) {
            let name = &columns[missing].name;
            return Err(Error::Schema(format!(
                "column `{name}` of table `{}` is not filled",
                table.name
            )));
        }
        let columns = columns
            .iter()
            .map(|column| ColumnBuilder::new(column.column_type))
            .collect::<Result<_>>()?;
        Ok(Self {
            table,
            columns,
            places,
            sequence: Vec::new(),
            misfit: None,
        })
    }

    /// Appends a row; `sequence` is its place among all rows of the chunk.
    pub(crate) fn append(&mut self, sequence: i64, cells: &[Cell<'_>]) {
        for (&place, &cell) in self.places.iter().zip(cells) {
            if !self.columns[place].append(cell) {
                self.misfit = Some(place);
            }
        }
        self.sequence.push(sequence);
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.sequence.is_empty()
    }

    /// The rows so far; their `ingest_seq` still counts from the chunk's first row.
    pub(crate) fn finish(mut self) -> Result<TableRows> {
        if let Some(place) = self.misfit {
            let column = &self.table.columns[place];
            let (name, column_type) = (&column.name, column.column_type);
            return Err(Error::Schema(format!(
                "a value for `{name}` of `{}` is not `{column_type}`",
                self.table.name
            )));
        }
        let columns = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        Ok(TableRows {
            table: self.table,
            columns,
            sequence: self.sequence,
        })
    }
}

/// The stored table of this name.
pub(crate) fn stored_table(name: &str) -> Result<&'static Table> {
    chatlake_schema::table(name)
        .ok_or_else(|| Error::Schema(format!("there is no stored table `{name}`")))
}

/// Finished rows of one table without their final `ingest_seq`.
#[derive(Debug)]
pub(crate) struct TableRows {
    pub(crate) table: &'static Table,
    /// Every column but `ingest_seq`, in the order of the table.
    pub(crate) columns: Vec<ArrayRef>,
    /// Place of each row among the rows of its chunk.
    pub(crate) sequence: Vec<i64>,
}

impl TableRows {
    /// The rows with `ingest_seq` counted from `first_seq`, as a batch of the table's schema.
    pub(crate) fn into_batch(self, first_seq: i64) -> Result<RecordBatch> {
        let Self {
            table,
            mut columns,
            mut sequence,
        } = self;
        sequence.iter_mut().for_each(|place| *place += first_seq);
        columns.push(Arc::new(Int64Array::from(sequence)));
        Ok(RecordBatch::try_new(table.arrow_schema(), columns)?)
    }
}
