//! Decimal numbers from their text, without a detour over floating point (domain specification §2.3, money).
//!
//! Guarantees: what is taken is `[+-](digits[.digits] | .digits)[e[+-]digits]` in ASCII; the result is the exact
//! value rounded half away from zero to the scale asked for.

/// Decimal digits that a stored amount may have at the most.
const DIGITS_MAX: u32 = 18;

/// A rounded decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// Whether the number was below zero before it was rounded.
    pub(crate) is_negative: bool,
    /// The value times ten to the scale; `None` when it has more than 18 digits.
    pub(crate) units: Option<i64>,
}

/// Reads `text` and rounds it to `scale` digits after the point; `None` when it is not a number.
pub(crate) fn parse(text: &str, scale: u32) -> Option<Decimal> {
    let (sign, rest) = match text.as_bytes() {
        [sign @ (b'+' | b'-'), rest @ ..] => (*sign, rest),
        rest => (b'+', rest),
    };
    let (whole, rest) = split_digits(rest);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        _ => (&[][..], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', rest @ ..] => exponent(rest)?,
        _ => return None,
    };
    let is_zero = whole.iter().chain(fraction).all(|&digit| digit == b'0');
    if is_zero {
        return Some(Decimal {
            is_negative: false,
            units: Some(0),
        });
    }
    // Digits of the number up to the last one that is kept.
    let kept_count = i64::try_from(whole.len())
        .ok()?
        .saturating_add(exponent)
        .saturating_add(i64::from(scale));
    let is_negative = sign == b'-';
    let units = round(
        whole.iter().chain(fraction).map(|digit| digit - b'0'),
        kept_count,
    );
    Some(Decimal {
        is_negative,
        units: units.map(|units| if is_negative { -units } else { units }),
    })
}

/// The digits at the beginning, and what follows.
fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// An exponent; very large ones are cut to a size that still decides the result.
fn exponent(text: &[u8]) -> Option<i64> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0i64, |size, digit| {
        size.saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    let size = size.min(i64::MAX / 4);
    Some(if is_negative { -size } else { size })
}

/// The first `kept_count` digits (zeros follow the last one) as a number, rounded by the digit after them.
fn round(digits: impl Iterator<Item = u8>, kept_count: i64) -> Option<i64> {
    const UNITS_MAX: i64 = 10i64.pow(DIGITS_MAX) - 1;
    let (mut units, mut place) = (0i64, 0i64);
    for digit in digits {
        if place >= kept_count {
            let rounds_up = place == kept_count && digit >= 5;
            units += i64::from(rounds_up);
            return (units <= UNITS_MAX).then_some(units);
        }
        units = units * 10 + i64::from(digit);
        place += 1;
        if units > UNITS_MAX {
            return None;
        }
    }
    while place < kept_count {
        units = units.checked_mul(10).filter(|&units| units <= UNITS_MAX)?;
        place += 1;
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str) -> Option<i64> {
        parse(text, 2).and_then(|decimal| decimal.units)
    }

    #[test]
    fn halves_go_away_from_zero() {
        for (text, expected) in [
            ("120.505", 12_051),
            ("120.5049999999999999999999999", 12_050),
            ("0.005", 1),
            ("0.0049", 0),
            ("-0.005", -1),
            ("1.994999", 199),
            ("1.995", 200),
            ("+29", 2_900),
            ("29.", 2_900),
            (".5", 50),
            ("1e3", 100_000),
            ("1.5E-1", 15),
            ("5e-3", 1),
            ("5e-4", 0),
            ("0e999999999999999999999", 0),
            ("1e-999999999999999999999", 0),
            ("000000000000000000000012.30", 1_230),
            ("1e15", 100_000_000_000_000_000),
            ("9999999999999999.99", 999_999_999_999_999_999),
        ] {
            assert_eq!(cents(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn too_many_digits_are_told_apart_from_no_number() {
        for text in [
            "1e16",
            "9999999999999999.995",
            "123456789012345678901",
            "1e999999999999999999999",
        ] {
            assert_eq!(
                parse(text, 2),
                Some(Decimal {
                    is_negative: false,
                    units: None
                }),
                "{text}"
            );
        }
        for text in [
            "", "-", ".", "1_000", "１２", "1e", "1e+", "0x10", "1,5", "NaN", "inf", " 1", "1 ",
            "--1", "1.2.3",
        ] {
            assert_eq!(parse(text, 2), None, "{text}");
        }
    }

    #[test]
    fn the_sign_is_the_one_before_rounding_and_zero_has_none() {
        assert_eq!(
            parse("-0.001", 2),
            Some(Decimal {
                is_negative: true,
                units: Some(0)
            })
        );
        assert_eq!(
            parse("-0.00", 2),
            Some(Decimal {
                is_negative: false,
                units: Some(0)
            })
        );
    }
}
