//! Tests of time zones.

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
        // Until 2011 St John's turned back from 00:01 to 23:01: the second last hour of the day
        // before belongs to the day that has begun, so that days do not overlap.
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
