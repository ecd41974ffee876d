//! `condition_matches(conditions, …)`: do the findings of an analysis fulfil the conditions of a
//! workflow (domain specification §8.8)?
//!
//! Guarantees: the rules of [`crate::condition`]; a test of a kind that is NULL is false.

use std::sync::LazyLock;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
    Volatility,
};

use super::condition_rows::{self, ARGUMENTS};
use crate::call::Call;
use crate::condition::Condition;
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "condition_matches(conditions, sentiment_score, sentiment_label, intent, resolution, \
                 topics, behavior_flags, quality_flags)",
        description: "Do the findings of an analysis fulfil the conditions of a workflow? A test \
                      of a kind that is NULL was not analysed and is false, also with `!=` and \
                      `not_detected`. NULL when `conditions` is NULL; an error when they cannot be \
                      understood.",
        arguments: ARGUMENTS,
        example: "SELECT condition_matches('{\"op\":\"and\",\"all\":[{\"kind\":\"flag\",\"cmp\":\"detected\",\"value\":\"churn_risk\"}]}', \
                  NULL, NULL, NULL, NULL, NULL, ['churn_risk'], NULL);\n-- true",
    }
    .scalar()
});

/// The function `condition_matches`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ConditionMatches {
    signature: Signature,
}

impl Default for ConditionMatches {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ConditionMatches {
    fn name(&self) -> &str {
        "condition_matches"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        condition_rows::coerce(self.name(), found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args is asked instead")
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs) -> Result<FieldRef> {
        condition_rows::check(&arguments)?;
        Ok(Field::new(self.name(), DataType::Boolean, true).into())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        condition_rows::answers(&Call::new(arguments), Condition::matches)
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, new_null_array};

    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, failure, rows, text_arrays};

    const NULLS: [DataType; 8] = [const { DataType::Null }; 8];

    /// The answers for rows of conditions and a score; nothing else was analysed.
    fn found(conditions: &[Option<&str>], scores: &[Option<f64>]) -> Vec<String> {
        let [_, conditions, _] = text_arrays(conditions);
        let scores: ArrayRef = Arc::new(Float64Array::from(scores.to_vec()));
        let nothing = new_null_array(&DataType::Null, scores.len());
        let mut arrays = vec![nothing; 8];
        (arrays[0], arrays[1]) = (conditions, scores);
        cells(&call_arrays(ConditionMatches::default(), &arrays))
    }

    const BELOW_ZERO: Option<&str> = Some(r#"{"kind":"sentiment_score","cmp":"<","value":0}"#);

    #[test]
    fn without_conditions_there_is_no_answer_and_without_a_finding_no_match() {
        let conditions = [
            None,
            BELOW_ZERO,
            BELOW_ZERO,
            Some(r#"{"op":"and","all":[]}"#),
        ];
        let answers = found(&conditions, &[Some(-1.0), None, Some(-1.0), None]);
        assert_eq!(answers, ["NULL", "false", "true", "true"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(ConditionMatches::default(), &NULLS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(found(&[BELOW_ZERO], &[Some(0.5)]), ["false"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(ConditionMatches::default(), &NULLS)),
            ["NULL", "NULL"]
        );
    }

    #[tokio::test]
    async fn each_argument_answers_its_kind_of_test_row_by_row() {
        let test = |kind: &str, cmp: &str, value: &str| {
            format!("{{\"kind\":\"{kind}\",\"cmp\":\"{cmp}\",\"value\":{value}}}")
        };
        let tests = [
            test("sentiment_score", ">=", "0.5"),
            test("sentiment_label", "=", "\"positive\""),
            test("intent", "=", "\"Refund Request\""),
            test("resolution", "=", "\"unresolved\""),
            test("topic", "=", "\"billing\""),
            test("flag", "detected", "\"churn_risk\""),
            test("quality_flag", "not_detected", "\"Hallucinated\""),
        ];
        let calls = tests.map(|json| {
            format!("condition_matches('{json}', score, label, intent, resolution, topics, f, q)")
        });
        // The lists are slices of larger ones.
        let statement = format!(
            "SELECT {} FROM (VALUES (1, 0.1, 'Neutral', 'x', 'fully_resolved', ['y'], ['y'], \
             ['hallucination']), (2, 0.5, 'Positive', 'refund_request', 'unresolved', ['billing', \
             'y'], ['y', NULL, 'churn_risk'], []), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) \
             AS v(n, score, label, intent, resolution, topics, f, q) ORDER BY n",
            calls.join(", ")
        );
        let expected = [["false"; 7], ["true"; 7], ["false"; 7]];
        assert_eq!(rows(&statement).await, expected);
    }

    #[tokio::test]
    async fn conditions_that_cannot_be_understood_are_refused_when_planning_or_when_read() {
        let call = |conditions: &str| {
            format!(
                "SELECT condition_matches({conditions}, NULL, NULL, NULL, NULL, NULL, NULL, NULL) \
                 FROM (VALUES ('[]')) AS v(c)"
            )
        };
        let message = failure(&call("'{}'")).await;
        let expected = "Error during planning: bad_value:conditions: expected an object with";
        assert!(message.contains(expected), "{message}");
        let message = failure(&call("c")).await;
        let expected = "Execution error: bad_value:conditions: expected an object with";
        assert!(message.contains(expected), "{message}");
        let message = failure("SELECT condition_matches('{}')").await;
        assert!(
            message.contains("expects 8 arguments, found 1"),
            "{message}"
        );
    }
}
