//! What the tests of functions have in common: calling one on arrays, and asking SQL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, new_null_array};
use arrow::datatypes::{DataType, Field};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::{Result, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
};
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::register_all;

/// A session with all functions, several partitions and tiny batches, so that states are merged.
pub fn session() -> SessionContext {
    let config = SessionConfig::new()
        .with_target_partitions(3)
        .with_batch_size(2);
    let mut session = SessionContext::new_with_config(config);
    register_all(&mut session).expect("registered");
    session
}

/// All rows of a statement, cell by cell as text; NULL is `NULL`.
pub async fn try_rows(statement: &str) -> Result<Vec<Vec<String>>> {
    let batches = session().sql(statement).await?.collect().await?;
    let options = FormatOptions::default()
        .with_null("NULL")
        .with_display_error(false);
    let mut rows = Vec::new();
    for batch in &batches {
        let columns = batch.columns().iter();
        let columns: Vec<_> = columns
            .map(|column| ArrayFormatter::try_new(column, &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            rows.push(
                columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect(),
            );
        }
    }
    Ok(rows)
}

/// All rows of a statement that must work.
pub async fn rows(statement: &str) -> Vec<Vec<String>> {
    try_rows(statement)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
}

/// The first cell of a statement that must work.
pub async fn first_value(statement: &str) -> String {
    rows(statement).await.remove(0).remove(0)
}

/// The message of a statement that must fail.
pub async fn failure(statement: &str) -> String {
    match try_rows(statement).await {
        Ok(rows) => panic!("{statement}: expected an error, found {rows:?}"),
        Err(error) => error.strip_backtrace(),
    }
}

/// Calls a function on arguments as they are given, after the casts planning would add.
pub fn call<F: ScalarUDFImpl + 'static>(
    function: F,
    arguments: Vec<ColumnarValue>,
    row_count: usize,
) -> Result<ColumnarValue> {
    let function = ScalarUDF::new_from_impl(function);
    let found: Vec<DataType> = arguments.iter().map(ColumnarValue::data_type).collect();
    let wanted = function.coerce_types(&found)?;
    let arguments: Vec<ColumnarValue> = arguments
        .iter()
        .zip(&wanted)
        .map(|(argument, wanted)| argument.cast_to(wanted, None))
        .collect::<Result<_>>()?;
    let arg_fields: Vec<_> = wanted
        .into_iter()
        .map(|wanted| Arc::new(Field::new("argument", wanted, true)))
        .collect();
    let scalar_arguments: Vec<Option<&ScalarValue>> = arguments
        .iter()
        .map(|argument| match argument {
            ColumnarValue::Scalar(value) => Some(value),
            ColumnarValue::Array(_) => None,
        })
        .collect();
    let planned = ReturnFieldArgs {
        arg_fields: &arg_fields,
        scalar_arguments: &scalar_arguments,
    };
    let return_field = function.return_field_from_args(planned)?;
    let answer = function.invoke_with_args(ScalarFunctionArgs {
        args: arguments,
        arg_fields,
        number_rows: row_count,
        return_field: Arc::clone(&return_field),
        config_options: Arc::new(ConfigOptions::default()),
    })?;
    assert_eq!(
        &answer.data_type(),
        return_field.data_type(),
        "the type promised while planning"
    );
    Ok(answer)
}

/// Calls a function on arrays of equal length.
pub fn call_arrays<F: ScalarUDFImpl + 'static>(function: F, arrays: &[ArrayRef]) -> ArrayRef {
    let row_count = arrays.first().map_or(0, |array| array.len());
    let arguments = arrays
        .iter()
        .map(|array| ColumnarValue::Array(Arc::clone(array)))
        .collect();
    let answer = call(function, arguments, row_count).expect("an answer");
    let answer = answer.into_array(row_count).expect("an array");
    assert_eq!(answer.len(), row_count);
    answer
}

/// Calls a function on no row at all.
pub fn call_empty<F: ScalarUDFImpl + 'static>(function: F, types: &[DataType]) -> ArrayRef {
    let arrays: Vec<ArrayRef> = types
        .iter()
        .map(|wanted| new_null_array(wanted, 0))
        .collect();
    call_arrays(function, &arrays)
}

/// Calls a function on two rows of NULLs.
pub fn call_nulls<F: ScalarUDFImpl + 'static>(function: F, types: &[DataType]) -> ArrayRef {
    let arrays: Vec<ArrayRef> = types
        .iter()
        .map(|wanted| new_null_array(wanted, 2))
        .collect();
    call_arrays(function, &arrays)
}

/// The cells of an array as text; NULL is `NULL`.
pub fn cells(array: &dyn Array) -> Vec<String> {
    let options = FormatOptions::default().with_null("NULL");
    let formatter = ArrayFormatter::try_new(array, &options).expect("printable");
    (0..array.len())
        .map(|row| formatter.value(row).to_string())
        .collect()
}

/// A text array of each of Arrow's string types.
pub fn text_arrays(texts: &[Option<&str>]) -> [ArrayRef; 3] {
    let texts = texts.to_vec();
    [
        Arc::new(arrow::array::StringArray::from(texts.clone())),
        Arc::new(arrow::array::LargeStringArray::from(texts.clone())),
        Arc::new(arrow::array::StringViewArray::from(texts)),
    ]
}

/// The lines of a vector file, without its header, as cells.
pub fn vectors(file: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    file.lines().skip(1).map(|line| line.split(',').collect())
}
