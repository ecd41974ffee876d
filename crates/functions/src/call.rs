//! One call of a scalar function: its arguments as typed columns, its answer as DataFusion wants
//! it.
//!
//! Guarantees: arrays and constants are read alike; when every argument is a constant, one row is
//! computed and stays a constant.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Float64Array, Int64Array, PrimitiveArray, StringViewArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{ArrowPrimitiveType, DataType, Int64Type, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use crate::arguments::{number_array, text_array, timestamp_type, typed};

/// One call of a scalar function on one batch.
pub struct Call {
    arguments: Vec<ColumnarValue>,
    row_count: usize,
    constant: bool,
}

impl Call {
    /// The call DataFusion makes. When every argument is a constant, one row is computed for all.
    pub fn new(arguments: ScalarFunctionArgs) -> Self {
        let row_count = arguments.number_rows;
        let is_constant = |value: &ColumnarValue| matches!(value, ColumnarValue::Scalar(_));
        let constant = arguments.args.iter().all(is_constant);
        Self {
            arguments: arguments.args,
            row_count: if constant { 1 } else { row_count },
            constant,
        }
    }

    /// Rows to compute.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// Was the argument given?
    pub fn has(&self, at: usize) -> bool {
        at < self.arguments.len()
    }

    /// An argument as it is, with one value for a constant.
    ///
    /// # Errors
    /// When the argument was not given: a function that forgot to check its arguments.
    pub fn array(&self, at: usize) -> Result<Column<ArrayRef>> {
        match self.arguments.get(at) {
            Some(ColumnarValue::Array(values)) => Ok(Column {
                values: Arc::clone(values),
                constant: false,
            }),
            Some(ColumnarValue::Scalar(value)) => Ok(Column {
                values: value.to_array()?,
                constant: true,
            }),
            None => Err(exec_datafusion_err!(
                "expected an argument {}, found none",
                at + 1
            )),
        }
    }

    /// A text argument.
    ///
    /// # Errors
    /// When it is not text.
    pub fn text(&self, at: usize) -> Result<Column<StringViewArray>> {
        self.array(at)?.map(|values| text_array(&values))
    }

    /// A number argument.
    ///
    /// # Errors
    /// When it is not a number.
    pub fn numbers(&self, at: usize) -> Result<Column<Float64Array>> {
        self.array(at)?.map(|values| number_array(&values))
    }

    /// A timestamp argument, in µs since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// When it is not a timestamp.
    pub fn timestamps(&self, at: usize) -> Result<Column<TimestampMicrosecondArray>> {
        self.array(at)?.map(|values| {
            let values = typed(&values, &timestamp_type())?;
            Ok(values.as_primitive::<TimestampMicrosecondType>().clone())
        })
    }

    /// A whole number argument.
    ///
    /// # Errors
    /// When it is not a whole number.
    pub fn integers(&self, at: usize) -> Result<Column<Int64Array>> {
        self.array(at)?.map(|values| {
            Ok(typed(&values, &DataType::Int64)?
                .as_primitive::<Int64Type>()
                .clone())
        })
    }

    /// An argument that is a list of texts.
    ///
    /// # Errors
    /// When it is no list of texts.
    pub fn text_lists(&self, at: usize) -> Result<Column<TextLists>> {
        self.array(at)?.map(|values| TextLists::new(&values))
    }

    /// Finishes with one of `choices` per row, given its index, or NULL. The texts are stored once
    /// for all rows.
    ///
    /// # Errors
    /// When an index lies beyond the choices.
    pub fn finish_choice(
        &self,
        choices: &[&str],
        index: impl Fn(usize) -> Option<usize>,
    ) -> Result<ColumnarValue> {
        let choices = StringViewArray::from_iter_values(choices);
        let indices = (0..self.row_count).map(|row| index(row).map(|index| index as u32));
        let chosen = take(&choices, &indices.collect::<UInt32Array>(), None)?;
        self.finish(chosen.as_string_view().clone())
    }

    /// The computed rows as DataFusion wants them: a constant stays a constant.
    ///
    /// # Errors
    /// When a constant's one row was not computed.
    pub fn finish(&self, computed: impl Array + 'static) -> Result<ColumnarValue> {
        let computed: ArrayRef = Arc::new(computed);
        if self.constant {
            return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(
                &computed, 0,
            )?));
        }
        Ok(ColumnarValue::Array(computed))
    }
}

/// An argument as array: a value per row, or one for all rows.
#[derive(Clone, Debug)]
pub struct Column<A> {
    values: A,
    constant: bool,
}

/// Lists of texts: the items of all rows, and where those of each row stand.
#[derive(Clone, Debug)]
pub struct TextLists {
    items: StringViewArray,
    offsets: OffsetBuffer<i32>,
    nulls: Option<NullBuffer>,
}

impl TextLists {
    fn new(values: &ArrayRef) -> Result<Self> {
        let lists = values.as_list_opt::<i32>();
        let lists =
            lists.ok_or_else(|| exec_datafusion_err!("expected a list of texts, found another"))?;
        // A slice of a larger array brings the items of all its rows along.
        let (first, last) = (lists.value_offsets()[0], lists.value_offsets()[lists.len()]);
        let items = lists
            .values()
            .slice(first as usize, (last - first) as usize);
        Ok(Self {
            items: text_array(&items)?,
            offsets: lists.offsets().clone(),
            nulls: lists.nulls().cloned(),
        })
    }
}

impl<A> Column<A> {
    /// The same rows as another array.
    pub fn map<B>(self, change: impl FnOnce(A) -> Result<B>) -> Result<Column<B>> {
        Ok(Column {
            values: change(self.values)?,
            constant: self.constant,
        })
    }

    /// The array of a value per row, when it is one.
    pub fn rows(&self) -> Option<&A> {
        (!self.constant).then_some(&self.values)
    }

    /// The array behind it: a value per row, or one.
    pub fn values(&self) -> &A {
        &self.values
    }

    fn index(&self, row: usize) -> usize {
        if self.constant { 0 } else { row }
    }
}

impl Column<StringViewArray> {
    /// The text of a row, `None` for NULL.
    pub fn get(&self, row: usize) -> Option<&str> {
        let at = self.index(row);
        self.values.is_valid(at).then(|| self.values.value(at))
    }
}

impl<T: ArrowPrimitiveType> Column<PrimitiveArray<T>> {
    /// The value of a row, `None` for NULL.
    pub fn get(&self, row: usize) -> Option<T::Native> {
        let at = self.index(row);
        self.values.is_valid(at).then(|| self.values.value(at))
    }
}

impl Column<TextLists> {
    /// The items of all rows, one after another; NULL items as empty texts.
    pub fn items(&self) -> Vec<&str> {
        let items = self.values.items.iter();
        items.map(Option::unwrap_or_default).collect()
    }

    /// Where the items of a row stand among [`Column::items`], `None` for NULL.
    pub fn span(&self, row: usize) -> Option<Range<usize>> {
        let (at, nulls, offsets) = (self.index(row), &self.values.nulls, &self.values.offsets);
        let place = |at: usize| (offsets[at] - offsets[0]) as usize;
        let is_valid = nulls.as_ref().is_none_or(|nulls| nulls.is_valid(at));
        is_valid.then(|| place(at)..place(at + 1))
    }
}
