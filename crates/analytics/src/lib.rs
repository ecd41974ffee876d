//! The derived relations and pages of the domain specification (§5–§9) as SQL text, one file each, with checked headers.
//!
//! Guarantees: SQL stands in files and is never built in Rust; whatever changes from query to query enters through
//! placeholders; a file whose header does not say what it is never gets past the tests.
//!
//! Views read the stored tables as `stored.<table>` and other views by their plain names. Pages read views, parts (views
//! that depend on a page's window) and the relation `window_days`. The session that plans them knows the functions of
//! `chatlake-functions`.

mod error;
mod header;
mod library;
mod page;
mod reference;
mod view;
mod workflows;

pub use error::{Error, Result};
pub use library::Library;
pub use page::{
    COMMON_OPTIONS, Filter, LISTING_OPTIONS, Listing, Page, PageClass, PageOption, SortColumn,
};
pub use reference::{bi_markdown, pages_markdown, views_markdown};
pub use view::{Reference, View, ViewColumn};
pub use workflows::{DUE_MESSAGES_SQL, REGISTERED_WORKFLOWS_SQL, UNFINISHED_RUNS_SQL};

/// Name of the placeholder `$as_of`: a TIMESTAMP (µs, UTC). Nothing that happened later is seen; the far future
/// means no cut (domain specification §4).
pub const AS_OF: &str = "as_of";

/// Name of the placeholder `$now`: a TIMESTAMP (µs, UTC). The present, which is `$as_of` where the caller set it.
pub const NOW: &str = "now";

/// Placeholders of views.
pub const VIEW_PARAMETERS: &[&str] = &[AS_OF, NOW];

/// Placeholders of pages and parts: TIMESTAMP `as_of`, `now`, `win_from`, `win_to`, `prev_from`, `prev_to` (half-open
/// windows); DATE `today`; TEXT `timezone`, `schedule` (business hours as JSON), `chatbot_id`, `account_id`, `inbox_id`.
/// NULL stands for what is not known or not asked for.
pub const PAGE_PARAMETERS: &[&str] = &[
    "account_id",
    AS_OF,
    "chatbot_id",
    "inbox_id",
    NOW,
    "prev_from",
    "prev_to",
    "schedule",
    "timezone",
    "today",
    "win_from",
    "win_to",
];

/// The relation of pages that holds the local days of the window in order: `day` DATE, `day_from` and `day_to` TIMESTAMP
/// (half-open, of 23 to 25 hours).
pub const WINDOW_DAYS: &str = "window_days";

/// SQL that finds the account of `$chatbot_id`: `account_id`, `timezone`, `business_hours`; no row when it is not
/// registered (domain specification §2.4).
pub const TENANT_SQL: &str = include_str!("tenant.sql");

/// SQL that lists every registered chatbot: `account_id`, `chatbot_id`.
pub const REGISTERED_CHATBOTS_SQL: &str = include_str!("registered_chatbots.sql");
