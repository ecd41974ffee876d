//! The filter patterns of the metadata commands: `%` any text, `_` any one character, `\` takes the next one literally.
//!
//! Guarantees: time is at most (length of the pattern × length of the name), whatever the pattern: some clients send a
//! whole SQL text as a pattern to see whether it is a table.

/// Does `pattern` match the whole of `name`? Case matters.
///
/// Greedy matching with one point of return: at a mismatch the last `%` swallows one more character.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<Piece> = pieces(pattern);
    let name: Vec<char> = name.chars().collect();
    let (mut at_piece, mut at_char) = (0, 0);
    let mut last_any: Option<(usize, usize)> = None;
    while at_char < name.len() {
        match pattern.get(at_piece) {
            Some(Piece::Any) => {
                last_any = Some((at_piece, at_char));
                at_piece += 1;
            }
            Some(Piece::One) => (at_piece, at_char) = (at_piece + 1, at_char + 1),
            Some(&Piece::Exactly(wanted)) if wanted == name[at_char] => {
                (at_piece, at_char) = (at_piece + 1, at_char + 1);
            }
            Some(Piece::Exactly(_)) | None => {
                let Some((any, from)) = last_any else {
                    return false;
                };
                last_any = Some((any, from + 1));
                (at_piece, at_char) = (any + 1, from + 1);
            }
        }
    }
    pattern[at_piece..].iter().all(|piece| *piece == Piece::Any)
}

/// One element of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Piece {
    Any,
    One,
    Exactly(char),
}

fn pieces(pattern: &str) -> Vec<Piece> {
    let mut characters = pattern.chars();
    let mut pieces = Vec::new();
    while let Some(character) = characters.next() {
        let piece = match character {
            '%' => Piece::Any,
            '_' => Piece::One,
            '\\' => Piece::Exactly(characters.next().unwrap_or('\\')),
            other => Piece::Exactly(other),
        };
        if !(piece == Piece::Any && pieces.last() == Some(&Piece::Any)) {
            pieces.push(piece);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_sql() {
        let cases = [
            ("", "", true),
            ("", "a", false),
            ("%", "", true),
            ("%", "messages", true),
            ("messages", "messages", true),
            ("Messages", "messages", false),
            ("m%s", "messages", true),
            ("m%x", "messages", false),
            ("%ss%", "messages", true),
            ("message_", "messages", true),
            ("messages_", "messages", false),
            ("team\\_members", "team_members", true),
            ("team\\_members", "teamXmembers", false),
            ("100\\%", "100%", true),
            ("a\\", "a\\", true),
            ("%a%b%c", "xxaxxbxxbc", true),
            ("_é_", "aéb", true),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(
                matches(pattern, name),
                expected,
                "`{name}` like `{pattern}`"
            );
        }
    }

    #[test]
    fn a_long_text_as_pattern_is_answered() {
        let pattern = "SELECT a_%b ".repeat(10_000);
        assert!(!matches(&pattern, &"SELECT a_".repeat(20)));
    }
}
