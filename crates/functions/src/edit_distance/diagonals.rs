//! Edit distance along the furthest-reaching diagonals (Ukkonen 1985), for texts that differ
//! little.
//!
//! 1. Diagonal `k` holds the cells whose column minus row is `k`. `reach[k]` is the furthest row on
//!    it that `d` edits can come to; with `d = 0` it is the common prefix.
//! 2. With one edit more, `reach'[k]` is the best of a substitution (`reach[k] + 1`), a deletion
//!    (`reach[k + 1] + 1`) and an insertion (`reach[k − 1]`), slid on over equal characters.
//! 3. The distance is the first `d` whose reach on the last diagonal is the last row.
//!
//! Guarantees: exact, or `None` once more than the given number of steps was needed.

use super::{Symbol, common_prefix};

/// Not reachable yet; two steps of `+ 1` keep it far below zero.
const NOWHERE: isize = isize::MIN / 2;

/// Characters compared at the price of one step.
const SLIDE_PER_STEP: usize = 8;

/// The distance between `short` (not longer) and `long`; `None` after about `steps_max` steps.
pub fn edit_count<S: Symbol>(short: &[S], long: &[S], steps_max: usize) -> Option<usize> {
    let (rows, columns) = (short.len() as isize, long.len() as isize);
    let goal = columns - rows;
    let mut steps = 0;
    // `edits` reach the diagonals −edits..=edits; two unreachable ones at both ends serve as
    // neighbours.
    let mut reach = vec![NOWHERE, NOWHERE, slide(short, long, 0, 0), NOWHERE, NOWHERE];
    let mut next = Vec::new();
    for edits in 0.. {
        if goal <= edits && reach[(goal + edits + 2) as usize] >= rows {
            return Some(edits as usize);
        }
        steps += reach.len();
        if steps > steps_max {
            return None;
        }
        next.clear();
        next.extend([NOWHERE, NOWHERE]);
        for (diagonal, beside) in (-edits - 1..).zip(reach.windows(3)) {
            let row = beside[0].max(beside[1] + 1).max(beside[2] + 1);
            let row = row.min(rows).min(columns - diagonal);
            if row < 0 || row + diagonal < 0 {
                next.push(NOWHERE);
                continue;
            }
            let slid = slide(short, long, row, row + diagonal);
            steps += slid as usize / SLIDE_PER_STEP;
            next.push(row + slid);
        }
        next.extend([NOWHERE, NOWHERE]);
        std::mem::swap(&mut reach, &mut next);
    }
    None
}

/// How many characters from `row` and `column` on are equal.
#[inline]
fn slide<S: Symbol>(short: &[S], long: &[S], row: isize, column: isize) -> isize {
    let (left, right) = (&short[row as usize..], &long[column as usize..]);
    // Most slides end at once: look at one character before going to work in blocks.
    match (left.first(), right.first()) {
        (Some(a), Some(b)) if a == b => common_prefix(left, right) as isize,
        _ => 0,
    }
}
