//! Levenshtein distance over Unicode scalar values, fast for texts of hundreds of thousands of
//! characters.
//!
//! 1. Drop the common prefix and the common suffix: they change nothing.
//! 2. Walk the furthest-reaching diagonals (`diagonals`): time grows with length + distance², so an
//!    edited text is cheap however long it is. Give up once that costs more than a fraction of step
//!    4.
//! 3. Two texts without a common character are as far apart as the longer one is long.
//! 4. Fill the whole table 64 rows at a time with bit operations (`strips`): length² / 64, whatever
//!    the texts.
//!
//! Guarantees: exact; memory linear in the lengths; never a byte count where characters are meant.

mod diagonals;
mod strips;

use std::collections::HashMap;

/// Buffers reused from one pair of texts to the next.
#[derive(Debug, Default)]
pub struct EditDistance {
    left: Vec<char>,
    right: Vec<char>,
}

/// How far two texts are apart, and the length they are measured against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Distance {
    /// Insertions, deletions and substitutions of one character needed to turn one text into the
    /// other.
    pub edit_count: usize,
    /// Characters of the longer text.
    pub length_max: usize,
}

impl Distance {
    /// `1 − edits / longer length`, 1 for two empty texts (spec §7.9).
    pub fn accuracy(self) -> f64 {
        if self.length_max == 0 {
            return 1.0;
        }
        1.0 - self.edit_count as f64 / self.length_max as f64
    }
}

impl EditDistance {
    /// The distance between two texts.
    pub fn between(&mut self, left: &str, right: &str) -> Distance {
        if left.is_ascii() && right.is_ascii() {
            return Distance {
                edit_count: edit_count(left.as_bytes(), right.as_bytes()),
                length_max: left.len().max(right.len()),
            };
        }
        self.left.clear();
        self.left.extend(left.chars());
        self.right.clear();
        self.right.extend(right.chars());
        Distance {
            edit_count: edit_count(&self.left, &self.right),
            length_max: self.left.len().max(self.right.len()),
        }
    }
}

/// What both algorithms need of a character: equality, and a small number per distinct character.
trait Symbol: Copy + Eq {
    /// Numbers `0..count` for the distinct characters of both texts, in the order of the texts.
    fn number(left: &[Self], right: &[Self]) -> Numbered;
}

/// Two texts as dense numbers.
struct Numbered {
    left: Vec<u32>,
    right: Vec<u32>,
    distinct_count: usize,
}

impl Numbered {
    /// Without one, nothing can be kept.
    fn has_common_symbol(&self) -> bool {
        let mut is_left = vec![false; self.distinct_count];
        self.left
            .iter()
            .for_each(|&symbol| is_left[symbol as usize] = true);
        self.right.iter().any(|&symbol| is_left[symbol as usize])
    }
}

impl Symbol for u8 {
    fn number(left: &[u8], right: &[u8]) -> Numbered {
        let widen = |text: &[u8]| text.iter().map(|&byte| u32::from(byte)).collect();
        Numbered {
            left: widen(left),
            right: widen(right),
            distinct_count: 256,
        }
    }
}

impl Symbol for char {
    fn number(left: &[char], right: &[char]) -> Numbered {
        let mut numbers = HashMap::new();
        let mut number = |text: &[char]| -> Vec<u32> {
            let of = |&character| {
                let next = numbers.len() as u32;
                *numbers.entry(character).or_insert(next)
            };
            text.iter().map(of).collect()
        };
        let (left, right) = (number(left), number(right));
        Numbered {
            left,
            right,
            distinct_count: numbers.len(),
        }
    }
}

/// The distance between two texts of any one symbol type.
fn edit_count<S: Symbol>(left: &[S], right: &[S]) -> usize {
    let (left, right) = without_common_ends(left, right);
    let (short, long) = if left.len() <= right.len() {
        (left, right)
    } else {
        (right, left)
    };
    if short.is_empty() {
        return long.len();
    }
    // A step of the diagonals costs up to twice a step of the strips: in vain they add a quarter at
    // most.
    let strips_steps = short.len().div_ceil(64).saturating_mul(long.len());
    if let Some(found) = diagonals::edit_count(short, long, strips_steps / 8) {
        return found;
    }
    let numbered = S::number(short, long);
    if !numbered.has_common_symbol() {
        return long.len();
    }
    strips::edit_count(&numbered.left, &numbered.right, numbered.distinct_count)
}

fn without_common_ends<'a, S: Symbol>(mut left: &'a [S], mut right: &'a [S]) -> (&'a [S], &'a [S]) {
    let prefix = common_prefix(left, right);
    (left, right) = (&left[prefix..], &right[prefix..]);
    let suffix = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (&left[..left.len() - suffix], &right[..right.len() - suffix])
}

/// Length of the common prefix, a block at a time.
fn common_prefix<S: Symbol>(left: &[S], right: &[S]) -> usize {
    const BLOCK: usize = 16;
    let blocks = left.chunks_exact(BLOCK).zip(right.chunks_exact(BLOCK));
    let start = blocks.take_while(|(a, b)| a == b).count() * BLOCK;
    let rest = left[start..].iter().zip(&right[start..]);
    start + rest.take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests;
