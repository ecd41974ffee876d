//! The questions of the bench `pages`: every page of the library, about the busiest things of one chatbot.
//!
//! 1. The subject is a chatbot as of its last message, with the id of each kind that occurs most often in it.
//! 2. Every page is asked once; one whose argument has a few known values once for each of them; `facets` once for each
//!    listing that has some.
//!
//! Guarantees: the pages come from the library, so a new page is asked without a line here. An argument of a kind that has
//! no line in `VALUES` is reported, not left out in silence.

pub mod answers;
pub mod cost;

use std::collections::BTreeMap;

use arrow::util::display::array_value_to_string;
use chatlake::{Chatlake, Session};
use chatlake_analytics::{Library, Page, PageOption};

use crate::{Error, Result};

/// The workflow of the bench: samples have none.
pub const WORKFLOW_ID: &str = "pages_bench";

const LARGEST_CHATBOT: &str = "SELECT chatbot_id FROM messages \
    GROUP BY chatbot_id ORDER BY count(*) DESC, chatbot_id LIMIT 1";

/// The end of the data of the session's chatbot.
const LAST_MESSAGE: &str = "SELECT max(sent_at) AS as_of FROM messages";

/// The busiest id of each kind in the session's chatbot; an argument is called after its kind, `agent_id`.
const VALUES: [(&str, &str); 7] = [
    (
        "agent",
        "SELECT agent_id FROM messages WHERE agent_id IS NOT NULL \
         GROUP BY agent_id ORDER BY count(*) DESC, agent_id LIMIT 1",
    ),
    (
        "conversation",
        "SELECT conversation_id FROM messages \
         GROUP BY conversation_id ORDER BY count(*) DESC, conversation_id LIMIT 1",
    ),
    (
        "flow",
        "SELECT flow_id FROM flow_triggers \
         GROUP BY flow_id ORDER BY count(*) DESC, flow_id LIMIT 1",
    ),
    (
        "inbox",
        "SELECT inbox_id FROM conversations WHERE inbox_id IS NOT NULL \
         GROUP BY inbox_id ORDER BY sum(message_count) DESC, inbox_id LIMIT 1",
    ),
    (
        "organization",
        "SELECT organization_id FROM conversations WHERE organization_id IS NOT NULL \
         GROUP BY organization_id ORDER BY sum(message_count) DESC, organization_id LIMIT 1",
    ),
    (
        "team",
        "SELECT team_id FROM conversation_events WHERE team_id IS NOT NULL \
         GROUP BY team_id ORDER BY count(*) DESC, team_id LIMIT 1",
    ),
    (
        "user",
        "SELECT user_id FROM conversations \
         GROUP BY user_id ORDER BY sum(message_count) DESC, user_id LIMIT 1",
    ),
];

/// What pages take in the place of a team where there is none: all members.
const EVERY_TEAM: &str = "*";

/// Whom the questions are about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The chatbot.
    pub chatbot: String,
    /// Its last message, RFC 3339.
    pub as_of: String,
    /// Ids by their kind, as far as there are any.
    pub values: BTreeMap<String, String>,
}

/// One call of a page, for any period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The page, with its argument where it is asked several times.
    pub name: String,
    /// The table function.
    pub page: String,
    /// Its argument.
    pub argument: Option<String>,
    /// Does the answer depend on a period?
    pub has_period: bool,
}

/// Every question, and the names of pages that cannot be asked, with the argument for which there is no value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Questions {
    /// In alphabetical order.
    pub asked: Vec<Question>,
    /// Page and argument.
    pub unasked: Vec<(String, String)>,
}

impl Subject {
    /// Looks the lake over: this chatbot, or the one with the most messages.
    ///
    /// # Errors
    /// When the lake cannot be asked, or the chatbot has no messages.
    pub async fn find(chatlake: &Chatlake, chatbot: Option<&str>) -> Result<Self> {
        let nothing = |what: &str| Error::Step {
            step: "look the lake over".to_owned(),
            message: format!("expected messages of {what}, found none"),
        };
        let chatbot = match chatbot {
            Some(chatbot) => chatbot.to_owned(),
            None => first_cell(&chatlake.session(), LARGEST_CHATBOT)
                .await?
                .ok_or_else(|| nothing("any chatbot"))?,
        };
        let mut subject = Self {
            chatbot,
            as_of: String::new(),
            values: BTreeMap::from([("workflow".to_owned(), WORKFLOW_ID.to_owned())]),
        };
        let session = chatlake.session();
        session.query(&subject.narrow()).await?;
        let as_of = first_cell(&session, LAST_MESSAGE).await?;
        subject.as_of = as_of.ok_or_else(|| nothing(&format!("`{}`", subject.chatbot)))?;
        for (kind, sql) in VALUES {
            if let Some(value) = first_cell(&session, sql).await? {
                subject.values.insert(kind.to_owned(), value);
            }
        }
        Ok(subject)
    }

    /// The statement that narrows a session to the chatbot.
    pub fn narrow(&self) -> String {
        format!("SET chatlake.chatbot_id = {}", literal(&self.chatbot))
    }

    /// The values that an argument is asked with.
    fn values_of(&self, argument: &PageOption) -> Vec<String> {
        if !argument.values.is_empty() {
            return argument.values.clone();
        }
        let kind = argument.name.trim_end_matches("_id");
        let fallback = (kind == "team").then(|| EVERY_TEAM.to_owned());
        let found = self.values.get(kind).cloned().or(fallback);
        found.into_iter().collect()
    }

    /// The SQL of a question.
    pub fn sql(&self, question: &Question, period: &str) -> String {
        let mut arguments = vec![literal(&self.chatbot)];
        if question.has_period {
            arguments.push(literal(period));
        }
        arguments.extend(question.argument.as_deref().map(literal));
        arguments.push(format!("as_of => {}", literal(&self.as_of)));
        format!("SELECT * FROM {}({})", question.page, arguments.join(", "))
    }
}

impl Questions {
    /// Every page of the library about the subject.
    pub fn of(library: &Library, subject: &Subject) -> Self {
        let mut questions = Self::default();
        for page in library.pages() {
            questions.add_page(page, subject);
            let mut filters = page.listing.iter().flat_map(|listing| &listing.filters);
            if let Some(entity) = page.name.strip_suffix("_page")
                && filters.any(|filter| filter.is_facet)
            {
                questions.asked.push(Question {
                    name: format!("facets({entity})"),
                    page: "facets".to_owned(),
                    argument: Some(entity.to_owned()),
                    has_period: true,
                });
            }
        }
        questions
            .asked
            .sort_by(|left, right| left.name.cmp(&right.name));
        questions
    }

    fn add_page(&mut self, page: &Page, subject: &Subject) {
        let question = |name: String, argument: Option<String>| Question {
            name,
            page: page.name.clone(),
            argument,
            has_period: page.has_period,
        };
        let arguments: Vec<_> = page.options.iter().filter(|o| o.is_argument).collect();
        match arguments[..] {
            [] => self.asked.push(question(page.name.clone(), None)),
            [argument] => {
                let values = subject.values_of(argument);
                if values.is_empty() {
                    let unasked = (page.name.clone(), argument.name.clone());
                    self.unasked.push(unasked);
                }
                for value in values {
                    let name = match argument.values.is_empty() {
                        true => page.name.clone(),
                        false => format!("{}({value})", page.name),
                    };
                    self.asked.push(question(name, Some(value)));
                }
            }
            [_, second, ..] => {
                let unasked = (page.name.clone(), second.name.clone());
                self.unasked.push(unasked);
            }
        }
    }
}

/// The rows of an answer as texts; `None` for NULL.
///
/// # Errors
/// When the lake cannot be asked.
pub async fn cells(session: &Session, sql: &str) -> Result<Vec<Vec<Option<String>>>> {
    let mut rows = Vec::new();
    for batch in session.query(sql).await?.collect().await? {
        for row in 0..batch.num_rows() {
            let mut cells = Vec::new();
            for column in batch.columns() {
                cells.push(match column.is_null(row) {
                    true => None,
                    false => Some(array_value_to_string(column, row)?),
                });
            }
            rows.push(cells);
        }
    }
    Ok(rows)
}

async fn first_cell(session: &Session, sql: &str) -> Result<Option<String>> {
    let rows = cells(session, sql).await?;
    Ok(rows.into_iter().flatten().next().flatten())
}

/// Text as SQL.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject {
        Subject {
            chatbot: "it's".to_owned(),
            as_of: "2026-03-12T16:00:00Z".to_owned(),
            values: BTreeMap::from([("conversation".to_owned(), "c1".to_owned())]),
        }
    }

    #[test]
    fn a_call_has_its_arguments_in_order_and_quoted() {
        let mut question = Question {
            name: "qbr".to_owned(),
            page: "qbr".to_owned(),
            argument: Some("org_1".to_owned()),
            has_period: true,
        };
        let sql = "SELECT * FROM qbr('it''s', 'today', 'org_1', as_of => '2026-03-12T16:00:00Z')";
        assert_eq!(subject().sql(&question, "today"), sql);
        question.has_period = false;
        assert_eq!(
            subject().sql(&question, "today"),
            sql.replace("'today', ", "")
        );
    }

    #[test]
    fn every_page_is_asked_or_reported() {
        let questions = Questions::of(Library::built_in(), &subject());
        for page in Library::built_in().pages() {
            let is_asked = questions.asked.iter().any(|asked| asked.page == page.name);
            let is_reported = questions.unasked.iter().any(|(name, _)| *name == page.name);
            assert!(is_asked != is_reported, "{}", page.name);
        }
        let names: Vec<&str> = questions.asked.iter().map(|q| q.name.as_str()).collect();
        assert!(names.contains(&"segments(plan)") && names.contains(&"facets(users)"));
        assert!(names.contains(&"analytics_team_daily") && names.is_sorted());
        // nobody knows an agent of this subject
        let unasked = ("analytics_agent_daily".to_owned(), "agent_id".to_owned());
        assert!(questions.unasked.contains(&unasked));
    }
}
