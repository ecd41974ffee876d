//! Workflows that fire (domain specification §8.8): every status, once per message, at least once per action.
//!
//! One chatbot with messages of a user and answers of a bot; what the host is asked to do is written down by the test's host.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatlake::{
    ActionFailure, ActionHost, Chatlake, WorkflowAction, WorkflowOptions, WorkflowReport,
};
use chatlake_tests::lakes;
use tokio::sync::Notify;

/// Two messages of a user and an answer; the first message was analysed.
const MESSAGES: &str = r#"{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"m1","sent_at":"2026-03-10T10:00:00Z","sender_type":"customer","content":"I leave"}
{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"m2","sent_at":"2026-03-10T10:00:01Z","sender_type":"bot","content":"Why?"}
{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"m3","sent_at":"2026-03-11T10:00:00Z","sender_type":"customer","content":"Too slow"}
{"type":"annotation","chatbot_id":"b","conversation_id":"c1","message_id":"m1","annotated_at":"2026-03-10T10:00:05Z","sentiment":{"score":-0.8},"behavior_flags":["churn_risk"]}
"#;

/// The conditions that `m1` fulfils.
const CHURN: &str = r#"{"op":"and","all":[{"kind":"flag","cmp":"detected","value":"churn_risk"}]}"#;

/// A workflow `id` of the chatbot `b`.
fn workflow(id: &str, trigger: &str, conditions: &str, actions: &str, status: &str) -> String {
    format!(
        r#"{{"type":"workflow","chatbot_id":"b","workflow_id":"{id}","name":"Name of {id}","trigger":"{trigger}","conditions":{conditions},"actions":{actions},"status":"{status}"}}"#
    )
}

/// The usual workflow: one action for a user's message with a risk of churn.
fn churn_alert() -> String {
    workflow("w", "user_message", CHURN, r#"[{"kind":"ping"}]"#, "active")
}

async fn lake(records: &[&str]) -> Chatlake {
    let chatlake = lakes::in_memory().await;
    for records in records {
        ingest(&chatlake, records).await;
    }
    chatlake
}

async fn ingest(chatlake: &Chatlake, records: &str) {
    let report = lakes::ingest_text(chatlake, records).await.unwrap();
    assert_eq!(report.rejected, 0, "{report:?}");
}

/// A host that answers as the test says and remembers what it was asked.
struct Host<F> {
    answer: F,
    asked: Mutex<Vec<WorkflowAction>>,
}

impl<F: Fn(&WorkflowAction) -> Result<(), ActionFailure> + Send + Sync> Host<F> {
    fn new(answer: F) -> Self {
        Self {
            answer,
            asked: Mutex::default(),
        }
    }

    /// Workflow, message, place and try of every action so far.
    fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        let line = |action: &WorkflowAction| {
            let WorkflowAction {
                workflow_id,
                message_id,
                position,
                attempt,
                ..
            } = action;
            format!("{workflow_id} {message_id} {position} {attempt}")
        };
        asked.iter().map(line).collect()
    }
}

#[async_trait]
impl<F: Fn(&WorkflowAction) -> Result<(), ActionFailure> + Send + Sync> ActionHost for Host<F> {
    async fn run(&self, action: &WorkflowAction) -> Result<(), ActionFailure> {
        self.asked.lock().unwrap().push(action.clone());
        // other runs of the group, and other calls, may go on here
        tokio::task::yield_now().await;
        (self.answer)(action)
    }
}

async fn run(chatlake: &Chatlake, host: &dyn ActionHost) -> WorkflowReport {
    run_with(chatlake, host, WorkflowOptions::default()).await
}

async fn run_with(
    chatlake: &Chatlake,
    host: &dyn ActionHost,
    options: WorkflowOptions,
) -> WorkflowReport {
    chatlake.run_workflows("b", host, &options).await.unwrap()
}

/// Workflow, message, status and error of each run.
async fn runs(chatlake: &Chatlake) -> Vec<[String; 4]> {
    let sql = "SELECT workflow_id, message_id, status, error FROM workflow_runs ORDER BY workflow_id, message_id";
    let rows = lakes::ask(&chatlake.session(), sql).await.unwrap();
    rows.into_iter()
        .map(|row| row.try_into().unwrap())
        .collect()
}

/// The statuses that each run went through, by workflow; times must strictly increase.
async fn walks(chatlake: &Chatlake) -> BTreeMap<String, String> {
    let sql = "SELECT run_id, workflow_id, status, updated_at, occurred_at FROM stored.workflow_runs ORDER BY run_id, updated_at";
    let mut walks: BTreeMap<String, String> = BTreeMap::new();
    let mut last: Option<Vec<String>> = None;
    for row in lakes::ask(&chatlake.session(), sql).await.unwrap() {
        if let Some(last) = last.filter(|last| last[0] == row[0]) {
            assert_ne!(last[3], row[3], "two versions at one time");
            assert_eq!(last[4], row[4], "a run began once");
        }
        let walk = walks.entry(row[1].clone()).or_default();
        walk.push_str(&[" ", &row[2]].concat());
        last = Some(row);
    }
    walks
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_walks_from_pending_to_its_end() {
    let both = r#"[{"kind":"ping","url":"https://hooks.test/1"},{"kind":"mail"}]"#;
    let records = [
        workflow("good", "user_message", CHURN, both, "active"),
        workflow("bad", "user_message", CHURN, both, "active"),
        workflow("idle", "user_message", CHURN, "[]", "active"),
        workflow("off", "user_message", CHURN, both, "inactive"),
    ];
    let chatlake = lake(&[MESSAGES, &records.join("\n")]).await;
    let host = Host::new(
        |action: &WorkflowAction| match action.workflow_id.as_str() {
            "bad" if action.position == 0 => Err(ActionFailure::permanent("no such address")),
            _ => Ok(()),
        },
    );
    let report = run(&chatlake, &host).await;
    let expected = WorkflowReport {
        success_count: 1,
        failed_count: 1,
        skipped_count: 2,
        ..WorkflowReport::default()
    };
    assert_eq!(report, expected);
    let line = |workflow: &str, status: &str, error: &str| {
        [workflow, "m1", status, error].map(str::to_owned)
    };
    assert_eq!(
        runs(&chatlake).await,
        [
            line("bad", "failed", "action 1: no such address"),
            line("good", "success", "NULL"),
            line("idle", "skipped", "NULL"),
            line("off", "skipped", "NULL"),
        ]
    );
    let walks = walks(&chatlake).await;
    assert_eq!(walks["good"], " pending triggered success");
    assert_eq!(walks["bad"], " pending triggered failed");
    assert_eq!(walks["idle"], " skipped");
    let asked = host.asked.into_inner().unwrap();
    let first = asked
        .iter()
        .find(|action| action.workflow_id == "good")
        .unwrap();
    assert_eq!(first.action["url"], "https://hooks.test/1");
    assert_eq!(
        (first.chatbot_id.as_str(), first.conversation_id.as_str()),
        ("b", "c1")
    );
    assert_eq!(first.workflow_name.as_deref(), Some("Name of good"));
    assert!(first.run_id.starts_with("h_") && first.run_id.len() == 34);
    // an action that failed does not keep the next one from being tried
    assert!(
        asked
            .iter()
            .any(|action| action.workflow_id == "bad" && action.position == 1)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_fires_a_workflow_once_however_often_it_is_analysed() {
    let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    assert_eq!(run(&chatlake, &host).await.success_count, 1);
    assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
    let again = r#"{"type":"annotation","chatbot_id":"b","conversation_id":"c1","message_id":"m1","annotated_at":"2026-03-12T10:00:00Z","sentiment":{"score":-0.9},"behavior_flags":["churn_risk","frustration"]}"#;
    ingest(&chatlake, again).await;
    ingest(&chatlake, &churn_alert().replace("ping", "pong")).await;
    assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
    assert_eq!(host.asked(), ["w m1 0 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_waits_until_every_kind_is_known() {
    let conditions = r#"{"op":"or","all":[{"kind":"flag","cmp":"detected","value":"churn_risk"},{"kind":"intent","cmp":"=","value":"cancel"}]}"#;
    let records = workflow("w", "user_message", conditions, "[1]", "active");
    let chatlake = lake(&[MESSAGES, &records]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
    let intent = r#"{"type":"annotation","chatbot_id":"b","conversation_id":"c1","message_id":"m1","annotated_at":"2026-03-10T11:00:00Z","intent":"complain"}"#;
    ingest(&chatlake, intent).await;
    assert_eq!(run(&chatlake, &host).await.success_count, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trigger_is_the_role_of_the_message() {
    let all = r#"{"op":"and","all":[]}"#;
    let records = [
        workflow("users", "user_message", all, "[1]", "active"),
        workflow("answers", "assistant_message", all, "[1]", "active"),
        workflow("any", "any_message", all, "[1]", "active"),
    ];
    let hidden = r#"{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"x1","sent_at":"2026-03-10T10:00:00Z","sender_type":"system","content":"s"}
{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"x2","sent_at":"2026-03-10T10:00:00Z","sender_type":"agent","agent_id":"a","is_private":true,"content":"note"}
{"type":"message","chatbot_id":"b","conversation_id":"c1","message_id":"x3","sent_at":"2026-03-10T10:00:00Z","sender_type":"broadcast","content":"ad"}"#;
    let chatlake = lake(&[MESSAGES, hidden, &records.join("\n")]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    assert_eq!(run(&chatlake, &host).await.success_count, 6);
    let mut asked = host.asked();
    asked.sort();
    let expected = [
        "answers m2",
        "any m1",
        "any m2",
        "any m3",
        "users m1",
        "users m3",
    ];
    assert_eq!(asked, expected.map(|line| [line, " 0 1"].concat()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_that_fails_is_tried_again() {
    let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
    let host = Host::new(|action: &WorkflowAction| match action.attempt {
        3 => Ok(()),
        _ => Err(ActionFailure::new("busy")),
    });
    assert_eq!(run(&chatlake, &host).await.success_count, 1);
    assert_eq!(host.asked(), ["w m1 0 1", "w m1 0 2", "w m1 0 3"]);

    let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
    let options = WorkflowOptions {
        retry_count_max: 1,
        ..WorkflowOptions::default()
    };
    let host = Host::new(|action: &WorkflowAction| {
        Err(ActionFailure::new(format!(
            "busy at try {}",
            action.attempt
        )))
    });
    assert_eq!(run_with(&chatlake, &host, options).await.failed_count, 1);
    assert_eq!(runs(&chatlake).await[0][3], "action 1: busy at try 2");
    // a failed run is an end
    assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
}

/// A host that never comes back, and says that it was called.
struct Stuck(Notify);

#[async_trait]
impl ActionHost for Stuck {
    async fn run(&self, _: &WorkflowAction) -> Result<(), ActionFailure> {
        self.0.notify_one();
        pending().await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_that_takes_too_long_has_failed() {
    let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
    let options = WorkflowOptions {
        action_timeout_ms: 1,
        ..WorkflowOptions::default()
    };
    let host = Stuck(Notify::new());
    assert_eq!(run_with(&chatlake, &host, options).await.failed_count, 1);
    let error = &runs(&chatlake).await[0][3];
    assert!(error.contains("`action_timeout_ms` = 1"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_call_left_behind_is_taken_up_by_the_next_one() {
    // a host that panics, and a call that is dropped while the host works
    for panics in [true, false] {
        let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
        let stuck = Arc::new(Stuck(Notify::new()));
        let crashed = tokio::spawn({
            let (chatlake, stuck) = (chatlake.clone(), Arc::clone(&stuck));
            async move {
                if panics {
                    run(
                        &chatlake,
                        &Host::new(|_: &WorkflowAction| panic!("the host crashed")),
                    )
                    .await;
                } else {
                    run(&chatlake, stuck.as_ref()).await;
                }
            }
        });
        if !panics {
            stuck.0.notified().await;
            crashed.abort();
        }
        let error = crashed.await.unwrap_err();
        assert_eq!(error.is_panic(), panics, "{error}");
        assert_eq!(runs(&chatlake).await[0][2], "triggered");

        let host = Host::new(|_: &WorkflowAction| Ok(()));
        let report = run(&chatlake, &host).await;
        assert_eq!((report.success_count, report.resumed_count), (1, 1));
        assert_eq!(
            walks(&chatlake).await["w"],
            " pending triggered triggered success"
        );
        assert_eq!(host.asked(), ["w m1 0 1"]);
        assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_taken_up_has_the_same_keys_and_todays_actions() {
    let chatlake = lake(&[MESSAGES, &churn_alert()]).await;
    let keys = Arc::new(Mutex::new(Vec::new()));
    let crash = tokio::spawn({
        let (chatlake, keys) = (chatlake.clone(), Arc::clone(&keys));
        async move {
            let host = Host::new(|action: &WorkflowAction| {
                keys.lock().unwrap().push(action.key());
                panic!("the host crashed")
            });
            run(&chatlake, &host).await;
        }
    });
    crash.await.unwrap_err();
    let host = Host::new(|action: &WorkflowAction| {
        keys.lock().unwrap().push(action.key());
        Ok(())
    });
    run(&chatlake, &host).await;
    {
        let keys = keys.lock().unwrap();
        assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
        assert!(keys[0].ends_with("/0"), "{}", keys[0]);
    }
    // a run that was left behind by a workflow that is inactive by now has nothing to do any more
    let run_id = "h_1708e0ffd2edf299999d746abd15980a";
    let left = format!(
        r#"{{"type":"workflow_run","chatbot_id":"b","run_id":"{run_id}","workflow_id":"w1","status":"pending","occurred_at":"2026-03-12T10:00:00Z","conversation_id":"c1","message_id":"m1"}}"#
    );
    let off = workflow("w1", "user_message", CHURN, "[1]", "inactive");
    ingest(&chatlake, &[left, off].join("\n")).await;
    let report = run(&chatlake, &host).await;
    assert_eq!((report.skipped_count, report.resumed_count), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_at_the_same_time_do_each_action_once() {
    let all = r#"{"op":"and","all":[]}"#;
    let records = workflow("w", "any_message", all, "[1,2]", "active");
    let chatlake = lake(&[MESSAGES, &records]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    let (first, second) = tokio::join!(run(&chatlake, &host), run(&chatlake, &host));
    assert_eq!(first.success_count + second.success_count, 3);
    let mut asked = host.asked();
    let count = asked.len();
    asked.sort();
    asked.dedup();
    assert_eq!((count, asked.len()), (6, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_takes_on_a_bounded_number_of_runs_the_oldest_messages_first() {
    let all = r#"{"op":"and","all":[]}"#;
    let records = workflow("w", "any_message", all, "[1]", "active");
    let chatlake = lake(&[MESSAGES, &records]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    let options = WorkflowOptions {
        run_count_max: 2,
        ..WorkflowOptions::default()
    };
    let first = run_with(&chatlake, &host, options).await;
    assert_eq!((first.success_count, first.has_more), (2, true));
    let second = run_with(&chatlake, &host, options).await;
    assert_eq!((second.success_count, second.has_more), (1, false));
    assert_eq!(host.asked()[2], "w m3 0 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_before_the_given_instant_do_not_fire() {
    let all = r#"{"op":"and","all":[]}"#;
    let records = workflow("w", "any_message", all, "[1]", "active");
    let chatlake = lake(&[MESSAGES, &records]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    let options = WorkflowOptions {
        // 2026-03-11T10:00:00Z, when m3 was sent
        sent_since_micros: Some(1_773_223_200_000_000),
        ..WorkflowOptions::default()
    };
    run_with(&chatlake, &host, options).await;
    assert_eq!(host.asked(), ["w m3 0 1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workflow_that_cannot_be_used_is_named_and_stops_no_other() {
    let records = [
        workflow(
            "a",
            "user_message",
            r#"{"op":"xor","all":[]}"#,
            "[1]",
            "active",
        ),
        workflow("b", "sometimes", CHURN, "[1]", "active"),
        churn_alert(),
    ];
    let chatlake = lake(&[MESSAGES, &records.join("\n")]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    let report = run(&chatlake, &host).await;
    assert_eq!(report.success_count, 1);
    let refused: Vec<&str> = report
        .refused
        .iter()
        .map(|refused| refused.workflow_id.as_str())
        .collect();
    assert_eq!(refused, ["a", "b"]);
    assert!(
        report.refused[0].reason.contains("`op` `and` or `or`"),
        "{report:?}"
    );
    assert!(
        report.refused[1].reason.contains("found `sometimes`"),
        "{report:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_somebody_else_recorded_is_not_repeated_nor_taken_up() {
    // as the reference data does it: an id of one's own, and a last version that does not name the message
    let recorded = r#"{"type":"workflow_run","chatbot_id":"b","run_id":"r1","workflow_id":"w","status":"pending","occurred_at":"2026-03-10T10:00:10Z","conversation_id":"c1","message_id":"m1"}
{"type":"workflow_run","chatbot_id":"b","run_id":"r1","workflow_id":"w","status":"triggered","occurred_at":"2026-03-10T10:00:10Z","updated_at":"2026-03-10T10:00:11Z"}"#;
    let chatlake = lake(&[MESSAGES, &churn_alert(), recorded]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    assert_eq!(run(&chatlake, &host).await, WorkflowReport::default());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chatbot_fires_its_own_workflows_on_its_own_messages() {
    let other = MESSAGES.replace(r#""chatbot_id":"b""#, r#""chatbot_id":"other""#);
    let chatlake = lake(&[MESSAGES, &other, &churn_alert()]).await;
    let host = Host::new(|_: &WorkflowAction| Ok(()));
    let nothing = chatlake
        .run_workflows("other", &host, &WorkflowOptions::default())
        .await
        .unwrap();
    assert_eq!(nothing, WorkflowReport::default());
    assert_eq!(run(&chatlake, &host).await.success_count, 1);
    assert_eq!(host.asked(), ["w m1 0 1"]);
}
