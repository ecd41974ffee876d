//! What a call has to do: the workflows of the chatbot, runs that were left unfinished, and messages that are due.
//!
//! Guarantees: a workflow whose definition cannot be used is named and keeps no other one from firing; at most
//! `run_count_max` runs are taken on, unfinished ones first, then by workflow and the oldest message first.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::TimestampMicrosecondType;
use chatlake_analytics::{DUE_MESSAGES_SQL, REGISTERED_WORKFLOWS_SQL, UNFINISHED_RUNS_SQL};
use chatlake_functions::condition::Condition;
use chatlake_ingest::workflow_run_id;
use datafusion::common::ParamValues;
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use serde_json::Value;

use super::record::{Outcome, Run, Written};
use super::{RefusedWorkflow, WorkflowOptions};
use crate::catalog::instant;
use crate::session::Session;
use crate::{Error, Result};

/// The earliest instant of the calendar of SQL text, 0001-01-01T00:00:00Z, in µs.
const BEGIN_OF_TIME_MICROS: i64 = -62_135_596_800_000_000;

/// What there is to do.
#[derive(Debug)]
pub(super) struct Found {
    /// All workflows of the chatbot by id.
    pub(super) workflows: BTreeMap<String, Workflow>,
    /// Runs that a former call left unfinished.
    pub(super) resumed: Vec<Run>,
    /// New runs.
    pub(super) due: Vec<Run>,
    /// Is there more?
    pub(super) has_more: bool,
    /// Workflows that cannot fire.
    pub(super) refused: Vec<RefusedWorkflow>,
}

/// A workflow as it is registered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Workflow {
    /// Its name.
    pub(super) name: Option<String>,
    /// Its actions; none when there is nothing to do.
    pub(super) actions: Vec<Value>,
    /// May it act?
    pub(super) is_active: bool,
    /// What fires it, or why nothing does.
    matching: Result<Matching, String>,
}

/// What fires a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Matching {
    is_for_users: bool,
    is_for_answers: bool,
    conditions: String,
}

/// Looks for everything there is to do in the chatbot that the session sees.
pub(super) async fn find(session: &Session, options: &WorkflowOptions) -> Result<Found> {
    let mut found = Found {
        workflows: registered(session).await?,
        resumed: Vec::new(),
        due: Vec::new(),
        has_more: false,
        refused: Vec::new(),
    };
    // one more than may be taken on: whether it is there says whether more are due
    let wanted = options.run_count_max.saturating_add(1);
    found.resumed = unfinished(session, wanted).await?;
    let since = options.sent_since_micros.unwrap_or(BEGIN_OF_TIME_MICROS);
    for (workflow_id, workflow) in &found.workflows {
        match &workflow.matching {
            Err(reason) => found.refused.push(RefusedWorkflow {
                workflow_id: workflow_id.clone(),
                reason: reason.clone(),
            }),
            Ok(matching) => {
                let room = wanted - (found.resumed.len() + found.due.len()).min(wanted);
                if room > 0 {
                    let messages = due(session, workflow_id, matching, since, room).await?;
                    found.due.extend(messages);
                }
            }
        }
    }
    found.has_more = found.resumed.len() + found.due.len() > options.run_count_max;
    found.resumed.truncate(options.run_count_max);
    found
        .due
        .truncate(options.run_count_max - found.resumed.len());
    Ok(found)
}

async fn registered(session: &Session) -> Result<BTreeMap<String, Workflow>> {
    let batches = session
        .query(REGISTERED_WORKFLOWS_SQL)
        .await?
        .collect()
        .await?;
    let mut workflows = BTreeMap::new();
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cell = |name| text(batch, name, row);
            let workflow = Workflow {
                name: cell("name")?,
                is_active: cell("status")?.as_deref() != Some("inactive"),
                actions: actions(cell("actions")?.as_deref()),
                matching: matching(cell("trigger")?.as_deref(), cell("conditions")?),
            };
            let workflow_id = cell("workflow_id")?.unwrap_or_default();
            workflows.insert(workflow_id, workflow);
        }
    }
    Ok(workflows)
}

/// The list's items; one action that is no list is a list of one.
fn actions(json: Option<&str>) -> Vec<Value> {
    match json.map(serde_json::from_str) {
        None | Some(Err(_) | Ok(Value::Null)) => Vec::new(),
        Some(Ok(Value::Array(actions))) => actions,
        Some(Ok(action)) => vec![action],
    }
}

fn matching(trigger: Option<&str>, conditions: Option<String>) -> Result<Matching, String> {
    let (is_for_users, is_for_answers) = match trigger {
        Some("user_message") => (true, false),
        Some("assistant_message") => (false, true),
        Some("any_message") => (true, true),
        other => {
            return Err(format!(
                "expected the trigger `user_message`, `assistant_message` or `any_message`, found `{}`",
                other.unwrap_or("NULL")
            ));
        }
    };
    let conditions = conditions.ok_or_else(|| "expected conditions, found none".to_owned())?;
    Condition::parse(&conditions).map_err(|error| error.to_string())?;
    Ok(Matching {
        is_for_users,
        is_for_answers,
        conditions,
    })
}

/// Runs of ours that began and did not end; those that somebody else recorded have other ids.
async fn unfinished(session: &Session, count_max: usize) -> Result<Vec<Run>> {
    let mut batches = session.query(UNFINISHED_RUNS_SQL).await?.stream().await?;
    let mut runs = Vec::new();
    while let Some(batch) = batches.try_next().await.map_err(Error::from)? {
        for row in 0..batch.num_rows() {
            let cell = |name| Ok::<_, Error>(text(&batch, name, row)?.unwrap_or_default());
            let run = Run {
                run_id: cell("run_id")?,
                workflow_id: cell("workflow_id")?,
                conversation_id: cell("conversation_id")?,
                message_id: cell("message_id")?,
                written: Some(Written {
                    occurred_at_micros: micros(&batch, "occurred_at", row)?,
                    updated_at_micros: micros(&batch, "updated_at", row)?,
                }),
                outcome: Outcome::Pending,
            };
            if run.run_id
                == workflow_run_id(&run.workflow_id, &run.conversation_id, &run.message_id)
            {
                runs.push(run);
            }
            if runs.len() == count_max {
                return Ok(runs);
            }
        }
    }
    Ok(runs)
}

/// New runs of a workflow.
async fn due(
    session: &Session,
    workflow_id: &str,
    matching: &Matching,
    since_micros: i64,
    count_max: usize,
) -> Result<Vec<Run>> {
    let row_count_max = i64::try_from(count_max).unwrap_or(i64::MAX);
    let values = [
        ("workflow_id", ScalarValue::from(workflow_id)),
        (
            "conditions",
            ScalarValue::from(matching.conditions.as_str()),
        ),
        ("is_for_users", ScalarValue::from(matching.is_for_users)),
        ("is_for_answers", ScalarValue::from(matching.is_for_answers)),
        ("sent_since", instant(since_micros)),
        ("row_count_max", ScalarValue::from(row_count_max)),
    ];
    let values: HashMap<_, _> = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let query = session
        .query_with(DUE_MESSAGES_SQL, Some(ParamValues::Map(values)))
        .await?;
    let mut runs = Vec::new();
    for batch in query.collect().await? {
        for row in 0..batch.num_rows() {
            let cell = |name| Ok::<_, Error>(text(&batch, name, row)?.unwrap_or_default());
            let (conversation_id, message_id) = (cell("conversation_id")?, cell("message_id")?);
            runs.push(Run::new(workflow_id, conversation_id, message_id));
        }
    }
    Ok(runs)
}

fn column<'a>(batch: &'a RecordBatch, name: &str) -> Result<&'a dyn Array> {
    let column = batch.column_by_name(name);
    let column = column.ok_or_else(|| Error::Internal(format!("no column `{name}`")))?;
    Ok(column.as_ref())
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> Result<Option<String>> {
    let texts = column(batch, name)?.as_string_opt::<i32>();
    let texts = texts.ok_or_else(|| Error::Internal(format!("`{name}` is no text")))?;
    Ok((!texts.is_null(row)).then(|| texts.value(row).to_owned()))
}

fn micros(batch: &RecordBatch, name: &str, row: usize) -> Result<i64> {
    let instants = column(batch, name)?.as_primitive_opt::<TimestampMicrosecondType>();
    let instants = instants.ok_or_else(|| Error::Internal(format!("`{name}` is no instant")))?;
    Ok(instants.value(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUE: &str = r#"{"op":"and","all":[]}"#;

    #[test]
    fn actions_are_the_items_of_a_list_or_one() {
        for (json, count) in [
            (None, 0),
            (Some("null"), 0),
            (Some("[]"), 0),
            (Some(r#"[{"kind":"a"},{"kind":"b"}]"#), 2),
            (Some(r#"{"kind":"a"}"#), 1),
            (Some("\"notify\""), 1),
        ] {
            assert_eq!(actions(json).len(), count, "{json:?}");
        }
    }

    #[test]
    fn a_trigger_names_the_roles_that_fire() {
        for (trigger, users, answers) in [
            ("user_message", true, false),
            ("assistant_message", false, true),
            ("any_message", true, true),
        ] {
            let found = matching(Some(trigger), Some(TRUE.to_owned())).unwrap();
            assert_eq!((found.is_for_users, found.is_for_answers), (users, answers));
        }
    }

    #[test]
    fn what_cannot_fire_says_why() {
        for (trigger, conditions, expected) in [
            (None, Some(TRUE), "expected the trigger `user_message`"),
            (Some("message"), Some(TRUE), "found `message`"),
            (Some("any_message"), None, "expected conditions, found none"),
            (Some("any_message"), Some("{}"), "bad_value:conditions"),
        ] {
            let error = matching(trigger, conditions.map(str::to_owned)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
