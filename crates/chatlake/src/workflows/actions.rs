//! The actions of one run: given to the host in their order, tried again when they fail.
//!
//! Guarantees: an action that fails to the last does not keep the others of its run from being tried; a try ends after
//! `action_timeout_ms`.

use std::time::Duration;

use super::find::Workflow;
use super::record::{Outcome, Run};
use super::{ActionFailure, ActionHost, WorkflowAction, WorkflowOptions};

/// Gives all actions of a run to the host.
pub(super) async fn perform(
    host: &dyn ActionHost,
    options: &WorkflowOptions,
    chatbot_id: &str,
    workflow: Option<&Workflow>,
    run: &Run,
) -> Outcome {
    let mut failures = Vec::new();
    let actions = workflow.into_iter().flat_map(|workflow| &workflow.actions);
    for (position, action) in actions.enumerate() {
        let mut action = WorkflowAction {
            chatbot_id: chatbot_id.to_owned(),
            workflow_id: run.workflow_id.clone(),
            workflow_name: workflow.and_then(|workflow| workflow.name.clone()),
            run_id: run.run_id.clone(),
            conversation_id: run.conversation_id.clone(),
            message_id: run.message_id.clone(),
            position,
            attempt: 0,
            action: action.clone(),
        };
        if let Err(failure) = attempt(host, options, &mut action).await {
            failures.push(format!("action {}: {failure}", position + 1));
        }
    }
    if failures.is_empty() {
        return Outcome::Success;
    }
    Outcome::Failed(failures.join("; "))
}

/// Tries an action until it is done or the tries are used up; the last failure.
async fn attempt(
    host: &dyn ActionHost,
    options: &WorkflowOptions,
    action: &mut WorkflowAction,
) -> Result<(), ActionFailure> {
    loop {
        action.attempt += 1;
        match try_once(host, options.action_timeout_ms, action).await {
            Err(failure)
                if failure.may_be_tried_again && action.attempt <= options.retry_count_max => {}
            done => return done,
        }
    }
}

async fn try_once(
    host: &dyn ActionHost,
    timeout_ms: u64,
    action: &WorkflowAction,
) -> Result<(), ActionFailure> {
    if timeout_ms == 0 {
        return host.run(action).await;
    }
    let limit = Duration::from_millis(timeout_ms);
    let done = tokio::time::timeout(limit, host.run(action)).await;
    done.unwrap_or_else(|_| {
        Err(ActionFailure::new(format!(
            "it took longer than `action_timeout_ms` = {timeout_ms} allows"
        )))
    })
}
