//! The options of a session that Flight defines: `catalog` and `schema`, which drivers show and restore.
//!
//! Guarantees: reading them opens no session; there is one catalog and one default schema, so setting them to what they
//! are succeeds, and anything else is told per option and changes nothing. Variables of Chatlake are set by `SET`.

use std::collections::HashMap;

use chatlake::CATALOG;

use crate::messages::{
    GetSessionOptionsResult, OptionValue, SessionOptionValue, SetSessionOptionError,
    SetSessionOptionErrorValue, SetSessionOptionsRequest, SetSessionOptionsResult,
};

/// The schema of names without one.
const DEFAULT_SCHEMA: &str = "lake";

/// The options, with their values.
const OPTIONS: [(&str, &str); 2] = [("catalog", CATALOG), ("schema", DEFAULT_SCHEMA)];

/// Tells the options.
pub(crate) fn get() -> GetSessionOptionsResult {
    let text = |value: &str| SessionOptionValue {
        option_value: Some(OptionValue::Text(value.to_owned())),
    };
    let session_options = OPTIONS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), text(value)))
        .collect();
    GetSessionOptionsResult { session_options }
}

/// Sets options, as far as they can be.
pub(crate) fn set(request: SetSessionOptionsRequest) -> SetSessionOptionsResult {
    let refused: HashMap<String, SetSessionOptionError> = request
        .session_options
        .into_iter()
        .filter_map(|(name, value)| refusal(&name, &value).map(|reason| (name, reason)))
        .map(|(name, reason)| {
            (
                name,
                SetSessionOptionError {
                    value: reason as i32,
                },
            )
        })
        .collect();
    SetSessionOptionsResult { errors: refused }
}

/// Why an option cannot be set to a value.
fn refusal(name: &str, value: &SessionOptionValue) -> Option<SetSessionOptionErrorValue> {
    let Some((_, current)) = OPTIONS.iter().find(|(known, _)| *known == name) else {
        return Some(SetSessionOptionErrorValue::InvalidName);
    };
    match &value.option_value {
        // to unset is to return to the default
        None => None,
        Some(OptionValue::Text(text)) if text == current => None,
        Some(_) => Some(SetSessionOptionErrorValue::InvalidValue),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_so_already_can_be_set() {
        let text = |text: &str| SessionOptionValue {
            option_value: Some(OptionValue::Text(text.to_owned())),
        };
        let options = [
            ("catalog", text("chatlake")),
            ("schema", text("other")),
            ("colour", text("red")),
        ];
        let session_options = options.map(|(name, value)| (name.to_owned(), value)).into();
        let errors = set(SetSessionOptionsRequest { session_options }).errors;
        assert_eq!(errors.len(), 2);
        assert_eq!(
            errors["schema"].value(),
            SetSessionOptionErrorValue::InvalidValue
        );
        assert_eq!(
            errors["colour"].value(),
            SetSessionOptionErrorValue::InvalidName
        );
    }
}
