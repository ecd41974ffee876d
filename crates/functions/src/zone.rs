//! Local days and local times of a time zone (domain specification §4).
//!
//! A local time that a clock change skips stands for the instant of the change; one that occurs
//! twice stands for its first occurrence. A local day runs from its midnight to the next day's.
//!
//! Guarantees: every instant belongs to exactly one local day, days follow each other without gap
//! or overlap, and a later instant never belongs to an earlier day. So windows made of days and
//! days found for instants always agree.

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

/// A local day and its half-open span `[from, to)` in µs since 1970-01-01T00:00:00Z; 23, 24 or 25
/// hours as a rule.
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

    /// The instant of a local time, in µs since 1970-01-01T00:00:00Z: skipped → the clock change,
    /// twice → the first.
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
mod tests;
