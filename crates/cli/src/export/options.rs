//! Options of a page as they are said on the command line, as one JSON object.
//!
//! Guarantees: nothing is dropped silently: what is no JSON object, or no `NAME=VALUE`, is refused.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// `--options`, then every `--option`, then `--raw`, as the text of one JSON object.
pub fn page_options(json: Option<&str>, named: &[String], is_raw: bool) -> Result<String> {
    let mut options = json.map_or_else(|| Ok(Map::new()), read_object)?;
    let mut said = Map::new();
    for option in named {
        let (name, value) = read_option(option)?;
        match said.get_mut(name) {
            None => drop(said.insert(name.to_owned(), value)),
            Some(Value::Array(list)) => list.push(value),
            Some(first) => *first = Value::Array(vec![first.take(), value]),
        }
    }
    options.append(&mut said);
    if is_raw {
        options.insert("raw".to_owned(), Value::Bool(true));
    }
    Ok(Value::Object(options).to_string())
}

fn read_object(json: &str) -> Result<Map<String, Value>> {
    match serde_json::from_str(json) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(Error::Usage(format!(
            "expected a JSON object for --options, found `{json}`"
        ))),
    }
}

/// `NAME=VALUE`; what does not read as JSON is text.
fn read_option(option: &str) -> Result<(&str, Value)> {
    let pair = option
        .split_once('=')
        .map(|(name, value)| (name.trim(), value))
        .filter(|(name, _)| !name.is_empty());
    let Some((name, value)) = pair else {
        return Err(Error::Usage(format!(
            "expected NAME=VALUE for --option, found `{option}`"
        )));
    };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(json: Option<&str>, named: &[&str], is_raw: bool) -> Result<String> {
        let named: Vec<String> = named.iter().map(|&option| option.to_owned()).collect();
        page_options(json, &named, is_raw)
    }

    #[test]
    fn what_reads_as_json_is_json_and_the_rest_is_text() {
        for (named, expected) in [
            (&[][..], "{}"),
            (&["search=a b"], r#"{"search":"a b"}"#),
            (&["search="], r#"{"search":""}"#),
            (&["search=a=b"], r#"{"search":"a=b"}"#),
            (&["mrr_min=100.50"], r#"{"mrr_min":100.5}"#),
            (&["search=\"50\""], r#"{"search":"50"}"#),
            (&["guests=true", "depth=3"], r#"{"depth":3,"guests":true}"#),
            (&["plan=[\"a\",\"b\"]"], r#"{"plan":["a","b"]}"#),
            (&["from=2026-03-01"], r#"{"from":"2026-03-01"}"#),
        ] {
            assert_eq!(options(None, named, false).unwrap(), expected);
        }
    }

    #[test]
    fn an_option_said_again_is_a_list() {
        let found = options(None, &["plan=a", "plan=b", "plan=c"], false).unwrap();
        assert_eq!(found, r#"{"plan":["a","b","c"]}"#);
    }

    #[test]
    fn a_named_option_counts_and_raw_is_one_more() {
        let json = r#"{"plan":"x","sort":"-mrr"}"#;
        let found = options(Some(json), &["plan=a"], true).unwrap();
        assert_eq!(found, r#"{"plan":"a","raw":true,"sort":"-mrr"}"#);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (json, named, expected) in [
            (
                None,
                "plan",
                "expected NAME=VALUE for --option, found `plan`",
            ),
            (None, " =x", "expected NAME=VALUE for --option, found ` =x`"),
            (
                Some("[]"),
                "a=b",
                "expected a JSON object for --options, found `[]`",
            ),
            (
                Some("{"),
                "a=b",
                "expected a JSON object for --options, found `{`",
            ),
        ] {
            let error = options(json, &[named], false).unwrap_err().to_string();
            assert_eq!(error, expected);
        }
    }
}
