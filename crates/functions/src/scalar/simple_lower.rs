//! `simple_lower(text)`: the case under which the tables search and sort (domain specification §6).
//!
//! Guarantees: Unicode simple lower case, one character for one.

use std::sync::LazyLock;

use arrow::array::StringViewBuilder;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "simple_lower(text)",
        description: "The Unicode simple lower case of a text, one character for one: the case under \
                      which `contains_ci` compares and listings sort. `lower` has the full mapping, \
                      which makes two characters of `İ`.",
        arguments: &[("text", "any text")],
        example: "SELECT simple_lower('ΣΑΣ');\n-- σασ",
    }
    .scalar()
});

/// The function `simple_lower`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SimpleLower {
    signature: Signature,
}

impl Default for SimpleLower {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SimpleLower {
    fn name(&self) -> &str {
        "simple_lower"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        simple_lower(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn simple_lower(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let mut found = StringViewBuilder::with_capacity(call.row_count());
    let mut lower = String::new();
    for row in 0..call.row_count() {
        match texts.get(row) {
            Some(text) => {
                lower_into(text, &mut lower);
                found.append_value(&lower);
            }
            None => found.append_null(),
        }
    }
    call.finish(found.finish())
}

/// Fills `lower` with the simple lower case of `text`: one character for one.
pub(super) fn lower_into(text: &str, lower: &mut String) {
    lower.clear();
    if text.is_ascii() {
        lower.push_str(text);
        lower.make_ascii_lowercase();
        return;
    }
    lower.extend(text.chars().map(lower_of));
}

fn lower_of(character: char) -> char {
    // The full mapping has several characters for one letter alone, the dotted capital I; its
    // simple one is the first.
    character.to_lowercase().next().unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, failure, text_arrays};

    #[test]
    fn one_character_becomes_one_character() {
        for texts in text_arrays(&[Some("İÄß"), None, Some("ΣΑΣ"), Some("")]) {
            assert_eq!(
                cells(&call_arrays(SimpleLower::default(), &[texts])),
                ["iäß", "NULL", "σασ", ""]
            );
        }
    }

    #[test]
    fn nothing_in_gives_nothing_out() {
        assert_eq!(
            call_empty(SimpleLower::default(), &[DataType::Utf8]).len(),
            0
        );
        for wanted in [DataType::Utf8View, DataType::Null] {
            assert_eq!(
                cells(&call_nulls(SimpleLower::default(), &[wanted])),
                ["NULL", "NULL"]
            );
        }
    }

    #[tokio::test]
    async fn numbers_are_refused() {
        assert!(
            failure("SELECT simple_lower(5)")
                .await
                .contains("`simple_lower` expects text as argument 1, found `Int64`")
        );
    }
}
