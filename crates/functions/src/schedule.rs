//! Weekly business hours and the open time between two instants (domain specification §2.4, §7.5).
//!
//! 1. A schedule is JSON: `[{"dow":1,"open":"09:00","close":"17:00"}, …]`, `dow` 1 (Monday) to 7
//!    (Sunday), `close` up to `24:00`; one before `open` is on the next day. Entries of one weekday
//!    that overlap are merged, so time is counted once.
//! 2. On every local day an entry opens and closes at its local times; a skipped local time is the
//!    clock change, one that occurs twice its first occurrence.
//! 3. The answer is the real time in which `[from, to)` and those spans overlap.
//!
//! Guarantees: an empty schedule is open all the time; work is bounded by [`DAYS_MAX`].

use chatlake_types::Day;
use serde_json::Value;

use crate::error::Error;
use crate::zone::Zone;

/// Local days that one answer may walk through (about a thousand years).
pub const DAYS_MAX: i64 = 366_000;

/// Minutes of a local day, at which `24:00` closes.
const MINUTES_PER_DAY: u16 = 24 * 60;

/// When a business is open, per weekday.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schedule {
    /// Monday first: disjoint spans `[open, close)` in minutes of the local day, in order.
    weekdays: [Vec<(u16, u16)>; 7],
}

impl Schedule {
    /// The schedule of a JSON text.
    ///
    /// # Errors
    /// [`Error::BadValue`] that says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |expected| Error::bad_value("schedule", expected, text);
        let entries = match serde_json::from_str(text) {
            Ok(Value::Array(entries)) => entries,
            Ok(Value::Null) => Vec::new(),
            _ => return Err(wrong("a JSON array of {\"dow\", \"open\", \"close\"}")),
        };
        let mut schedule = Self::default();
        for entry in &entries {
            let (weekday, open, close) = parse_entry(entry)?;
            if close > open {
                schedule.weekdays[weekday].push((open, close));
            } else {
                // past midnight: the rest is on the next day
                schedule.weekdays[weekday].push((open, MINUTES_PER_DAY));
                if close > 0 {
                    let next = (weekday + 1) % schedule.weekdays.len();
                    schedule.weekdays[next].push((0, close));
                }
            }
        }
        for spans in &mut schedule.weekdays {
            *spans = merged(std::mem::take(spans));
        }
        Ok(schedule)
    }

    /// Is there no entry at all? Then the business never closes.
    pub fn is_always_open(&self) -> bool {
        self.weekdays.iter().all(Vec::is_empty)
    }

    /// Open time within `[from, to)` in µs; 0 when `to` is not after `from`.
    ///
    /// # Errors
    /// [`Error::RangeTooLong`] over [`DAYS_MAX`] days, [`Error::BadValue`] beyond the calendar.
    pub fn open_micros(&self, zone: &Zone, from_micros: i64, to_micros: i64) -> Result<i64, Error> {
        if to_micros <= from_micros {
            return Ok(0);
        }
        if self.is_always_open() {
            return Ok(to_micros.saturating_sub(from_micros));
        }
        // Local days lie within two days of the UTC ones.
        let (first, last) = (Day::of_micros(from_micros).0, Day::of_micros(to_micros).0);
        let day_count = i64::from(last) - i64::from(first) + 1;
        if day_count > DAYS_MAX {
            return Err(Error::RangeTooLong {
                day_count,
                day_count_max: DAYS_MAX,
            });
        }
        let mut open_micros = 0;
        for day in (first.saturating_sub(1)..=last.saturating_add(1)).map(Day) {
            for &(open, close) in &self.weekdays[weekday(day)] {
                let opened = zone.instant(day, open)?.max(from_micros);
                let closed = zone.instant(day, close)?.min(to_micros);
                open_micros += (closed - opened).max(0);
            }
        }
        Ok(open_micros)
    }
}

/// 0 for Monday to 6 for Sunday; 1970-01-01 was a Thursday.
fn weekday(day: Day) -> usize {
    (i64::from(day.0) + 3).rem_euclid(7) as usize
}

/// Weekday (0 is Monday) and open span of one entry.
fn parse_entry(entry: &Value) -> Result<(usize, u16, u16), Error> {
    let wrong = |expected| Error::bad_value("schedule", expected, entry);
    let weekday = match entry.get("dow").and_then(Value::as_u64) {
        Some(dow @ 1..=7) => dow as usize - 1,
        _ => return Err(wrong("`dow` from 1 (Monday) to 7 (Sunday)")),
    };
    let minute = |name| {
        entry
            .get(name)
            .and_then(Value::as_str)
            .and_then(minute_of_day)
    };
    let open = minute("open").filter(|&open| open < MINUTES_PER_DAY);
    let open = open.ok_or_else(|| wrong("`open` as HH:MM from 00:00 to 23:59"))?;
    let close = minute("close").ok_or_else(|| wrong("`close` as HH:MM from 00:01 to 24:00"))?;
    if close == open {
        return Err(wrong("`close` other than `open`"));
    }
    Ok((weekday, open, close))
}

/// Minutes since midnight of `HH:MM`, `24:00` included.
fn minute_of_day(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str| -> Option<u16> {
        let two_digits = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        two_digits.then(|| digits.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let minute = hours * 60 + minutes;
    (minutes < 60 && minute <= MINUTES_PER_DAY).then_some(minute)
}

/// The spans in order, overlapping and touching ones made one.
fn merged(mut spans: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    spans.sort_unstable();
    let mut found: Vec<(u16, u16)> = Vec::with_capacity(spans.len());
    for (open, close) in spans {
        match found.last_mut() {
            Some(last) if open <= last.1 => last.1 = last.1.max(close),
            _ => found.push((open, close)),
        }
    }
    found
}

#[cfg(test)]
mod tests;
