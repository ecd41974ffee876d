//! `period_start(period, timezone [, as_of])`: the first instant of a period (domain specification
//! §4).
//!
//! Guarantees: pure; a constant call is a constant before the query runs, so filters on it prune
//! partitions.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature, Volatility,
};

use super::period_bounds::{self, AS_OF_ARGUMENT, PERIOD_ARGUMENT, TIMEZONE_ARGUMENT};
use crate::arguments::{Kind, coerce, timestamp_type};
use crate::call::Call;
use crate::reference::Entry;

/// What is taken: the period, the timezone and, optionally, `as_of`.
const KINDS: [Kind; 3] = [Kind::Text, Kind::Text, Kind::Timestamp];

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "period_start(period, timezone [, as_of])",
        description: "The first instant of a period: the local midnight with which its first day \
                      begins.",
        arguments: &[PERIOD_ARGUMENT, TIMEZONE_ARGUMENT, AS_OF_ARGUMENT],
        example: "SELECT period_start('last_7_days', 'America/New_York', '2026-03-12T16:00:00Z');\n\
                  -- 2026-03-06T05:00:00Z",
    }
    .scalar()
});

/// The function `period_start`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct PeriodStart {
    signature: Signature,
}

impl Default for PeriodStart {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Stable),
        }
    }
}

impl ScalarUDFImpl for PeriodStart {
    fn name(&self) -> &str {
        "period_start"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &KINDS, 1, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        period_bounds::check(&arguments, 0, 1)?;
        Ok(Field::new(self.name(), timestamp_type(), true).into())
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn simplify(&self, arguments: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        Ok(period_bounds::complete(
            Self::default(),
            arguments,
            KINDS.len(),
            info,
        ))
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        period_bounds::bounds(&Call::new(arguments), |window| window.from_micros)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests;
