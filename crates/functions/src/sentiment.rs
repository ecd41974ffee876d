//! The thresholds that turn a sentiment score into words (domain specification §5.6), written down
//! once.
//!
//! Guarantees: NULL and NaN have neither label nor band; a threshold itself belongs to the side
//! nearer to neutral.

/// Below this: `Very Negative`. Above its opposite: `Very Positive`.
pub const STRONG: f64 = 0.5;

/// Below the opposite of this: `Negative` and `Dissatisfied`. Above it: `Positive` and `Satisfied`.
pub const WEAK: f64 = 0.2;

/// The five labels, from worst to best.
pub const LABELS: [&str; 5] = [
    "Very Negative",
    "Negative",
    "Neutral",
    "Positive",
    "Very Positive",
];

/// The three bands, from worst to best.
pub const BANDS: [&str; 3] = ["Dissatisfied", "Neutral", "Satisfied"];

/// Index in [`LABELS`] of a score; `None` for NaN.
pub fn label_index(score: f64) -> Option<usize> {
    if score.is_nan() {
        return None;
    }
    let below = usize::from(score >= -STRONG) + usize::from(score >= -WEAK);
    Some(below + usize::from(score > WEAK) + usize::from(score > STRONG))
}

/// Index in [`BANDS`] of a score; `None` for NaN.
pub fn band_index(score: f64) -> Option<usize> {
    if score.is_nan() {
        return None;
    }
    Some(usize::from(score >= -WEAK) + usize::from(score > WEAK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_belongs_to_the_neutral_side() {
        let label = |score| label_index(score).map(|index| LABELS[index]);
        let band = |score| band_index(score).map(|index| BANDS[index]);
        for (score, label_expected, band_expected) in [
            (f64::NEG_INFINITY, "Very Negative", "Dissatisfied"),
            (-0.5_f64.next_up(), "Very Negative", "Dissatisfied"),
            (-0.5, "Negative", "Dissatisfied"),
            (-0.2_f64.next_up(), "Negative", "Dissatisfied"),
            (-0.2, "Neutral", "Neutral"),
            (-0.0, "Neutral", "Neutral"),
            (0.2, "Neutral", "Neutral"),
            (0.2_f64.next_up(), "Positive", "Satisfied"),
            (0.5, "Positive", "Satisfied"),
            (0.5_f64.next_up(), "Very Positive", "Satisfied"),
            (f64::INFINITY, "Very Positive", "Satisfied"),
        ] {
            assert_eq!(label(score), Some(label_expected), "{score}");
            assert_eq!(band(score), Some(band_expected), "{score}");
        }
        assert_eq!((label(f64::NAN), band(f64::NAN)), (None, None));
    }
}
