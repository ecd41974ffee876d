//! Edit distance by bit-parallel strips (Myers 1999, in the form of Hyyrö 2003), for any two texts.
//!
//! The table of distances has a row per character of the pattern and a column per character of the
//! text. Neighbours differ by −1, 0 or +1, so 64 vertical differences fit in two words: `plus` and
//! `minus`.
//! 1. A lane is 64 rows; a strip is up to [`LANES_MAX`] lanes. Strips are computed top to bottom,
//!    each over all columns.
//! 2. Lane `l` works on column `s − l` at step `s`: what leaves it at the bottom is what its lower
//!    neighbour needs one step later, so the lanes of a step do not wait for each other.
//! 3. What leaves the last lane (one horizontal difference per column) is kept for the strip below.
//! 4. The distance is the number of columns plus all vertical differences of the last column.
//!
//! Guarantees: exact; memory of a few bytes per character of the text.

/// Lanes of a full strip.
const LANES_MAX: usize = 8;

/// Rows of a lane.
const LANE_ROWS: usize = u64::BITS as usize;

/// Bits of a kept horizontal difference.
const UP: u8 = 1;
const DOWN: u8 = 2;

/// The distance between two texts given as numbers below `distinct_count`.
pub fn edit_count(pattern: &[u32], text: &[u32], distinct_count: usize) -> usize {
    let mut table = Table {
        text,
        rows_of: vec![0; distinct_count],
        local: vec![0; text.len()],
        horizontal: vec![UP; text.len()],
    };
    let mut vertical = 0;
    for strip in pattern.chunks(LANES_MAX * LANE_ROWS) {
        vertical += match strip.len().div_ceil(LANE_ROWS) {
            1 => table.strip::<1>(strip),
            2 => table.strip::<2>(strip),
            3 | 4 => table.strip::<4>(strip),
            _ => table.strip::<LANES_MAX>(strip),
        };
    }
    (text.len() as i64 + vertical) as usize
}

/// What is kept from strip to strip.
struct Table<'a> {
    text: &'a [u32],
    /// Per distinct character: its row in the strip's match table, 0 where the strip lacks it.
    rows_of: Vec<u16>,
    /// The text in rows of the strip's match table.
    local: Vec<u16>,
    /// Per column: the horizontal difference that enters the strip at the top.
    horizontal: Vec<u8>,
}

impl Table<'_> {
    /// Computes one strip; returns the sum of its vertical differences in the last column.
    fn strip<const LANES: usize>(&mut self, strip: &[u32]) -> i64 {
        let matches = self.matches::<LANES>(strip);
        for (local, &symbol) in self.local.iter_mut().zip(self.text) {
            *local = self.rows_of[symbol as usize];
        }
        for &symbol in strip {
            self.rows_of[symbol as usize] = 0;
        }
        let columns = self.text.len();
        let mut lanes = Lanes::<LANES>::new();
        for step in 0..columns + LANES - 1 {
            if step >= LANES - 1 && step < columns {
                let mut equal = [0; LANES];
                for (lane, equal) in equal.iter_mut().enumerate() {
                    *equal = matches[self.local[step - lane] as usize][lane];
                }
                lanes.enter(self.horizontal[step]);
                lanes.advance(&equal);
            } else {
                // At both ends some lanes have no column: let them pass and put back what they
                // were.
                let column =
                    |lane: usize| step.checked_sub(lane).filter(|&column| column < columns);
                let mut equal = [0; LANES];
                for (lane, equal) in equal.iter_mut().enumerate() {
                    *equal =
                        column(lane).map_or(0, |column| matches[self.local[column] as usize][lane]);
                }
                let before = lanes.clone();
                lanes.enter(self.horizontal.get(step).copied().unwrap_or(0));
                lanes.advance(&equal);
                for lane in (0..LANES).filter(|&lane| column(lane).is_none()) {
                    (lanes.plus[lane], lanes.minus[lane]) = (before.plus[lane], before.minus[lane]);
                }
            }
            if let Some(column) = step.checked_sub(LANES - 1) {
                self.horizontal[column] = lanes.left();
            }
        }
        lanes.vertical(strip.len())
    }

    /// Which rows of each lane hold a character; entry 0 is for characters the strip lacks.
    fn matches<const LANES: usize>(&mut self, strip: &[u32]) -> Vec<[u64; LANES]> {
        let mut matches = vec![[0; LANES]];
        for (row, &symbol) in strip.iter().enumerate() {
            let entry = &mut self.rows_of[symbol as usize];
            if *entry == 0 {
                *entry = matches.len() as u16;
                matches.push([0; LANES]);
            }
            matches[*entry as usize][row / LANE_ROWS] |= 1 << (row % LANE_ROWS);
        }
        matches
    }
}

/// The vertical differences of the lanes' columns, and the horizontal ones on their way down.
#[derive(Clone)]
struct Lanes<const LANES: usize> {
    plus: [u64; LANES],
    minus: [u64; LANES],
    up: [u64; LANES],
    down: [u64; LANES],
}

impl<const LANES: usize> Lanes<LANES> {
    fn new() -> Self {
        Self {
            plus: [u64::MAX; LANES],
            minus: [0; LANES],
            up: [0; LANES],
            down: [0; LANES],
        }
    }

    /// Hands each lane what left the lane above it in the step before; the first gets `horizontal`.
    #[inline(always)]
    fn enter(&mut self, horizontal: u8) {
        for lane in (1..LANES).rev() {
            self.up[lane] = self.up[lane - 1];
            self.down[lane] = self.down[lane - 1];
        }
        self.up[0] = u64::from(horizontal & UP);
        self.down[0] = u64::from((horizontal & DOWN) >> 1);
    }

    /// One column further in every lane. `up` and `down` turn from what enters into what leaves.
    #[inline(always)]
    fn advance(&mut self, equal: &[u64; LANES]) {
        for lane in 0..LANES {
            let (plus, minus) = (self.plus[lane], self.minus[lane]);
            let (up, down) = (self.up[lane], self.down[lane]);
            let across = equal[lane] | minus;
            let equal = equal[lane] | down;
            let diagonal = ((equal & plus).wrapping_add(plus) ^ plus) | equal;
            let raised = minus | !(diagonal | plus);
            let lowered = plus & diagonal;
            self.up[lane] = raised >> 63;
            self.down[lane] = lowered >> 63;
            let raised = (raised << 1) | up;
            let lowered = (lowered << 1) | down;
            self.plus[lane] = lowered | !(across | raised);
            self.minus[lane] = raised & across;
        }
    }

    /// The horizontal difference that leaves the last lane.
    #[inline(always)]
    fn left(&self) -> u8 {
        (self.up[LANES - 1] as u8 * UP) | (self.down[LANES - 1] as u8 * DOWN)
    }

    /// Sum of the vertical differences of the first `rows` rows.
    fn vertical(&self, rows: usize) -> i64 {
        let count = |words: &[u64; LANES]| -> i64 {
            let of_lane = |(lane, &word): (usize, &u64)| {
                let rows = rows.saturating_sub(lane * LANE_ROWS).min(LANE_ROWS);
                let mask = if rows == LANE_ROWS {
                    u64::MAX
                } else {
                    (1 << rows) - 1
                };
                i64::from((word & mask).count_ones())
            };
            words.iter().enumerate().map(of_lane).sum()
        };
        count(&self.plus) - count(&self.minus)
    }
}
