//! Pages: the table functions of domain specification §9.1, called in SQL and planned here.
//!
//! 1. Calls of pages are found in the statement ([`calls`]); `name => value` and options JSON mean the same.
//! 2. Options are checked against the page's header and bound as values ([`options`]).
//! 3. The chatbot's account decides time zone and hours ([`tenant`]); the period becomes a window ([`plan`]).
//! 4. The page's SQL is planned in a catalog narrowed to the chatbot and cut at `as_of` ([`plan`]).
//! 5. Listings are filtered, sorted and cut ([`listing`]); [`facets`] counts what their filters offer.
//! 6. The call in the statement is replaced by the planned relation.
//!
//! Guarantees: a call costs nothing but planning until rows are asked for; wrong arguments have the codes of §9.7.

mod calls;
mod facets;
mod listing;
mod options;
mod plan;
mod tenant;
mod values;
mod zone;

pub(crate) use calls::{PageCall, Placeholders, find_calls, replace_calls};
pub(crate) use facets::FACETS;
pub(crate) use options::Paging;
pub(crate) use plan::plan_call;
pub(crate) use values::json_object;
pub(crate) use zone::zone_of;
