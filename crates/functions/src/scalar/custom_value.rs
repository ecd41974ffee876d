//! `custom_value(custom, key)`: one of the custom fields of a conversation (domain specification
//! §2.4, §6.3).
//!
//! Guarantees: numbers keep every digit with which they were sent; of a key that occurs twice the
//! last value counts, as in ingest. Whatever is no JSON object has no fields.

use std::collections::HashMap;
use std::sync::LazyLock;

use arrow::array::StringViewBuilder;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};
use serde_json::value::RawValue;

use crate::arguments::{Kind, coerce};
use crate::call::Call;
use crate::reference::Entry;

static DOCUMENTATION: LazyLock<Documentation> = LazyLock::new(|| {
    Entry {
        syntax: "custom_value(custom, key)",
        description: "The value of one custom field: a text as it is, a number or a boolean as it \
                      stands in the JSON. NULL when there is no such field, when it is null, and \
                      when `custom` is no JSON object. A dot in `key` is an ordinary character; \
                      nothing is looked up inside values.",
        arguments: &[
            ("custom", "a JSON object, such as the column `custom`"),
            ("key", "the name of the field; case matters"),
        ],
        example: "SELECT custom_value('{\"seats\":12,\"plan.tier\":\"gold\"}', 'plan.tier');\n\
                  -- gold",
    }
    .scalar()
});

/// The function `custom_value`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct CustomValue {
    signature: Signature,
}

impl Default for CustomValue {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for CustomValue {
    fn name(&self) -> &str {
        "custom_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, found: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name(), &[Kind::Text, Kind::Text], 0, found)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn is_strict(&self) -> bool {
        true
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        custom_value(&Call::new(arguments))
    }

    fn documentation(&self) -> Option<&Documentation> {
        Some(&DOCUMENTATION)
    }
}

fn custom_value(call: &Call) -> Result<ColumnarValue> {
    let (customs, keys) = (call.text(0)?, call.text(1)?);
    let mut found = StringViewBuilder::with_capacity(call.row_count());
    for row in 0..call.row_count() {
        match (customs.get(row), keys.get(row)) {
            (Some(custom), Some(key)) => found.append_option(field(custom, key)),
            _ => found.append_null(),
        }
    }
    call.finish(found.finish())
}

/// The value of a field as text.
fn field(custom: &str, key: &str) -> Option<String> {
    // Most texts without the field end here; a key may be written with escapes.
    if !custom.contains(key) && !custom.contains('\\') {
        return None;
    }
    let fields: HashMap<String, &RawValue> = serde_json::from_str(custom).ok()?;
    let value = fields.get(key)?.get();
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str(value).ok(),
        Some(b'n') => None,
        _ => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{call_arrays, call_empty, call_nulls, cells, failure, rows, text_arrays};

    const TEXTS: [DataType; 2] = [DataType::Utf8View, DataType::Utf8];

    fn found(customs: &[Option<&str>], keys: &[Option<&str>]) -> Vec<String> {
        let ([_, customs, _], [keys, _, _]) = (text_arrays(customs), text_arrays(keys));
        cells(&call_arrays(CustomValue::default(), &[customs, keys]))
    }

    #[test]
    fn nulls_on_either_side_give_null() {
        let custom = Some(r#"{"a":"x"}"#);
        let answers = found(&[custom, None, custom], &[None, Some("a"), Some("a")]);
        assert_eq!(answers, ["NULL", "NULL", "x"]);
    }

    #[test]
    fn empty_input_gives_no_rows() {
        assert_eq!(call_empty(CustomValue::default(), &TEXTS).len(), 0);
    }

    #[test]
    fn one_row_gives_one_row() {
        assert_eq!(found(&[Some(r#"{"a":1}"#)], &[Some("a")]), ["1"]);
    }

    #[test]
    fn all_nulls_stay_null() {
        assert_eq!(
            cells(&call_nulls(CustomValue::default(), &TEXTS)),
            ["NULL", "NULL"]
        );
    }

    #[test]
    fn a_field_is_found_whatever_it_holds_and_however_it_is_written() {
        for (custom, key, expected) in [
            (r#"{"a":"x \"y\" é \u00e9"}"#, "a", "x \"y\" é é"),
            (r#"{"a":""}"#, "a", ""),
            (r#"{ "a" : 1.50 , "b" : true }"#, "a", "1.50"),
            (
                r#"{"a":123456789012345678901234567890}"#,
                "a",
                "123456789012345678901234567890",
            ),
            (r#"{"a":-1e-7}"#, "a", "-1e-7"),
            (r#"{"a":false}"#, "a", "false"),
            (r#"{"a":null}"#, "a", "NULL"),
            (r#"{"a":"null"}"#, "a", "null"),
            (r#"{"a":1}"#, "A", "NULL"),
            (r#"{"b":"a"}"#, "a", "NULL"),
            (r#"{"a":1,"b":2,"a":3}"#, "a", "3"),
            (r#"{"a.b":1,"a":{"b":2}}"#, "a.b", "1"),
            (r#"{"a":{"b":2}}"#, "a.b", "NULL"),
            (r#"{"a":{"b": [2]}}"#, "a", r#"{"b": [2]}"#),
            (r#"{"\u0061\"":1}"#, "a\"", "1"),
            (r#"{"":1}"#, "", "1"),
            (r#"["a"]"#, "a", "NULL"),
            (r#""a""#, "a", "NULL"),
            ("null", "a", "NULL"),
            (r#"{"a":1"#, "a", "NULL"),
            (r#"{"a":1} {}"#, "a", "NULL"),
            ("", "a", "NULL"),
        ] {
            assert_eq!(
                found(&[Some(custom)], &[Some(key)]),
                [expected],
                "{custom} {key}"
            );
        }
    }

    #[tokio::test]
    async fn sql_takes_constants_and_columns_and_refuses_numbers() {
        let statement = "SELECT custom_value(c, 'a'), custom_value('{\"a\":1,\"b\":2}', k), \
                         custom_value(c, NULL) FROM (VALUES ('{\"a\":\"x\"}', 'b')) AS v(c, k)";
        assert_eq!(rows(statement).await, [["x", "2", "NULL"]]);
        assert!(
            failure("SELECT custom_value('{}', 1)")
                .await
                .contains("`custom_value` expects text as argument 2, found `Int64`")
        );
    }
}
