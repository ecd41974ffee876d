//! The one spelling of flags, topics, intents and resolutions (domain specification §2.3).
//!
//! 1. Lower-case the text with the full Unicode mapping (as Python's `str.lower`).
//! 2. Turn every run of characters outside `a-z` and `0-9` into one `_`, and drop `_` at both ends.
//! 3. Replace `hallucinating` and `hallucinated` by `hallucination`.
//!
//! Guarantees: the result holds only `a-z`, `0-9` and single inner `_`; slugging a slug changes
//! nothing.

/// The slug of `text`; empty when the text holds no letter `a-z` and no digit.
pub fn slug(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.chars() {
        if character.is_ascii() {
            push(&mut found, &mut gap, character.to_ascii_lowercase());
        } else {
            // Two characters beyond ASCII lower-case into it: the Kelvin sign and the dotted
            // capital I.
            character
                .to_lowercase()
                .for_each(|lower| push(&mut found, &mut gap, lower));
        }
    }
    match found.as_str() {
        "hallucinated" | "hallucinating" => "hallucination".to_owned(),
        _ => found,
    }
}

/// Appends one lower-cased character, or remembers that a `_` is due before the next one.
fn push(found: &mut String, gap: &mut bool, lower: char) {
    if !matches!(lower, 'a'..='z' | '0'..='9') {
        *gap = true;
        return;
    }
    if std::mem::take(gap) && !found.is_empty() {
        found.push('_');
    }
    found.push(lower);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_anything_else_become_one_underscore_inside_and_none_at_the_ends() {
        for (text, expected) in [
            ("Frustrated User", "frustrated_user"),
            ("  Over-Apologizing ", "over_apologizing"),
            ("Premature closure", "premature_closure"),
            ("Yes-Man", "yes_man"),
            ("__a -- b__", "a_b"),
            ("v2.0 (beta)", "v2_0_beta"),
            ("", ""),
            ("日本 !?", ""),
        ] {
            assert_eq!(slug(text), expected, "{text:?}");
        }
    }

    #[test]
    fn two_spellings_of_hallucination_are_one_flag() {
        assert_eq!(slug("Hallucinating"), "hallucination");
        assert_eq!(slug(" hallucinated!"), "hallucination");
        assert_eq!(slug("hallucinated twice"), "hallucinated_twice");
    }

    #[test]
    fn characters_beyond_ascii_are_lower_cased_as_python_does() {
        assert_eq!(slug("Café"), "caf");
        assert_eq!(slug("naïve user"), "na_ve_user");
        assert_eq!(slug("273 \u{212A}elvin"), "273_kelvin");
        assert_eq!(slug("\u{130}stanbul"), "i_stanbul");
    }

    #[test]
    fn a_slug_stays_itself() {
        for text in ["Frustrated User", "Hallucinating", "\u{130}x", "a_b_1"] {
            assert_eq!(slug(&slug(text)), slug(text));
        }
    }
}
