//! `sentiment_label(score)`: one of the five labels (domain specification §5.6).
//!
//! Guarantees: NULL and NaN have no label; thresholds are those of [`crate::sentiment`].

use std::sync::LazyLock;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;
use crate::sentiment::{LABELS, label_index};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "sentiment_label(score)",
        description: "The label of a sentiment score: below -0.5 `Very Negative`, below -0.2 \
                      `Negative`, up to 0.2 \
                      `Neutral`, up to 0.5 `Positive`, else `Very Positive`. NaN has none.",
        arguments: &[("score", "a score from -1 to 1")],
        example: "SELECT sentiment_label(-0.5);\n-- Negative",
    }
    .scalar()
});

/// The function `sentiment_label`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SentimentLabel {
    signature: Signature,
}

impl Default for SentimentLabel {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SentimentLabel {
    fn name(&self) -> &str {
        "sentiment_label"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Number], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        sentiment_label(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn sentiment_label(call: &Call) -> Result<ColumnarValue> {
    let scores = call.numbers(0)?;
    call.finish_choice(&LABELS, |row| label_index(scores.get(row)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array};

    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, first_value, rows, vectors,
    };

    fn labels(scores: &[Option<f64>]) -> Vec<String> {
        let scores: ArrayRef = Arc::new(Float64Array::from(scores.to_vec()));
        cells(&call_arrays(SentimentLabel::default(), &[scores]))
    }

    #[test]
    fn nulls_have_no_label() {
        assert_eq!(
            labels(&[Some(0.9), None, Some(f64::NAN)]),
            ["Very Positive", "NULL", "NULL"]
        );
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(
            call_empty(SentimentLabel::default(), &[DataType::Float64]).len(),
            0
        );
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(labels(&[Some(-1.0)]), ["Very Negative"]);
    }

    #[test]
    fn all_nulls_have_no_label() {
        for wanted in [DataType::Float64, DataType::Int32, DataType::Null] {
            assert_eq!(
                cells(&call_nulls(SentimentLabel::default(), &[wanted])),
                ["NULL", "NULL"]
            );
        }
    }

    #[test]
    fn every_label_vector_holds() {
        let file = include_str!("../../tests/vectors/scalar_vectors.csv");
        for vector in vectors(file).filter(|vector| vector[0] == "sentiment_label") {
            let expected = if vector[2].is_empty() {
                "NULL"
            } else {
                vector[2]
            };
            assert_eq!(labels(&[vector[1].parse().ok()]), [expected], "{vector:?}");
        }
    }

    #[tokio::test]
    async fn sql_takes_any_number_and_refuses_text() {
        let found = rows(
            "SELECT sentiment_label(n), sentiment_label(CAST(n AS DECIMAL(5,2))) AS of_decimal \
                          FROM (VALUES (1), (0)) AS v(n) ORDER BY n",
        )
        .await;
        assert_eq!(
            found,
            [["Neutral", "Neutral"], ["Very Positive", "Very Positive"]]
        );
        assert_eq!(first_value("SELECT sentiment_label(NULL)").await, "NULL");
        assert!(
            failure("SELECT sentiment_label('0.5')")
                .await
                .contains("expects a number as argument 1")
        );
    }
}
