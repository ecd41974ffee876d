//! The options of a session: `catalog` and `schema`, which Flight defines and drivers show and restore, and the variables that
//! `SET` knows, by their names.
//!
//! Guarantees: reading them opens no session; there is one catalog; what cannot be set is told per option and changes nothing.

use std::collections::HashMap;

use chatlake::{CATALOG, ErrorCode, Session};

use crate::messages::{
    GetSessionOptionsResult, OptionValue, SessionOptionValue, SetSessionOptionError,
    SetSessionOptionErrorValue, SetSessionOptionsRequest, SetSessionOptionsResult,
};

/// Name of the option that tells the catalog.
const CATALOG_OPTION: &str = "catalog";

/// Name of the option that tells the schema of names without one.
const SCHEMA_OPTION: &str = "schema";

/// The variable behind [`SCHEMA_OPTION`].
const SCHEMA_VARIABLE: &str = "chatlake.schema";

/// Tells the options.
pub(crate) fn get(session: &Session) -> GetSessionOptionsResult {
    let text = |value: String| SessionOptionValue {
        option_value: Some(OptionValue::Text(value)),
    };
    let options = session.settings().into_iter().map(|(name, value)| {
        let is_schema = name == SCHEMA_VARIABLE;
        let name = if is_schema {
            SCHEMA_OPTION.to_owned()
        } else {
            name
        };
        (name, text(value))
    });
    let catalog = (CATALOG_OPTION.to_owned(), text(CATALOG.to_owned()));
    GetSessionOptionsResult {
        session_options: options.chain([catalog]).collect(),
    }
}

/// Sets options, as far as they can be.
pub(crate) async fn set(
    session: &Session,
    request: SetSessionOptionsRequest,
) -> SetSessionOptionsResult {
    let mut refused = HashMap::new();
    for (name, value) in request.session_options {
        if let Err(reason) = set_one(session, &name, &value).await {
            let value = reason as i32;
            refused.insert(name, SetSessionOptionError { value });
        }
    }
    SetSessionOptionsResult { errors: refused }
}

/// Sets one option; why it cannot be set.
async fn set_one(
    session: &Session,
    name: &str,
    value: &SessionOptionValue,
) -> Result<(), SetSessionOptionErrorValue> {
    let text = match &value.option_value {
        // to unset is to return to the default
        None => "",
        Some(OptionValue::Text(text)) => text,
        Some(_) => return Err(SetSessionOptionErrorValue::InvalidValue),
    };
    if name == CATALOG_OPTION {
        return match text.is_empty() || text == CATALOG {
            true => Ok(()),
            false => Err(SetSessionOptionErrorValue::InvalidValue),
        };
    }
    let variable = match name {
        SCHEMA_OPTION => SCHEMA_VARIABLE,
        other => other,
    };
    if session.show(variable).is_err() {
        return Err(SetSessionOptionErrorValue::InvalidName);
    }
    let outcome = session.set(variable, text).await;
    outcome.map_err(|error| match error.code() {
        ErrorCode::InvalidInput => SetSessionOptionErrorValue::InvalidValue,
        _ => SetSessionOptionErrorValue::Error,
    })
}
