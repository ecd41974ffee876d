//! `contains_ci(text, part)`: the search of the tables (domain specification §6).
//!
//! Guarantees: compares Unicode simple lower case; every character of `part`, `%` and `_` included,
//! stands for itself.

use std::sync::LazyLock;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;
use crate::scalar::simple_lower::lower_into;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "contains_ci(text, part)",
        description: "Does `text` contain `part`, whatever the case of either? `%` and `_` are \
                      ordinary characters; an \
                      empty `part` is in every text.",
        arguments: &[
            ("text", "the text to search in"),
            ("part", "the text to search for"),
        ],
        example: "SELECT contains_ci('Ärger mit 100% Rabatt', 'ÄRGER MIT 100%');\n-- true",
    }
    .scalar()
});

/// The function `contains_ci`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ContainsCi {
    signature: Signature,
}

impl Default for ContainsCi {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for ContainsCi {
    fn name(&self) -> &str {
        "contains_ci"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Text, Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Boolean)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        contains_ci(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn contains_ci(call: &Call) -> Result<ColumnarValue> {
    let (texts, parts) = (call.text(0)?, call.text(1)?);
    let (mut text_lower, mut part_lower) = (String::new(), String::new());
    // A constant part is lowered once for all rows.
    let constant = parts.rows().is_none();
    if constant && let Some(part) = parts.get(0) {
        lower_into(part, &mut part_lower);
    }
    let mut contains = |row| {
        let (text, part) = (texts.get(row)?, parts.get(row)?);
        if !constant {
            lower_into(part, &mut part_lower);
        }
        lower_into(text, &mut text_lower);
        Some(text_lower.contains(&part_lower))
    };
    call.finish(
        (0..call.row_count())
            .map(&mut contains)
            .collect::<BooleanArray>(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, rows, text_arrays};

    const TEXTS: [DataType; 2] = [DataType::Utf8View, DataType::Utf8];

    fn found(texts: &[Option<&str>], parts: &[Option<&str>]) -> Vec<String> {
        let ([_, texts, _], [parts, _, _]) = (text_arrays(texts), text_arrays(parts));
        cells(&call_arrays(ContainsCi::default(), &[texts, parts]))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let answers = found(
            &[Some("A"), None, Some("xAx")],
            &[None, Some("a"), Some("a")],
        );
        assert_eq!(answers, ["NULL", "NULL", "true"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(ContainsCi::default(), &TEXTS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(found(&[Some("abc")], &[Some("BD")]), ["false"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(ContainsCi::default(), &TEXTS)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn case_is_folded_for_every_letter_and_nothing_is_a_wildcard() {
        for (text, part, expected) in [
            ("Crème Brûlée", "BRÛLÉE", "true"),
            ("ПРИВЕТ мир", "привет МИР", "true"),
            ("\u{130}stanbul", "istanbul", "true"),
            ("273 \u{212A}", "273 k", "true"),
            ("Straße", "STRASSE", "false"),
            ("ΟΔΟΣ", "οδοσ", "true"),
            ("a_b", "A_B", "true"),
            ("axb", "a_b", "false"),
            ("100 percent", "100%", "false"),
            ("a\\b", "A\\B", "true"),
            ("", "", "true"),
            ("x", "", "true"),
        ] {
            assert_eq!(
                found(&[Some(text)], &[Some(part)]),
                [expected],
                "{text} {part}"
            );
        }
    }

    #[tokio::test]
    async fn sql_takes_a_constant_and_a_column_to_search_for() {
        let statement = "SELECT contains_ci(t, 'ACME'), contains_ci('acme corp', t), \
                         contains_ci(t, NULL) \
                         FROM (VALUES ('Acme'), ('other'), (NULL)) AS v(t) ORDER BY t NULLS LAST";
        let expected = [
            ["true", "true", "NULL"],
            ["false", "false", "NULL"],
            ["NULL", "NULL", "NULL"],
        ];
        assert_eq!(rows(statement).await, expected);
    }
}
