//! What `condition_matches` and `condition_is_complete` share: from columns to conditions and
//! findings, row by row.
//!
//! Guarantees: conditions that are constants are checked while planning; per batch, each text is
//! parsed once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use arrow::array::BooleanArray;
use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_datafusion_err};
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs};

use super::period_bounds::constant_text;
use crate::arguments::{self, Kind};
use crate::call::{Call, Column, TextLists};
use crate::condition::{Condition, Findings};

/// What is taken: the conditions, then what was found.
const KINDS: [Kind; 8] = [
    Kind::Text,
    Kind::Number,
    Kind::Text,
    Kind::Text,
    Kind::Text,
    Kind::TextList,
    Kind::TextList,
    Kind::TextList,
];

/// The arguments, for the reference.
pub const ARGUMENTS: &[(&str, &str)] = &[
    (
        "conditions",
        "JSON: a group `{\"op\":\"and\",\"all\":[…]}` (or `or`) of groups and tests \
         `{\"kind\":…,\"cmp\":…,\"value\":…}`. Kinds are `sentiment_score` (`<`, `<=`, `>`, `>=`, \
         `=`), `sentiment_label`, `intent`, `resolution`, `topic` (`=`, `!=`), `flag` and \
         `quality_flag` (`detected`, `not_detected`). An empty `and` is true, an empty `or` \
         false. At most 16 groups in each other, at most 1000 groups and tests",
    ),
    ("sentiment_score", "a score from -1 to 1"),
    ("sentiment_label", "a label; case does not matter"),
    ("intent", "an intent as stored (see `slug`)"),
    ("resolution", "the resolution of the conversation as stored"),
    ("topics", "a list of topics as stored"),
    (
        "behavior_flags",
        "a list of flags as stored, for the kind `flag`",
    ),
    ("quality_flags", "a list of flags as stored"),
];

/// The types that the arguments shall be cast to.
///
/// # Errors
/// A planning error that names the argument's place and what was expected.
pub fn coerce(function: &str, found: &[DataType]) -> Result<Vec<DataType>> {
    arguments::coerce(function, &KINDS, 0, found)
}

/// Checks conditions that are constants.
///
/// # Errors
/// A planning error that says which rule they break.
pub fn check(arguments: &ReturnFieldArgs) -> Result<()> {
    if let Some(text) = constant_text(arguments, 0) {
        Condition::parse(text).map_err(|error| plan_datafusion_err!("{error}"))?;
    }
    Ok(())
}

/// The answer to a question about the conditions and findings of each row; NULL without conditions.
///
/// # Errors
/// When conditions cannot be understood.
pub fn answers(call: &Call, question: fn(&Condition, &Findings) -> bool) -> Result<ColumnarValue> {
    let (conditions, scores) = (call.text(0)?, call.numbers(1)?);
    let (labels, intents, resolutions) = (call.text(2)?, call.text(3)?, call.text(4)?);
    let lists = [
        call.text_lists(5)?,
        call.text_lists(6)?,
        call.text_lists(7)?,
    ];
    let [topics, behavior_flags, quality_flags] = lists.each_ref().map(Words::new);
    let mut parsed: HashMap<&str, Condition> = HashMap::new();
    let mut found = BooleanArray::builder(call.row_count());
    for row in 0..call.row_count() {
        let Some(text) = conditions.get(row) else {
            found.append_null();
            continue;
        };
        let condition = match parsed.entry(text) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(Condition::parse(text)?),
        };
        let findings = Findings {
            sentiment_score: scores.get(row),
            sentiment_label: labels.get(row),
            intent: intents.get(row),
            resolution: resolutions.get(row),
            topics: topics.get(row),
            behavior_flags: behavior_flags.get(row),
            quality_flags: quality_flags.get(row),
        };
        found.append_value(question(condition, &findings));
    }
    call.finish(found.finish())
}

/// The lists of a column, item by item.
struct Words<'a> {
    lists: &'a Column<TextLists>,
    items: Vec<&'a str>,
}

impl<'a> Words<'a> {
    fn new(lists: &'a Column<TextLists>) -> Self {
        let items = lists.items();
        Self { lists, items }
    }

    fn get(&self, row: usize) -> Option<&[&'a str]> {
        self.lists.span(row).map(|span| &self.items[span])
    }
}
