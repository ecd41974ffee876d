//! Tests of periods: the vectors of the specification, and every zone over two years.

use chrono::NaiveDateTime;

use super::*;

fn micros(text: &str) -> i64 {
    let naive: NaiveDateTime = text.parse().expect("a time");
    naive.and_utc().timestamp_micros()
}

fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

fn zone(name: &str) -> Zone {
    Zone::parse(name).expect("a zone")
}

#[test]
fn every_period_vector_resolves_to_its_instants() {
    let vectors = include_str!("../../tests/vectors/period_vectors.csv");
    let mut count = 0;
    for line in vectors.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [timezone, as_of, name, from, to, win_from, win_to, prev_from] = cells[..] else {
            panic!("eight cells expected in {line}");
        };
        let date = |text: &str| (!text.is_empty()).then(|| day(text));
        let period = Period::parse(name, date(from), date(to), Some(ANALYTICS_DAYS_MAX));
        let mut zone = zone(timezone);
        let window = period.and_then(|period| period.resolve(&mut zone, micros(as_of)));
        let window = window.unwrap_or_else(|error| panic!("{line}: {error}"));
        let found = (
            window.from_micros,
            window.to_micros,
            window.previous_from_micros,
        );
        assert_eq!(
            found,
            (micros(win_from), micros(win_to), micros(prev_from)),
            "{line}"
        );
        count += 1;
    }
    assert_eq!(count, 21);
}

#[test]
fn the_days_of_a_window_cover_it_exactly() {
    for name in [
        "America/New_York",
        "Africa/Cairo",
        "America/Havana",
        "Pacific/Apia",
    ] {
        let mut zone = zone(name);
        for preset in Preset::ALL {
            let period = Period::Preset(preset);
            let window = period
                .resolve(&mut zone, micros("2026-04-25T12:00:00"))
                .expect("a window");
            let days = window.days(&mut zone).expect("days");
            assert_eq!(days.len() as i64, window.day_count());
            assert_eq!(
                days.first().map(|day| day.from_micros),
                Some(window.from_micros)
            );
            assert_eq!(days.last().map(|day| day.to_micros), Some(window.to_micros));
            assert!(
                days.windows(2)
                    .all(|pair| pair[0].to_micros == pair[1].from_micros)
            );
        }
    }
}

#[test]
fn a_window_is_half_open_and_the_previous_one_ends_where_it_starts() {
    let mut utc = zone("UTC");
    let period = Period::Preset(Preset::Today);
    let window = period
        .resolve(&mut utc, micros("2026-03-12T16:00:00"))
        .expect("a window");
    assert!(window.contains(micros("2026-03-12T00:00:00")));
    assert!(!window.contains(micros("2026-03-13T00:00:00")));
    assert!(window.previous_contains(micros("2026-03-11T23:59:59")));
    assert!(!window.previous_contains(micros("2026-03-12T00:00:00")));
}

#[test]
fn calendar_presets_know_leap_years_and_year_ends() {
    let mut utc = zone("UTC");
    for (name, as_of, from, to) in [
        (
            "this_month",
            "2028-02-29T00:00:00",
            "2028-02-01",
            "2028-02-29",
        ),
        (
            "last_month",
            "2026-03-31T00:00:00",
            "2026-02-01",
            "2026-02-28",
        ),
        (
            "this_year",
            "2028-12-31T23:59:59",
            "2028-01-01",
            "2028-12-31",
        ),
        (
            "last_week",
            "2026-01-04T00:00:00",
            "2025-12-22",
            "2025-12-28",
        ),
        (
            "all_time",
            "2026-03-12T00:00:00",
            "2000-01-01",
            "2026-03-12",
        ),
    ] {
        let period = Period::parse(name, None, None, None).expect(name);
        let window = period.resolve(&mut utc, micros(as_of)).expect(name);
        assert_eq!(
            (window.from_day, window.to_day),
            (day(from), day(to)),
            "{name} {as_of}"
        );
    }
}

#[test]
fn an_unknown_period_is_answered_with_the_known_ones() {
    for name in ["", "LAST_7_DAYS", "last_7_days ", "last_8_days", "x"] {
        let error = Period::parse(name, None, None, None).expect_err(name);
        let expected = "bad_period: expected one of `all_time`, `custom`, `last_15_days`, \
                        `last_30_days`, `last_7_days`, `last_month`, `last_week`, `last_year`, \
                        `this_month`, `this_week`, `this_year`, `today`, `yesterday`, found ";
        assert_eq!(error.to_string(), format!("{expected}`{name}`"));
    }
    assert_eq!(
        Preset::parse("custom").expect_err("no dates").name(),
        "bad_period"
    );
}

#[test]
fn a_custom_period_needs_two_dates_in_order_and_within_the_limit() {
    let (first, last) = (day("2026-01-01"), day("2026-03-31"));
    let custom = |from, to| Period::parse("custom", from, to, Some(ANALYTICS_DAYS_MAX));
    assert_eq!(
        custom(Some(first), Some(last)),
        Ok(Period::Custom {
            from: first,
            to: last
        })
    );
    let after = Some(day("2026-04-01"));
    let too_long = Error::RangeTooLong {
        day_count: 91,
        day_count_max: 90,
    };
    assert_eq!(custom(Some(first), after), Err(too_long));
    assert!(Period::parse("custom", Some(first), after, None).is_ok());
    assert_eq!(
        custom(after, Some(first)).map_err(|error| error.name()),
        Err("bad_range")
    );
    for (from, to) in [(None, None), (Some(first), None), (None, Some(last))] {
        assert_eq!(
            custom(from, to).map_err(|error| error.name()),
            Err("bad_range")
        );
    }
    let reversed = Period::Custom {
        from: last,
        to: first,
    };
    assert_eq!(
        reversed
            .resolve(&mut zone("UTC"), 0)
            .map_err(|error| error.name()),
        Err("bad_range")
    );
}

#[test]
fn a_window_beyond_the_calendar_is_an_error() {
    let mut utc = zone("UTC");
    for period in [
        Period::Preset(Preset::ThisYear),
        Period::Preset(Preset::LastYear),
    ] {
        assert!(period.resolve(&mut utc, i64::MIN).is_err());
    }
    let far = Period::Custom {
        from: Day(i32::MIN),
        to: Day(i32::MAX),
    };
    assert!(far.resolve(&mut utc, 0).is_err());
}
