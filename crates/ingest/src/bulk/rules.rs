//! Which rule each column of each stored table has (domain specification §2.3, §2.4, §2.6).
//!
//! Guarantees: the steps of a table stand in the field order of the reference ingest, so that the first rule that a
//! row breaks is the same as for the record that it would be.

use chatlake_schema::Table;

use crate::bulk::check::{Missing, TableCheck};
use crate::bulk::derived;
use crate::error::{Error, Result};
use crate::record::{self, AGENT_ROLES, WORKFLOW_STATUSES};

/// One step of the check of a table.
pub(super) enum Step {
    /// A column on its own.
    Column(&'static str, Rule),
    /// A rule over several columns that are finished.
    Rows(fn(&mut TableCheck<'_>) -> Result<()>),
}

/// What a column holds.
pub(super) enum Rule {
    Text(TextRule),
    /// An instant.
    Instant(MissingInstant),
    /// True or false; false when missing.
    Flag,
    /// Monthly revenue.
    Money,
    /// A ledger amount.
    Amount,
    /// A finite number from −1 to 1.
    Score,
    /// A list of slugs.
    Slugs,
    /// JSON: an object of strings, numbers and booleans.
    FlatMap,
    /// Any JSON; text that is none becomes a JSON string.
    AnyJson,
}

/// What a column of text holds.
pub(super) enum TextRule {
    /// An id; the argument says whether it must be there.
    Id(Missing<&'static str>),
    /// Optional text, trimmed.
    Free,
    /// One of a few words.
    Choice(&'static [&'static str], Missing<&'static str>),
    /// The text of a message.
    Content,
    /// Optional text that stays as it is.
    Exact,
    /// Two letters, in upper case.
    Country,
    /// Text in lower case.
    Device,
    /// One of the five labels of a sentiment.
    Label,
    /// How a conversation ended.
    Resolution,
    /// One slug.
    Slug,
    /// An IANA time zone.
    Zone,
}

impl TextRule {
    /// What a missing value means.
    pub(super) fn missing(&self) -> Missing<&'static str> {
        match self {
            Self::Id(missing) | Self::Choice(_, missing) => *missing,
            Self::Content => Missing::Reject,
            _ => Missing::Null,
        }
    }
}

/// What a missing instant means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingInstant {
    Null,
    Reject,
    /// The time at which the load received the row.
    Received,
}

impl MissingInstant {
    pub(super) fn fill(self, received_at: i64) -> Missing<i64> {
        match self {
            Self::Null => Missing::Null,
            Self::Reject => Missing::Reject,
            Self::Received => Missing::Fill(received_at),
        }
    }
}

const fn key(name: &'static str) -> Step {
    Step::Column(name, Rule::Text(TextRule::Id(Missing::Reject)))
}

const fn id(name: &'static str) -> Step {
    Step::Column(name, Rule::Text(TextRule::Id(Missing::Null)))
}

const fn text(name: &'static str) -> Step {
    Step::Column(name, Rule::Text(TextRule::Free))
}

const fn special(name: &'static str, rule: TextRule) -> Step {
    Step::Column(name, Rule::Text(rule))
}

const fn choice(
    name: &'static str,
    allowed: &'static [&'static str],
    missing: Missing<&'static str>,
) -> Step {
    Step::Column(name, Rule::Text(TextRule::Choice(allowed, missing)))
}

const fn instant(name: &'static str, missing: MissingInstant) -> Step {
    Step::Column(name, Rule::Instant(missing))
}

const ACCOUNTS: &[Step] = &[
    key("account_id"),
    text("name"),
    special("timezone", TextRule::Zone),
    Step::Column("business_hours", Rule::AnyJson),
];

const AGENTS: &[Step] = &[
    key("account_id"),
    key("agent_id"),
    text("name"),
    text("email"),
    choice("role", AGENT_ROLES.0, Missing::Fill(AGENT_ROLES.1)),
];

const AI_TOOL_USES: &[Step] = &[
    key("chatbot_id"),
    key("use_id"),
    choice("tool", record::TOOLS, Missing::Reject),
    instant("used_at", MissingInstant::Reject),
    special("suggested_text", TextRule::Exact),
    special("final_text", TextRule::Exact),
    id("agent_id"),
    id("conversation_id"),
    Step::Column("translation_used", Rule::Flag),
];

const ANNOTATIONS: &[Step] = &[
    key("chatbot_id"),
    key("conversation_id"),
    id("message_id"),
    instant("annotated_at", MissingInstant::Reject),
    Step::Column("sentiment_score", Rule::Score),
    special("sentiment_label", TextRule::Label),
    special("resolution", TextRule::Resolution),
    special("intent", TextRule::Slug),
    Step::Column("behavior_flags", Rule::Slugs),
    Step::Column("quality_flags", Rule::Slugs),
    Step::Column("topics", Rule::Slugs),
];

const BROADCASTS: &[Step] = &[
    key("chatbot_id"),
    key("broadcast_id"),
    text("name"),
    text("template"),
    text("category"),
];

const CHATBOTS: &[Step] = &[key("chatbot_id"), key("account_id"), text("name")];

const CONVERSATION_EVENTS: &[Step] = &[
    key("chatbot_id"),
    key("conversation_id"),
    choice("event", record::EVENTS, Missing::Reject),
    instant("occurred_at", MissingInstant::Reject),
    id("agent_id"),
    id("team_id"),
    Step::Rows(derived::assignment_names_somebody),
    choice("actor", record::ACTORS, Missing::Null),
    Step::Rows(derived::default_actor),
    id("event_id"),
    Step::Rows(derived::missing_event_id),
];

const CONVERSATION_META: &[Step] = &[
    key("chatbot_id"),
    key("conversation_id"),
    instant("received_at", MissingInstant::Received),
    instant("version_at", MissingInstant::Reject),
    id("user_id"),
    text("user_name"),
    text("org_name"),
    id("organization_id"),
    special("country", TextRule::Country),
    Step::Column("custom", Rule::FlatMap),
    id("inbox_id"),
    text("channel"),
    text("user_email"),
    text("user_phone"),
    text("user_plan"),
    text("user_industry"),
    Step::Column("user_mrr", Rule::Money),
    instant("user_account_created_at", MissingInstant::Null),
    id("platform_id"),
    text("source_platform"),
    text("profile_picture"),
    text("org_plan"),
    text("org_industry"),
    Step::Column("org_mrr", Rule::Money),
    text("session_id"),
    text("page_url"),
    text("referrer"),
    special("device", TextRule::Device),
];

const CREDIT_LEDGER: &[Step] = &[
    key("account_id"),
    key("entry_id"),
    choice("kind", record::KINDS, Missing::Reject),
    Step::Column("amount_usd", Rule::Amount),
    Step::Rows(derived::only_adjustments_are_negative),
    instant("occurred_at", MissingInstant::Reject),
    text("category"),
    Step::Rows(derived::category),
    id("chatbot_id"),
    Step::Rows(derived::usage_names_a_chatbot),
    id("inbox_id"),
    text("template"),
    id("message_id"),
];

const FLOW_TRIGGERS: &[Step] = &[
    key("chatbot_id"),
    key("trigger_id"),
    key("flow_id"),
    id("conversation_id"),
    instant("triggered_at", MissingInstant::Reject),
];

const FLOWS: &[Step] = &[key("chatbot_id"), key("flow_id"), text("name")];

const INBOXES: &[Step] = &[
    key("chatbot_id"),
    key("inbox_id"),
    text("channel"),
    text("name"),
];

const MESSAGES: &[Step] = &[
    key("chatbot_id"),
    key("conversation_id"),
    key("message_id"),
    instant("received_at", MissingInstant::Received),
    instant("sent_at", MissingInstant::Reject),
    choice("sender_type", record::SENDERS, Missing::Reject),
    id("agent_id"),
    Step::Rows(derived::agents_are_named),
    id("broadcast_id"),
    Step::Column("is_private", Rule::Flag),
    special("content", TextRule::Content),
    Step::Rows(derived::role_direction_and_visibility),
];

const TEAM_MEMBERS: &[Step] = &[key("account_id"), key("team_id"), key("agent_id")];

const TEAMS: &[Step] = &[key("account_id"), key("team_id"), text("name")];

const USER_PROFILES: &[Step] = &[
    key("chatbot_id"),
    key("user_id"),
    instant("version_at", MissingInstant::Reject),
    text("name"),
    text("email"),
    text("phone"),
    text("plan"),
    text("industry"),
    text("platform_id"),
    text("source_platform"),
    text("profile_picture"),
    text("organization_id"),
    Step::Column("mrr", Rule::Money),
    instant("profile_created_at", MissingInstant::Null),
];

const WORKFLOW_RUNS: &[Step] = &[
    key("chatbot_id"),
    key("run_id"),
    key("workflow_id"),
    choice("status", record::STATUSES, Missing::Reject),
    instant("occurred_at", MissingInstant::Reject),
    instant("updated_at", MissingInstant::Null),
    Step::Rows(derived::updated_when_it_occurred),
    id("conversation_id"),
    id("message_id"),
    text("error"),
];

const WORKFLOWS: &[Step] = &[
    key("chatbot_id"),
    key("workflow_id"),
    text("name"),
    text("trigger"),
    Step::Column("conditions", Rule::AnyJson),
    Step::Column("actions", Rule::AnyJson),
    choice(
        "status",
        WORKFLOW_STATUSES.0,
        Missing::Fill(WORKFLOW_STATUSES.1),
    ),
];

/// The steps of a table's check.
pub(super) fn steps(table: &Table) -> Result<&'static [Step]> {
    Ok(match table.name.as_str() {
        "accounts" => ACCOUNTS,
        "agents" => AGENTS,
        "ai_tool_uses" => AI_TOOL_USES,
        "annotations" => ANNOTATIONS,
        "broadcasts" => BROADCASTS,
        "chatbots" => CHATBOTS,
        "conversation_events" => CONVERSATION_EVENTS,
        "conversation_meta" => CONVERSATION_META,
        "credit_ledger" => CREDIT_LEDGER,
        "flow_triggers" => FLOW_TRIGGERS,
        "flows" => FLOWS,
        "inboxes" => INBOXES,
        "messages" => MESSAGES,
        "team_members" => TEAM_MEMBERS,
        "teams" => TEAMS,
        "user_profiles" => USER_PROFILES,
        "workflow_runs" => WORKFLOW_RUNS,
        "workflows" => WORKFLOWS,
        name => {
            return Err(Error::Schema(format!(
                "table `{name}` has no rules for bulk loads"
            )));
        }
    })
}

/// The columns that a file must have: those whose missing value rejects the row.
pub(super) fn required_columns(table: &Table) -> Result<impl Iterator<Item = &'static str>> {
    Ok(steps(table)?.iter().filter_map(|step| match step {
        Step::Column(name, Rule::Text(rule)) if rule.missing() == Missing::Reject => Some(*name),
        Step::Column(name, Rule::Instant(MissingInstant::Reject) | Rule::Amount) => Some(*name),
        _ => None,
    }))
}

/// The columns whose values in a file count; the others are derived, or numbered anew.
pub(super) fn read_columns(table: &Table) -> Result<impl Iterator<Item = &'static str>> {
    Ok(steps(table)?.iter().filter_map(|step| match step {
        Step::Column(name, _) => Some(*name),
        Step::Rows(_) => None,
    }))
}
