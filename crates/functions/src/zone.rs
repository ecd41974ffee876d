//! Local days and local times of a time zone (domain specification §4).
//!
//! A local time that a clock change skips stands for the instant of the change; one that occurs twice stands for its first
//! occurrence. A local day runs from its midnight to the next day's.
//!
//! Guarantees: every instant belongs to exactly one local day, days follow each other without gap or overlap, and a later
//! instant never belongs to an earlier day. So windows made of days and days found for instants always agree.

use std::collections::HashMap;

use chatlake_types::Day;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::{GapInfo, Tz};

use crate::error::Error;

/// Microseconds in a minute.
const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Minutes of a local day's clock face.
const MINUTES_PER_DAY: i64 = 24 * 60;

/// Midnights kept per zone (about eleven years of days).
const MIDNIGHTS_KEPT_MAX: usize = 4_096;

/// Zones kept in a [`Zones`].
const ZONES_KEPT_MAX: usize = 1_024;

/// A local day and its half-open span `[from, to)` in µs since 1970-01-01T00:00:00Z; 23, 24 or 25 hours as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalDay {
    /// The date.
    pub day: Day,
    /// First instant of the day.
    pub from_micros: i64,
    /// First instant of the next day.
    pub to_micros: i64,
}

/// A time zone of the IANA data base, with the midnights already worked out.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: Tz,
    midnights: HashMap<Day, i64>,
    last: Option<LocalDay>,
}

impl Zone {
    /// The zone of an IANA name such as `America/New_York`; case matters.
    ///
    /// # Errors
    /// [`Error::BadValue`] for an unknown name.
    pub fn parse(name: &str) -> Result<Self, Error> {
        let zone = name.parse().map_err(|_| {
            Error::bad_value("timezone", "an IANA name such as `America/New_York`", name)
        })?;
        Ok(Self {
            zone,
            midnights: HashMap::new(),
            last: None,
        })
    }

    /// The first instant of a local day, in µs since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Error::BadValue`] beyond the calendar (about 262,000 years from now).
    pub fn midnight(&mut self, day: Day) -> Result<i64, Error> {
        if let Some(&known) = self.midnights.get(&day) {
            return Ok(known);
        }
        let found = self.instant(day, 0)?;
        if self.midnights.len() >= MIDNIGHTS_KEPT_MAX {
            self.midnights.clear();
        }
        self.midnights.insert(day, found);
        Ok(found)
    }

    /// The instant of a local time, in µs since 1970-01-01T00:00:00Z: skipped → the clock change, twice → the first.
    ///
    /// # Errors
    /// [`Error::BadValue`] beyond the calendar.
    pub fn instant(&self, day: Day, minute_of_day: u16) -> Result<i64, Error> {
        let minutes = i64::from(day.0) * MINUTES_PER_DAY + i64::from(minute_of_day);
        let found = minutes
            .checked_mul(MICROS_PER_MINUTE)
            .and_then(naive)
            .and_then(|local| match self.zone.from_local_datetime(&local) {
                LocalResult::Single(found) => Some(found),
                LocalResult::Ambiguous(one, other) => Some(one.min(other)),
                LocalResult::None => GapInfo::new(&local, &self.zone).and_then(|gap| gap.end),
            });
        found
            .map(|found| found.timestamp_micros())
            .ok_or_else(|| outside(day))
    }

    /// The local day of an instant (µs since 1970-01-01T00:00:00Z).
    ///
    /// # Errors
    /// [`Error::BadValue`] beyond the calendar.
    pub fn day_of(&mut self, micros: i64) -> Result<LocalDay, Error> {
        if let Some(last) = self.last
            && (last.from_micros..last.to_micros).contains(&micros)
        {
            return Ok(last);
        }
        // Local time is at most about 16 hours away from UTC, so the day is near the UTC one.
        let near = Day::of_micros(micros);
        for day in (near.0.saturating_sub(2)..=near.0.saturating_add(2)).map(Day) {
            let span = self.span(day)?;
            if (span.from_micros..span.to_micros).contains(&micros) {
                self.last = Some(span);
                return Ok(span);
            }
        }
        Err(outside(near))
    }

    /// A local day with its span.
    ///
    /// # Errors
    /// [`Error::BadValue`] beyond the calendar.
    pub fn span(&mut self, day: Day) -> Result<LocalDay, Error> {
        let next = Day(day.0.saturating_add(1));
        let (from_micros, to_micros) = (self.midnight(day)?, self.midnight(next)?);
        Ok(LocalDay {
            day,
            from_micros,
            to_micros,
        })
    }
}

/// Zones by name, so that a batch of rows parses each name once.
#[derive(Debug, Default)]
pub struct Zones {
    zones: HashMap<String, Zone>,
}

impl Zones {
    /// The zone of an IANA name.
    ///
    /// # Errors
    /// [`Error::BadValue`] for an unknown name.
    pub fn get(&mut self, name: &str) -> Result<&mut Zone, Error> {
        if !self.zones.contains_key(name) {
            if self.zones.len() >= ZONES_KEPT_MAX {
                self.zones.clear();
            }
            self.zones.insert(name.to_owned(), Zone::parse(name)?);
        }
        self.zones
            .get_mut(name)
            .ok_or_else(|| Error::bad_value("timezone", "an IANA name", name))
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|instant| instant.naive_utc())
}

fn outside(day: Day) -> Error {
    Error::bad_value(
        "timestamp",
        "a time within the calendar",
        format!("day {}", day.0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).expect("a known zone")
    }

    fn day(text: &str) -> Day {
        text.parse().expect("a date")
    }

    fn micros(text: &str) -> i64 {
        let naive: NaiveDateTime = text.parse().expect("a time");
        naive.and_utc().timestamp_micros()
    }

    #[test]
    fn a_skipped_midnight_is_the_clock_change_and_a_double_one_the_first() {
        for (name, date, expected) in [
            ("UTC", "2026-03-12", "2026-03-12T00:00:00"),
            ("America/New_York", "2026-03-08", "2026-03-08T05:00:00"),
            ("America/New_York", "2026-03-09", "2026-03-09T04:00:00"),
            ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00"),
            ("America/Havana", "2026-11-01", "2026-11-01T04:00:00"),
            ("Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00"),
            // Samoa left out 2011-12-30 altogether.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00"),
            ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00"),
        ] {
            let found = zone(name).midnight(day(date));
            assert_eq!(found, Ok(micros(expected)), "{name} {date}");
        }
    }

    #[test]
    fn a_local_time_that_occurs_twice_is_the_first_and_a_skipped_one_the_clock_change() {
        let new_york = zone("America/New_York");
        let at = |date, minute| new_york.instant(day(date), minute);
        assert_eq!(at("2026-11-01", 90), Ok(micros("2026-11-01T05:30:00")));
        assert_eq!(at("2026-03-08", 150), Ok(micros("2026-03-08T07:00:00")));
        assert_eq!(at("2026-03-08", 24 * 60), Ok(micros("2026-03-09T04:00:00")));
    }

    #[test]
    fn the_day_of_an_instant_is_the_one_whose_span_holds_it() {
        for (name, instant, expected) in [
            ("UTC", "1969-12-31T23:59:59", "1969-12-31"),
            ("America/New_York", "2026-03-13T03:59:59", "2026-03-12"),
            ("America/New_York", "2026-03-13T04:00:00", "2026-03-13"),
            ("Pacific/Kiritimati", "2026-01-01T10:00:00", "2026-01-02"),
            ("Pacific/Apia", "2011-12-30T09:59:59", "2011-12-29"),
            ("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31"),
            // Until 2011 St John's turned back from 00:01 to 23:01: the second last hour of the day before
            // belongs to the day that has begun, so that days do not overlap.
            ("America/St_Johns", "2010-11-07T02:30:00", "2010-11-07"),
            ("America/St_Johns", "2010-11-07T03:00:00", "2010-11-07"),
        ] {
            let found = zone(name)
                .day_of(micros(instant))
                .expect("within the calendar");
            assert_eq!(found.day, day(expected), "{name} {instant}");
        }
    }

    #[test]
    fn days_follow_each_other_in_every_zone_through_the_clock_changes_of_two_years() {
        let (start, end) = (micros("2025-12-31T00:00:00"), micros("2027-12-31T00:00:00"));
        for known in chrono_tz::TZ_VARIANTS {
            let mut zone = zone(known.name());
            let mut at = start;
            let mut before: Option<LocalDay> = None;
            while at < end {
                let span = zone.day_of(at).expect("within the calendar");
                if let Some(before) = before {
                    assert_eq!(span.from_micros, before.to_micros, "{known} {}", span.day);
                    assert!(span.day > before.day, "{known} {}", span.day);
                }
                let local = known
                    .from_utc_datetime(&naive(at).expect("a time"))
                    .date_naive();
                assert_eq!(span.day, Day(local.to_epoch_days()), "{known} {at}");
                (at, before) = (span.to_micros, Some(span));
            }
        }
    }

    #[test]
    fn unknown_zones_and_times_beyond_the_calendar_are_told_apart_from_bugs() {
        for name in ["", "new york", "america/new_york", "+05:30", "EST5EDT4"] {
            let error = Zone::parse(name).expect_err("not a zone");
            assert!(
                error
                    .to_string()
                    .starts_with("bad_value:timezone: expected an IANA name")
            );
        }
        let mut utc = zone("UTC");
        for instant in [i64::MIN, i64::MAX] {
            assert_eq!(utc.day_of(instant).expect_err("beyond").name(), "bad_value");
        }
    }

    #[test]
    fn zones_are_parsed_once_and_kept() {
        let mut zones = Zones::default();
        assert!(zones.get("Nowhere/Land").is_err());
        for _ in 0..3 {
            let midnight = zones
                .get("Asia/Kolkata")
                .and_then(|zone| zone.midnight(Day(0)));
            assert_eq!(midnight, Ok(-19_800_000_000));
        }
        assert_eq!(zones.zones.len(), 1);
    }
}
