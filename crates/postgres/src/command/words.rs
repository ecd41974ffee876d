//! A statement's text as words: names, quoted names, texts in quotes, numbers, signs. Blanks and comments are left out.

use crate::error::{Error, Result};

/// A word and where it ends.
#[derive(Debug)]
pub(super) struct Word<'a> {
    kind: Kind,
    /// Without quotes.
    text: std::borrow::Cow<'a, str>,
    end: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    /// A name, a number or a sign, as it stands.
    Plain,
    /// A name in double quotes.
    Name,
    /// A text in single quotes.
    Text,
}

impl Word<'_> {
    /// Is it this keyword or sign?
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Plain && self.text.eq_ignore_ascii_case(keyword)
    }

    /// What it says, without quotes.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The name that it is: without quotes the case does not matter.
    pub(super) fn name(&self) -> String {
        match self.kind {
            Kind::Plain => self.text.to_ascii_lowercase(),
            Kind::Name | Kind::Text => self.text.to_string(),
        }
    }

    /// The position after it in the text, in bytes.
    pub(super) fn end(&self) -> usize {
        self.end
    }
}

/// The first word, as it stands; of `(SELECT …)` that is `SELECT`.
pub(super) fn first(text: &str) -> &str {
    let mut position = 0;
    loop {
        position = skip_blanks(text, position);
        if text[position..].starts_with('(') {
            position += 1;
            continue;
        }
        return &text[position..plain_end(text, position)];
    }
}

/// All words.
///
/// # Errors
/// 42601 when a quote is never closed.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>> {
    let mut found = Vec::new();
    let mut position = skip_blanks(text, 0);
    while position < text.len() {
        let word = match text.as_bytes()[position] {
            b'\'' => quoted(text, position, '\'', Kind::Text)?,
            b'"' => quoted(text, position, '"', Kind::Name)?,
            _ => {
                let end = plain_end(text, position);
                Word {
                    kind: Kind::Plain,
                    text: text[position..end].into(),
                    end,
                }
            }
        };
        position = skip_blanks(text, word.end);
        found.push(word);
    }
    // a `;` at the end belongs to no statement
    found.retain(|word| !word.is(";"));
    Ok(found)
}

fn quoted(text: &str, start: usize, quote: char, kind: Kind) -> Result<Word<'_>> {
    let mut end = start + 1;
    while let Some(found) = text[end..].find(quote) {
        end += found + 1;
        if !text[end..].starts_with(quote) {
            let doubled = [quote, quote].iter().collect::<String>();
            let inner = text[start + 1..end - 1].replace(&doubled, &quote.to_string());
            return Ok(Word {
                kind,
                text: inner.into(),
                end,
            });
        }
        end += 1;
    }
    Err(Error::sql("42601", "a quote is never closed"))
}

/// The end of a name, number or sign; a name may have points in it, and a number a sign before it.
fn plain_end(text: &str, start: usize) -> usize {
    let rest = &text[start..];
    let of_name = |letter: char| {
        letter.is_alphanumeric() || matches!(letter, '_' | '$' | '.' | '-' | '+' | '/' | ':')
    };
    match rest.find(|letter| !of_name(letter)) {
        Some(0) => start + rest.chars().next().map_or(0, char::len_utf8),
        Some(end) => start + comment_in(&rest[..end]).unwrap_or(end),
        None => start + comment_in(rest).unwrap_or(rest.len()),
    }
}

/// Where a comment begins in what looks like a word.
fn comment_in(word: &str) -> Option<usize> {
    word.find("--").filter(|at| *at > 0)
}

fn skip_blanks(text: &str, mut position: usize) -> usize {
    loop {
        let rest = &text[position..];
        position += rest.len() - rest.trim_start().len();
        let rest = &text[position..];
        if rest.starts_with("--") {
            position += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            position += comment_length(rest);
        } else {
            return position;
        }
    }
}

/// Block comments nest.
fn comment_length(rest: &str) -> usize {
    let (mut depth, mut position) = (0_usize, 0);
    let bytes = rest.as_bytes();
    while position < bytes.len() {
        if bytes[position..].starts_with(b"/*") {
            (depth, position) = (depth + 1, position + 2);
        } else if bytes[position..].starts_with(b"*/") {
            (depth, position) = (depth - 1, position + 2);
            if depth == 0 {
                return position;
            }
        } else {
            position += 1;
        }
    }
    rest.len()
}
