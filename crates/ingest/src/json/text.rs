//! Strings: escapes out of a token, escapes into one, and whole values without blanks.
//!
//! Guarantees: `unescape(quote(text))` is `text`; what is written is valid JSON (RFC 8259).

use std::fmt::Write as _;

use super::{Kind, Value};

/// The characters of a string token that the scanner has accepted.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (character, length) = unescape_one(escape);
        text.push(character);
        rest = &escape[length..];
    }
    text.push_str(rest);
    text
}

/// The character of the escape that begins after its backslash, and the length of that escape in bytes.
fn unescape_one(escape: &str) -> (char, usize) {
    match escape.as_bytes().first() {
        Some(b'b') => ('\u{8}', 1),
        Some(b'f') => ('\u{c}', 1),
        Some(b'n') => ('\n', 1),
        Some(b'r') => ('\r', 1),
        Some(b't') => ('\t', 1),
        Some(b'u') => {
            let high = code_unit(&escape[1..]);
            if !(0xD800..0xDC00).contains(&high) {
                return (
                    char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER),
                    5,
                );
            }
            let low = code_unit(escape.get(7..).unwrap_or_default());
            let combined = 0x1_0000 + ((high - 0xD800) << 10) + (low & 0x3FF);
            (
                char::from_u32(combined).unwrap_or(char::REPLACEMENT_CHARACTER),
                11,
            )
        }
        // A quote, a backslash or a slash stands for itself.
        byte => (char::from(byte.copied().unwrap_or(b'\\')), 1),
    }
}

/// The number of four hexadecimal digits.
fn code_unit(digits: &str) -> u32 {
    digits
        .get(..4)
        .and_then(|digits| u32::from_str_radix(digits, 16).ok())
        .unwrap_or_default()
}

/// Appends `text` as a JSON string.
pub(super) fn write_string(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            // Writing to a string cannot fail.
            '\0'..='\u{1f}' => _ = write!(json, "\\u{:04x}", u32::from(character)),
            _ => json.push(character),
        }
    }
    json.push('"');
}

/// What is still to be written, innermost last.
enum Pending<'a> {
    Value(Value<'a>),
    Entry(Value<'a>, Value<'a>),
    Word(&'static str),
}

/// Appends a value without blanks; see [`Value::to_json`].
pub(super) fn write_value(value: Value<'_>, json: &mut String) {
    let mut pending = vec![Pending::Value(value)];
    while let Some(next) = pending.pop() {
        match next {
            Pending::Word(word) => json.push_str(word),
            Pending::Entry(key, value) => {
                write_token(key, json);
                json.push(':');
                pending.push(Pending::Value(value));
            }
            Pending::Value(value) => match value.kind() {
                Kind::Array => {
                    json.push('[');
                    let items = value.items().into_iter().flatten().map(Pending::Value);
                    push_list(items.collect(), "]", &mut pending);
                }
                Kind::Object => {
                    json.push('{');
                    push_list(entries(value), "}", &mut pending);
                }
                _ => write_token(value, json),
            },
        }
    }
}

/// Puts a list with its commas and its closing bracket on the stack, the first part on top.
fn push_list<'a>(parts: Vec<Pending<'a>>, closing: &'static str, pending: &mut Vec<Pending<'a>>) {
    pending.push(Pending::Word(closing));
    for (index, part) in parts.into_iter().enumerate().rev() {
        pending.push(part);
        if index > 0 {
            pending.push(Pending::Word(","));
        }
    }
}

/// The entries of an object, each key once.
fn entries(value: Value<'_>) -> Vec<Pending<'_>> {
    let mut places = std::collections::HashMap::new();
    let mut found: Vec<Pending<'_>> = Vec::new();
    for (key, value) in value.object().into_iter().flat_map(super::Object::entries) {
        match places.entry(key.text()) {
            std::collections::hash_map::Entry::Occupied(place) => {
                found[*place.get()] = Pending::Entry(key, value)
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(found.len());
                found.push(Pending::Entry(key, value));
            }
        }
    }
    found
}

/// Appends a scalar as it was written.
fn write_token(value: Value<'_>, json: &mut String) {
    match value.kind() {
        Kind::Text | Kind::EscapedText => {
            json.push('"');
            json.push_str(value.raw());
            json.push('"');
        }
        Kind::NotFinite => json.push_str("null"),
        _ => json.push_str(value.raw()),
    }
}
