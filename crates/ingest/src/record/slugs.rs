//! Flags, topics, intents, resolutions and sentiment labels in their one spelling (domain specification §2.3).
//!
//! Guarantees: lists are slugged, without blanks and repetitions, sorted by code point.

use std::borrow::Cow;

use crate::code::Reject;
use crate::fields::{Fields, Text, trim};
use crate::json::Value;

/// The five labels of a sentiment.
const LABELS: &[&str] = &[
    "Very Negative",
    "Negative",
    "Neutral",
    "Positive",
    "Very Positive",
];

/// How a conversation ended.
const RESOLUTIONS: &[&str] = &["fully_resolved", "partially_resolved", "unresolved"];

/// The slug of a text, borrowed when the text is one already.
pub(crate) fn slug(text: &str) -> Cow<'_, str> {
    if is_slug(text) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(chatlake_types::slug(text))
    }
}

/// Whether slugging changes nothing: only `a-z`, `0-9` and single inner `_`, and no spelling that has an alias.
pub(crate) fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (mut previous, mut is_plain) = (b'_', true);
    for &byte in bytes {
        is_plain &= byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || (byte == b'_' && previous != b'_');
        previous = byte;
    }
    is_plain
        && (previous != b'_' || bytes.is_empty())
        && !matches!(text, "hallucinating" | "hallucinated")
}

/// The label that `text` spells in any case, with blanks around it or `_` for blanks inside.
pub(crate) fn label(text: &str) -> Option<&'static str> {
    let same = |label: &&&str| label.eq_ignore_ascii_case(text);
    let spelled = || {
        let text = trim(text).to_lowercase().replace('_', " ");
        LABELS
            .iter()
            .find(|label| label.to_ascii_lowercase() == text)
    };
    LABELS.iter().find(same).or_else(spelled).copied()
}

/// The resolution that `text` slugs to.
pub(crate) fn resolution(text: &str) -> Option<&'static str> {
    let slug = slug(text);
    RESOLUTIONS
        .iter()
        .copied()
        .find(|resolution| *resolution == slug)
}

/// A list of texts as sorted slugs; NULL when it was not said.
pub(super) fn list<'a>(fields: Fields<'a>, name: &str) -> Result<Option<Vec<Text<'a>>>, Reject> {
    let Some(value) = fields.said(name) else {
        return Ok(None);
    };
    slugs(value)
        .map(Some)
        .ok_or_else(|| Reject::of("bad_value", name))
}

/// An array of texts as sorted slugs; `None` for anything else.
pub(crate) fn slugs<'a>(value: Value<'a>) -> Option<Vec<Text<'a>>> {
    let mut slugs = value
        .items()?
        .map(|item| item.text().map(slug_text))
        .collect::<Option<Vec<_>>>()?;
    sort_slugs(&mut slugs);
    Some(slugs)
}

/// Drops blanks and repetitions, and sorts.
pub(crate) fn sort_slugs(slugs: &mut Vec<Text<'_>>) {
    slugs.retain(|slug| !slug.is_empty());
    slugs.sort_unstable();
    slugs.dedup();
}

/// [`slug`] that keeps what is borrowed borrowed.
pub(super) fn slug_text(text: Text<'_>) -> Text<'_> {
    match text {
        Cow::Borrowed(text) => slug(text),
        Cow::Owned(text) => Cow::Owned(chatlake_types::slug(&text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_borrowed_and_anything_else_becomes_what_the_rule_says() {
        for text in ["", "a", "a_b", "7", "churn_risk_2", "hallucination"] {
            assert!(matches!(slug(text), Cow::Borrowed(_)), "{text}");
        }
        for text in [
            "_a",
            "a_",
            "a__b",
            "A",
            "a b",
            "é",
            "hallucinating",
            "hallucinated",
            " ",
            "_",
        ] {
            assert!(matches!(slug(text), Cow::Owned(_)), "{text}");
        }
        for text in ["", "a_b", "_a", "a__b", "A-b", "hallucinated", "_"] {
            assert_eq!(slug(text), chatlake_types::slug(text), "{text}");
        }
    }

    #[test]
    fn labels_and_resolutions_are_found_in_any_spelling() {
        assert_eq!(label("very negative"), Some("Very Negative"));
        assert_eq!(label(" VERY_POSITIVE\n"), Some("Very Positive"));
        assert_eq!(label("Neutral"), Some("Neutral"));
        assert_eq!(label("meh"), None);
        assert_eq!(label("very  negative"), None);
        assert_eq!(resolution("Fully-Resolved!"), Some("fully_resolved"));
        assert_eq!(resolution("unresolved"), Some("unresolved"));
        assert_eq!(resolution("resolved"), None);
        assert_eq!(resolution(""), None);
    }
}
