//! Columns of text: ids, words of a fixed set, free text.
//!
//! Guarantees: a column whose values are all in their final spelling is used as it is; finding that out costs a few
//! nanoseconds a value.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::DataType;

use crate::bulk::check::{Column, Missing};
use crate::bulk::findings::Findings;
use crate::bulk::rules::TextRule;
use crate::error::Result;
use crate::fields::{ID_BYTES_MAX, choose, trim};
use crate::record;

/// What becomes of a value that is not in its final spelling.
enum Fixed<'a> {
    Text(Cow<'a, str>),
    /// The same as if there were no value.
    Missing,
    /// The row is rejected with this kind of code.
    Reject(&'static str),
    /// NULL, with a warning of this kind.
    Null(&'static str),
}

/// Checks a column of text.
pub(super) fn check(
    column: Column<'_>,
    rule: &TextRule,
    findings: &mut Findings,
) -> Result<ArrayRef> {
    let missing = rule.missing();
    let Some(texts) = texts(column)? else {
        return Ok(no_values(column, missing, findings));
    };
    if is_final_column(&texts, rule) {
        return Ok(Arc::new(texts));
    }
    Ok(Arc::new(rewrite(&texts, column.name, rule, findings)))
}

/// The column as UTF-8 text; `None` when it has no values.
pub(super) fn texts(column: Column<'_>) -> Result<Option<StringArray>> {
    let Some(raw) = column.raw else {
        return Ok(None);
    };
    if let Some(texts) = raw.as_string_opt::<i32>() {
        return Ok(Some(texts.clone()));
    }
    let value_type = match raw.data_type() {
        DataType::Dictionary(_, values) => values,
        value_type => value_type,
    };
    let is_taken = value_type.is_string() || value_type.is_integer() || value_type.is_binary();
    if !is_taken {
        return Err(column.wrong_type("text"));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast = cast_with_options(raw, &DataType::Utf8, &options);
    let cast = cast.map_err(|error| column.wrong_type(&format!("UTF-8 text ({error})")))?;
    Ok(Some(cast.as_string::<i32>().clone()))
}

/// A column without values.
fn no_values(
    column: Column<'_>,
    missing: Missing<&'static str>,
    findings: &mut Findings,
) -> ArrayRef {
    match missing {
        Missing::Null => {}
        Missing::Fill(word) => {
            return Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
                word,
                column.row_count,
            )));
        }
        Missing::Reject => {
            (0..column.row_count).for_each(|row| findings.reject(row, "missing_field", column.name))
        }
    }
    new_null_array(&DataType::Utf8, column.row_count)
}

/// Whether nothing would change.
fn is_final_column(texts: &StringArray, rule: &TextRule) -> bool {
    let data = texts.value_data();
    let bounds = texts.value_offsets().windows(2);
    let mut ranges = bounds
        .map(|bound| bound[0] as usize..bound[1] as usize)
        .enumerate();
    let is_final = |row: usize| matches!(fix(rule, texts.value(row)), Fixed::Text(text) if text == texts.value(row));
    let is_fine =
        |row: usize, range: Range<usize>| looks_final(rule, &data[range]) || is_final(row);
    match texts.nulls().filter(|nulls| nulls.null_count() > 0) {
        None => ranges.all(|(row, range)| is_fine(row, range)),
        Some(nulls) if rule.missing() == Missing::Null => {
            ranges.all(|(row, range)| nulls.is_null(row) || is_fine(row, range))
        }
        Some(_) => false,
    }
}

fn rewrite(
    texts: &StringArray,
    name: &str,
    rule: &TextRule,
    findings: &mut Findings,
) -> StringArray {
    let mut rewritten = StringBuilder::with_capacity(texts.len(), texts.value_data().len());
    for (row, text) in texts.iter().enumerate() {
        let fixed = text.map_or(Fixed::Missing, |text| fix(rule, text));
        match (fixed, rule.missing()) {
            (Fixed::Text(text), _) => rewritten.append_value(text),
            (Fixed::Missing, Missing::Fill(word)) => rewritten.append_value(word),
            (Fixed::Missing, Missing::Null) => rewritten.append_null(),
            (Fixed::Missing, Missing::Reject) => {
                findings.reject(row, "missing_field", name);
                rewritten.append_null();
            }
            (Fixed::Reject(kind), _) => {
                findings.reject(row, kind, name);
                rewritten.append_null();
            }
            (Fixed::Null(kind), _) => {
                findings.warn(row, kind, name);
                rewritten.append_null();
            }
        }
    }
    rewritten.finish()
}

/// A quick look that is right whenever it says yes.
fn looks_final(rule: &TextRule, bytes: &[u8]) -> bool {
    let has_plain_ends = || match bytes {
        [first, .., last] => first.is_ascii_graphic() && last.is_ascii_graphic(),
        [only] => only.is_ascii_graphic(),
        [] => false,
    };
    match rule {
        TextRule::Id(_) => bytes.len() <= ID_BYTES_MAX && has_plain_ends(),
        TextRule::Free => has_plain_ends(),
        TextRule::Choice(allowed, _) => allowed.iter().any(|allowed| allowed.as_bytes() == bytes),
        TextRule::Content => bytes.len() <= record::CONTENT_BYTES_MAX,
        TextRule::Exact => true,
        TextRule::Country => {
            matches!(bytes, [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase())
        }
        TextRule::Device => {
            has_plain_ends()
                && bytes
                    .iter()
                    .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
        }
        TextRule::Label | TextRule::Resolution | TextRule::Slug | TextRule::Zone => false,
    }
}

/// The final spelling of a value.
fn fix<'a>(rule: &TextRule, text: &'a str) -> Fixed<'a> {
    let trimmed = |text| match trim(text) {
        "" => Fixed::Missing,
        text => Fixed::Text(Cow::Borrowed(text)),
    };
    let word = |word: Option<&'static str>| {
        word.map_or(Fixed::Reject("bad_value"), |word| {
            Fixed::Text(Cow::Borrowed(word))
        })
    };
    match rule {
        TextRule::Id(_) if trim(text).len() > ID_BYTES_MAX => Fixed::Reject("id_too_long"),
        TextRule::Id(_) | TextRule::Free => trimmed(text),
        TextRule::Choice(..) if text.is_empty() => Fixed::Missing,
        TextRule::Choice(allowed, _) => word(choose(text, allowed)),
        TextRule::Content if text.len() > record::CONTENT_BYTES_MAX => Fixed::Reject("too_large"),
        TextRule::Content | TextRule::Exact => Fixed::Text(Cow::Borrowed(text)),
        TextRule::Country => match trim(text) {
            "" => Fixed::Missing,
            text if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()) => {
                Fixed::Text(Cow::Owned(text.to_ascii_uppercase()))
            }
            _ => Fixed::Null("bad_value"),
        },
        TextRule::Device => match trim(text) {
            "" => Fixed::Missing,
            text => Fixed::Text(Cow::Owned(text.to_lowercase())),
        },
        TextRule::Label => word(record::label(text)),
        TextRule::Resolution => word(record::resolution(text)),
        TextRule::Slug => match record::slug(text) {
            slug if slug.is_empty() => Fixed::Missing,
            slug => Fixed::Text(slug),
        },
        TextRule::Zone => match trim(text) {
            "" => Fixed::Missing,
            zone if record::is_zone(zone) => Fixed::Text(Cow::Borrowed(zone)),
            _ => Fixed::Reject("bad_value"),
        },
    }
}
