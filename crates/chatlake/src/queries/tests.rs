//! Turns, limits and the list of queries.

use chatlake_types::FixedClock;

use super::*;

fn queries(settings: Settings) -> Arc<Queries> {
    Queries::new(Arc::new(FixedClock(7)), &settings, None)
}

fn origin(user: &str) -> QueryOrigin {
    QueryOrigin {
        user: Some(user.into()),
        label: Some("label".into()),
        sql: "SELECT\n  1".into(),
        ..QueryOrigin::default()
    }
}

fn one_at_a_time() -> Settings {
    Settings {
        query_concurrent_max: 1,
        query_queue_max: 1,
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_query_is_listed_while_it_runs_and_afterwards() {
    let queries = queries(Settings {
        query_history_count: 2,
        ..Settings::default()
    });
    let mut running = queries.admit(&origin("a"), true).await.unwrap();
    running.count(3, 100);
    let list = queries.list();
    let [only] = list.as_slice() else {
        panic!("{list:?}")
    };
    assert_eq!(
        (only.state, only.row_count, only.origin.sql.as_ref()),
        (QueryState::Running, 3, "SELECT 1")
    );
    running.finished();
    drop(running);
    for _ in 0..2 {
        drop(queries.admit(&origin("b"), true).await.unwrap());
    }
    let list = queries.list();
    let states: Vec<_> = list.iter().map(|query| (query.id, query.state)).collect();
    assert_eq!(
        states,
        [(2, QueryState::Cancelled), (3, QueryState::Cancelled)],
        "the oldest made room"
    );
}

#[tokio::test]
async fn who_waits_too_long_or_behind_too_many_is_told_the_setting() {
    for (queue_max, setting) in [(0, "`query_queue_max`"), (1, "`query_queue_timeout_ms`")] {
        let queries = queries(Settings {
            query_queue_max: queue_max,
            query_queue_timeout_ms: 1,
            ..one_at_a_time()
        });
        let first = queries.admit(&origin("a"), true).await.unwrap();
        let refused = queries.admit(&origin("b"), true).await.unwrap_err();
        assert!(refused.to_string().contains(setting), "{refused}");
        assert_eq!(refused.code(), ErrorCode::LimitReached);
        let system = queries.admit(&origin("c"), false).await;
        assert!(system.is_ok(), "questions about the lake do not wait");
        drop(first);
        assert!(queries.admit(&origin("d"), true).await.is_ok());
    }
}

#[tokio::test]
async fn who_waits_gets_the_next_turn() {
    let queries = queries(one_at_a_time());
    let first = queries.admit(&origin("a"), true).await.unwrap();
    let second = origin("b");
    let mut waiting = std::pin::pin!(queries.admit(&second, true));
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    assert_eq!(queries.list()[1].state, QueryState::Queued);
    drop(first);
    waiting.await.unwrap();
}

#[tokio::test]
async fn only_who_may_stop_a_query_can() {
    let queries = queries(Settings::default());
    let mut running = queries.admit(&origin("a"), true).await.unwrap();
    assert!(!queries.kill("q1", |origin| origin.user.as_deref() == Some("b")));
    assert!(!queries.kill("q9", |_| true));
    assert!(queries.kill("q1", |origin| origin.user.as_deref() == Some("a")));
    running.stop_signal().await;
    let error = running.stopped();
    let error = running.failed(error);
    assert_eq!(error.to_string(), "the query `q1` was stopped by KILL");
    drop(running);
    assert_eq!(queries.list()[0].state, QueryState::Killed);
    let cancelled = queries.admit(&origin("a"), true).await.unwrap();
    assert_eq!((queries.cancel("other"), queries.cancel("label")), (0, 1));
    cancelled.stop_signal().await;
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let cut = shortened(&"é ".repeat(10_000));
    assert_eq!(cut.chars().count(), SQL_CHARACTERS_MAX + 1);
    assert!(cut.ends_with('…'));
    assert_eq!(shortened(""), "");
}
