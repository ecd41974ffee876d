//! Tests of the edit distance, against a plain dynamic program too.

use super::*;

/// The textbook recursion, row by row.
fn slow<S: Symbol>(left: &[S], right: &[S]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.iter().enumerate() {
            let best = (row[j + 1] + 1)
                .min(row[j] + 1)
                .min(diagonal + usize::from(a != b));
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[right.len()]
}

/// A small reproducible source of numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self, length: usize, alphabet: &[char]) -> Vec<char> {
        (0..length)
            .map(|_| alphabet[self.below(alphabet.len())])
            .collect()
    }

    fn edited(&mut self, text: &[char], edit_count: usize) -> Vec<char> {
        let mut text = text.to_vec();
        for _ in 0..edit_count {
            let at = self.below(text.len());
            match self.below(3) {
                0 if text.len() > 1 => drop(text.remove(at)),
                1 => text.insert(at, 'é'),
                _ => text[at] = 'Z',
            }
        }
        text
    }
}

#[test]
fn all_three_algorithms_agree_with_the_textbook_on_random_texts() {
    let mut random = Random(7);
    let alphabet: Vec<char> = "abcdé日本👍 ".chars().collect();
    for round in 0..1_500 {
        let letters = &alphabet[..1 + random.below(alphabet.len())];
        let (short, more) = (1 + random.below(90), random.below(40) * random.below(16));
        let left = random.text(short, letters);
        let mut right = random.text(short + more, letters);
        if round % 3 == 0 {
            right = random.edited(&left, 1 + round % 20);
        }
        let (left, right) = if left.len() <= right.len() {
            (left, right)
        } else {
            (right, left)
        };
        let expected = slow(&left, &right);
        assert_eq!(edit_count(&left, &right), expected, "{left:?} {right:?}");
        assert_eq!(edit_count(&right, &left), expected);
        assert_eq!(
            diagonals::edit_count(&left, &right, usize::MAX),
            Some(expected),
            "{left:?} {right:?}"
        );
        let numbered = char::number(&left, &right);
        let of_strips =
            strips::edit_count(&numbered.left, &numbered.right, numbered.distinct_count);
        assert_eq!(of_strips, expected, "{left:?} {right:?}");
    }
}

#[test]
fn patterns_of_every_length_around_lane_and_strip_borders_agree_with_the_textbook() {
    let mut random = Random(11);
    for length in [
        63, 64, 65, 127, 128, 129, 191, 255, 256, 257, 511, 512, 513, 700, 1_025,
    ] {
        for text_length in [1, 2, 7, 8, 9, 64, 300] {
            let left = random.text(length, &['a', 'b', 'c']);
            let right = random.text(text_length, &['a', 'b', 'd']);
            let numbered = char::number(&left, &right);
            let found =
                strips::edit_count(&numbered.left, &numbered.right, numbered.distinct_count);
            assert_eq!(found, slow(&left, &right), "{length} {text_length}");
        }
    }
}

#[test]
fn bytes_and_characters_give_the_same_for_ascii() {
    let mut random = Random(3);
    for _ in 0..200 {
        let (length, other_length) = (1 + random.below(300), 1 + random.below(300));
        let left = random.text(length, &['a', 'b', ' ']);
        let right = random.text(other_length, &['a', 'b', ' ']);
        let bytes = |text: &[char]| text.iter().collect::<String>().into_bytes();
        assert_eq!(
            edit_count(&bytes(&left), &bytes(&right)),
            edit_count(&left, &right)
        );
    }
}

#[test]
fn an_edited_text_of_300_000_characters_is_compared_without_filling_the_table() {
    let mut random = Random(5);
    let left = random.text(300_000, &['a', 'b', 'c', ' ', 'é']);
    let right = random.edited(&left, 200);
    let found = diagonals::edit_count(&left, &right, 2_000_000).expect("few edits need few steps");
    assert!((1..=200).contains(&found), "{found}");
    assert_eq!(edit_count(&left, &right), found);
}

#[test]
fn a_hopeless_pair_leaves_the_diagonals_after_the_steps_given() {
    let (left, right) = (vec!['a'; 2_000], vec!['b'; 2_000]);
    assert_eq!(diagonals::edit_count(&left, &right, 10_000), None);
    assert_eq!(edit_count(&left, &right), 2_000);
}

#[test]
fn accuracy_counts_characters_against_the_longer_text() {
    let mut distance = EditDistance::default();
    let mut accuracy = |left: &str, right: &str| distance.between(left, right).accuracy();
    assert_eq!(accuracy("", ""), 1.0);
    assert_eq!(accuracy("", "abc"), 0.0);
    assert_eq!(accuracy("é", "e"), 0.0);
    assert_eq!(accuracy("👍👍", "👍"), 0.5);
    assert_eq!(accuracy("kitten", "sitting"), 1.0 - 3.0 / 7.0);
}
