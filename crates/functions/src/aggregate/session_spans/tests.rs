//! Tests of `session_spans` in SQL.

use crate::testing::{failure, first_value, rows};

/// The sessions of each conversation, one row each; touches are (conversation, time, event,
/// actor, number).
fn over(touches: &str) -> String {
    format!(
        "SELECT c, s['session_no'], s['started_at'], s['is_incoming'], s['resolved_at'], \
         s['ended_at'], s['reopens'] FROM (SELECT c, unnest(spans) AS s FROM (SELECT c, \
         session_spans(at, e, a, n) AS spans FROM (VALUES {touches}) AS v(c, at, e, a, n) \
         GROUP BY c)) ORDER BY 1, 2"
    )
}

fn alone(touches: &str) -> String {
    format!("SELECT session_spans(at, e, a, n) FROM (VALUES {touches}) AS v(at, e, a, n)")
}

#[tokio::test]
async fn rows_with_nulls_are_left_out_but_an_actor_may_be_null() {
    let found = rows(&over(
        "('a', '2026-03-01T10:00:00Z', 'opened', NULL, 2), ('a', NULL, 'inbound', NULL, 1), \
         ('a', '2026-03-01T09:00:00Z', NULL, NULL, 1), ('a', '2026-03-01T09:00:00Z', \
         'inbound', NULL, NULL)",
    ))
    .await;
    assert_eq!(
        found,
        [[
            "a",
            "1",
            "2026-03-01T10:00:00Z",
            "false",
            "NULL",
            "NULL",
            "0"
        ]]
    );
}

#[tokio::test]
async fn empty_input_has_no_sessions() {
    let touch = "('2026-03-01T10:00:00Z', 'inbound', NULL, 1)";
    assert_eq!(
        first_value(&format!("{} WHERE false", alone(touch))).await,
        "NULL"
    );
}

#[tokio::test]
async fn one_row_makes_one_session_or_none() {
    let found = first_value(&alone("('2026-03-01T10:00:00Z', 'inbound', NULL, 1)")).await;
    let expected = "[{session_no: 1, started_at: 2026-03-01T10:00:00Z, is_incoming: true, \
                    resolved_at: NULL, ended_at: NULL, reopens: 0}]";
    assert_eq!(found, expected);
    for event in ["outbound", "resolved", "assigned", "unassigned"] {
        let touch = format!("('2026-03-01T10:00:00Z', '{event}', 'customer', 1)");
        assert_eq!(first_value(&alone(&touch)).await, "NULL", "{event}");
    }
}

#[tokio::test]
async fn all_nulls_have_no_sessions() {
    let touches = "('a', NULL, NULL, NULL, NULL), ('a', NULL, NULL, NULL, NULL)";
    assert!(rows(&over(touches)).await.is_empty());
    let nulls = "SELECT session_spans(NULL, NULL, NULL, NULL), session_spans(NULL, NULL, \
                 NULL, NULL, NULL)";
    assert_eq!(rows(nulls).await, [["NULL", "NULL"]]);
}

#[tokio::test]
async fn each_conversation_has_its_sessions_in_whatever_order_its_touches_come() {
    let found = rows(&over(
        "('b', '2026-03-02T11:30:00Z', 'inbound', NULL, 4), ('a', '2026-03-01T10:00:00Z', \
         'opened', 'customer', 8), ('b', '2026-03-01T20:00:00Z', 'resolved', 'agent', 3), \
         ('b', '2026-03-01T10:00:00Z', 'inbound', NULL, 1), ('a', '2026-03-01T10:00:00Z', \
         'opened', 'agent', 9), ('b', '2026-03-01T11:00:00Z', 'resolved', 'agent', 2), ('b', \
         '2026-03-02T12:00:00Z', 'resolved', 'agent', 5), ('b', '2026-03-03T11:59:59.999999Z', \
         'reopened', 'agent', 6), ('c', '2026-03-01T00:00:00Z', 'resolved', 'agent', 7)",
    ))
    .await;
    let (a, b) = ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z");
    let second = "2026-03-02T11:30:00Z";
    let expected = [
        ["a", "1", a, "true", "NULL", "NULL", "0"],
        ["b", "1", a, "true", b, "2026-03-02T11:00:00Z", "0"],
        ["b", "2", second, "true", "NULL", "NULL", "1"],
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn an_idle_session_ends_when_there_is_a_time_out_and_may_differ_by_group() {
    let touches = "(VALUES ('a', '2026-03-01T10:00:00Z', 'inbound', 60), ('a', \
                   '2026-03-01T10:00:59Z', 'outbound', 60), ('a', '2026-03-01T10:01:59Z', \
                   'inbound', 60), ('b', '2026-03-01T10:00:00Z', 'inbound', NULL)) AS v(c, \
                   at, e, idle)";
    let ends = format!(
        "SELECT c, s['started_at'], s['ended_at'] FROM (SELECT c, unnest(spans) AS s FROM (SELECT \
         c, session_spans(at, e, NULL, 0, idle) AS spans FROM {touches} GROUP BY c)) ORDER BY 1, 2"
    );
    let expected = [
        ["a", "2026-03-01T10:00:00Z", "2026-03-01T10:01:59Z"],
        ["a", "2026-03-01T10:01:59Z", "2026-03-01T10:02:59Z"],
        ["b", "2026-03-01T10:00:00Z", "NULL"],
    ];
    assert_eq!(rows(&ends).await, expected);
}

#[tokio::test]
async fn filters_and_growing_windows_answer_alike() {
    let touches = "(VALUES ('2026-03-01T10:00:00Z', 'inbound', 1), ('2026-03-02T10:00:00Z', \
                   'resolved', 2), ('2026-03-09T10:00:00Z', 'inbound', 3)) AS v(at, e, n)";
    let count = "array_length(session_spans(at, e, NULL, n)";
    let filtered = format!("SELECT {count} FILTER (WHERE n < 3)), {count}) FROM {touches}");
    assert_eq!(rows(&filtered).await, [["1", "2"]]);
    let growing = format!("SELECT {count} OVER (ORDER BY n)) FROM {touches} ORDER BY n");
    assert_eq!(rows(&growing).await.concat(), ["1", "1", "2"]);
}

#[tokio::test]
async fn what_is_no_event_or_no_time_out_is_refused() {
    let call = |event, idle| {
        format!(
            "SELECT session_spans(at, '{event}', NULL, 1, {idle}) FROM (VALUES \
             ('2026-03-01T10:00:00Z')) AS v(at)"
        )
    };
    let message = failure(&call("Resolved", "NULL")).await;
    assert!(
        message.contains("bad_value:event: expected `inbound`"),
        "{message}"
    );
    let message = failure(&call("opened", "0")).await;
    let expected = "bad_value:idle_timeout_s: expected a positive number of seconds, found `0`";
    assert!(message.contains(expected), "{message}");
}
