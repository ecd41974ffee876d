//! Values that a client binds to placeholders, as a row that the engine takes.
//!
//! 1. A placeholder has the type that the client declared, else the one that the statement asks for, else text.
//! 2. What the bytes mean is read by `arrow-pg`, in text or binary as the client says.
//! 3. The engine gets the value in its own type and converts it where the statement needs another.
//!
//! Guarantees: wrong counts and malformed values are an error of the message that brings them, never a panic.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DataType, Field, Schema, TimeUnit};
use arrow_pg::datatypes::df::deserialize_parameters;
use arrow_pg::datatypes::into_pg_type;
use datafusion::common::ParamValues;
use datafusion::scalar::ScalarValue;
use pgwire::api::portal::Portal;
use pgwire::api::stmt::StoredStatement;
use pgwire::error::{ErrorInfo, PgWireError};
use pgwire::messages::extendedquery::Bind;
use postgres_types::Type;
use rust_decimal::Decimal;

use crate::error::{Error, Result};

/// The placeholders of a prepared statement.
#[derive(Clone, Debug)]
pub(crate) struct Placeholders {
    /// What the statement asks for, in order.
    schema: Arc<Schema>,
    /// What the client declared.
    declared: Vec<Option<Type>>,
}

impl Placeholders {
    /// Placeholders with the types of the engine; `oids` are those of `Parse`, 0 where the client leaves it open.
    pub(crate) fn new(schema: Arc<Schema>, oids: &[u32]) -> Self {
        let known = |oid: &u32| Type::from_oid(*oid).filter(|declared| *declared != Type::UNKNOWN);
        let declared = oids.iter().take(schema.fields().len()).map(known).collect();
        Self { schema, declared }
    }

    fn count(&self) -> usize {
        self.schema.fields().len()
    }

    /// The types that a client is told.
    pub(crate) fn types(&self) -> Vec<Type> {
        (0..self.count()).map(|at| self.type_of(at)).collect()
    }

    fn type_of(&self, at: usize) -> Type {
        let declared = self.declared.get(at).cloned().flatten();
        declared.unwrap_or_else(|| {
            let wanted = into_pg_type(self.schema.field(at).data_type());
            wanted.unwrap_or(Type::TEXT)
        })
    }

    /// Has the client declared the type of any?
    pub(crate) fn are_declared(&self) -> bool {
        self.declared.iter().any(Option::is_some)
    }

    /// NULL for each, in its type.
    ///
    /// # Errors
    /// When a type is not known here.
    pub(crate) fn nulls(&self) -> Result<RecordBatch> {
        let values = vec![None; self.count()];
        self.row(&Bind::new(None, None, Vec::new(), values, Vec::new()))
    }

    /// The values of a `Bind` message, as a batch of one row.
    ///
    /// # Errors
    /// When their number or one of them does not fit.
    pub(crate) fn row(&self, bind: &Bind) -> Result<RecordBatch> {
        let (expected, found) = (self.count(), bind.parameters.len());
        if expected != found {
            return Err(Error::sql(
                "08P01",
                format!("expected {expected} values of placeholders, found {found}"),
            ));
        }
        let formats = bind.parameter_format_codes.len();
        if formats > 1 && formats != found {
            return Err(Error::sql(
                "08P01",
                format!("expected no, one or {found} formats of values, found {formats}"),
            ));
        }
        let (columns, fields) = if found == 0 {
            (Vec::new(), Vec::new())
        } else {
            self.columns(bind)?
        };
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)
            .map_err(Error::encoding)
    }

    fn columns(&self, bind: &Bind) -> Result<(Vec<ArrayRef>, Vec<Field>)> {
        let mut columns = Vec::with_capacity(self.count());
        let mut fields = Vec::with_capacity(self.count());
        for (at, field) in self.schema.fields().iter().enumerate() {
            let format = match bind.parameter_format_codes.as_slice() {
                [] => Vec::new(),
                [one] => vec![*one],
                codes => vec![codes[at]],
            };
            let one = Bind::new(
                None,
                None,
                format,
                vec![bind.parameters[at].clone()],
                Vec::new(),
            );
            let column = self.value(at, &one)?.to_array().map_err(Error::encoding)?;
            fields.push(Field::new(field.name(), column.data_type().clone(), true));
            columns.push(column);
        }
        Ok((columns, fields))
    }

    /// The value of the placeholder `at`, the only one of `bind`.
    fn value(&self, at: usize, bind: &Bind) -> Result<ScalarValue> {
        let told = self.type_of(at);
        let is_declared = matches!(self.declared.get(at), Some(Some(_)));
        let stored = StoredStatement::new(String::new(), (), vec![Some(told.clone())]);
        let portal = Portal::try_new(bind, Arc::new(stored)).map_err(value_error)?;
        if told == Type::NUMERIC {
            let value = portal.parameter::<Decimal>(0, &told).map_err(value_error)?;
            let scale = value.map_or(0, |value| value.scale());
            let scale = i8::try_from(scale).map_err(Error::encoding)?;
            let unscaled = value.map(|value| value.mantissa());
            return Ok(ScalarValue::Decimal128(
                unscaled,
                DECIMAL128_MAX_PRECISION,
                scale,
            ));
        }
        let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        let wanted = match self.schema.field(at).data_type() {
            // an instant is one wherever the session is
            _ if is_declared && told == Type::TIMESTAMPTZ => Some(&instant),
            // a type that the client declared is that of its value, whatever the statement would rather have
            _ if is_declared => None,
            DataType::Utf8 => None,
            other => Some(other),
        };
        let values = deserialize_parameters(&portal, &[wanted]).map_err(value_error)?;
        match values {
            ParamValues::List(mut values) if values.len() == 1 => Ok(values.remove(0).value),
            _ => Err(Error::encoding("expected one value")),
        }
    }
}

/// What is wrong with a value, in a sentence.
fn value_error(error: PgWireError) -> Error {
    let info = ErrorInfo::from(error);
    let state = match info.code.as_str() {
        "22023" => "22023",
        "22003" => "22003",
        _ => "22P02",
    };
    Error::sql(
        state,
        format!("wrong value of a placeholder: {}", info.message),
    )
}
