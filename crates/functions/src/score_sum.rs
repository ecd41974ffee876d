//! Sums of scores that do not depend on the order of rows (domain specification §5.6).
//!
//! 1. A score enters a sum as the integer round(score × 2^60), in 128 bits. Halves round away from
//!    zero.
//! 2. Sums are integers: they add up the same in any order, over partitions and rollups alike.
//! 3. A mean is the exact quotient of sum and count, rounded once to the nearest double.
//!
//! Guarantees: no rounding but these two; overflow is an error, never a wrong number.

use arrow::datatypes::DataType;

use crate::error::Error;

/// The SQL type of a sum: a whole number in units of 2^-60.
pub const SUM_TYPE: DataType = DataType::Decimal128(38, 0);

/// Binary digits after the point.
pub const FRACTION_BITS: u32 = 60;

/// Largest magnitude of a score that may be summed: room for 2^40 of them in 128 bits.
pub const SCORE_MAX: f64 = (1_u64 << 26) as f64;

/// One as a fixed-point number.
const ONE: f64 = (1_u64 << FRACTION_BITS) as f64;

/// Bits of a quotient that are enough to round it correctly: 53 of the double, one to round by, one
/// for the rest.
const QUOTIENT_BITS: u32 = 55;

/// Bits by which a quotient is extended at a time; a remainder below 2^64 shifted by it still fits.
const STEP_BITS: u32 = 63;

/// A score as fixed-point integer; `None` for NaN, which counts as "no score".
///
/// # Errors
/// [`Error::BadValue`] beyond [`SCORE_MAX`].
pub fn fixed(score: f64) -> Result<Option<i128>, Error> {
    if score.is_nan() {
        return Ok(None);
    }
    if score.abs() > SCORE_MAX {
        return Err(Error::bad_value(
            "score",
            "a number within ±67108864",
            score,
        ));
    }
    Ok(Some((score * ONE).round() as i128))
}

/// The mean of `count` scores whose fixed-point sum is `sum`; `None` when there are none.
pub fn mean(sum: i128, count: u64) -> Option<f64> {
    if count == 0 {
        return None;
    }
    let divisor = u128::from(count);
    let magnitude = sum.unsigned_abs();
    let (mut quotient, mut rest) = (magnitude / divisor, magnitude % divisor);
    let mut fraction_bits = FRACTION_BITS;
    while quotient >> (QUOTIENT_BITS - 1) == 0 && rest != 0 {
        let extended = rest << STEP_BITS;
        quotient = (quotient << STEP_BITS) | (extended / divisor);
        rest = extended % divisor;
        fraction_bits += STEP_BITS;
    }
    // What is left of the division can only tip a tie: keep that it was there.
    let rounded = (quotient | u128::from(rest != 0)) as f64;
    let magnitude = rounded * 0.5_f64.powi(fraction_bits as i32);
    Some(if sum < 0 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(scores: &[f64]) -> Option<f64> {
        let fixed = scores
            .iter()
            .map(|&score| fixed(score).expect("in range").expect("a score"));
        mean(fixed.sum(), scores.len() as u64)
    }

    #[test]
    fn the_mean_of_equal_scores_is_that_score() {
        for score in [0.1, -0.7, 0.3, 1.0, -1.0, 0.0, 0.123456789] {
            for count in [1, 2, 3, 7, 10, 999] {
                assert_eq!(
                    mean_of(&vec![score; count]),
                    Some(score),
                    "{score} × {count}"
                );
            }
        }
    }

    #[test]
    fn a_mean_on_a_threshold_stays_there_in_any_order() {
        // In floating point 0.1 + 0.2 + 0.3 differs from 0.3 + 0.2 + 0.1.
        let orders = [[0.1, 0.2, 0.3], [0.3, 0.2, 0.1], [0.2, 0.3, 0.1]];
        assert!(orders.iter().all(|scores| mean_of(scores) == Some(0.2)));
        assert_eq!(mean_of(&[0.6, 0.8]), Some(0.7));
    }

    #[test]
    fn a_quotient_is_rounded_once_to_the_nearest_double() {
        // 2^60 + 1 over 2^60 lies between 1 and the next double: nearest is 1.
        let one = 1_i128 << FRACTION_BITS;
        assert_eq!(mean(one + 1, 1), Some(1.0));
        // Exactly half way between 1 and the next double: to even; a hair more: up.
        let half_way = one + (1 << 7);
        assert_eq!(mean(half_way, 1), Some(1.0));
        assert_eq!(mean(half_way * 1_000 + 1, 1_000), Some(1.0_f64.next_up()));
        assert_eq!(
            mean(-(half_way * 1_000 + 1), 1_000),
            Some(-(1.0_f64.next_up()))
        );
        assert_eq!(mean(1, u64::MAX), Some(2.0_f64.powi(-60) / u64::MAX as f64));
        assert_eq!(mean(i128::MAX, 1), Some(2.0_f64.powi(67)));
        assert_eq!(mean(one, 3), Some(1.0 / 3.0));
        assert_eq!((mean(0, 5), mean(0, 0)), (Some(0.0), None));
    }

    #[test]
    fn what_cannot_be_summed_is_none_or_an_error() {
        assert_eq!(fixed(f64::NAN), Ok(None));
        assert_eq!(fixed(SCORE_MAX), Ok(Some(1_i128 << 86)));
        for score in [f64::INFINITY, f64::NEG_INFINITY, SCORE_MAX.next_up()] {
            let message = fixed(score).expect_err("beyond").to_string();
            assert!(
                message.starts_with("bad_value:score: expected a number within"),
                "{message}"
            );
        }
    }
}
