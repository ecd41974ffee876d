//! `sentiment_band(score)`: one of the three bands (domain specification §5.6).
//!
//! Guarantees: NULL and NaN have no band; thresholds are those of [`crate::sentiment`].

use std::sync::LazyLock;

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;
use crate::sentiment::{BANDS, band_index};

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "sentiment_band(score)",
        description: "The band of a sentiment score: below -0.2 `Dissatisfied`, up to 0.2 \
                      `Neutral`, else `Satisfied`. \
                      NaN has none.",
        arguments: &[("score", "a score from -1 to 1")],
        example: "SELECT sentiment_band(-0.5);\n-- Dissatisfied",
    }
    .scalar()
});

/// The function `sentiment_band`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct SentimentBand {
    signature: Signature,
}

impl Default for SentimentBand {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SentimentBand {
    fn name(&self) -> &str {
        "sentiment_band"
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
        sentiment_band(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn sentiment_band(call: &Call) -> Result<ColumnarValue> {
    let scores = call.numbers(0)?;
    call.finish_choice(&BANDS, |row| band_index(scores.get(row)?))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array};

    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, failure, first_value, rows, vectors,
    };

    fn bands(scores: &[Option<f64>]) -> Vec<String> {
        let scores: ArrayRef = Arc::new(Float64Array::from(scores.to_vec()));
        cells(&call_arrays(SentimentBand::default(), &[scores]))
    }

    #[test]
    fn nulls_have_no_band() {
        assert_eq!(
            bands(&[Some(0.9), None, Some(f64::NAN)]),
            ["Satisfied", "NULL", "NULL"]
        );
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(
            call_empty(SentimentBand::default(), &[DataType::Float64]).len(),
            0
        );
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(bands(&[Some(-1.0)]), ["Dissatisfied"]);
    }

    #[test]
    fn all_nulls_have_no_band() {
        for wanted in [DataType::Float64, DataType::Int32, DataType::Null] {
            assert_eq!(
                cells(&call_nulls(SentimentBand::default(), &[wanted])),
                ["NULL", "NULL"]
            );
        }
    }

    #[test]
    fn every_band_vector_holds() {
        let file = include_str!("../../tests/vectors/scalar_vectors.csv");
        for vector in vectors(file).filter(|vector| vector[0] == "sentiment_band") {
            let expected = if vector[2].is_empty() {
                "NULL"
            } else {
                vector[2]
            };
            assert_eq!(bands(&[vector[1].parse().ok()]), [expected], "{vector:?}");
        }
    }

    #[tokio::test]
    async fn sql_takes_any_number_and_refuses_text() {
        let found = rows(
            "SELECT sentiment_band(n), sentiment_band(CAST(n AS DECIMAL(5,2))) AS of_decimal FROM \
                          (VALUES (1), (0)) AS v(n) ORDER BY n",
        )
        .await;
        assert_eq!(found, [["Neutral", "Neutral"], ["Satisfied", "Satisfied"]]);
        assert_eq!(first_value("SELECT sentiment_band(NULL)").await, "NULL");
        assert!(
            failure("SELECT sentiment_band('0.5')")
                .await
                .contains("expects a number as argument 1")
        );
    }
}
