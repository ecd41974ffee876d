//! Finds the parameters in a SQL text and numbers the anonymous ones: the planner tells `$1` and `$2` apart, but not two `?`.
//!
//! Guarantees: text in strings, quoted names, dollar quotes and comments is left alone; `?` and `$1` are not mixed; a
//! text without `?` comes back as it is.

use std::borrow::Cow;

use crate::error::{Error, Result};

/// `sql` with its `?` replaced by `$1`, `$2`, … from left to right.
pub(crate) fn number_placeholders(sql: &str) -> Result<Cow<'_, str>> {
    let mut numbered = String::new();
    let mut copied = 0;
    let mut question_count = 0;
    let mut has_dollar = false;
    for piece in Pieces::of(sql) {
        match piece {
            Piece::Question(at) => {
                question_count += 1;
                numbered.push_str(&sql[copied..at]);
                // `LIMIT?` must not become the name `LIMIT$1`, nor `?AND` the parameter `$1AND`
                if numbered.ends_with(|before| is_word(before) || before == '$') {
                    numbered.push(' ');
                }
                numbered.push('$');
                numbered.push_str(&question_count.to_string());
                copied = at + 1;
                if sql[copied..].starts_with(is_word) {
                    numbered.push(' ');
                }
            }
            Piece::Dollar => has_dollar = true,
            Piece::Word(_) => {}
        }
    }
    if question_count == 0 {
        return Ok(Cow::Borrowed(sql));
    }
    if has_dollar {
        return Err(Error::Parameters(
            "expected `?` or `$1`, `$2`, … in one statement, found both".to_owned(),
        ));
    }
    numbered.push_str(&sql[copied..]);
    Ok(Cow::Owned(numbered))
}

/// First words of statements that change the session: its variables or its scratch tables.
const SESSION_WORDS: [&str; 5] = ["CREATE", "DROP", "INSERT", "RESET", "SET"];

/// The first word of a statement, if it changes the session.
pub(crate) fn changes_session(sql: &str) -> Option<&'static str> {
    match Pieces::of(sql).next() {
        Some(Piece::Word(word)) => {
            let mut words = SESSION_WORDS.into_iter();
            words.find(|known| word.eq_ignore_ascii_case(known))
        }
        Some(Piece::Question(_) | Piece::Dollar) | None => None,
    }
}

/// What matters in a SQL text here.
enum Piece<'a> {
    /// A `?`, at this byte.
    Question(usize),
    /// A `$1` or `$name`.
    Dollar,
    /// A keyword, name or number.
    Word(&'a str),
}

/// Walks over a SQL text.
struct Pieces<'a> {
    sql: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn of(sql: &'a str) -> Self {
        Self { sql, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    /// Moves behind `end`, or to the end of the text when it is not there.
    fn skip_behind(&mut self, from: usize, end: &str) {
        let start = (self.at + from).min(self.sql.len());
        self.at = self.sql[start..]
            .find(end)
            .map_or(self.sql.len(), |found| start + found + end.len());
    }

    /// Moves behind a quoted text that begins here. A doubled quote needs no care: it ends one text and begins the next.
    fn skip_quoted(&mut self, quote: char, backslash_escapes: bool) {
        let mut characters = self.rest().char_indices().skip(1);
        while let Some((index, character)) = characters.next() {
            if character == quote {
                self.at += index + quote.len_utf8();
                return;
            }
            if character == '\\' && backslash_escapes {
                characters.next();
            }
        }
        self.at = self.sql.len();
    }

    /// Moves behind a block comment that begins here; they nest.
    fn skip_block_comment(&mut self) {
        let mut depth = 0_usize;
        while !self.rest().is_empty() {
            if self.rest().starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if self.rest().starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else {
                self.at += self.rest().chars().next().map_or(1, char::len_utf8);
            }
        }
    }

    /// Moves behind a `$…` that begins here: `$1`, `$name` or a dollar-quoted text.
    fn dollar(&mut self) -> Option<Piece<'a>> {
        let name = &self.rest()[1..];
        let name = &name[..name.find(|c: char| !is_word(c)).unwrap_or(name.len())];
        let tag_length = 1 + name.len();
        let begins_with_digit = name.starts_with(|c: char| c.is_ascii_digit());
        if !begins_with_digit && self.rest()[tag_length..].starts_with('$') {
            let tag = &self.rest()[..=tag_length];
            self.skip_behind(tag.len(), tag);
            return None;
        }
        self.at += tag_length;
        (!name.is_empty()).then_some(Piece::Dollar)
    }

    /// Moves behind a word that begins here.
    fn word(&mut self) -> Piece<'a> {
        let rest = self.rest();
        let word = &rest[..rest
            .find(|c: char| !is_word(c) && c != '$')
            .unwrap_or(rest.len())];
        self.at += word.len();
        if word.eq_ignore_ascii_case("e") && self.rest().starts_with('\'') {
            self.skip_quoted('\'', true);
        }
        Piece::Word(word)
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            let character = self.rest().chars().next()?;
            match character {
                '?' => {
                    self.at += 1;
                    return Some(Piece::Question(self.at - 1));
                }
                '\'' | '"' | '`' => self.skip_quoted(character, false),
                '-' if self.rest().starts_with("--") => self.skip_behind(2, "\n"),
                '/' if self.rest().starts_with("/*") => self.skip_block_comment(),
                '$' => {
                    if let Some(piece) = self.dollar() {
                        return Some(piece);
                    }
                }
                _ if is_word(character) => return Some(self.word()),
                _ => self.at += character.len_utf8(),
            }
        }
    }
}

/// May the character be part of a name or number?
fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_marks_are_numbered_from_left_to_right() {
        let cases = [
            ("SELECT ?", "SELECT $1"),
            (
                "a = ? AND b=?-1 OR c IN (?,?)",
                "a = $1 AND b=$2-1 OR c IN ($3,$4)",
            ),
            (
                "SELECT '?', '''?', \"?\", `?`, ? -- ?\n, ?",
                "SELECT '?', '''?', \"?\", `?`, $1 -- ?\n, $2",
            ),
            ("/* ? /* ? */ ? */ SELECT ?", "/* ? /* ? */ ? */ SELECT $1"),
            (
                "SELECT $$ ? $$, $a$ ? $$ ? $a$, ?",
                "SELECT $$ ? $$, $a$ ? $$ ? $a$, $1",
            ),
            (
                "SELECT E'\\'?', e'?', name'?', ?",
                "SELECT E'\\'?', e'?', name'?', $1",
            ),
            ("SELECT 'é?' || ?", "SELECT 'é?' || $1"),
            ("SELECT 'open ?", "SELECT 'open ?"),
            (
                "SELECT 1 WHERE 2>?AND 3<? LIMIT?",
                "SELECT 1 WHERE 2>$1 AND 3<$2 LIMIT $3",
            ),
            ("SELECT ??", "SELECT $1 $2"),
        ];
        for (sql, expected) in cases {
            assert_eq!(number_placeholders(sql).unwrap(), expected);
        }
    }

    #[test]
    fn numbered_parameters_stay_and_are_not_mixed_with_anonymous_ones() {
        assert!(matches!(
            number_placeholders("SELECT $2, $1, $name").unwrap(),
            Cow::Borrowed(_)
        ));
        assert!(number_placeholders("SELECT $1, ?").is_err());
        assert_eq!(
            number_placeholders("SELECT '$1', ?").unwrap(),
            "SELECT '$1', $1"
        );
    }

    #[test]
    fn a_statement_that_only_changes_the_session_is_known() {
        for sql in [
            "SET a = 1",
            " -- why\n/* x */ set a TO 'b'",
            "RESET a",
            "create table t (a int)",
        ] {
            assert!(changes_session(sql).is_some(), "{sql}");
        }
        for sql in [
            "",
            "SELECT 1",
            "?",
            "'set'",
            "settings",
            "SHOW a",
            "WITH set AS (SELECT 1) SELECT 2",
        ] {
            assert_eq!(changes_session(sql), None, "{sql}");
        }
    }
}
