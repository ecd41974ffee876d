//! `user_profile`: one version of what is known about a user (domain specification §2.4).
//!
//! Guarantees: every column but key and version time may be NULL, which means "not said this time".

use crate::code::Reject;
use crate::fields::Fields;
use crate::record::{Output, Record, RecordType};
use crate::rows::Cell;

pub(super) const USER_PROFILE: RecordType = RecordType {
    name: "user_profile",
    known: &[
        "type",
        "received_at",
        "chatbot_id",
        "user_id",
        "name",
        "email",
        "phone",
        "plan",
        "industry",
        "mrr",
        "platform_id",
        "source_platform",
        "profile_picture",
        "organization_id",
        "profile_created_at",
        "updated_at",
    ],
    outputs: &[Output {
        table: "user_profiles",
        columns: &[
            "chatbot_id",
            "user_id",
            "version_at",
            "name",
            "email",
            "phone",
            "plan",
            "industry",
            "platform_id",
            "source_platform",
            "profile_picture",
            "organization_id",
            "mrr",
            "profile_created_at",
        ],
        part_of_record: false,
    }],
    decode,
};

/// The fields that are plain text, in the order of the row.
const TEXTS: [&str; 9] = [
    "name",
    "email",
    "phone",
    "plan",
    "industry",
    "platform_id",
    "source_platform",
    "profile_picture",
    "organization_id",
];

fn decode(fields: Fields<'_>, record: &mut Record<'_>) -> Result<(), Reject> {
    let chatbot_id = fields.required_id("chatbot_id")?;
    let user_id = fields.required_id("user_id")?;
    let received_at = fields
        .timestamp("received_at")?
        .unwrap_or(record.received_at);
    let version_at = fields.timestamp("updated_at")?.unwrap_or(received_at);
    let texts = TEXTS.map(|name| fields.text(name, record.warnings));
    let mrr = fields.money("mrr", record.warnings);
    let profile_created_at = fields.timestamp("profile_created_at")?;
    let mut cells = vec![
        Cell::Text(&chatbot_id),
        Cell::Text(&user_id),
        Cell::Micros(version_at),
    ];
    cells.extend(texts.iter().map(Cell::text));
    cells.extend([Cell::decimal(mrr), Cell::micros(profile_created_at)]);
    record.append(0, &cells);
    Ok(())
}
