//! Instants as records write them (domain specification §2.2).
//!
//! Guarantees: an RFC 3339 text with `Z` or an offset, or a whole number of epoch milliseconds, becomes µs since
//! 1970-01-01T00:00:00Z, digits after the sixth of a fraction dropped; nothing else is taken.

/// 2000-01-01T00:00:00Z in µs: nothing older is stored.
pub(crate) const MICROS_MIN: i64 = 946_684_800_000_000;

/// 9999-12-31T23:59:59.999999Z in µs: the last instant that RFC 3339 can write.
pub(crate) const MICROS_MAX: i64 = 253_402_300_799_999_999;

/// 0001-01-01T00:00:00Z in ms: epoch milliseconds before it are no date at all.
const MILLIS_MIN: i64 = -62_135_596_800_000;

const MICROS_PER_MILLI: i64 = 1_000;
const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Why a value is no storable instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimestampError {
    /// Not an instant.
    Malformed,
    /// An instant outside the accepted range.
    OutOfRange,
}

impl TimestampError {
    /// The kind of the code.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Malformed => "bad_timestamp",
            Self::OutOfRange => "timestamp_out_of_range",
        }
    }
}

/// `micros` when it is inside the range that any record may use.
pub(crate) fn in_range(micros: i64) -> Result<i64, TimestampError> {
    if (MICROS_MIN..=MICROS_MAX).contains(&micros) {
        Ok(micros)
    } else {
        Err(TimestampError::OutOfRange)
    }
}

/// Epoch milliseconds.
pub(crate) fn from_millis(millis: i64) -> Result<i64, TimestampError> {
    if !(MILLIS_MIN..=MICROS_MAX / MICROS_PER_MILLI).contains(&millis) {
        return Err(TimestampError::Malformed);
    }
    in_range(millis * MICROS_PER_MILLI)
}

/// Epoch milliseconds written as a number with a fraction or an exponent, which must be whole.
pub(crate) fn from_float_millis(millis: f64) -> Result<i64, TimestampError> {
    let is_date = millis >= MILLIS_MIN as f64 && millis <= (MICROS_MAX / MICROS_PER_MILLI) as f64;
    if !is_date || millis.fract() != 0.0 {
        return Err(TimestampError::Malformed);
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and far inside the range of i64"
    )]
    from_millis(millis as i64)
}

/// `YYYY-MM-DDTHH:MM:SS[.fraction](Z|±HH:MM)`.
pub(crate) fn from_text(text: &str) -> Result<i64, TimestampError> {
    let micros = parse(text.as_bytes()).ok_or(TimestampError::Malformed)?;
    in_range(micros)
}

fn parse(text: &[u8]) -> Option<i64> {
    let date_time = text.get(..19)?;
    let is_shaped = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')]
        .iter()
        .all(|&(at, separator)| date_time[at] == separator);
    if !is_shaped {
        return None;
    }
    let year = number(&date_time[..4])?;
    let day = days(year, number(&date_time[5..7])?, number(&date_time[8..10])?)?;
    let (hour, minute) = (number(&date_time[11..13])?, number(&date_time[14..16])?);
    let second = number(&date_time[17..19])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, zone) = fraction(&text[19..])?;
    let seconds = day * SECONDS_PER_DAY + hour * 3_600 + minute * 60 + second - offset(zone)?;
    Some(seconds * MICROS_PER_SECOND + fraction)
}

/// µs of a fraction of 1 to 9 digits, if there is one, and what follows it.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if !(1..=9).contains(&length) {
        return None;
    }
    let kept = length.min(6);
    let scale = (kept..6).fold(1, |scale, _| scale * 10);
    Some((number(&digits[..kept])? * scale, &digits[length..]))
}

/// Seconds east of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let (hours, minutes) = (number(&[a, b])?, number(&[c, d])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3_600 + minutes * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// ASCII digits only.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Days from 1970-01-01 to a date of the years 1 to 9999; `None` for a date that does not exist.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    const LENGTH: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let index = usize::try_from(month - 1).ok()?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTH.get(index)? + i64::from(is_leap && month == 2);
    if year < 1 || day < 1 || day > length {
        return None;
    }
    let years = year - 1;
    let before_year = years * 365 + years / 4 - years / 100 + years / 400;
    let before_month = BEFORE_MONTH[index] + i64::from(is_leap && month > 2);
    Some(before_year + before_month + day - 1 - 719_162)
}

#[cfg(test)]
mod tests {
    use chatlake_types::Day;

    use super::*;

    #[test]
    fn texts_of_one_instant_agree_whatever_their_offset() {
        let noon = 1_773_316_800_000_000;
        for text in [
            "2026-03-12T12:00:00Z",
            "2026-03-12T12:00:00.0Z",
            "2026-03-12T12:00:00.0000009Z",
            "2026-03-12T14:00:00+02:00",
            "2026-03-12T06:30:00-05:30",
            "2026-03-12T12:00:00-00:00",
            "2026-03-11T12:01:00-23:59",
        ] {
            assert_eq!(from_text(text), Ok(noon), "{text}");
        }
        assert_eq!(
            from_text("2026-03-12T12:00:00.123456789Z"),
            Ok(noon + 123_456)
        );
        assert_eq!(from_text("2026-03-12T12:00:00.5Z"), Ok(noon + 500_000));
        assert_eq!(from_millis(noon / 1_000), Ok(noon));
        assert_eq!(from_float_millis(1_773_316_800_000.0), Ok(noon));
    }

    #[test]
    fn what_is_not_an_instant_is_malformed() {
        for text in [
            "",
            "2026-03-12",
            "2026-03-12T12:00:00",
            "2026-03-12T12:00Z",
            "2026-03-12 12:00:00Z",
            "2026-03-12t12:00:00z",
            " 2026-03-12T12:00:00Z",
            "2026-03-12T12:00:00Z\n",
            "2026-03-12T12:00:00.Z",
            "2026-03-12T12:00:00.1234567890Z",
            "2026-03-12T12:00:60Z",
            "2026-03-12T24:00:00Z",
            "2026-02-29T12:00:00Z",
            "2026-00-12T12:00:00Z",
            "2026-13-12T12:00:00Z",
            "0000-03-12T12:00:00Z",
            "2026-03-12T12:00:00+24:00",
            "2026-03-12T12:00:00+05:60",
            "2026-03-12T12:00:00+0530",
            "２026-03-12T12:00:00Z",
        ] {
            assert_eq!(from_text(text), Err(TimestampError::Malformed), "{text}");
        }
        assert_eq!(
            from_millis(253_402_300_800_000),
            Err(TimestampError::Malformed)
        );
        assert_eq!(from_float_millis(f64::NAN), Err(TimestampError::Malformed));
        assert_eq!(
            from_float_millis(1_773_316_800_000.5),
            Err(TimestampError::Malformed)
        );
    }

    #[test]
    fn the_range_runs_from_2000_to_9999() {
        assert_eq!(from_text("2000-01-01T00:00:00Z"), Ok(MICROS_MIN));
        assert_eq!(from_text("9999-12-31T23:59:59.999999Z"), Ok(MICROS_MAX));
        for text in [
            "1999-12-31T23:59:59.999999999Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(from_text(text), Err(TimestampError::OutOfRange), "{text}");
        }
        assert_eq!(from_millis(MILLIS_MIN), Err(TimestampError::OutOfRange));
        assert_eq!(from_millis(MILLIS_MIN - 1), Err(TimestampError::Malformed));
    }

    #[test]
    fn every_day_of_the_range_is_the_day_that_the_calendar_says() {
        for number in (MICROS_MIN / 86_400_000_000..200_000).chain(2_932_000..2_932_896) {
            let day = Day(i32::try_from(number).unwrap());
            assert_eq!(
                from_text(&format!("{day}T00:00:00Z")),
                Ok(day.start_micros())
            );
        }
    }
}
