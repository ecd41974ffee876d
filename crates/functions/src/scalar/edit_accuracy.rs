//! `edit_accuracy(suggested, final)`: how much of a suggestion was kept (domain specification
//! §7.9).
//!
//! Guarantees: counts Unicode scalar values, without trimming or folding case; two empty texts are
//! equal (1).

use std::sync::LazyLock;

use arrow::array::Float64Array;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::edit_distance::EditDistance;
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "edit_accuracy(suggested, final)",
        description: "How much of a suggested text was kept: 1 minus the Levenshtein distance \
                      over the length of the \
                      longer text, both in Unicode characters. 1 when both are empty, 0 when \
                      nothing was kept.",
        arguments: &[
            ("suggested", "the text that was proposed"),
            (
                "final",
                "the text that was \
            sent",
            ),
        ],
        example: "SELECT edit_accuracy('👍👍', '👍');\n-- 0.5",
    }
    .scalar()
});

/// The function `edit_accuracy`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct EditAccuracy {
    signature: Signature,
}

impl Default for EditAccuracy {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for EditAccuracy {
    fn name(&self) -> &str {
        "edit_accuracy"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Text, Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        edit_accuracy(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn edit_accuracy(call: &Call) -> Result<ColumnarValue> {
    let (suggested, sent) = (call.text(0)?, call.text(1)?);
    let mut distance = EditDistance::default();
    let mut accuracy = |row| {
        Some(
            distance
                .between(suggested.get(row)?, sent.get(row)?)
                .accuracy(),
        )
    };
    call.finish(
        (0..call.row_count())
            .map(&mut accuracy)
            .collect::<Float64Array>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{
        call_arrays, call_empty, call_nulls, cells, first_value, text_arrays, vectors,
    };

    const TEXTS: [DataType; 2] = [DataType::Utf8, DataType::Utf8View];

    fn accuracies(suggested: &[Option<&str>], sent: &[Option<&str>]) -> Vec<String> {
        let ([suggested, _, _], [_, _, sent]) = (text_arrays(suggested), text_arrays(sent));
        cells(&call_arrays(EditAccuracy::default(), &[suggested, sent]))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let found = accuracies(&[Some("a"), None, Some("a")], &[None, Some("a"), Some("a")]);
        assert_eq!(found, ["NULL", "NULL", "1.0"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(EditAccuracy::default(), &TEXTS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(accuracies(&[Some("ab")], &[Some("b")]), ["0.5"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(EditAccuracy::default(), &TEXTS)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn every_accuracy_vector_holds() {
        let mut count = 0;
        for vector in vectors(include_str!("../../tests/vectors/accuracy_vectors.csv")) {
            let [suggested, sent, edit_count, length_max, accuracy] = vector[..] else {
                panic!("five cells expected in {vector:?}");
            };
            let found = EditDistance::default().between(suggested, sent);
            let expected: (usize, usize) = (
                edit_count.parse().expect("a number"),
                length_max.parse().expect("a number"),
            );
            assert_eq!((found.edit_count, found.length_max), expected, "{vector:?}");
            let accuracy: f64 = accuracy.parse().expect("a number");
            assert!((found.accuracy() - accuracy).abs() < 1e-6, "{vector:?}");
            count += 1;
        }
        assert_eq!(count, 10);
    }

    #[tokio::test]
    async fn sql_compares_long_texts_and_constants() {
        let long = "SELECT edit_accuracy(repeat('abc', 100000), repeat('abc', 99999) || 'xyz')";
        assert_eq!(first_value(long).await, "0.99999");
        assert_eq!(
            first_value("SELECT edit_accuracy(repeat('a', 300000), repeat('é', 300000))").await,
            "0.0"
        );
        assert_eq!(
            first_value("SELECT edit_accuracy('Hi ', 'hi')").await,
            (1.0_f64 - 2.0 / 3.0).to_string()
        );
    }
}
