//! Splits a text into its SQL statements at `;`.
//!
//! Guarantees: a `;` inside a quoted text, a quoted name, a comment or a dollar-quoted text ends nothing; joining the
//! pieces again loses only the `;` between them; what is never closed is the last statement's business, not lost.

/// A text cut into statements.
#[derive(Debug, PartialEq, Eq)]
pub struct Statements<'a> {
    /// The statements in order, without those that hold only blanks and comments.
    pub complete: Vec<&'a str>,
    /// What follows the last `;`, when it is more than blanks and comments.
    pub rest: Option<&'a str>,
}

impl<'a> Statements<'a> {
    /// All statements: the last one needs no `;`.
    pub fn all(self) -> Vec<&'a str> {
        self.complete.into_iter().chain(self.rest).collect()
    }
}

/// Cuts `text` into statements. One pass over the bytes; every quote character is ASCII, so all cuts are on characters.
pub fn split_statements(text: &str) -> Statements<'_> {
    let bytes = text.as_bytes();
    let mut complete = Vec::new();
    let (mut start, mut position, mut has_content) = (0, 0, false);
    while position < bytes.len() {
        let next = skip_token(bytes, position);
        match bytes[position] {
            b';' => {
                if has_content {
                    complete.push(text[start..position].trim());
                }
                (start, has_content) = (next, false);
            }
            byte if byte.is_ascii_whitespace() || is_comment(bytes, position) => {}
            _ => has_content = true,
        }
        position = next;
    }
    let rest = has_content.then(|| text[start..].trim());
    Statements { complete, rest }
}

fn is_comment(bytes: &[u8], position: usize) -> bool {
    bytes[position..].starts_with(b"--") || bytes[position..].starts_with(b"/*")
}

/// The position after the token that starts at `position`: a quoted thing, a comment, or a single byte.
fn skip_token(bytes: &[u8], position: usize) -> usize {
    let rest = &bytes[position..];
    let length = match rest[0] {
        quote @ (b'\'' | b'"' | b'`') => quoted_length(rest, quote),
        b'-' if rest.starts_with(b"--") => rest
            .iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(rest.len()),
        b'/' if rest.starts_with(b"/*") => comment_length(rest),
        b'$' if !follows_name(bytes, position) => dollar_length(rest),
        _ => 1,
    };
    position + length
}

/// A doubled quote inside needs no care: it reads as one quoted thing right after another.
fn quoted_length(rest: &[u8], quote: u8) -> usize {
    rest[1..]
        .iter()
        .position(|byte| *byte == quote)
        .map_or(rest.len(), |found| found + 2)
}

/// Block comments nest, as in the SQL parser.
fn comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut position) = (0_usize, 0);
    while position < rest.len() {
        if rest[position..].starts_with(b"/*") {
            depth += 1;
            position += 2;
        } else if rest[position..].starts_with(b"*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += 1;
        }
    }
    rest.len()
}

/// `$tag$ … $tag$`; a `$1` parameter is a single byte here.
fn dollar_length(rest: &[u8]) -> usize {
    let tag_end = rest[1..]
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .map(|end| end + 1);
    let Some(end) = tag_end.filter(|end| rest[*end] == b'$' && !rest[1].is_ascii_digit()) else {
        return 1;
    };
    let (tag, body) = rest.split_at(end + 1);
    body.windows(tag.len())
        .position(|window| window == tag)
        .map_or(rest.len(), |found| end + 1 + found + tag.len())
}

fn follows_name(bytes: &[u8], position: usize) -> bool {
    position
        .checked_sub(1)
        .is_some_and(|before| bytes[before].is_ascii_alphanumeric() || bytes[before] == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, complete: &[&str], rest: Option<&str>) {
        assert_eq!(
            split_statements(text),
            Statements {
                complete: complete.to_vec(),
                rest
            },
            "{text}"
        );
    }

    #[test]
    fn statements_end_at_semicolons() {
        check("SELECT 1; SELECT 2 ;", &["SELECT 1", "SELECT 2"], None);
        check("SELECT 1;\nSELECT 2\n", &["SELECT 1"], Some("SELECT 2"));
    }

    #[test]
    fn blanks_and_comments_alone_are_no_statement() {
        check("", &[], None);
        check(" ;; -- nothing; here\n ; /* nor /* here; */ */ ", &[], None);
    }

    #[test]
    fn quoted_and_commented_semicolons_end_nothing() {
        check("SELECT 'a;''b;' ; x", &["SELECT 'a;''b;'"], Some("x"));
        check("SELECT \"a;\", `b;`;", &["SELECT \"a;\", `b;`"], None);
        check(
            "SELECT 1 -- one; two\n + 2;",
            &["SELECT 1 -- one; two\n + 2"],
            None,
        );
        check(
            "SELECT $$a;b$$, $t$c;$$d$t$;",
            &["SELECT $$a;b$$, $t$c;$$d$t$"],
            None,
        );
    }

    #[test]
    fn parameters_are_no_dollar_quotes() {
        check(
            "SELECT $1; SELECT a$b$c; x",
            &["SELECT $1", "SELECT a$b$c"],
            Some("x"),
        );
    }

    #[test]
    fn what_is_never_closed_stays_the_rest() {
        for text in [
            "SELECT 'a;",
            "SELECT \"a;",
            "SELECT 1 /* ;",
            "SELECT $$ ;",
            "SELECT $",
        ] {
            check(text, &[], Some(text));
        }
    }

    #[test]
    fn characters_beyond_ascii_are_not_cut() {
        check(
            "SELECT 'é;🦀'; SELECT ü",
            &["SELECT 'é;🦀'"],
            Some("SELECT ü"),
        );
    }
}
