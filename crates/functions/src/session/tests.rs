//! Tests of sessions: what each rule says, and many courses of touches against the rules told hour
//! by hour.

use super::TouchKind::{Inbound, Opened, OpenedByCustomer, Outbound, Resolved};
use super::*;

const HOUR: i64 = 3_600_000_000;

/// Sessions of touches given as (µs, kind), numbered in the order given.
fn found(touches: &[(i64, TouchKind)], idle_timeout_micros: Option<i64>) -> Vec<Session> {
    let number = |(ingest_seq, &(at_micros, kind)): (usize, &(i64, TouchKind))| Touch {
        at_micros,
        kind,
        ingest_seq: ingest_seq as i64,
    };
    let mut touches: Vec<Touch> = touches.iter().enumerate().map(number).collect();
    touches.sort_by_key(Touch::place);
    let found = sessions(touches.clone(), idle_timeout_micros);
    let twice = touches.iter().flat_map(|&touch| [touch, touch]);
    assert_eq!(sessions(twice, idle_timeout_micros), found, "{touches:?}");
    found
}

/// An incoming session that nobody reopened.
fn session(started_at: i64, resolved_at: Option<i64>) -> Session {
    Session {
        started_at_micros: started_at,
        is_incoming: true,
        resolved_at_micros: resolved_at,
        ended_at_micros: resolved_at.map(|at| at + CLOSING_MICROS),
        reopen_count: 0,
    }
}

#[test]
fn nothing_and_what_never_opens_makes_no_session() {
    assert_eq!(found(&[], None), []);
    assert_eq!(
        found(&[(0, Resolved), (HOUR, Resolved), (HOUR, Outbound)], None),
        []
    );
}

#[test]
fn the_clock_runs_from_the_first_resolve() {
    // The worked example of the specification (§11).
    let touches = [
        (10 * HOUR, Inbound),
        (11 * HOUR, Resolved),
        (20 * HOUR, Resolved),
        (35 * HOUR + HOUR / 2, Inbound),
    ];
    let expected = [
        session(10 * HOUR, Some(11 * HOUR)),
        session(35 * HOUR + HOUR / 2, None),
    ];
    assert_eq!(found(&touches, None), expected);
}

#[test]
fn a_touch_within_24_hours_reopens_and_at_24_hours_begins_anew() {
    let after = |micros| [(0, Inbound), (HOUR, Resolved), (HOUR + micros, Opened)];
    let reopened = Session {
        reopen_count: 1,
        ..session(0, None)
    };
    assert_eq!(found(&after(CLOSING_MICROS - 1), None), [reopened]);
    let anew = Session {
        is_incoming: false,
        ..session(HOUR + CLOSING_MICROS, None)
    };
    assert_eq!(
        found(&after(CLOSING_MICROS), None),
        [session(0, Some(HOUR)), anew]
    );
    // Only the touch directly after the resolve reopens; a later resolve counts again.
    let more = [
        (0, Inbound),
        (HOUR, Resolved),
        (2 * HOUR, Inbound),
        (3 * HOUR, Inbound),
        (4 * HOUR, Resolved),
        (5 * HOUR, Opened),
        (6 * HOUR, Resolved),
    ];
    let expected = Session {
        reopen_count: 2,
        ..session(0, Some(6 * HOUR))
    };
    assert_eq!(found(&more, None), [expected]);
}

#[test]
fn at_one_instant_messages_come_before_events_and_resolves_last() {
    let resolved = [session(HOUR, Some(HOUR))];
    assert_eq!(found(&[(HOUR, Resolved), (HOUR, Inbound)], None), resolved);
    assert_eq!(
        found(&[(HOUR, Resolved), (HOUR, Opened), (HOUR, Inbound)], None),
        resolved
    );
    // Of two events of one kind the one that arrived first stands first.
    let first_is_incoming =
        |kinds: [TouchKind; 2]| found(&kinds.map(|kind| (HOUR, kind)), None)[0].is_incoming;
    assert!(first_is_incoming([OpenedByCustomer, Opened]));
    assert!(!first_is_incoming([Opened, OpenedByCustomer]));
}

#[test]
fn an_idle_session_ends_after_its_last_activity() {
    let idle = Some(2 * HOUR);
    let ended = |started_at, ended_at| Session {
        ended_at_micros: Some(ended_at),
        ..session(started_at, None)
    };
    // A reply keeps it going; one at the end comes too late, as does a resolve.
    let touches = [
        (0, Inbound),
        (HOUR, Outbound),
        (3 * HOUR, Outbound),
        (3 * HOUR, Resolved),
        (4 * HOUR, Inbound),
    ];
    assert_eq!(
        found(&touches, idle),
        [ended(0, 3 * HOUR), ended(4 * HOUR, 6 * HOUR)]
    );
    // While it is resolved nothing but 24 hours end it; a reopening is activity.
    let touches = [
        (0, Inbound),
        (HOUR, Resolved),
        (2 * HOUR, Outbound),
        (9 * HOUR, Opened),
        (10 * HOUR, Inbound),
    ];
    let reopened = Session {
        reopen_count: 1,
        ..ended(0, 12 * HOUR)
    };
    assert_eq!(found(&touches, idle), [reopened]);
}

#[test]
fn times_at_the_ends_of_the_calendar_do_not_overflow() {
    let touches = [(i64::MIN, Inbound), (i64::MAX, Resolved)];
    let resolved = found(&touches, None)[0];
    assert_eq!(resolved.ended_at_micros, Some(i64::MAX));
    let touches = [(i64::MAX - 1, Inbound), (i64::MAX, Outbound)];
    assert_eq!(
        found(&touches, Some(HOUR))[0].ended_at_micros,
        Some(i64::MAX)
    );
}

/// The same rules told hour by hour: first ends what ends by now, then happens what happens now.
fn hour_by_hour(touches: &[(i64, TouchKind)], idle_timeout_hours: Option<i64>) -> Vec<Session> {
    #[derive(Clone, Copy)]
    enum State {
        Ended,
        Open { active_at: i64 },
        Resolved { resolved_at: i64 },
    }
    let (mut state, mut told) = (State::Ended, Vec::<Session>::new());
    for hour in 0..HOURS_TOLD {
        let ends_at = match state {
            State::Ended => None,
            State::Open { active_at } => idle_timeout_hours.map(|idle| active_at + idle),
            State::Resolved { resolved_at } => Some(resolved_at + 24),
        };
        if ends_at == Some(hour) {
            told.last_mut().expect("one ends").ended_at_micros = Some(hour * HOUR);
            state = State::Ended;
        }
        for kind in KINDS {
            let happens_now = touches.contains(&(hour, kind));
            state = match (kind, state) {
                _ if !happens_now => state,
                (Outbound | Resolved, State::Ended) => State::Ended,
                (Outbound | Resolved, State::Resolved { .. }) => state,
                (Resolved, State::Open { .. }) => {
                    told.last_mut().expect("one is open").resolved_at_micros = Some(hour * HOUR);
                    State::Resolved { resolved_at: hour }
                }
                (_, State::Open { .. }) => State::Open { active_at: hour },
                (_, State::Ended) => {
                    told.push(Session {
                        is_incoming: kind == Inbound,
                        ended_at_micros: None,
                        ..session(hour * HOUR, None)
                    });
                    State::Open { active_at: hour }
                }
                (_, State::Resolved { .. }) => {
                    let session = told.last_mut().expect("one is resolved");
                    session.resolved_at_micros = None;
                    session.reopen_count += 1;
                    State::Open { active_at: hour }
                }
            };
        }
    }
    told
}

/// Kinds in the order of one instant.
const KINDS: [TouchKind; 4] = [Outbound, Inbound, Opened, Resolved];

/// Hours between touches: they fall before, on and after the ends of sessions.
const GAPS: [i64; 4] = [0, 3, 21, 24];

/// Five gaps, and then the longest time until a session ends.
const HOURS_TOLD: i64 = 6 * 24 + 1;

#[test]
fn courses_of_five_touches_are_as_told_hour_by_hour() {
    let mut session_count = 0;
    // Every 97th of a million courses.
    for course in (0..(KINDS.len() * GAPS.len()).pow(5)).step_by(97) {
        let (mut rest, mut at) = (course, 0);
        let mut touches = Vec::with_capacity(5);
        for _ in 0..5 {
            at += GAPS[rest % GAPS.len()];
            rest /= GAPS.len();
            touches.push((at, KINDS[rest % KINDS.len()]));
            rest /= KINDS.len();
        }
        let idle_timeout_hours = [None, Some(3), Some(24)][course % 3];
        let expected = hour_by_hour(&touches, idle_timeout_hours);
        let in_micros: Vec<_> = touches
            .iter()
            .map(|&(at, kind)| (at * HOUR, kind))
            .collect();
        let given = found(&in_micros, idle_timeout_hours.map(|hours| hours * HOUR));
        assert_eq!(given, expected, "{touches:?} {idle_timeout_hours:?}");
        session_count += given.len();
    }
    assert!(session_count > 5_000, "{session_count}");
}
