//! `condition_is_complete(conditions, …)`: was everything analysed that the conditions of a workflow
//! name (domain specification §8.8)?
//!
//! Guarantees: the rules of [`crate::condition`]; conditions that name nothing are complete.

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
        syntax: "condition_is_complete(conditions, sentiment_score, sentiment_label, intent, resolution, \
                 topics, behavior_flags, quality_flags)",
        description: "Was every kind analysed that the conditions of a workflow name? Only then are \
                      they asked of a message. A kind that is NULL was not analysed; conditions \
                      that name no kind are complete. NULL when `conditions` is NULL; an error \
                      when they cannot be understood.",
        arguments: ARGUMENTS,
        example: "SELECT condition_is_complete('{\"kind\":\"intent\",\"cmp\":\"!=\",\"value\":\"billing\"}', NULL, NULL, NULL, NULL, ['invoice'], \
                  NULL, NULL);\n-- false",
    }
    .scalar()
});

/// The function `condition_is_complete`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ConditionIsComplete {
    signature: Signature,
}

impl Default for ConditionIsComplete {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ConditionIsComplete {
    fn name(&self) -> &str {
        "condition_is_complete"
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
        condition_rows::answers(&Call::new(arguments), Condition::is_complete)
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
        cells(&call_arrays(ConditionIsComplete::default(), &arrays))
    }

    const BELOW_ZERO: Option<&str> = Some(r#"{"kind":"sentiment_score","cmp":"<","value":0}"#);

    #[test]
    fn without_conditions_there_is_no_answer_and_without_a_finding_nothing_is_complete() {
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
        assert_eq!(call_empty(ConditionIsComplete::default(), &NULLS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(found(&[BELOW_ZERO], &[Some(0.5)]), ["true"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(ConditionIsComplete::default(), &NULLS)),
            ["NULL", "NULL"]
        );
    }

    #[tokio::test]
    async fn every_kind_that_is_named_must_be_there() {
        let conditions = "{\"op\":\"or\",\"all\":[{\"kind\":\"topic\",\"cmp\":\"=\",\"value\":\"a\"},\
                          {\"kind\":\"intent\",\"cmp\":\"!=\",\"value\":\"b\"}]}";
        let statement = format!(
            "SELECT condition_is_complete('{conditions}', 1, 'Positive', intent, 'unresolved', \
             topics, ['f'], ['q']) FROM (VALUES (1, 'b', []), (2, 'b', NULL), (3, NULL, ['a']), \
             (4, NULL, NULL)) AS v(n, intent, topics) ORDER BY n"
        );
        assert_eq!(
            rows(&statement).await.concat(),
            ["true", "false", "false", "false"]
        );
        let message =
            failure("SELECT condition_is_complete('{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL)")
                .await;
        assert!(
            message.contains("bad_value:conditions: expected an object with"),
            "{message}"
        );
    }
}
