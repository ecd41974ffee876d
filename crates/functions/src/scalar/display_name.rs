//! `display_name(name)`: what a person is called on screen (domain specification §6).
//!
//! Guarantees: never NULL and never blank.

use std::sync::LazyLock;

use arrow::array::StringViewBuilder;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;

/// Whoever has no name.
const GUEST: &str = "Guest User";

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "display_name(name)",
        description: "The name, or `Guest User` when it is NULL or blank.",
        arguments: &[("name", "a person's name")],
        example: "SELECT display_name(NULL);\n-- Guest User",
    }
    .scalar()
});

/// The function `display_name`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct DisplayName {
    signature: Signature,
}

impl Default for DisplayName {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for DisplayName {
    fn name(&self) -> &str {
        "display_name"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs) -> Result<FieldRef> {
        Ok(Field::new(self.name(), DataType::Utf8View, false).into())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        display_name(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn display_name(call: &Call) -> Result<ColumnarValue> {
    let names = call.text(0)?;
    let mut found = StringViewBuilder::with_capacity(call.row_count());
    for row in 0..call.row_count() {
        let name = names.get(row).filter(|name| !name.trim().is_empty());
        found.append_value(name.unwrap_or(GUEST));
    }
    call.finish(found.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, rows, text_arrays};

    #[test]
    fn nulls_are_guests() {
        for names in text_arrays(&[Some("Ada"), None]) {
            assert_eq!(
                cells(&call_arrays(DisplayName::default(), &[names])),
                ["Ada", "Guest User"]
            );
        }
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(
            call_empty(DisplayName::default(), &[DataType::Utf8]).len(),
            0
        );
    }

    #[test]
    fn one_row_gives_one_row() {
        for names in text_arrays(&[Some("Grace Brewster Murray Hopper")]) {
            let found = cells(&call_arrays(DisplayName::default(), &[names]));
            assert_eq!(found, ["Grace Brewster Murray Hopper"]);
        }
    }

    #[test]
    fn all_nulls_are_guests() {
        let found = cells(&call_nulls(DisplayName::default(), &[DataType::Null]));
        assert_eq!(found, ["Guest User", "Guest User"]);
    }

    #[tokio::test]
    async fn blank_names_are_guests_and_others_stay_as_they_are() {
        let found =
            rows("SELECT display_name(n) FROM (VALUES (''), (' '), (' Ada ')) AS v(n)").await;
        assert_eq!(found, [["Guest User"], ["Guest User"], [" Ada "]]);
    }
}
