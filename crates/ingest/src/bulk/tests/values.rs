//! Tests of bulk loads: amounts, scores, lists, metadata, events and names of columns.

use super::*;

/// A ledger entry of 2026-03-12 with this kind, amount and category.
fn ledger(
    kinds: ArrayRef,
    amounts: ArrayRef,
    categories: ArrayRef,
) -> Vec<(&'static str, ArrayRef)> {
    let row_count = kinds.len();
    vec![
        ("account_id", same("acc", row_count)),
        ("entry_id", same("e", row_count)),
        ("chatbot_id", same("cb", row_count)),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; row_count])),
        ),
        ("kind", kinds),
        ("amount_usd", amounts),
        ("category", categories),
    ]
}

#[test]
fn amounts_are_exact_whatever_the_files_type() {
    let amounts = |amounts: ArrayRef| {
        let row_count = amounts.len();
        let (batch, rejects, _) = skip(
            "credit_ledger",
            &ledger(
                same("adjustment", row_count),
                amounts,
                Arc::new(NullArray::new(row_count)),
            ),
        );
        let amounts = batch["amount_usd"]
            .as_primitive::<arrow::datatypes::Decimal128Type>()
            .clone();
        (amounts.values().to_vec(), rejects)
    };
    let decimal = |units: Vec<i128>, precision, scale| -> ArrayRef {
        Arc::new(
            Decimal128Array::from(units)
                .with_precision_and_scale(precision, scale)
                .unwrap(),
        )
    };
    assert_eq!(amounts(decimal(vec![1, -5], 18, 6)).0, [1, -5]);
    assert_eq!(amounts(decimal(vec![1, -5], 38, 2)).0, [10_000, -50_000]);
    assert_eq!(amounts(decimal(vec![15, 14, -15], 20, 7)).0, [2, 1, -2]);
    assert_eq!(amounts(Arc::new(Int32Array::from(vec![7]))).0, [7_000_000]);
    assert_eq!(
        amounts(Arc::new(Float64Array::from(vec![0.1, 1e-7, 123_456.789]))).0,
        [100_000, 0, 123_456_789_000]
    );
    assert_eq!(
        amounts(texts([Some(" 0.0000005 "), Some("-1e2")])).0,
        [1, -100_000_000]
    );
    let odd = texts([Some("x"), Some("1e12"), None, Some("１"), Some("NaN")]);
    let expected = [
        "1 bad_value:amount_usd",
        "2 out_of_range:amount_usd",
        "3 missing_field:amount_usd",
        "4 bad_value:amount_usd",
        "5 bad_value:amount_usd",
    ];
    assert_eq!(amounts(odd).1, expected);
    assert_eq!(
        amounts(decimal(vec![i128::MAX / 2], 38, 6)).1,
        ["1 out_of_range:amount_usd"]
    );
}

#[test]
fn ledger_rows_follow_the_rules_of_their_kind() {
    let kinds = texts([
        Some("usage"),
        Some("Usage"),
        Some("topup"),
        Some("refund"),
        Some("usage"),
    ]);
    let amounts = texts([Some("1"), Some("2"), Some("3"), Some("-1"), Some("1")]);
    let categories = texts([
        Some("MARKETING"),
        None,
        Some("Marketing"),
        None,
        Some("service"),
    ]);
    let mut columns = ledger(kinds, amounts, categories);
    columns[2].1 = texts([Some("cb"), Some("cb"), None, None, None]);
    let (batch, rejects, _) = skip("credit_ledger", &columns);
    assert_eq!(
        rejects,
        ["4 out_of_range:amount_usd", "5 missing_field:chatbot_id"]
    );
    assert_eq!(
        text_column(&batch, "category"),
        [Some("Marketing".to_owned()), Some("Other".to_owned()), None]
    );
}

fn annotations(
    row_count: usize,
    more: &[(&'static str, ArrayRef)],
) -> Vec<(&'static str, ArrayRef)> {
    let mut columns = vec![
        ("chatbot_id", same("cb", row_count)),
        ("conversation_id", same("c", row_count)),
        (
            "annotated_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; row_count])) as ArrayRef,
        ),
    ];
    columns.extend(
        more.iter()
            .map(|(name, column)| (*name, Arc::clone(column))),
    );
    columns
}

#[test]
fn scores_and_words_of_annotations_are_checked() {
    let scores = Float64Array::from(vec![
        Some(1.0),
        Some(-1.0),
        Some(1.01),
        Some(f64::NAN),
        Some(f64::INFINITY),
        None,
    ]);
    let labels = texts([Some("very_negative"), None, None, None, None, Some("meh")]);
    let intents = texts([Some("Billing Q"), Some(" "), None, None, None, None]);
    let resolutions = texts([
        Some("Fully Resolved"),
        Some("unresolved"),
        None,
        None,
        None,
        None,
    ]);
    let columns = annotations(
        6,
        &[
            ("sentiment_score", Arc::new(scores)),
            ("sentiment_label", labels),
            ("intent", intents),
            ("resolution", resolutions),
        ],
    );
    let (batch, rejects, _) = skip("annotations", &columns);
    let expected = [
        "3 out_of_range:sentiment_score",
        "4 bad_value:sentiment_score",
        "5 bad_value:sentiment_score",
        "6 bad_value:sentiment_label",
    ];
    assert_eq!(rejects, expected);
    assert_eq!(
        text_column(&batch, "sentiment_label"),
        [Some("Very Negative".to_owned()), None]
    );
    assert_eq!(
        text_column(&batch, "intent"),
        [Some("billing_q".to_owned()), None]
    );
    assert_eq!(
        text_column(&batch, "resolution"),
        some(&["fully_resolved", "unresolved"])
    );
    let (_, rejects, _) = skip(
        "annotations",
        &annotations(
            4,
            &[(
                "sentiment_score",
                texts([Some("0.5"), Some("inf"), Some("2"), Some("")]),
            )],
        ),
    );
    assert_eq!(
        rejects,
        [
            "2 bad_value:sentiment_score",
            "3 out_of_range:sentiment_score"
        ]
    );
}

/// Lists over shared values; `None` is a NULL list.
fn lists(item: &str, lists: &[Option<&[Option<&str>]>]) -> ArrayRef {
    let values: Vec<_> = lists
        .iter()
        .flatten()
        .flat_map(|list| list.iter().copied())
        .collect();
    let lengths = lists.iter().map(|list| list.map_or(0, <[_]>::len));
    let nulls: NullBuffer = lists.iter().map(Option::is_some).collect::<Vec<_>>().into();
    let field = Arc::new(Field::new(item, DataType::Utf8, true));
    Arc::new(ListArray::new(
        field,
        OffsetBuffer::from_lengths(lengths),
        Arc::new(StringArray::from(values)),
        Some(nulls),
    ))
}

fn list_column(batch: &RecordBatch, name: &str) -> Vec<Option<Vec<String>>> {
    let texts = |list: ArrayRef| {
        list.as_string::<i32>()
            .iter()
            .map(|text| text.unwrap().to_owned())
            .collect()
    };
    batch[name]
        .as_list::<i32>()
        .iter()
        .map(|list| list.map(texts))
        .collect()
}

#[test]
fn slug_lists_end_up_sorted_and_without_repetitions() {
    let final_lists: &[Option<&[Option<&str>]>] =
        &[Some(&[Some("a"), Some("b_1")]), None, Some(&[])];
    let odd_lists: &[Option<&[Option<&str>]>] = &[
        Some(&[Some("b"), Some("a"), Some("B "), Some("-")]),
        Some(&[Some("hallucinated")]),
        Some(&[Some("a"), None]),
    ];
    let columns = annotations(
        3,
        &[
            ("topics", lists("element", final_lists)),
            ("behavior_flags", lists("item", odd_lists)),
        ],
    );
    let (batch, rejects, _) = skip("annotations", &columns);
    assert_eq!(rejects, ["3 bad_value:behavior_flags"]);
    assert_eq!(
        list_column(&batch, "topics"),
        [Some(vec!["a".to_owned(), "b_1".to_owned()]), None]
    );
    assert_eq!(
        list_column(&batch, "behavior_flags"),
        [
            Some(vec!["a".to_owned(), "b".to_owned()]),
            Some(vec!["hallucination".to_owned()])
        ]
    );

    let written = texts([
        Some(r#"["b","A"]"#),
        Some("[]"),
        Some(""),
        Some("a"),
        Some("[1]"),
        Some("{}"),
    ]);
    let (batch, rejects, _) = skip(
        "annotations",
        &annotations(6, &[("quality_flags", written)]),
    );
    assert_eq!(
        rejects,
        [
            "4 bad_value:quality_flags",
            "5 bad_value:quality_flags",
            "6 bad_value:quality_flags"
        ]
    );
    assert_eq!(
        list_column(&batch, "quality_flags"),
        [
            Some(vec!["a".to_owned(), "b".to_owned()]),
            Some(Vec::new()),
            None
        ]
    );
}

#[test]
fn metadata_that_cannot_be_used_is_null_with_a_warning() {
    let columns = [
        ("chatbot_id", same("cb", 3)),
        ("conversation_id", same("c", 3)),
        (
            "version_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 3])) as ArrayRef,
        ),
        ("user_mrr", texts([Some("120.505"), Some("-1"), Some("x")])),
        ("country", texts([Some("us"), Some("USA"), Some(" DE ")])),
        (
            "device",
            texts([Some("Desktop"), Some(" "), Some("mobile")]),
        ),
        ("user_plan", texts([Some(" Pro "), Some(""), None])),
        (
            "custom",
            texts([Some(r#"{ "a": 1 }"#), Some("[1]"), Some("oops")]),
        ),
    ];
    let (batch, rejects, warnings) = skip("conversation_meta", &columns);
    assert!(rejects.is_empty());
    let expected = [
        "2 bad_value:country",
        "2 type_mismatch:custom",
        "2 bad_number:user_mrr",
        "3 type_mismatch:custom",
        "3 bad_number:user_mrr",
    ];
    assert_eq!(warnings, expected);
    assert_eq!(
        text_column(&batch, "country"),
        [Some("US".to_owned()), None, Some("DE".to_owned())]
    );
    assert_eq!(
        text_column(&batch, "device"),
        [Some("desktop".to_owned()), None, Some("mobile".to_owned())]
    );
    assert_eq!(
        text_column(&batch, "user_plan"),
        [Some("Pro".to_owned()), None, None]
    );
    assert_eq!(
        text_column(&batch, "custom"),
        [Some(r#"{"a":1}"#.to_owned()), None, None]
    );
    let revenue = batch["user_mrr"].as_primitive::<arrow::datatypes::Decimal128Type>();
    assert_eq!((revenue.value(0), revenue.null_count()), (12_051, 2));
}

#[test]
fn events_get_the_actor_and_the_id_that_a_record_would_get() {
    let columns = [
        ("chatbot_id", same("cb", 3)),
        ("conversation_id", same("c", 3)),
        (
            "event",
            texts([Some("opened"), Some("assigned"), Some("assigned")]),
        ),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 3])) as ArrayRef,
        ),
        ("agent_id", texts([None, Some("ag"), None])),
        ("event_id", texts([None, Some("e1"), None])),
    ];
    let (batch, rejects, _) = skip("conversation_events", &columns);
    assert_eq!(rejects, ["3 missing_field:agent_id|team_id"]);
    assert_eq!(
        text_column(&batch, "actor"),
        [Some("customer".to_owned()), None]
    );
    let id = crate::record::event_id("c", "opened", NOW, None, None);
    assert_eq!(text_column(&batch, "event_id"), some(&[&id, "e1"]));
}

#[test]
fn registries_and_runs_fill_in_their_defaults() {
    let columns = [
        ("account_id", same("acc", 3)),
        (
            "timezone",
            texts([Some("America/New_York"), None, Some("Nowhere")]),
        ),
        (
            "business_hours",
            texts([Some("[ 1 ]"), Some("mon-fri"), None]),
        ),
    ];
    let (batch, rejects, _) = skip("accounts", &columns);
    assert_eq!(rejects, ["3 bad_value:timezone"]);
    assert_eq!(
        text_column(&batch, "business_hours"),
        some(&["[1]", "\"mon-fri\""])
    );

    let columns = [
        ("account_id", same("acc", 2)),
        ("agent_id", same("ag", 2)),
        ("role", texts([None, Some("Owner")])),
    ];
    assert_eq!(
        text_column(&skip("agents", &columns).0, "role"),
        some(&["agent", "owner"])
    );

    let updated = TimestampMicrosecondArray::from(vec![None, Some(NOW + 1)]);
    let columns = [
        ("chatbot_id", same("cb", 2)),
        ("run_id", same("r", 2)),
        ("workflow_id", same("w", 2)),
        ("status", same("pending", 2)),
        (
            "occurred_at",
            Arc::new(TimestampMicrosecondArray::from(vec![NOW; 2])) as ArrayRef,
        ),
        ("updated_at", Arc::new(updated)),
    ];
    let (batch, _, _) = skip("workflow_runs", &columns);
    assert_eq!(
        batch["updated_at"]
            .as_primitive::<TimestampMicrosecondType>()
            .values(),
        &[NOW, NOW + 1]
    );
}

#[test]
fn names_of_columns_must_fit() {
    let table = chatlake_schema::table("flows").unwrap();
    let places = |names: &[&str], ignore_extra| {
        columns::places(table, names, ignore_extra).map_err(|error| error.to_string())
    };
    assert_eq!(
        places(&["name", "flow_id", "chatbot_id", "ingest_seq"], false),
        Ok(vec![Some(2), Some(1), Some(0), None])
    );
    assert_eq!(
        places(&["flow_id", "chatbot_id", "x"], true),
        Ok(vec![Some(1), Some(0), None])
    );
    let extra = places(&["flow_id", "chatbot_id", "x"], false).unwrap_err();
    assert!(extra.contains("found an extra column `x`"), "{extra}");
    let missing = places(&["flow_id"], false).unwrap_err();
    assert_eq!(
        missing,
        "the columns do not fit table `flows`: expected a column `chatbot_id`, found `flow_id`"
    );
    assert!(places(&[], false).unwrap_err().contains("found no columns"));
    assert!(
        places(&["flow_id", "chatbot_id", "flow_id"], false)
            .unwrap_err()
            .contains("`flow_id` comes twice")
    );
}
