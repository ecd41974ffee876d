//! The reference of views and pages, written from their headers.
//!
//! Guarantees: the text depends on the headers alone.

use std::fmt::Write as _;

use crate::{Library, Page, PageClass, PageOption, View, ViewColumn};

const VIEWS_OPENING: &str = "\
# Views

Generated from the headers of `crates/analytics/src/views/*.sql`; a test compares the two. The views are in the schema
`lake`, which queries use by default. They show what counts: duplicates are gone, versions are resolved. Where a view has
the column `chatbot_id`, a filter on it reads the files of that chatbot only; views of an account's registries have
`account_id`. A filter on `day`, where a view has it, reads the files of those days only.

`SET chatlake.as_of = '2026-03-12T16:00:00Z'` cuts everything that happened later, so that a result can be repeated.
Types: TIMESTAMP is an instant in UTC with microseconds, JSON is text that holds a JSON value, TEXT[] is a list of texts.
";

const BI_OPENING: &str = "\
# Views for BI tools

Generated from the headers of `crates/analytics/src/bi/*.sql`; a test compares the two. The schema `bi` holds flat
relations for people who drag and drop. Each has `chatbot_id`; a filter on it reads the files of that chatbot only.
Daily facts have `day`, the calendar day in the account's time zone; a filter on it reads the files around those days only.
Days on which nothing happened have no row.
";

const PAGES_OPENING: &str = "\
# Pages

Generated from the headers of `crates/analytics/src/pages/*.sql`; a test compares the two and runs every example.
A page is a table function over one chatbot:

```sql
SELECT * FROM users_page('cb_1', 'this_month');
SELECT * FROM users_page('cb_1', 'this_month', plan => ['pro', 'enterprise'], sort => '-mrr');
SELECT * FROM users_page('cb_1', 'this_month', '{\"plan\": [\"pro\", \"enterprise\"], \"sort\": \"-mrr\"}');
```

Options are given by name or as JSON text, which mean the same. Arguments are required options; they may also stand by
position after the period. Values are literals or placeholders of a prepared statement.

**Periods**: `today`, `yesterday`, `this_week` (from Monday), `last_week`, `this_month`, `last_month`, `this_year`,
`last_year`, `last_7_days`, `last_15_days`, `last_30_days` (calendar days, today included), `all_time`, and `custom` with
`from` and `to`, two calendar days, both included. Days are those of the account's time zone. Left out, the period is
`this_month` on entity pages and `last_7_days` on analytics pages; custom ranges of analytics pages have at most 90 days.

**Options of every page**: `inbox_id` (conversations of one inbox), `as_of` (an instant: nothing later is seen; default now),
`from` and `to`, `columns` (the columns to show, in order; also those listed as *on request*), and where a page has a
drill page `drill => true` (the ids behind its numbers; search and filters of a listing are no options of its drill page:
ask for the ids of its rows). `from` and `to` count with `custom` only. A page about one conversation finds it whatever
the inbox. Options may be NULL or blank text, which is the same as leaving them out; in JSON the last of two equal names
counts, and the same option by name and in JSON is an error.

**Listings** also have `sort` (a column, `-` in front for descending; NULL is last either way), `page` (from 1), `page_size`
(10, 20, 50 or 100; default 20), `search` (literal text, in any case), filters (one value or a list: any of them), ranges
(`name_min`, `name_max`, inclusive) and, where they have a column `custom`, `custom.<key>` (a quoted name). They add the
column `total`: the number of rows over all screen pages. A screen page past the end is empty, without a `total`. Filters
compare whole values as they are stored (`resolution => 'fully_resolved'`, `country => 'US'`), `custom.<key>` the JSON text
of the value; search and sort of texts follow the Unicode simple lower case. An empty list chooses nothing, so filters
nothing; a range whose minimum is above its maximum has no rows.

**Errors** begin with a code: `bad_period`, `bad_range`, `range_too_long`, `unknown_option:x`, `unknown_column:x`,
`bad_value:x`, `permission_denied`. A chatbot that was never heard of is not an error: its pages are empty or 0.

## facets

`facets(chatbot_id, period, entity [, field] [, options])`

The values of the filters of a listing with the number of rows that have them: `entity` is `users`, `organizations`,
`conversations` or `chat_users`; without `field` all facets of that page are given. All options of the page's filters apply,
except the facet's own. NULL is no value. Columns: `field` TEXT, `value` TEXT, `n` BIGINT; by field, n descending, value.

```sql
SELECT * FROM facets('cb_1', 'this_month', 'users', 'plan');
```
";

/// Markdown text of `docs/reference/views.md`.
pub fn views_markdown() -> String {
    views(VIEWS_OPENING, Library::built_in().views())
}

/// Markdown text of `docs/reference/bi.md`.
pub fn bi_markdown() -> String {
    views(BI_OPENING, Library::built_in().bi())
}

/// Markdown text of `docs/reference/pages.md`.
pub fn pages_markdown() -> String {
    let mut text = PAGES_OPENING.to_owned();
    for page in Library::built_in().pages() {
        describe_page(&mut text, page);
    }
    text
}

// Writing to a `String` cannot fail, so what it returns is left alone in this file.

fn views(opening: &str, views: &[View]) -> String {
    let mut text = opening.to_owned();
    for View {
        name,
        doc,
        source,
        columns,
        ..
    } in views
    {
        let _ = write!(text, "\n## {name}\n\n{doc} Source: {source}.\n\n");
        table(&mut text, columns, &[]);
    }
    text
}

fn table(text: &mut String, columns: &[ViewColumn], extras: &[ViewColumn]) {
    text.push_str("| column | type | meaning |\n|---|---|---|\n");
    let shown = columns.iter().map(|column| (column, ""));
    for (column, note) in shown.chain(extras.iter().map(|column| (column, "*On request.* "))) {
        let ViewColumn {
            name,
            type_name,
            doc,
        } = column;
        let _ = writeln!(text, "| {name} | {type_name} | {note}{doc} |");
    }
}

fn describe_page(text: &mut String, page: &Page) {
    let mut signature = format!("{}(chatbot_id", page.name);
    if page.has_period {
        signature.push_str(", period");
    }
    for argument in page.options.iter().filter(|option| option.is_argument) {
        let _ = write!(signature, ", {}", argument.name);
    }
    let who = match page.class {
        PageClass::Entity => "any role",
        PageClass::Analytics => "owner and admin",
    };
    let Page {
        name,
        doc,
        source,
        example,
        ..
    } = page;
    let _ = write!(
        text,
        "\n## {name}\n\n`{signature} [, options])`\n\n{doc} For {who}. Source: {source}.\n\n"
    );
    options(text, page);
    table(text, &page.columns, &page.extras);
    let _ = write!(text, "\n```sql\n{example}\n```\n");
}

fn options(text: &mut String, page: &Page) {
    for option in &page.options {
        let PageOption {
            name,
            type_name,
            values,
            default,
            doc,
            is_argument,
        } = option;
        let kind = if values.is_empty() {
            type_name.clone()
        } else {
            values.join(", ")
        };
        let default = match (default, is_argument) {
            (Some(default), _) => format!("; default {default}"),
            (None, true) => "; required".to_owned(),
            (None, false) => String::new(),
        };
        let _ = writeln!(text, "* `{name}` ({kind}{default}): {doc}");
    }
    if let Some(listing) = &page.listing {
        let list = |names: Vec<String>| {
            names
                .into_iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let of = |is_facet| {
            let filters = listing.filters.iter();
            list(
                filters
                    .filter(|filter| filter.is_facet == is_facet)
                    .map(|filter| filter.name.clone())
                    .collect(),
            )
        };
        let ranges = list(
            listing
                .ranges
                .iter()
                .map(|(name, _)| name.clone())
                .collect(),
        );
        let lines = [
            ("search in", list(listing.search.clone())),
            ("facets", of(true)),
            ("further filters", of(false)),
            ("ranges", ranges),
        ];
        for (what, names) in lines.iter().filter(|(_, names)| !names.is_empty()) {
            let _ = writeln!(text, "* {what}: {names}");
        }
    }
    if !page.options.is_empty() || page.listing.is_some() {
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the developer asks for the files to be written anew"
    )]
    fn the_references_are_up_to_date() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference");
        for (name, expected) in [
            ("views.md", views_markdown()),
            ("bi.md", bi_markdown()),
            ("pages.md", pages_markdown()),
        ] {
            let file = format!("{folder}/{name}");
            if std::env::var("CHATLAKE_BLESS").is_ok() {
                std::fs::create_dir_all(folder).expect("directory");
                std::fs::write(&file, &expected).expect("the reference can be written");
            }
            let found = std::fs::read_to_string(&file).unwrap_or_default();
            assert!(
                found == expected,
                "docs/reference/{name} is out of date; run the tests with CHATLAKE_BLESS=1"
            );
        }
    }

    #[test]
    fn every_column_and_option_is_described() {
        let text = views_markdown();
        for column in Library::built_in()
            .views()
            .iter()
            .flat_map(|view| &view.columns)
        {
            assert!(text.contains(&format!(
                "| {} | {} | {} |",
                column.name, column.type_name, column.doc
            )));
        }
        assert!(text.contains("\n## users\n"));
        let text = pages_markdown();
        for option in Library::built_in()
            .pages()
            .iter()
            .flat_map(|page| &page.options)
        {
            assert!(text.contains(&option.doc), "{}", option.name);
        }
    }
}
