//! Conditions of workflows, and whether what an analysis found fulfils them (domain specification
//! §8.8).
//!
//! 1. A condition is JSON: a group `{"op": "and" | "or", "all": [condition, …]}` or a test
//!    `{"kind": …, "cmp": …, "value": …}` of one kind of finding.
//! 2. `sentiment_score` is compared with a number: `<`, `<=`, `>`, `>=`, `=`.
//! 3. `sentiment_label`, `intent`, `resolution` and `topic` are compared with a word: `=`, `!=`; of
//!    several topics one has to be the word, or none. `flag` and `quality_flag` are `detected` or
//!    `not_detected`. Words are compared as they are stored: as slugs, labels in any case.
//! 4. A test of a kind that was not analysed is false, also with `!=` and `not_detected`.
//! 5. An empty `and` is true, an empty `or` false.
//!
//! Guarantees: what cannot be understood is refused with what was expected, and never just true or
//! false; depth and number of conditions are bounded by [`NESTING_MAX`] and [`CONDITIONS_MAX`].

use chatlake_types::slug;
use serde_json::Value;

use crate::error::Error;
use crate::sentiment::LABELS;

/// Groups that may lie in each other.
pub const NESTING_MAX: usize = 16;

/// Groups and tests of one workflow.
pub const CONDITIONS_MAX: usize = 1_000;

/// How a conversation may have ended.
const RESOLUTIONS: [&str; 3] = ["fully_resolved", "partially_resolved", "unresolved"];

/// What a workflow asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them hold.
    And(Vec<Self>),
    /// At least one of them holds.
    Or(Vec<Self>),
    /// The score compares so with a number.
    Score(Comparison, f64),
    /// A finding is this word, or has it among its words.
    Is(Kind, String),
    /// A finding was analysed, and is not this word, nor has it among its words.
    IsNot(Kind, String),
}

/// How a score is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

/// A kind of finding that is made of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `sentiment_label`
    SentimentLabel,
    /// `intent`
    Intent,
    /// `resolution`
    Resolution,
    /// `topic`
    Topic,
    /// `flag`: a flag on the user's behaviour.
    Flag,
    /// `quality_flag`: a flag on the answer's quality.
    QualityFlag,
}

/// What an analysis found in a message; `None` for a kind that was not analysed. Words are slugs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Findings<'a> {
    /// Sentiment from -1 to 1; NaN counts as not analysed.
    pub sentiment_score: Option<f64>,
    /// One of the five labels, in any case.
    pub sentiment_label: Option<&'a str>,
    /// Intent.
    pub intent: Option<&'a str>,
    /// Resolution of the conversation.
    pub resolution: Option<&'a str>,
    /// Topics.
    pub topics: Option<&'a [&'a str]>,
    /// Flags on the user's behaviour.
    pub behavior_flags: Option<&'a [&'a str]>,
    /// Flags on the answer's quality.
    pub quality_flags: Option<&'a [&'a str]>,
}

impl Condition {
    /// The condition of a JSON text.
    ///
    /// # Errors
    /// [`Error::BadValue`] that says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let json = serde_json::from_str(text)
            .map_err(|_| wrong("JSON, at most 16 groups in each other", text))?;
        let mut room = CONDITIONS_MAX;
        Self::read(&json, 0, &mut room)
    }

    /// Reads a part that lies in `depth` groups, when there is `room` for one more.
    fn read(json: &Value, depth: usize, room: &mut usize) -> Result<Self, Error> {
        *room = room
            .checked_sub(1)
            .ok_or_else(|| wrong("at most 1000 conditions", json))?;
        match (json.get("op"), json.get("kind")) {
            (Some(op), None) => Self::read_group(json, op, depth, room),
            (None, Some(kind)) => read_test(json, kind),
            _ => Err(wrong(
                "an object with either `op` and `all` or `kind`, `cmp` and `value`",
                json,
            )),
        }
    }

    fn read_group(json: &Value, op: &Value, depth: usize, room: &mut usize) -> Result<Self, Error> {
        if depth == NESTING_MAX {
            return Err(wrong("at most 16 groups in each other", json));
        }
        let group = match op.as_str() {
            Some("and") => Self::And,
            Some("or") => Self::Or,
            _ => return Err(wrong("`op` `and` or `or`", json)),
        };
        let all = json.get("all").and_then(Value::as_array);
        let all = all.ok_or_else(|| wrong("`all`, a list of conditions", json))?;
        let parts = all.iter().map(|part| Self::read(part, depth + 1, room));
        Ok(group(parts.collect::<Result<_, _>>()?))
    }

    /// Do the findings fulfil the condition?
    pub fn matches(&self, findings: &Findings) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(findings)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(findings)),
            Self::Score(comparison, number) => findings
                .score()
                .is_some_and(|score| comparison.holds(score, *number)),
            Self::Is(kind, word) => findings.has(*kind, word) == Some(true),
            Self::IsNot(kind, word) => findings.has(*kind, word) == Some(false),
        }
    }

    /// Was every kind analysed that the condition names? Only then is it asked.
    pub fn is_complete(&self, findings: &Findings) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => {
                parts.iter().all(|part| part.is_complete(findings))
            }
            Self::Score(..) => findings.score().is_some(),
            Self::Is(kind, word) | Self::IsNot(kind, word) => findings.has(*kind, word).is_some(),
        }
    }
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "<" => Some(Self::Less),
            "<=" => Some(Self::AtMost),
            ">" => Some(Self::Greater),
            ">=" => Some(Self::AtLeast),
            "=" => Some(Self::Equal),
            _ => None,
        }
    }

    fn holds(self, score: f64, number: f64) -> bool {
        match self {
            Self::Less => score < number,
            Self::AtMost => score <= number,
            Self::Greater => score > number,
            Self::AtLeast => score >= number,
            Self::Equal => score == number,
        }
    }
}

impl Kind {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "sentiment_label" => Some(Self::SentimentLabel),
            "intent" => Some(Self::Intent),
            "resolution" => Some(Self::Resolution),
            "topic" => Some(Self::Topic),
            "flag" => Some(Self::Flag),
            "quality_flag" => Some(Self::QualityFlag),
            _ => None,
        }
    }

    /// A word as it is stored; what is expected, if it cannot be one.
    fn word(self, value: &Value) -> Result<String, &'static str> {
        let text = value.as_str();
        match self {
            Self::SentimentLabel => text.and_then(label).ok_or(
                "`value` `Very Negative`, `Negative`, `Neutral`, `Positive` or `Very Positive`",
            ),
            Self::Resolution => text
                .map(slug)
                .filter(|word| RESOLUTIONS.contains(&word.as_str()))
                .ok_or("`value` `fully_resolved`, `partially_resolved` or `unresolved`"),
            Self::Intent | Self::Topic | Self::Flag | Self::QualityFlag => text
                .map(slug)
                .filter(|word| !word.is_empty())
                .ok_or("`value`, a text with a letter or digit"),
        }
    }
}

impl Findings<'_> {
    fn score(&self) -> Option<f64> {
        self.sentiment_score.filter(|score| !score.is_nan())
    }

    /// Is the finding this word, or is the word among its words? `None` when it was not analysed.
    fn has(&self, kind: Kind, word: &str) -> Option<bool> {
        let is = |found: Option<&str>| found.map(|found| found == word);
        let contains = |found: Option<&[&str]>| found.map(|found| found.contains(&word));
        match kind {
            Kind::SentimentLabel => {
                let label = self.sentiment_label;
                label.map(|label| label.eq_ignore_ascii_case(word))
            }
            Kind::Intent => is(self.intent),
            Kind::Resolution => is(self.resolution),
            Kind::Topic => contains(self.topics),
            Kind::Flag => contains(self.behavior_flags),
            Kind::QualityFlag => contains(self.quality_flags),
        }
    }
}

fn read_test(json: &Value, kind: &Value) -> Result<Condition, Error> {
    let (cmp, value) = (json.get("cmp").and_then(Value::as_str), json.get("value"));
    if kind == "sentiment_score" {
        let comparison = cmp.and_then(Comparison::parse);
        let comparison =
            comparison.ok_or_else(|| wrong("`cmp` `<`, `<=`, `>`, `>=` or `=`", json))?;
        let number = value.and_then(Value::as_f64);
        let number = number.ok_or_else(|| wrong("`value`, a number", json))?;
        return Ok(Condition::Score(comparison, number));
    }
    let kind = kind.as_str().and_then(Kind::parse).ok_or_else(|| {
        let expected = "`kind` `sentiment_score`, `sentiment_label`, `intent`, `resolution`, \
                        `topic`, `flag` or `quality_flag`";
        wrong(expected, json)
    })?;
    let word = kind.word(value.unwrap_or(&Value::Null));
    let word = word.map_err(|expected| wrong(expected, json))?;
    let is_flag = matches!(kind, Kind::Flag | Kind::QualityFlag);
    match (is_flag, cmp) {
        (true, Some("detected")) | (false, Some("=")) => Ok(Condition::Is(kind, word)),
        (true, Some("not_detected")) | (false, Some("!=")) => Ok(Condition::IsNot(kind, word)),
        (true, _) => Err(wrong("`cmp` `detected` or `not_detected`", json)),
        (false, _) => Err(wrong("`cmp` `=` or `!=`", json)),
    }
}

/// The label that a text spells in any case, with `_` for blanks or blanks around it, as in ingest.
fn label(text: &str) -> Option<String> {
    let text = text.trim().replace('_', " ");
    let spells = |label: &&&str| label.eq_ignore_ascii_case(&text);
    LABELS.iter().find(spells).map(|label| (*label).to_owned())
}

fn wrong(expected: &'static str, found: impl ToString) -> Error {
    Error::bad_value("conditions", expected, found)
}

#[cfg(test)]
mod tests;
