//! `annotation`: what an analysis found in a message or a conversation (domain specification §2.4).
//!
//! Guarantees: a kind that is missing or null stays NULL ("not analysed in this run"), an empty list stays a list.

use crate::code::Reject;
use crate::fields::Fields;
use crate::json::{Kind, Value};
use crate::record::slugs::{self, slug_text};
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

pub(super) const ANNOTATION: RecordType = RecordType {
    name: "annotation",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "conversation_id",
        "message_id",
        "annotated_at",
        "sentiment",
        "behavior_flags",
        "quality_flags",
        "intent",
        "topics",
        "resolution",
    ],
    outputs: &[Output {
        table: "annotations",
        columns: &[
            "chatbot_id",
            "conversation_id",
            "message_id",
            "annotated_at",
            "sentiment_score",
            "sentiment_label",
            "behavior_flags",
            "quality_flags",
            "intent",
            "topics",
            "resolution",
        ],
        part_of_record: false,
    }],
    decode,
};

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let conversation_id = fields.required_id("conversation_id")?;
    let message_id = fields.id("message_id")?;
    let annotated_at = fields.required_timestamp("annotated_at")?;
    let sentiment = fields.nested("sentiment", "sentiment.")?;
    sentiment.warn_unknown(&["score", "label", "chunks"], record.warnings);
    let sentiment_score = sentiment_score(sentiment)?;
    let sentiment_label = word(sentiment, "label", slugs::label)?;
    let resolution = word(fields, "resolution", slugs::resolution)?;
    let intent = match fields.said("intent") {
        None => None,
        Some(value) => Some(
            value
                .text()
                .ok_or_else(|| Reject::of("bad_value", "intent"))?,
        ),
    };
    let intent = intent.map(slug_text).filter(|intent| !intent.is_empty());
    let behavior_flags = slugs::list(fields, "behavior_flags")?;
    let quality_flags = slugs::list(fields, "quality_flags")?;
    let topics = slugs::list(fields, "topics")?;
    let cells = [
        Cell::Text(&chatbot_id),
        Cell::Text(&conversation_id),
        Cell::text(&message_id),
        Cell::Micros(annotated_at),
        sentiment_score.map_or(Cell::Null, Cell::Float),
        Cell::word(sentiment_label),
        Cell::text_list(&behavior_flags),
        Cell::text_list(&quality_flags),
        Cell::text(&intent),
        Cell::text_list(&topics),
        Cell::word(resolution),
    ];
    record.append(0, &cells);
    Ok(())
}

/// A text that must spell one of the words that `find` knows.
fn word(
    fields: Fields<'_>,
    name: &str,
    find: fn(&str) -> Option<&'static str>,
) -> Result<Option<&'static str>, Reject> {
    let Some(value) = fields.said(name) else {
        return Ok(None);
    };
    value
        .text()
        .and_then(|text| find(&text))
        .map(Some)
        .ok_or_else(|| fields.reject("bad_value", name))
}

/// The score, else the mean of the chunks' scores.
fn sentiment_score(sentiment: Fields<'_>) -> Result<Option<f64>, Reject> {
    let chunks = sentiment.said("chunks");
    let chunks_are_objects = |chunks: Value<'_>| {
        chunks
            .items()
            .is_some_and(|mut items| items.all(|item| item.kind() == Kind::Object))
    };
    if chunks.is_some_and(|chunks| !chunks_are_objects(chunks)) {
        return Err(sentiment.reject("bad_value", "chunks"));
    }
    if let Some(score) = score(sentiment.said("score"), "sentiment.score")? {
        return Ok(Some(score));
    }
    let mut sum = ScoreSum::default();
    for chunk in chunks
        .and_then(Value::items)
        .into_iter()
        .flatten()
        .filter_map(Value::object)
    {
        let value = Fields::new(chunk, "").said("score");
        if let Some(score) = score(value, "sentiment.chunks.score")? {
            sum.add(score);
        }
    }
    Ok(sum.mean())
}

/// A finite number from −1 to 1.
fn score(value: Option<Value<'_>>, path: &str) -> Result<Option<f64>, Reject> {
    let Some(value) = value else {
        return Ok(None);
    };
    let score = value.float().ok_or_else(|| Reject::of("bad_value", path))?;
    // An integer too large for a double is a number all the same, only far out of range.
    if !score.is_finite() && value.kind() != Kind::Integer {
        return Err(Reject::of("bad_value", path));
    }
    if !(-1.0..=1.0).contains(&score) {
        return Err(Reject::of("out_of_range", path));
    }
    Ok(Some(score))
}

/// A sum of scores that does not depend on their order: each enters as the integer score × 2^60 (§5.6).
#[derive(Default)]
struct ScoreSum {
    units: i128,
    count: u32,
}

impl ScoreSum {
    const UNITS_PER_ONE: f64 = (1u64 << 60) as f64;

    fn add(&mut self, score: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a score is at most 1, so this is at most 2^60"
        )]
        let units = (score * Self::UNITS_PER_ONE).round() as i128;
        self.units += units;
        self.count += 1;
    }

    fn mean(&self) -> Option<f64> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "the one rounding that the mean needs"
        )]
        let sum = self.units as f64 / Self::UNITS_PER_ONE;
        (self.count > 0).then(|| sum / f64::from(self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_does_not_depend_on_the_order() {
        let mean = |scores: &[f64]| {
            let mut sum = ScoreSum::default();
            scores.iter().for_each(|&score| sum.add(score));
            sum.mean()
        };
        assert_eq!(mean(&[]), None);
        assert_eq!(mean(&[0.5, -0.25]), Some(0.125));
        assert_eq!(mean(&[0.1, 0.2, 0.3, -0.6]), mean(&[-0.6, 0.3, 0.2, 0.1]));
    }
}
