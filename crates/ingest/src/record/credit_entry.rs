//! `credit_entry`: an entry of an account's credit ledger (domain specification §2.4).
//!
//! Guarantees: an amount is exact to six digits and below zero only in adjustments; only usage has a category.

use crate::code::Reject;
use crate::decimal;
use crate::fields::{self, Fields, trim};
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

/// Digits after the point of an amount.
pub(crate) const AMOUNT_SCALE: u32 = 6;

/// The values of `kind`.
pub(crate) const KINDS: &[&str] = &["usage", "topup", "refund", "adjustment"];

/// The category of usage that has none, or one that is not known.
pub(crate) const CATEGORY_OTHER: &str = "Other";

const CATEGORIES: &[&str] = &["Marketing", "Utility", "Authentication"];

pub(super) const CREDIT_ENTRY: RecordType = RecordType {
    name: "credit_entry",
    known: &[
        "type",
        "received_at",
        "account_id",
        "entry_id",
        "kind",
        "amount_usd",
        "occurred_at",
        "chatbot_id",
        "inbox_id",
        "category",
        "template",
        "message_id",
    ],
    outputs: &[Output {
        table: "credit_ledger",
        columns: &[
            "account_id",
            "chatbot_id",
            "inbox_id",
            "entry_id",
            "kind",
            "category",
            "amount_usd",
            "template",
            "message_id",
            "occurred_at",
        ],
        part_of_record: false,
    }],
    decode,
};

/// The category that `text` spells in any case.
pub(crate) fn category(text: &str) -> &'static str {
    let text = trim(text);
    CATEGORIES
        .iter()
        .find(|category| category.eq_ignore_ascii_case(text))
        .copied()
        .unwrap_or(CATEGORY_OTHER)
}

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let account_id = fields.required_id("account_id")?;
    let entry_id = fields.required_id("entry_id")?;
    let kind = fields.required_choice("kind", KINDS)?;
    let amount_usd = amount(fields, kind)?;
    let occurred_at = fields.required_timestamp("occurred_at")?;
    let is_usage = kind == "usage";
    let category = is_usage.then(|| {
        let text = fields.get("category").and_then(|value| value.text());
        category(text.as_deref().unwrap_or_default())
    });
    let chatbot_id = if is_usage {
        Some(fields.required_id("chatbot_id")?)
    } else {
        fields.id("chatbot_id")?
    };
    let inbox_id = fields.id("inbox_id")?;
    let template = fields.text("template", record.warnings);
    let message_id = fields.id("message_id")?;
    let cells = [
        Cell::Text(&account_id),
        Cell::text(&chatbot_id),
        Cell::text(&inbox_id),
        Cell::Text(&entry_id),
        Cell::Text(kind),
        Cell::word(category),
        Cell::Decimal(amount_usd),
        Cell::text(&template),
        Cell::text(&message_id),
        Cell::Micros(occurred_at),
    ];
    record.append(0, &cells);
    Ok(())
}

/// The amount in millionths of a dollar.
fn amount(fields: Fields<'_>, kind: &str) -> Result<i64, Reject> {
    let value = fields
        .said("amount_usd")
        .ok_or_else(|| Reject::of("missing_field", "amount_usd"))?;
    let amount =
        fields::number_text(value).and_then(|text| decimal::parse(trim(&text), AMOUNT_SCALE));
    let amount = amount.ok_or_else(|| Reject::of("bad_value", "amount_usd"))?;
    if amount.is_negative && kind != "adjustment" {
        return Err(Reject::of("out_of_range", "amount_usd"));
    }
    amount
        .units
        .ok_or_else(|| Reject::of("out_of_range", "amount_usd"))
}
