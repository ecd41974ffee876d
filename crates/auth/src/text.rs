//! Names as people give them: what is allowed, and how much of a foreign text is repeated.

use crate::{Error, Result};

/// Longest name of a user, key, account or chatbot, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 512;

/// Characters of a caller's text that a message repeats.
const SHOWN_CHARS_MAX: usize = 60;

/// The beginning of a text, without control characters.
pub(crate) fn shortened(text: &str) -> String {
    let mut letters = text.chars().filter(|letter| !letter.is_control());
    let mut shown: String = letters.by_ref().take(SHOWN_CHARS_MAX).collect();
    if letters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// Refuses names that cannot be told apart by eye, or that HTTP's Basic scheme cannot carry (`:` ends a name there).
pub(crate) fn require_name(what: &'static str, name: &str) -> Result<()> {
    let is_good = !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.trim() == name
        && !name.contains(|letter: char| letter.is_control() || is_invisible(letter));
    let is_good = is_good && !(what == USER_NAME && name.contains(':'));
    if is_good {
        return Ok(());
    }
    Err(Error::BadValue {
        expected: what,
        found: format!("`{}`", shortened(name)),
    })
}

/// What a name of a user is, for [`require_name`].
pub(crate) const USER_NAME: &str =
    "a user name of 1 to 512 bytes without `:`, control characters or blanks at its ends";
/// What a name of a key is.
pub(crate) const KEY_NAME: &str =
    "a key name of 1 to 512 bytes without control characters or blanks at its ends";
/// What an id of an account or chatbot is.
pub(crate) const ID: &str =
    "an id of 1 to 512 bytes without control characters or blanks at its ends";

/// Marks that change how other letters are shown and nothing else: `admin` with one inside would look like `admin`.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_are_names() {
        for name in ["ada", "Zoë Müller", "山田 太郎", "עדה", "🦀", "o'neill;--"] {
            require_name(USER_NAME, name).unwrap();
        }
        let long = "é".repeat(257);
        for name in [
            "",
            " ada",
            "a\nb",
            "a\0",
            "a:b",
            "ad\u{200b}a",
            "a\u{202e}b",
            &long,
        ] {
            assert!(require_name(USER_NAME, name).is_err(), "{name:?}");
        }
        require_name(KEY_NAME, "etl: nightly").unwrap();
    }

    #[test]
    fn a_long_text_is_repeated_in_part() {
        assert_eq!(shortened("a\u{1b}[31m"), "a[31m");
        assert_eq!(shortened(&"x".repeat(10_000)).chars().count(), 61);
    }
}
