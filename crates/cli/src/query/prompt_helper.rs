//! What the line editor of the prompt knows: when a statement is complete, and which names exist.
//!
//! Guarantees: Enter sends a statement only when it ends in `;` (commands need none); Tab completes table names, column
//! names and keywords, whatever the case.

use chatlake_types::split_statements;
use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

/// Words offered besides the names of the lake.
const KEYWORDS: [&str; 24] = [
    "AND", "AS", "BETWEEN", "BY", "CASE", "COUNT", "DESC", "DISTINCT", "EXPLAIN", "FROM", "GROUP",
    "HAVING", "IN", "INTERVAL", "IS", "JOIN", "LIKE", "LIMIT", "NOT", "NULL", "ORDER", "SELECT",
    "WHERE", "WITH",
];
/// Candidates offered at once at the most.
const CANDIDATE_COUNT_MAX: usize = 100;

/// The editor's helper.
#[derive(Debug, Default)]
pub struct PromptHelper {
    names: Vec<String>,
}

impl PromptHelper {
    /// A helper that completes `names` besides keywords.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names
            .into_iter()
            .chain(KEYWORDS.map(str::to_owned))
            .collect();
        names.sort();
        names.dedup();
        Self { names }
    }
}

/// Is the text ready to be run: a command, or statements that all end in `;`?
pub fn is_complete(input: &str) -> bool {
    let text = input.trim();
    let is_command = text.starts_with('\\')
        || matches!(text.to_ascii_lowercase().as_str(), "help" | "exit" | "quit");
    is_command || split_statements(text).rest.is_none()
}

impl Validator for PromptHelper {
    fn validate(&self, context: &mut ValidationContext) -> rustyline::Result<ValidationResult> {
        if is_complete(context.input()) {
            return Ok(ValidationResult::Valid(None));
        }
        Ok(ValidationResult::Incomplete)
    }
}

impl Completer for PromptHelper {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..position).unwrap_or(line);
        let start = before
            .rfind(|letter: char| !letter.is_alphanumeric() && letter != '_')
            .map_or(0, |found| {
                found + before[found..].chars().next().map_or(1, char::len_utf8)
            });
        let typed = before[start..].to_lowercase();
        if typed.is_empty() {
            return Ok((start, Vec::new()));
        }
        let matching = self
            .names
            .iter()
            .filter(|name| name.to_lowercase().starts_with(&typed));
        Ok((start, matching.take(CANDIDATE_COUNT_MAX).cloned().collect()))
    }
}

impl Hinter for PromptHelper {
    type Hint = String;
}

impl Highlighter for PromptHelper {}

impl Helper for PromptHelper {}

#[cfg(test)]
mod tests {
    use rustyline::history::MemHistory;

    use super::*;

    #[test]
    fn a_statement_is_complete_at_its_semicolon() {
        for text in [
            "",
            "SELECT 1;",
            "\\d messages",
            "help",
            " quit ",
            "-- only a comment",
        ] {
            assert!(is_complete(text), "{text}");
        }
        for text in ["SELECT 1", "SELECT ';", "SELECT 1; SELECT", "help me"] {
            assert!(!is_complete(text), "{text}");
        }
    }

    #[test]
    fn names_complete_whatever_the_case() {
        let helper = PromptHelper::new(["messages".to_owned(), "message_facts".to_owned()]);
        let history = MemHistory::new();
        let (start, found) = helper
            .complete("SELECT * FROM MESS", 18, &Context::new(&history))
            .unwrap();
        assert_eq!(
            (start, found),
            (14, vec!["message_facts".to_owned(), "messages".to_owned()])
        );
    }
}
