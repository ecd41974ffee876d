//! A calendar day in UTC, the unit of time partitioning.
//!
//! Guarantees: every instant belongs to exactly one day; days order as their dates do.

use std::fmt;
use std::str::FromStr;

/// Microseconds in a UTC day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01 (UTC); shown and parsed as `YYYY-MM-DD`. Same number as an Arrow `Date32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The day that holds the instant `micros` (µs since 1970-01-01T00:00:00Z).
    pub fn of_micros(micros: i64) -> Self {
        let days = micros.div_euclid(MICROS_PER_DAY);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// First instant of the day, in µs since 1970-01-01T00:00:00Z.
    pub fn start_micros(self) -> i64 {
        i64::from(self.0) * MICROS_PER_DAY
    }

    /// Year, month (1–12) and day of month (1–31) in the proleptic Gregorian calendar.
    ///
    /// Howard Hinnant's `civil_from_days`: shift to an era that starts on 1 March of year 0.
    fn civil(self) -> (i64, u32, u32) {
        let shifted = i64::from(self.0) + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_index = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_index + 2) / 5 + 1;
        let month = if month_index < 10 {
            month_index + 3
        } else {
            month_index - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            year,
            u32::try_from(month).unwrap_or(1),
            u32::try_from(day).unwrap_or(1),
        )
    }

    /// The inverse of [`Day::civil`]; `None` for a date that does not exist.
    fn from_civil(year: i64, month: u32, day: u32) -> Option<Self> {
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let era = shifted_year.div_euclid(400);
        let year_of_era = shifted_year.rem_euclid(400);
        let month_index = i64::from(if month > 2 { month - 3 } else { month + 9 });
        let day_of_year = (153 * month_index + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = Self(i32::try_from(era * 146_097 + day_of_era - 719_468).ok()?);
        (found.civil() == (year, month, day)).then_some(found)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("expected a date YYYY-MM-DD, found `{text}`");
        let mut parts = text.splitn(3, '-');
        let mut next = |width: usize| parts.next().filter(|part| part.len() == width);
        let (year, month, day) = (next(4), next(2), next(2));
        let (Some(year), Some(month), Some(day)) = (year, month, day) else {
            return Err(wrong());
        };
        let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else {
            return Err(wrong());
        };
        if !(1..=12).contains(&month) {
            return Err(wrong());
        }
        Self::from_civil(year, month, day).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_belongs_to_its_utc_date_also_before_1970() {
        assert_eq!(Day::of_micros(0), Day(0));
        assert_eq!(Day::of_micros(-1), Day(-1));
        assert_eq!(Day::of_micros(MICROS_PER_DAY - 1), Day(0));
        assert_eq!(Day::of_micros(MICROS_PER_DAY), Day(1));
    }

    #[test]
    fn text_and_number_agree_over_leap_years() {
        for (number, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_524, "2026-03-12"),
        ] {
            assert_eq!(Day(number).to_string(), text);
            assert_eq!(text.parse::<Day>(), Ok(Day(number)));
        }
    }

    #[test]
    fn every_day_of_four_centuries_round_trips() {
        for number in -10_000..140_000 {
            assert_eq!(Day(number).to_string().parse::<Day>(), Ok(Day(number)));
        }
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "26-01-01",
            "2026-1-1",
            "2026-01-01T00",
            "x",
        ] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
