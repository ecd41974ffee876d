//! Tests of options: what a call asks for, and the codes of what is wrong with it.

use serde_json::json;

use super::*;

/// A call of a built-in page with values by position and options.
fn call(name: &str, positional: &[Value], options: Value) -> PageCall {
    let Value::Object(named) = options else {
        panic!("expected an object");
    };
    PageCall {
        name: name.to_owned(),
        positional: positional.to_vec(),
        named,
        is_blank: false,
    }
}

fn read(name: &str, positional: &[Value], options: Value) -> Result<PageOptions> {
    let page = Library::built_in().page(name).expect("a built-in page");
    PageOptions::read(page, &call(name, positional, options))
}

/// The code and sentence of a wrong call of `users_page`.
fn wrong(options: Value) -> String {
    let error = read("users_page", &[json!("cb"), json!("this_month")], options);
    error.expect_err("it is wrong").to_string()
}

#[test]
fn defaults_are_those_of_the_specification() {
    let options = read("users_page", &[json!("cb")], json!({})).expect("it is good");
    assert_eq!(options.period, Period::Preset(Preset::ThisMonth));
    assert_eq!(options.paging, Paging::Screen { skip: 0, rows: 20 });
    assert!(options.conditions.is_empty());
    let options = read("analytics_messages", &[json!("cb")], json!({})).expect("it is good");
    assert_eq!(options.period, Period::Preset(Preset::Last7Days));
}

#[test]
fn screen_pages_and_sort_are_read() {
    let asked = json!({"page": 3, "page_size": 50, "sort": "-mrr, user_id"});
    let options = read("users_page", &[json!("cb")], asked).expect("it is good");
    assert_eq!(
        options.paging,
        Paging::Screen {
            skip: 100,
            rows: 50
        }
    );
    assert_eq!(
        options.order,
        [SortColumn::parse("-mrr"), SortColumn::parse("user_id")]
    );
}

#[test]
fn columns_always_hold_the_key() {
    let options = read(
        "users_page",
        &[json!("cb")],
        json!({"columns": ["mrr", "plan"]}),
    );
    assert_eq!(
        options.expect("it is good").columns,
        ["user_id", "mrr", "plan"]
    );
    let options = read(
        "users_page",
        &[json!("cb")],
        json!({"columns": "mrr, user_id, mrr"}),
    );
    assert_eq!(options.expect("it is good").columns, ["mrr", "user_id"]);
}

#[test]
fn nothing_chosen_is_no_filter() {
    let asked =
        json!({"plan": [], "industry": null, "search": "  ", "mrr_min": "", "inbox_id": ""});
    let options = read("users_page", &[json!("cb")], asked).expect("it is good");
    assert!(options.conditions.is_empty(), "{:?}", options.conditions);
    assert_eq!(options.inbox_id, None);
}

#[test]
fn filters_and_bounds_are_read() {
    let asked = json!({"plan": "pro", "mrr_min": 100.5, "search": " Acme "});
    let options = read("users_page", &[json!("cb")], asked).expect("it is good");
    let expected = [
        Condition::OneOf {
            option: "plan".to_owned(),
            column: "plan".to_owned(),
            values: vec!["pro".to_owned()],
        },
        Condition::AtLeast(
            "mrr".to_owned(),
            ScalarValue::Decimal128(Some(100_500_000_000_000), 38, 12),
        ),
        Condition::Holds("Acme".to_owned()),
    ];
    assert_eq!(options.conditions, expected);
}

#[test]
fn arguments_stand_by_position_or_by_name() {
    for (positional, named) in [
        (
            vec![json!("cb"), json!("last_7_days"), json!("org")],
            json!({}),
        ),
        (
            vec![json!("cb"), json!("last_7_days")],
            json!({"organization_id": "org"}),
        ),
        (
            vec![],
            json!({"chatbot_id": "cb", "period": "last_7_days", "organization_id": "org"}),
        ),
    ] {
        let options = read("qbr", &positional, named).expect("it is good");
        assert_eq!(options.own["organization_id"], ScalarValue::from("org"));
    }
    for positional in [
        vec![json!("cb"), json!("c2")],
        vec![json!("cb"), json!("all_time"), json!("c2")],
    ] {
        let options = read("conversation_detail", &positional, json!({})).expect("it is good");
        assert_eq!(options.own["conversation_id"], ScalarValue::from("c2"));
    }
    let asked = json!({"conversation_id": "c2"});
    let options = read(
        "conversation_detail",
        &[json!("cb"), json!("all_time")],
        asked,
    );
    assert_eq!(
        options.expect("it is good").own["conversation_id"],
        ScalarValue::from("c2")
    );
}

#[test]
fn what_is_wrong_begins_with_its_code() {
    for (options, code) in [
        (
            json!({"pln": "pro"}),
            "unknown_option:pln: `users_page` has the options `as_of`,",
        ),
        (
            json!({"columns": ["mrrr"]}),
            "unknown_column:mrrr: `users_page` has the columns `user_id`,",
        ),
        (json!({"sort": "-mrrr"}), "unknown_column:mrrr:"),
        (
            json!({"page": 0}),
            "bad_value:page: expected a number from 1, found `0`",
        ),
        (
            json!({"page_size": 25}),
            "bad_value:page_size: expected 10, 20, 50 or 100, found `25`",
        ),
        (
            json!({"mrr_min": "many"}),
            "bad_value:mrr_min: expected a number, found `many`",
        ),
        (
            json!({"as_of": "2026-03-12"}),
            "bad_value:as_of: expected an instant such as",
        ),
        (
            json!({"from": "12.3.2026"}),
            "bad_value:from: expected a day such as",
        ),
        (
            json!({"include_guests": "maybe"}),
            "bad_value:include_guests: expected `true` or `false`, found `maybe`",
        ),
        (
            json!({"plan": {"a": 1}}),
            "bad_value:plan: expected a text, found",
        ),
    ] {
        let found = wrong(options);
        assert!(found.starts_with(code), "{found}");
    }
}

#[test]
fn wrong_periods_and_ranges_have_their_codes() {
    for (page, period, options, code) in [
        ("users_page", json!("last_8_days"), json!({}), "bad_period:"),
        ("users_page", Value::Null, json!({}), "bad_period:"),
        (
            "users_page",
            json!("custom"),
            json!({"from": "2026-03-02"}),
            "bad_range:",
        ),
        (
            "users_page",
            json!("custom"),
            json!({"from": "2026-03-02", "to": "2026-03-01"}),
            "bad_range:",
        ),
        (
            "analytics_messages",
            json!("custom"),
            json!({"from": "2026-01-01", "to": "2026-04-01"}),
            "range_too_long:",
        ),
    ] {
        let found = read(page, &[json!("cb"), period], options)
            .expect_err("it is wrong")
            .to_string();
        assert!(found.starts_with(code), "{found}");
    }
    let asked = json!({"from": "2026-01-01", "to": "2026-03-31"});
    assert!(read("analytics_messages", &[json!("cb"), json!("custom")], asked).is_ok());
    let asked = json!({"from": "2020-01-01", "to": "2026-03-31"});
    assert!(read("users_page", &[json!("cb"), json!("custom")], asked).is_ok());
}

#[test]
fn a_missing_argument_or_chatbot_is_named() {
    let error = read("qbr", &[json!("cb")], json!({}))
        .expect_err("it is wrong")
        .to_string();
    assert_eq!(
        error,
        "bad_value:organization_id: expected a value, found none"
    );
    let error = read("qbr", &[], json!({}))
        .expect_err("it is wrong")
        .to_string();
    assert_eq!(
        error,
        "bad_value:chatbot_id: expected the id of a chatbot, found `null`"
    );
    let error = read(
        "segments",
        &[json!("cb"), json!("last_7_days"), json!("shoe_size")],
        json!({}),
    );
    assert!(
        error
            .expect_err("it is wrong")
            .to_string()
            .starts_with("bad_value:by: expected one of `plan`")
    );
}
