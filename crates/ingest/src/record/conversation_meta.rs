//! One metadata version of a conversation: what a call says about its user, organization and session (domain
//! specification §2.4, §1.2).
//!
//! Guarantees: every column but key and times may be NULL, which means "not said this time"; the user's id follows
//! the identity ladder.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::code::{Code, Reject, Warnings};
use crate::fields::{Fields, Text};
use crate::json::{Kind, Value};
use crate::record::Record;
use crate::rows::Cell;

/// Order of the cells of a row.
pub(super) const COLUMNS: &[&str] = &[
    "chatbot_id",
    "conversation_id",
    "version_at",
    "received_at",
    "inbox_id",
    "channel",
    "user_id",
    "user_name",
    "user_email",
    "user_phone",
    "user_plan",
    "user_industry",
    "user_mrr",
    "user_account_created_at",
    "platform_id",
    "source_platform",
    "profile_picture",
    "organization_id",
    "org_name",
    "org_plan",
    "org_industry",
    "org_mrr",
    "session_id",
    "page_url",
    "referrer",
    "device",
    "country",
    "custom",
];

const USER: &[&str] = &[
    "id",
    "name",
    "firstName",
    "lastName",
    "email",
    "phone",
    "plan",
    "industry",
    "mrr",
    "createdAt",
    "platformId",
    "sourcePlatform",
    "profilePicture",
];
const ORGANIZATION: &[&str] = &["id", "name", "plan", "industry", "mrr"];
const SESSION: &[&str] = &["id", "pageUrl", "referrer", "device", "country"];

/// Which version it is.
pub(super) struct Version<'a> {
    pub(super) chatbot_id: &'a str,
    pub(super) conversation_id: &'a str,
    pub(super) version_at: i64,
    pub(super) received_at: i64,
    /// The record's name for the inbox.
    pub(super) inbox_field: &'static str,
}

/// Checks the metadata in `fields` and appends it to the record's first output.
pub(super) fn append(
    fields: Fields<'_>,
    version: &Version<'_>,
    record: &mut Record<'_>,
) -> Result<(), Reject> {
    let user = fields.nested("user", "user.")?;
    let organization = fields.nested("organization", "organization.")?;
    let session = fields.nested("session", "session.")?;
    let warnings = &mut *record.warnings;
    user.warn_unknown(USER, warnings);
    organization.warn_unknown(ORGANIZATION, warnings);
    session.warn_unknown(SESSION, warnings);

    // The order of the lines below is the order of codes.
    let user_id = user_id(user, warnings)?;
    let user_name = user_name(user, warnings);
    let org_name = organization.text("name", warnings);
    let organization_id = organization.id("id")?;
    let organization_id =
        organization_id.or_else(|| org_name.as_ref().map(|name| prefixed("name:", name)));
    let country = country(session, warnings);
    let custom = fields
        .said("custom")
        .and_then(|value| custom(value, warnings));
    let inbox_id = fields.id(version.inbox_field)?;
    let channel = fields.text("channel", warnings);
    let user_email = user.text("email", warnings);
    let user_phone = user.text("phone", warnings);
    let user_plan = user.text("plan", warnings);
    let user_industry = user.text("industry", warnings);
    let user_mrr = user.money("mrr", warnings);
    let user_account_created_at = user.timestamp("createdAt")?;
    let platform_id = user.id("platformId")?;
    let source_platform = user.text("sourcePlatform", warnings);
    let profile_picture = user.text("profilePicture", warnings);
    let org_plan = organization.text("plan", warnings);
    let org_industry = organization.text("industry", warnings);
    let org_mrr = organization.money("mrr", warnings);
    let session_id = session.text("id", warnings);
    let page_url = session.text("pageUrl", warnings);
    let referrer = session.text("referrer", warnings);
    let device = session.text("device", warnings).map(lower);

    let cells = [
        Cell::Text(version.chatbot_id),
        Cell::Text(version.conversation_id),
        Cell::Micros(version.version_at),
        Cell::Micros(version.received_at),
        Cell::text(&inbox_id),
        Cell::text(&channel),
        Cell::text(&user_id),
        Cell::text(&user_name),
        Cell::text(&user_email),
        Cell::text(&user_phone),
        Cell::text(&user_plan),
        Cell::text(&user_industry),
        Cell::decimal(user_mrr),
        Cell::micros(user_account_created_at),
        Cell::text(&platform_id),
        Cell::text(&source_platform),
        Cell::text(&profile_picture),
        Cell::text(&organization_id),
        Cell::text(&org_name),
        Cell::text(&org_plan),
        Cell::text(&org_industry),
        Cell::decimal(org_mrr),
        Cell::text(&session_id),
        Cell::text(&page_url),
        Cell::text(&referrer),
        Cell::text(&device),
        Cell::text(&country),
        Cell::text(&custom),
    ];
    record.append(0, &cells);
    Ok(())
}

/// The identity ladder of §1.2: id, platform, e-mail, phone. NULL for a guest.
fn user_id<'a>(user: Fields<'a>, warnings: &mut Warnings) -> Result<Option<Text<'a>>, Reject> {
    if let Some(id) = user.id("id")? {
        return Ok(Some(id));
    }
    let platform_id = user.id("platformId")?;
    let email = user.text("email", warnings);
    let phone = user.text("phone", warnings);
    if let Some(platform_id) = platform_id {
        let source = user
            .text("sourcePlatform", warnings)
            .unwrap_or_default()
            .to_lowercase();
        return Ok(Some(Cow::Owned(format!("platform:{source}:{platform_id}"))));
    }
    Ok(email
        .map(|email| prefixed("email:", &email))
        .or_else(|| phone.map(|phone| format!("phone:{phone}").into())))
}

/// `prefix` and the text in lower case.
fn prefixed(prefix: &str, text: &str) -> Text<'static> {
    Cow::Owned(format!("{prefix}{}", text.to_lowercase()))
}

/// The name, else first and last name.
fn user_name<'a>(user: Fields<'a>, warnings: &mut Warnings) -> Option<Text<'a>> {
    if let Some(name) = user.text("name", warnings) {
        return Some(name);
    }
    match (
        user.text("firstName", warnings),
        user.text("lastName", warnings),
    ) {
        (Some(first), Some(last)) => Some(Cow::Owned(format!("{first} {last}"))),
        (first, last) => first.or(last),
    }
}

/// Two letters in upper case.
fn country<'a>(session: Fields<'a>, warnings: &mut Warnings) -> Option<Text<'a>> {
    let country = session.text("country", warnings)?;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        warnings.push(Code::of("bad_value", "session.country"));
        return None;
    }
    if country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(country);
    }
    Some(Cow::Owned(country.to_ascii_uppercase()))
}

/// A flat map of strings, numbers and booleans, as JSON text.
fn custom<'a>(value: Value<'a>, warnings: &mut Warnings) -> Option<Text<'a>> {
    if !is_flat_map(value) {
        warnings.push(Code::of("type_mismatch", "custom"));
        return None;
    }
    Some(Cow::Owned(value.to_json()))
}

/// Whether it is an object of strings, numbers and booleans.
pub(crate) fn is_flat_map(value: Value<'_>) -> bool {
    let is_scalar =
        |value: Value<'_>| !matches!(value.kind(), Kind::Null | Kind::Array | Kind::Object);
    let Some(object) = value.object() else {
        return false;
    };
    if object.entries().all(|(_, value)| is_scalar(value)) {
        return true;
    }
    // Of a repeated key only the last value counts.
    let last: HashMap<_, _> = object
        .entries()
        .map(|(key, value)| (key.text(), is_scalar(value)))
        .collect();
    last.values().all(|is_scalar| *is_scalar)
}

/// Lower case that keeps what is borrowed borrowed when nothing changes.
fn lower(text: Text<'_>) -> Text<'_> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return text;
    }
    Cow::Owned(text.to_lowercase())
}
