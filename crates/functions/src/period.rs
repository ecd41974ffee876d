//! Periods and the windows they stand for (domain specification §4), in plain Rust for functions
//! and pages alike.
//!
//! 1. A period is a preset or two local dates, both inclusive.
//! 2. The local day of `as_of` is today; a preset counts its days from there.
//! 3. The window runs from the midnight of the first day to the midnight after the last: half-open,
//!    in UTC.
//! 4. The previous period has the same number of local days and ends where the window starts.
//!
//! Guarantees: pure; the day spans of a window cover it exactly.

use std::fmt;

use chatlake_types::Day;
use chrono::{Datelike, Months, NaiveDate};

use crate::error::{Error, quoted};
use crate::zone::{LocalDay, Zone};

/// Days a custom period of an analytics page may have (spec §4).
pub const ANALYTICS_DAYS_MAX: i64 = 90;

/// First day of `all_time`, before which no record can lie (spec §2.2): 2000-01-01.
const FIRST_DAY: Day = Day(10_957);

/// A named period, relative to today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Preset {
    /// From 2000-01-01 to today.
    AllTime,
    /// The 15 days that end today.
    Last15Days,
    /// The 30 days that end today.
    Last30Days,
    /// The 7 days that end today.
    Last7Days,
    /// The calendar month before this one.
    LastMonth,
    /// Monday to Sunday before this week.
    LastWeek,
    /// The calendar year before this one.
    LastYear,
    /// The calendar month of today, to its end.
    ThisMonth,
    /// Monday to Sunday around today.
    ThisWeek,
    /// The calendar year of today, to its end.
    ThisYear,
    /// Today alone.
    Today,
    /// The day before today.
    Yesterday,
}

impl Preset {
    /// Every preset, by name.
    pub const ALL: [Self; 12] = [
        Self::AllTime,
        Self::Last15Days,
        Self::Last30Days,
        Self::Last7Days,
        Self::LastMonth,
        Self::LastWeek,
        Self::LastYear,
        Self::ThisMonth,
        Self::ThisWeek,
        Self::ThisYear,
        Self::Today,
        Self::Yesterday,
    ];

    /// The name used in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Self::AllTime => "all_time",
            Self::Last15Days => "last_15_days",
            Self::Last30Days => "last_30_days",
            Self::Last7Days => "last_7_days",
            Self::LastMonth => "last_month",
            Self::LastWeek => "last_week",
            Self::LastYear => "last_year",
            Self::ThisMonth => "this_month",
            Self::ThisWeek => "this_week",
            Self::ThisYear => "this_year",
            Self::Today => "today",
            Self::Yesterday => "yesterday",
        }
    }

    /// The preset of a name; case matters.
    ///
    /// # Errors [`Error::BadPeriod`] for anything else, `custom` included: a name alone does not
    /// give the two dates.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|preset| preset.name() == name);
        found.ok_or_else(|| bad_period(name, &[]))
    }

    /// First and last local day, both inclusive, seen from `today`.
    fn days(self, today: Day) -> Option<(Day, Day)> {
        let date = NaiveDate::from_epoch_days(today.0)?;
        let back = |day_count| Some((Day(today.0.checked_sub(day_count)?), today));
        match self {
            Self::AllTime => Some((FIRST_DAY, today)),
            Self::Last15Days => back(14),
            Self::Last30Days => back(29),
            Self::Last7Days => back(6),
            Self::LastMonth => month_of(date.checked_sub_months(Months::new(1))?),
            Self::LastWeek => week_of(date.checked_sub_days(chrono::Days::new(7))?),
            Self::LastYear => year_of(date.year().checked_sub(1)?),
            Self::ThisMonth => month_of(date),
            Self::ThisWeek => week_of(date),
            Self::ThisYear => year_of(date.year()),
            Self::Today => back(0),
            Self::Yesterday => back(1).map(|(yesterday, _)| (yesterday, yesterday)),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a page is asked about: a preset, or two local dates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Period {
    /// A named period.
    Preset(Preset),
    /// From one local day to another, both inclusive; not empty when made by [`Period::custom`].
    Custom {
        /// First day.
        from: Day,
        /// Last day.
        to: Day,
    },
}

impl Period {
    /// The period of a page's arguments: a preset's name, or `custom` with both dates and at most
    /// `day_count_max` days (`None`: any number). The dates are looked at only for `custom`.
    ///
    /// # Errors
    /// [`Error::BadPeriod`], [`Error::MissingRange`], [`Error::BadRange`], [`Error::RangeTooLong`].
    pub fn parse(
        name: &str,
        from: Option<Day>,
        to: Option<Day>,
        day_count_max: Option<i64>,
    ) -> Result<Self, Error> {
        if name != "custom" {
            let preset = Preset::parse(name).map_err(|_| bad_period(name, &["custom"]))?;
            return Ok(Self::Preset(preset));
        }
        match (from, to) {
            (Some(from), Some(to)) => Self::custom(from, to, day_count_max),
            (Some(_), None) => Err(Error::MissingRange {
                found: "only `from`",
            }),
            (None, Some(_)) => Err(Error::MissingRange { found: "only `to`" }),
            (None, None) => Err(Error::MissingRange { found: "neither" }),
        }
    }

    /// From one local day to another, both inclusive, at most `day_count_max` days.
    ///
    /// # Errors
    /// [`Error::BadRange`], [`Error::RangeTooLong`].
    pub fn custom(from: Day, to: Day, day_count_max: Option<i64>) -> Result<Self, Error> {
        if from > to {
            return Err(Error::BadRange { from, to });
        }
        let day_count = i64::from(to.0) - i64::from(from.0) + 1;
        match day_count_max {
            Some(day_count_max) if day_count > day_count_max => Err(Error::RangeTooLong {
                day_count,
                day_count_max,
            }),
            _ => Ok(Self::Custom { from, to }),
        }
    }

    /// The window of this period as seen at `as_of` (µs since 1970-01-01T00:00:00Z).
    ///
    /// # Errors [`Error::BadRange`] for a [`Period::Custom`] made by hand; [`Error::BadValue`]
    /// beyond the calendar.
    pub fn resolve(self, zone: &mut Zone, as_of_micros: i64) -> Result<Window, Error> {
        let (from_day, to_day) = match self {
            Self::Custom { from, to } if from > to => return Err(Error::BadRange { from, to }),
            Self::Custom { from, to } => (from, to),
            Self::Preset(preset) => {
                let today = zone.day_of(as_of_micros)?.day;
                let beyond = || Error::bad_value("as_of", "a time within the calendar", today.0);
                preset.days(today).ok_or_else(beyond)?
            }
        };
        let day_count = i64::from(to_day.0) - i64::from(from_day.0) + 1;
        let before = i32::try_from(i64::from(from_day.0) - day_count);
        let before = Day(before.unwrap_or(i32::MIN));
        Ok(Window {
            from_day,
            to_day,
            from_micros: zone.midnight(from_day)?,
            to_micros: zone.span(to_day)?.to_micros,
            previous_from_micros: zone.midnight(before)?,
        })
    }
}

/// The window `[from, to)` of a period; instants in µs since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First local day.
    pub from_day: Day,
    /// Last local day, inclusive.
    pub to_day: Day,
    /// First instant of the window, where the previous period ends.
    pub from_micros: i64,
    /// First instant after the window.
    pub to_micros: i64,
    /// First instant of the previous period.
    pub previous_from_micros: i64,
}

impl Window {
    /// Does the instant lie in the window?
    pub fn contains(&self, micros: i64) -> bool {
        (self.from_micros..self.to_micros).contains(&micros)
    }

    /// Does the instant lie in the previous period?
    pub fn previous_contains(&self, micros: i64) -> bool {
        (self.previous_from_micros..self.from_micros).contains(&micros)
    }

    /// Local days of the window; the previous period has as many.
    pub fn day_count(&self) -> i64 {
        i64::from(self.to_day.0) - i64::from(self.from_day.0) + 1
    }

    /// The local days of the window in order, each with its span.
    ///
    /// # Errors
    /// [`Error::BadValue`] beyond the calendar.
    pub fn days(&self, zone: &mut Zone) -> Result<Vec<LocalDay>, Error> {
        (self.from_day.0..=self.to_day.0)
            .map(|day| zone.span(Day(day)))
            .collect()
    }
}

/// [`Error::BadPeriod`] with all presets and `more` as what was expected.
fn bad_period(found: &str, more: &[&str]) -> Error {
    let mut names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name()).collect();
    names.extend(more);
    names.sort_unstable();
    let expected = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    Error::BadPeriod {
        expected,
        found: quoted(found),
    }
}

fn week_of(date: NaiveDate) -> Option<(Day, Day)> {
    let monday = date
        .to_epoch_days()
        .checked_sub(date.weekday().num_days_from_monday() as i32)?;
    Some((Day(monday), Day(monday.checked_add(6)?)))
}

fn month_of(date: NaiveDate) -> Option<(Day, Day)> {
    let first = date.with_day(1)?;
    let next = first.checked_add_months(Months::new(1))?;
    Some((Day(first.to_epoch_days()), Day(next.to_epoch_days() - 1)))
}

fn year_of(year: i32) -> Option<(Day, Day)> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    let last = NaiveDate::from_ymd_opt(year, 12, 31)?;
    Some((Day(first.to_epoch_days()), Day(last.to_epoch_days())))
}

#[cfg(test)]
mod tests;
