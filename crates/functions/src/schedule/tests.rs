//! Tests of weekly schedules.

use chrono::NaiveDateTime;

use super::*;

fn micros(text: &str) -> i64 {
    let naive: NaiveDateTime = text.parse().expect("a time");
    naive.and_utc().timestamp_micros()
}

/// Open seconds in New York.
fn seconds(schedule: &str, from: &str, to: &str) -> i64 {
    let zone = Zone::parse("America/New_York").expect("a zone");
    let schedule = Schedule::parse(schedule).expect("a schedule");
    let open = schedule
        .open_micros(&zone, micros(from), micros(to))
        .expect("open time");
    open / 1_000_000
}

#[test]
fn no_entry_means_always_open() {
    for text in ["[]", "null", " [ ] "] {
        assert!(Schedule::parse(text).expect("empty").is_always_open());
        assert_eq!(
            seconds(text, "2026-03-07T00:00:00", "2026-03-09T00:00:00"),
            2 * 86_400
        );
        assert_eq!(
            seconds(text, "2026-03-09T00:00:00", "2026-03-07T00:00:00"),
            0
        );
    }
}

#[test]
fn a_whole_local_day_has_23_24_or_25_hours() {
    let sundays = r#"[{"dow":7,"open":"00:00","close":"24:00"}]"#;
    for (from, to, hours) in [
        ("2026-03-07T00:00:00", "2026-03-10T00:00:00", 23),
        ("2026-03-14T00:00:00", "2026-03-17T00:00:00", 24),
        ("2026-10-31T00:00:00", "2026-11-03T00:00:00", 25),
    ] {
        assert_eq!(seconds(sundays, from, to), hours * 3_600, "{from}");
    }
}

#[test]
fn entries_that_overlap_or_touch_count_once() {
    let text = r#"[{"dow":4,"open":"13:00","close":"17:00"},{"dow":4,"open":"09:00","close":"13:00"},
        {"dow":4,"open":"12:00","close":"14:00"},{"dow":4,"open":"09:00","close":"10:00"}]"#;
    assert_eq!(
        seconds(text, "2026-03-12T00:00:00", "2026-03-13T00:00:00"),
        8 * 3_600
    );
}

#[test]
fn skipped_hours_are_not_open_and_repeated_hours_are() {
    let night = r#"[{"dow":7,"open":"01:00","close":"03:00"}]"#;
    assert_eq!(
        seconds(night, "2026-03-08T00:00:00", "2026-03-09T00:00:00"),
        3_600
    );
    assert_eq!(
        seconds(night, "2026-11-01T00:00:00", "2026-11-02T00:00:00"),
        3 * 3_600
    );
    let skipped = r#"[{"dow":7,"open":"02:10","close":"02:50"}]"#;
    assert_eq!(
        seconds(skipped, "2026-03-08T00:00:00", "2026-03-09T00:00:00"),
        0
    );
}

#[test]
fn a_broken_schedule_is_refused_with_the_rule_it_breaks() {
    for (text, rule) in [
        ("", "JSON array"),
        ("{}", "JSON array"),
        ("9-17", "JSON array"),
        ("[1]", "`dow` from 1"),
        (
            r#"[{"dow":0,"open":"09:00","close":"17:00"}]"#,
            "`dow` from 1",
        ),
        (
            r#"[{"dow":8,"open":"09:00","close":"17:00"}]"#,
            "`dow` from 1",
        ),
        (
            r#"[{"dow":"1","open":"09:00","close":"17:00"}]"#,
            "`dow` from 1",
        ),
        (
            r#"[{"dow":1,"open":"9:00","close":"17:00"}]"#,
            "`open` as HH:MM",
        ),
        (
            r#"[{"dow":1,"open":"24:00","close":"24:00"}]"#,
            "`open` as HH:MM",
        ),
        (
            r#"[{"dow":1,"open":"+9:00","close":"17:00"}]"#,
            "`open` as HH:MM",
        ),
        (r#"[{"dow":1,"open":"09:00"}]"#, "`close` as HH:MM"),
        (
            r#"[{"dow":1,"open":"09:00","close":"24:01"}]"#,
            "`close` as HH:MM",
        ),
        (
            r#"[{"dow":1,"open":"09:00","close":"12:60"}]"#,
            "`close` as HH:MM",
        ),
        (
            r#"[{"dow":1,"open":"09:00","close":"09:00"}]"#,
            "`close` other than `open`",
        ),
    ] {
        let message = Schedule::parse(text).expect_err(text).to_string();
        assert!(
            message.starts_with("bad_value:schedule: expected "),
            "{message}"
        );
        assert!(message.contains(rule), "{text}: {message}");
    }
}

#[test]
fn a_range_without_end_is_refused() {
    let zone = Zone::parse("UTC").expect("a zone");
    let schedule = Schedule::parse(r#"[{"dow":1,"open":"09:00","close":"17:00"}]"#).expect("one");
    let error = schedule
        .open_micros(&zone, i64::MIN, i64::MAX)
        .expect_err("too long");
    assert_eq!(error.name(), "range_too_long");
    assert!(schedule.open_micros(&zone, i64::MAX - 1, i64::MAX).is_err());
}

#[test]
fn hours_past_midnight_go_on_on_the_next_day() {
    // 2026-03-02 is a Monday; the Sunday entry ends on it
    let schedule = Schedule::parse(
        r#"[{"dow":1,"open":"22:00","close":"06:00"},{"dow":7,"open":"23:00","close":"00:30"}]"#,
    )
    .expect("a schedule");
    let zone = Zone::parse("UTC").expect("a zone");
    let hour = 3_600_000_000;
    let monday = 1_772_409_600_000_000;
    let open = |from: i64, to: i64| {
        schedule
            .open_micros(&zone, monday + from * hour, monday + to * hour)
            .expect("a short range")
    };
    assert_eq!(open(0, 24), 5 * hour / 2);
    assert_eq!(open(24, 48), 6 * hour);
    assert_eq!(open(23, 25), 2 * hour);
    assert_eq!(open(30, 140), 0);
}
