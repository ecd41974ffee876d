//! Tests of the header of a page.

use super::*;

const GOOD: &str = "\
-- page: things
-- doc: Things of a window.
-- source: spec §6
-- class: entity
-- argument: kind | TEXT(big|small) | Kind of thing.
-- option: depth | BIGINT | 3 | How deep.
-- column: id | TEXT | Id.
-- column: weight | DOUBLE | Weight in kg.
-- extra: tags | TEXT[] | Tags.
-- key: id
-- order: -weight, id
-- search: id
-- facet: tag = tags
-- filter: thing_id = id
-- range: weight = weight
-- example: SELECT * FROM things('cb_1', 'this_month', 'big');
SELECT id, weight, tags FROM messages WHERE sent_at < $win_to AND $kind = 'big' AND $depth = 3
";

fn error_of(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    Page::parse("things", &GOOD.replace(from, to))
        .expect_err(to)
        .to_string()
}

#[test]
fn a_good_text_is_taken_apart() {
    let page = Page::parse("things", GOOD).expect("it is good");
    assert_eq!((page.class, page.has_period), (PageClass::Entity, true));
    let kind = &page.options[0];
    assert_eq!(
        (kind.name.as_str(), kind.is_argument, kind.values.join(",")),
        ("kind", true, "big,small".to_owned())
    );
    assert_eq!(page.options[1].default.as_deref(), Some("3"));
    let listing = page.listing.as_ref().expect("it is a listing");
    assert_eq!(listing.order[0], SortColumn::parse("-weight"));
    assert!(listing.filters[0].is_facet && !listing.filters[1].is_facet);
    assert_eq!(
        page.column("tags").map(|column| column.type_name.as_str()),
        Some("TEXT[]")
    );
    assert_eq!(
        page.option_names(),
        [
            "as_of",
            "columns",
            "depth",
            "drill",
            "from",
            "inbox_id",
            "kind",
            "page",
            "page_size",
            "search",
            "sort",
            "tag",
            "thing_id",
            "to",
            "weight_max",
            "weight_min"
        ]
    );
}

#[test]
fn a_page_without_listing_or_period_is_fine() {
    let text = "-- page: now\n-- doc: Now.\n-- source: spec\n-- class: analytics\n-- period: none\n\
                -- column: n | BIGINT | N.\n-- example: SELECT * FROM now('cb_1');\nSELECT 1 AS n\n";
    let page = Page::parse("now", text).expect("it is good");
    assert!(!page.has_period && page.listing.is_none());
    assert_eq!(page.class, PageClass::Analytics);
}

#[test]
fn what_is_wrong_is_named_with_the_line() {
    for (from, to, expected) in [
        (
            "class: entity",
            "class: other",
            "expected a class `entity` or `analytics` in page `things`, found `other`",
        ),
        (
            "depth | BIGINT | 3 | How deep.",
            "depth | BIGINT | 3",
            "expected an option `name | TYPE | default | doc` in page `things`, found `depth | BIGINT | 3`",
        ),
        ("depth | BIGINT", "depth | INT", "found `INT`"),
        (
            "option: depth",
            "option: kind",
            "expected `kind` of page `things` once",
        ),
        (
            "option: depth",
            "option: sort",
            "expected `sort` of page `things` once",
        ),
        (
            "key: id",
            "key: no",
            "expected a column of page `things`, found `no`",
        ),
        (
            "tag = tags",
            "tag = no",
            "expected a column of page `things`, found `no`",
        ),
        (
            "tag = tags",
            "tags",
            "expected `name = column` in page `things`, found `tags`",
        ),
        ("$depth", "$width", "found `$width`"),
        ("-- example: ", "-- sample: ", "expected `-- example: …`"),
    ] {
        let error = error_of(from, to);
        assert!(error.contains(expected), "{error}");
    }
}
