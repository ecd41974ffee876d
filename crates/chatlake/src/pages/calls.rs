//! Calls of pages in the text of a statement.
//!
//! Guarantees: every call is found, wherever a relation may stand; arguments are literals or placeholders with values; what
//! is not a page is left alone.

use std::ops::ControlFlow;

use chatlake_analytics::Library;
use datafusion::common::ParamValues;
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArg, FunctionArgExpr, Ident, ObjectName, TableAlias, TableFactor, VisitMut,
    VisitorMut,
};
use serde_json::{Map, Value};

use super::facets::FACETS;
use super::values::{json_object, literal};
use crate::catalog::{CATALOG, page_calls};
use crate::export;
use crate::{Error, Result};

/// A call of a page: what stands between its parentheses, sorted by position and name.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct PageCall {
    /// The page's name.
    pub(crate) name: String,
    /// Values by position; options JSON is not among them.
    pub(crate) positional: Vec<Value>,
    /// Values by name, from `name => value` and from options JSON.
    pub(crate) named: Map<String, Value>,
    /// Was a value a placeholder that has none yet? Then only the columns matter.
    pub(crate) is_blank: bool,
}

/// The call's placeholders and their values.
pub(crate) enum Placeholders<'a> {
    /// The values, by position.
    Values(Option<&'a ParamValues>),
    /// Not known yet: their names are gathered.
    Unknown(Vec<String>),
}

/// Finds the calls of pages, in the order of the text.
///
/// # Errors
/// When an argument is not a literal, or given twice.
pub(crate) fn find_calls(
    library: &Library,
    statement: &mut Statement,
    placeholders: &mut Placeholders<'_>,
) -> Result<Vec<PageCall>> {
    let mut calls = Vec::new();
    let mut failed = None;
    each_relation(statement, &mut |relation| {
        let Some((name, arguments, _)) = page_relation(library, relation) else {
            return;
        };
        match read_call(library, name, &arguments, placeholders) {
            Ok(call) => calls.push(call),
            Err(error) => failed = failed.take().or(Some(error)),
        }
    });
    match failed {
        Some(error) => Err(error),
        None => Ok(calls),
    }
}

/// Replaces the calls of pages by the relations of these names, in the order of the text.
pub(crate) fn replace_calls(library: &Library, statement: &mut Statement, names: Vec<String>) {
    let mut names = names.into_iter();
    each_relation(statement, &mut |relation| {
        let Some((name, _, alias)) = page_relation(library, relation) else {
            return;
        };
        let Some(planned) = names.next() else {
            return;
        };
        let quoted = |name: &str| Ident::with_quote('"', name);
        let path = [CATALOG, page_calls::SCHEMA, &planned].map(quoted);
        *relation = TableFactor::Table {
            name: ObjectName::from(path.to_vec()),
            alias: Some(alias.unwrap_or_else(|| TableAlias {
                explicit: true,
                name: quoted(&name),
                columns: Vec::new(),
                at: None,
            })),
            args: None,
            with_hints: Vec::new(),
            version: None,
            with_ordinality: false,
            partitions: Vec::new(),
            json_path: None,
            sample: None,
            index_hints: Vec::new(),
        };
    });
}

/// Name, arguments and alias of a relation that is a call of a page.
fn page_relation(
    library: &Library,
    relation: &TableFactor,
) -> Option<(String, Vec<FunctionArg>, Option<TableAlias>)> {
    let (name, arguments, alias) = match relation {
        TableFactor::Table {
            name,
            args: Some(arguments),
            alias,
            ..
        } => (name, &arguments.args, alias),
        TableFactor::Function {
            name, args, alias, ..
        } => (name, args, alias),
        _ => return None,
    };
    let name = name.0.last()?.as_ident()?.value.to_ascii_lowercase();
    let is_page =
        [FACETS, export::FUNCTION].contains(&name.as_str()) || library.page(&name).is_some();
    is_page.then(|| (name, arguments.clone(), alias.clone()))
}

/// Calls `visit` for every relation of the statement, in the order of the text.
fn each_relation(statement: &mut Statement, visit: &mut dyn FnMut(&mut TableFactor)) {
    struct Relations<'a>(&'a mut dyn FnMut(&mut TableFactor));
    impl VisitorMut for Relations<'_> {
        type Break = ();
        fn pre_visit_table_factor(&mut self, relation: &mut TableFactor) -> ControlFlow<()> {
            (self.0)(relation);
            ControlFlow::Continue(())
        }
    }
    match statement {
        Statement::Statement(inner) => {
            let _ = VisitMut::visit(inner.as_mut(), &mut Relations(visit));
        }
        Statement::Explain(explain) => each_relation(&mut explain.statement, visit),
        _ => {}
    }
}

fn read_call(
    library: &Library,
    name: String,
    arguments: &[FunctionArg],
    placeholders: &mut Placeholders<'_>,
) -> Result<PageCall> {
    let own = library.page(&name).map(|page| page.options.as_slice());
    let own = own.unwrap_or_default().iter();
    let argument_count = own.filter(|option| option.is_argument).count();
    let mut call = PageCall {
        name,
        ..PageCall::default()
    };
    for argument in arguments {
        let (option, value) = match argument {
            FunctionArg::Unnamed(value) => (None, value),
            FunctionArg::Named { name, arg, .. } => (Some(option_name(name)), arg),
            FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg,
                ..
            } => (Some(option_name(name)), arg),
            FunctionArg::ExprNamed { name, .. } => {
                return Err(Error::Sql(format!(
                    "expected the name of an option of `{}`, found `{name}`",
                    call.name
                )));
            }
        };
        let FunctionArgExpr::Expr(value) = value else {
            return Err(Error::Sql(format!(
                "expected a value as an argument of `{}`, found `{value}`",
                call.name
            )));
        };
        let value = match literal(value, placeholders)? {
            Some(value) => value,
            None => {
                call.is_blank = true;
                Value::Null
            }
        };
        match option {
            None => add_positional(&mut call, value, argument_count)?,
            Some(option) if option == "options" => add_options(&mut call, value)?,
            Some(option) => add_named(&mut call, option, value)?,
        }
    }
    Ok(call)
}

/// Names without quotes are read in lower case, as everywhere in SQL.
fn option_name(name: &Ident) -> String {
    match name.quote_style {
        Some(_) => name.value.clone(),
        None => name.value.to_ascii_lowercase(),
    }
}

/// Text that holds a JSON object is options, wherever it stands. Where an argument may stand, other text that begins like
/// one is the argument: an id may.
fn add_positional(call: &mut PageCall, value: Value, argument_count: usize) -> Result<()> {
    let may_be_argument = argument_count > 0 && call.positional.len() <= argument_count + 1;
    let is_options = |text: &str| {
        text.trim_start().starts_with('{') && (!may_be_argument || json_object(text).is_some())
    };
    match &value {
        Value::String(text) if !call.positional.is_empty() && is_options(text) => {
            add_options(call, value)
        }
        _ => {
            if !call.named.is_empty() {
                return Err(Error::Sql(format!(
                    "expected arguments of `{}` by position before those by name",
                    call.name
                )));
            }
            call.positional.push(value);
            Ok(())
        }
    }
}

fn add_options(call: &mut PageCall, value: Value) -> Result<()> {
    let wrong = |found: &str| {
        Error::Sql(format!(
            "bad_value:options: expected a JSON object, found `{found}`"
        ))
    };
    let options = match value {
        Value::Null => return Ok(()),
        Value::String(text) if text.trim().is_empty() => return Ok(()),
        Value::String(text) => json_object(&text).ok_or_else(|| wrong(&shortened(&text)))?,
        Value::Object(options) => options,
        other => return Err(wrong(&shortened(&other.to_string()))),
    };
    for (name, value) in options {
        add_named(call, name, value)?;
    }
    Ok(())
}

fn add_named(call: &mut PageCall, name: String, value: Value) -> Result<()> {
    if call.named.contains_key(&name) {
        return Err(Error::Sql(format!(
            "bad_value:{name}: expected the option once, found it twice"
        )));
    }
    call.named.insert(name, value);
    Ok(())
}

/// The beginning of a caller's text, to be repeated in a message.
pub(super) fn shortened(text: &str) -> String {
    const QUOTED_CHARS_MAX: usize = 80;
    let mut characters = text.chars();
    let mut beginning: String = characters.by_ref().take(QUOTED_CHARS_MAX).collect();
    if characters.next().is_some() {
        beginning.push('…');
    }
    beginning
}
