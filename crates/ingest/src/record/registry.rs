//! The registries: accounts, chatbots, inboxes, agents, teams, flows, broadcasts, workflows (domain specification §2.4).
//!
//! Guarantees: a record becomes one row; its keys are ids, the rest is optional text, JSON or one of a few words.

use std::borrow::Cow;
use std::str::FromStr as _;

use crate::code::Reject;
use crate::fields::{Fields, Text};
use crate::json::{self, Kind};
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// What a column that is not a key holds.
enum Rule {
    Text,
    /// An IANA time zone.
    Zone,
    /// An object or a list; anything else is text, stored as a JSON string.
    Json,
    /// One of a few words; the second is what counts when none is said.
    Choice(&'static [&'static str], &'static str),
}

/// Roles of agents, and the one of an agent without a role.
pub(crate) const AGENT_ROLES: (&[&str], &str) = (&["owner", "admin", "member", "agent"], "agent");

/// States of workflows, and the one of a workflow without a state.
pub(crate) const WORKFLOW_STATUSES: (&[&str], &str) = (&["active", "inactive"], "active");

pub(super) const ACCOUNT: RecordType = RecordType {
    name: "account",
    known: &[
        "type",
        "received_at",
        "account_id",
        "name",
        "timezone",
        "business_hours",
    ],
    outputs: &[output(
        "accounts",
        &["account_id", "name", "timezone", "business_hours"],
    )],
    decode: |fields, record| {
        let rest = [
            ("name", Rule::Text),
            ("timezone", Rule::Zone),
            ("business_hours", Rule::Json),
        ];
        decode(fields, record, &["account_id"], &rest)
    },
};

pub(super) const AGENT: RecordType = RecordType {
    name: "agent",
    known: &[
        "type",
        "received_at",
        "account_id",
        "agent_id",
        "name",
        "email",
        "role",
    ],
    outputs: &[output(
        "agents",
        &["account_id", "agent_id", "name", "email", "role"],
    )],
    decode: |fields, record| {
        let role = Rule::Choice(AGENT_ROLES.0, AGENT_ROLES.1);
        let rest = [("name", Rule::Text), ("email", Rule::Text), ("role", role)];
        decode(fields, record, &["account_id", "agent_id"], &rest)
    },
};

pub(super) const BROADCAST: RecordType = RecordType {
    name: "broadcast",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "broadcast_id",
        "name",
        "template",
        "category",
    ],
    outputs: &[output(
        "broadcasts",
        &["chatbot_id", "broadcast_id", "name", "template", "category"],
    )],
    decode: |fields, record| {
        let rest = [
            ("name", Rule::Text),
            ("template", Rule::Text),
            ("category", Rule::Text),
        ];
        decode(fields, record, &["chatbot_id", "broadcast_id"], &rest)
    },
};

pub(super) const CHATBOT: RecordType = RecordType {
    name: "chatbot",
    known: &["type", "received_at", "chatbot_id", "account_id", "name"],
    outputs: &[output("chatbots", &["chatbot_id", "account_id", "name"])],
    decode: |fields, record| {
        decode(
            fields,
            record,
            &["chatbot_id", "account_id"],
            &[("name", Rule::Text)],
        )
    },
};

pub(super) const FLOW: RecordType = RecordType {
    name: "flow",
    known: &["type", "received_at", "chatbot_id", "flow_id", "name"],
    outputs: &[output("flows", &["chatbot_id", "flow_id", "name"])],
    decode: |fields, record| {
        decode(
            fields,
            record,
            &["chatbot_id", "flow_id"],
            &[("name", Rule::Text)],
        )
    },
};

pub(super) const INBOX: RecordType = RecordType {
    name: "inbox",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "inbox_id",
        "channel",
        "name",
    ],
    outputs: &[output(
        "inboxes",
        &["chatbot_id", "inbox_id", "channel", "name"],
    )],
    decode: |fields, record| {
        let rest = [("channel", Rule::Text), ("name", Rule::Text)];
        decode(fields, record, &["chatbot_id", "inbox_id"], &rest)
    },
};

pub(super) const TEAM: RecordType = RecordType {
    name: "team",
    known: &["type", "received_at", "account_id", "team_id", "name"],
    outputs: &[output("teams", &["account_id", "team_id", "name"])],
    decode: |fields, record| {
        decode(
            fields,
            record,
            &["account_id", "team_id"],
            &[("name", Rule::Text)],
        )
    },
};

pub(super) const TEAM_MEMBER: RecordType = RecordType {
    name: "team_member",
    known: &["type", "received_at", "account_id", "team_id", "agent_id"],
    outputs: &[output(
        "team_members",
        &["account_id", "team_id", "agent_id"],
    )],
    decode: |fields, record| decode(fields, record, &["account_id", "team_id", "agent_id"], &[]),
};

pub(super) const WORKFLOW: RecordType = RecordType {
    name: "workflow",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "workflow_id",
        "name",
        "trigger",
        "conditions",
        "actions",
        "status",
    ],
    outputs: &[output(
        "workflows",
        &[
            "chatbot_id",
            "workflow_id",
            "name",
            "trigger",
            "conditions",
            "actions",
            "status",
        ],
    )],
    decode: |fields, record| {
        let rest = [
            ("name", Rule::Text),
            ("trigger", Rule::Text),
            ("conditions", Rule::Json),
            ("actions", Rule::Json),
            (
                "status",
                Rule::Choice(WORKFLOW_STATUSES.0, WORKFLOW_STATUSES.1),
            ),
        ];
        decode(fields, record, &["chatbot_id", "workflow_id"], &rest)
    },
};

const fn output(table: &'static str, columns: &'static [&'static str]) -> Output {
    Output {
        table,
        columns,
        part_of_record: false,
    }
}

/// Whether `name` is a zone of the IANA time zone database.
pub(crate) fn is_zone(name: &str) -> bool {
    chrono_tz::Tz::from_str(name).is_ok()
}

/// Keys first, then the other columns in their order.
fn decode(
    fields: Fields<'_>,
    record: &mut Record<'_>,
    keys: &[&str],
    rest: &[(&str, Rule)],
) -> Result<(), Reject> {
    let mut texts = Vec::with_capacity(keys.len() + rest.len());
    for key in keys {
        texts.push(Some(fields.required_id(key)?));
    }
    for (name, rule) in rest {
        texts.push(value(fields, record, name, rule)?);
    }
    let cells: Vec<_> = texts.iter().map(Cell::text).collect();
    record.append(0, &cells);
    Ok(())
}

fn value<'a>(
    fields: Fields<'a>,
    record: &mut Record<'_>,
    name: &str,
    rule: &Rule,
) -> Result<Option<Text<'a>>, Reject> {
    match rule {
        Rule::Text => Ok(fields.text(name, record.warnings)),
        Rule::Zone => match fields.text(name, record.warnings) {
            Some(zone) if !is_zone(&zone) => Err(Reject::of("bad_value", name)),
            zone => Ok(zone),
        },
        Rule::Json => match fields.said(name) {
            Some(value) if matches!(value.kind(), Kind::Array | Kind::Object) => {
                Ok(Some(Cow::Owned(value.to_json())))
            }
            _ => Ok(fields
                .text(name, record.warnings)
                .map(|text| Cow::Owned(json::quote(&text)))),
        },
        Rule::Choice(allowed, default) => Ok(Some(Cow::Borrowed(
            fields.choice(name, allowed)?.unwrap_or(default),
        ))),
    }
}
