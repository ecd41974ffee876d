//! `slug(text)`: the one spelling of flags, topics, intents and resolutions (domain specification
//! §2.3).
//!
//! Guarantees: the same answer as ingest gives, because it is the same code
//! ([`chatlake_types::slug`]).

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
        syntax: "slug(text)",
        description: "The spelling under which flags, topics, intents and resolutions are stored: \
                      lower case, every run \
                      of other characters than `a-z` and `0-9` as one `_`, none at the ends. \
                      `hallucinating` and \
                      `hallucinated` become `hallucination`.",
        arguments: &[("text", "any text")],
        example: "SELECT slug('  Over-Apologizing ');\n-- over_apologizing",
    }
    .scalar()
});

/// The function `slug`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Slug {
    signature: Signature,
}

impl Default for Slug {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for Slug {
    fn name(&self) -> &str {
        "slug"
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
        slug(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn slug(call: &Call) -> Result<ColumnarValue> {
    let texts = call.text(0)?;
    let mut found = StringViewBuilder::with_capacity(call.row_count());
    for row in 0..call.row_count() {
        found.append_option(texts.get(row).map(chatlake_types::slug));
    }
    call.finish(found.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, rows, text_arrays, vectors,
    };

    #[test]
    fn nulls_stay_null() {
        for texts in text_arrays(&[Some("A b"), None, Some("")]) {
            assert_eq!(
                cells(&call_arrays(Slug::default(), &[texts])),
                ["a_b", "NULL", ""]
            );
        }
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(Slug::default(), &[DataType::Utf8]).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        for texts in text_arrays(&[Some("Hallucinating")]) {
            assert_eq!(
                cells(&call_arrays(Slug::default(), &[texts])),
                ["hallucination"]
            );
        }
    }

    #[test]
    fn all_nulls_stay_null() {
        for wanted in [DataType::Utf8View, DataType::Null] {
            assert_eq!(
                cells(&call_nulls(Slug::default(), &[wanted])),
                ["NULL", "NULL"]
            );
        }
    }

    #[test]
    fn every_slug_vector_holds() {
        let file = include_str!("../../tests/vectors/scalar_vectors.csv");
        for vector in vectors(file).filter(|vector| vector[0] == "slug") {
            let [_, input, _] = text_arrays(&[Some(vector[1])]);
            assert_eq!(cells(&call_arrays(Slug::default(), &[input])), [vector[2]]);
        }
    }

    #[tokio::test]
    async fn sql_takes_columns_and_constants_and_refuses_numbers() {
        let found = rows(
            "SELECT slug(t), slug(arrow_cast(t, 'Dictionary(Int32, Utf8)')), \
                          slug(NULL) FROM (VALUES ('A-B'), (NULL)) AS v(t) ORDER BY 1",
        )
        .await;
        assert_eq!(found, [["a_b", "a_b", "NULL"], ["NULL", "NULL", "NULL"]]);
        assert!(
            failure("SELECT slug(5)")
                .await
                .contains("`slug` expects text as argument 1, found `Int64`")
        );
        assert!(
            failure("SELECT slug()")
                .await
                .contains("`slug` expects 1 argument, found 0")
        );
    }
}
