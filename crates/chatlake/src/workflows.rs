//! Workflows that fire: what the conditions of a chatbot's workflows match is handed to the host, and written down as runs
//! (domain specification §8.8).
//!
//! 1. Runs that a former call left unfinished are taken up, then messages that are *due*: the workflow's trigger fits the
//!    message's role, every kind that the conditions name is known of it, the conditions hold, and no run of this workflow
//!    about this message was ever recorded.
//! 2. New runs are recorded as `pending`; those of an inactive workflow, or of one without actions, as `skipped`, and that
//!    is their end.
//! 3. Group by group, runs are recorded as `triggered`, then their actions are given to the [`ActionHost`], one after
//!    another within a run, the runs of a group at the same time. An action that fails is tried again.
//! 4. The group's runs are recorded as `success`, or as `failed` with the reasons, when an action failed to the last.
//!
//! Guarantees:
//! * a run's id is the hash of workflow, conversation and message, so an analysis that comes again fires nothing again;
//! * no action starts before its run is recorded as `triggered`. A call that ends in the middle (a crash, a panic of the
//!   host, a future that is dropped, a lake that cannot be written) leaves runs `pending` or `triggered`, and the next call
//!   takes them up: each action of such a run is given to the host again. So an action is run *at least once*; a host
//!   that must not act twice remembers [`WorkflowAction::key`], which is the same each time;
//! * `updated_at` of a run strictly increases, also when the clock stands still;
//! * one call at a time works on an open lake, later ones wait. Two *processes* must not call it for one lake at the same
//!   time: each load takes the writer's lease, but a run lasts longer than a load;
//! * the database opens no network connection: everything an action does, the host does.

mod actions;
mod find;
mod record;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use chatlake_types::AccessScope;
use futures::future::join_all;

use crate::Result;
use crate::database::Chatlake;
use actions::perform;
use find::{Workflow, find};
use record::{Outcome, Run, record};

/// Does what the actions of workflows say.
#[async_trait]
pub trait ActionHost: Send + Sync {
    /// Does one action. It may have been done before, when a former call ended in the middle: see [`WorkflowAction::key`].
    ///
    /// # Errors
    /// Why it could not be done; it is tried again as often as the options say.
    async fn run(&self, action: &WorkflowAction) -> Result<(), ActionFailure>;
}

/// One action of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowAction {
    /// The chatbot.
    pub chatbot_id: String,
    /// The workflow.
    pub workflow_id: String,
    /// The workflow's name, if it has one.
    pub workflow_name: Option<String>,
    /// The run.
    pub run_id: String,
    /// The conversation of the message.
    pub conversation_id: String,
    /// The message that fired the workflow.
    pub message_id: String,
    /// Place of the action among the workflow's, from 0.
    pub position: usize,
    /// How often it has been tried in this call, this time included.
    pub attempt: u32,
    /// What the workflow says: the action's JSON.
    pub action: serde_json::Value,
}

impl WorkflowAction {
    /// The same text whenever the same action of the same run is given to the host: run and place.
    pub fn key(&self) -> String {
        format!("{}/{}", self.run_id, self.position)
    }
}

/// Why an action was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFailure {
    /// What is written down, when it is the last one: one sentence, at most a few thousand characters of it.
    pub reason: String,
    /// Whether trying again may help.
    pub may_be_tried_again: bool,
}

impl ActionFailure {
    /// A failure that may pass: the action is tried again.
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            may_be_tried_again: true,
        }
    }

    /// A failure that will not pass: the action is not tried again.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            may_be_tried_again: false,
        }
    }
}

impl fmt::Display for ActionFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ActionFailure {}

/// How workflows are run, and the limits of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkflowOptions {
    /// Tries of an action after the first one. They follow at once; a host that wants to wait does so inside of its action.
    pub retry_count_max: u32,
    /// Longest time of one try, in ms; 0 for no limit. What takes longer is dropped and counts as failed.
    pub action_timeout_ms: u64,
    /// Runs that one call takes on; [`WorkflowReport::has_more`] says whether more are due.
    pub run_count_max: usize,
    /// Runs whose actions are given to the host at the same time; at least 1.
    pub concurrent_run_count_max: usize,
    /// Only messages sent at or after this instant fire, in µs since 1970-01-01T00:00:00Z. Without it a workflow fires for
    /// every message that ever matched, and every call looks at all of them.
    pub sent_since_micros: Option<i64>,
}

impl Default for WorkflowOptions {
    fn default() -> Self {
        Self {
            retry_count_max: 2,
            action_timeout_ms: 30_000,
            run_count_max: 1_000,
            concurrent_run_count_max: 8,
            sent_since_micros: None,
        }
    }
}

/// What a call did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkflowReport {
    /// Runs whose actions were all done.
    pub success_count: u64,
    /// Runs of which an action failed to the last.
    pub failed_count: u64,
    /// Runs of inactive workflows, or of such without actions.
    pub skipped_count: u64,
    /// How many of all these a former call had left unfinished.
    pub resumed_count: u64,
    /// Whether more runs are due than `run_count_max` allowed.
    pub has_more: bool,
    /// Workflows that fire for nothing until somebody mends them.
    pub refused: Vec<RefusedWorkflow>,
}

/// A workflow whose definition cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedWorkflow {
    /// The workflow.
    pub workflow_id: String,
    /// What was expected and found.
    pub reason: String,
}

impl Chatlake {
    /// Lets the workflows of a chatbot fire; see the documentation of [`WorkflowOptions`] and [`ActionHost`]. To be called
    /// after messages or annotations were taken in, or now and then.
    ///
    /// # Errors
    /// When the lake cannot be read or written, or somebody else is writing. Runs that began are taken up by the next call.
    pub async fn run_workflows(
        &self,
        chatbot_id: &str,
        host: &dyn ActionHost,
        options: &WorkflowOptions,
    ) -> Result<WorkflowReport> {
        let _turn = self.workflow_turn().lock().await;
        let session = self.session_with_scope(AccessScope::Tenants {
            accounts: BTreeSet::new(),
            chatbots: BTreeSet::from([chatbot_id.to_owned()]),
        });
        let found = find(&session, options).await?;
        let mut firing = Firing {
            database: self,
            chatbot_id,
            host,
            options,
            workflows: found.workflows,
            report: WorkflowReport {
                resumed_count: found.resumed.len() as u64,
                has_more: found.has_more,
                refused: found.refused,
                ..WorkflowReport::default()
            },
        };
        let mut runs = firing.begin(found.resumed, found.due).await?;
        for group in runs.chunks_mut(options.concurrent_run_count_max.max(1)) {
            firing.fire(group).await?;
        }
        Ok(firing.report)
    }
}

/// A call on its way.
struct Firing<'a> {
    database: &'a Chatlake,
    chatbot_id: &'a str,
    host: &'a dyn ActionHost,
    options: &'a WorkflowOptions,
    workflows: BTreeMap<String, Workflow>,
    report: WorkflowReport,
}

impl Firing<'_> {
    /// Records that runs began, and that those without anything to do are skipped; the others are given back.
    async fn begin(&mut self, resumed: Vec<Run>, due: Vec<Run>) -> Result<Vec<Run>> {
        let has_actions = |run: &Run| {
            let workflow = self.workflows.get(&run.workflow_id);
            workflow.is_some_and(|workflow| workflow.is_active && !workflow.actions.is_empty())
        };
        let (mut runs, mut skipped): (Vec<_>, Vec<_>) = resumed.into_iter().partition(has_actions);
        let (mut pending, nothing_to_do): (Vec<_>, Vec<_>) = due.into_iter().partition(has_actions);
        skipped.extend(nothing_to_do);
        self.report.skipped_count += skipped.len() as u64;
        for run in &mut pending {
            run.outcome = Outcome::Pending;
        }
        for run in &mut skipped {
            run.outcome = Outcome::Skipped;
        }
        let mut changed = pending.iter_mut().chain(&mut skipped).collect::<Vec<_>>();
        record(self.database, self.chatbot_id, &mut changed).await?;
        runs.extend(pending);
        Ok(runs)
    }

    /// Gives the actions of a group of runs to the host, and records what came of it.
    async fn fire(&mut self, group: &mut [Run]) -> Result<()> {
        let mut group: Vec<&mut Run> = group.iter_mut().collect();
        for run in &mut group {
            run.outcome = Outcome::Triggered;
        }
        record(self.database, self.chatbot_id, &mut group).await?;
        let performing = group.iter().map(|run| {
            let workflow = self.workflows.get(&run.workflow_id);
            perform(self.host, self.options, self.chatbot_id, workflow, run)
        });
        let outcomes = join_all(performing).await;
        for (run, outcome) in group.iter_mut().zip(outcomes) {
            match outcome {
                Outcome::Failed(_) => self.report.failed_count += 1,
                _ => self.report.success_count += 1,
            }
            run.outcome = outcome;
        }
        record(self.database, self.chatbot_id, &mut group).await
    }
}
