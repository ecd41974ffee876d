//! Tests of conditions: how they are read, and what they say of findings.

use super::*;

/// A test as JSON.
fn test(kind: &str, cmp: &str, value: &str) -> String {
    format!(r#"{{"kind":"{kind}","cmp":"{cmp}","value":{value}}}"#)
}

fn group(op: &str, parts: &[&str]) -> String {
    format!(r#"{{"op":"{op}","all":[{}]}}"#, parts.join(","))
}

fn parsed(json: &str) -> Condition {
    Condition::parse(json).unwrap_or_else(|error| panic!("{json}: {error}"))
}

/// Does the condition match, and is it complete?
fn found(json: &str, findings: &Findings) -> (bool, bool) {
    let condition = parsed(json);
    (condition.matches(findings), condition.is_complete(findings))
}

const FINDINGS: Findings = Findings {
    sentiment_score: Some(-0.5),
    sentiment_label: Some("Very Negative"),
    intent: Some("refund_request"),
    resolution: Some("unresolved"),
    topics: Some(&["billing", "invoice"]),
    behavior_flags: Some(&["churn_risk"]),
    quality_flags: Some(&[]),
};

#[test]
fn a_score_is_compared_with_a_number() {
    for (cmp, below, same, above) in [
        ("<", true, false, false),
        ("<=", true, true, false),
        (">", false, false, true),
        (">=", false, true, true),
        ("=", false, true, false),
    ] {
        let json = test("sentiment_score", cmp, "-0.5");
        for (score, expected) in [(-0.75, below), (-0.5, same), (0.0, above)] {
            let findings = Findings {
                sentiment_score: Some(score),
                ..Findings::default()
            };
            assert_eq!(found(&json, &findings), (expected, true), "{cmp} {score}");
        }
    }
    let zero = test("sentiment_score", "=", "0");
    let minus_zero = Findings {
        sentiment_score: Some(-0.0),
        ..FINDINGS
    };
    assert_eq!(found(&zero, &minus_zero), (true, true));
}

#[test]
fn words_are_compared_as_they_are_stored() {
    for (kind, value, is) in [
        ("sentiment_label", "very negative", true),
        ("sentiment_label", " VERY_NEGATIVE ", true),
        ("sentiment_label", "Negative", false),
        ("intent", "Refund request!", true),
        ("intent", "refund", false),
        ("resolution", "Unresolved", true),
        ("resolution", "fully-resolved", false),
        ("topic", "Invoice", true),
        ("topic", "invoices", false),
    ] {
        let value = format!("\"{value}\"");
        let equal = found(&test(kind, "=", &value), &FINDINGS);
        let different = found(&test(kind, "!=", &value), &FINDINGS);
        assert_eq!(
            (equal, different),
            ((is, true), (!is, true)),
            "{kind} {value}"
        );
    }
    for (kind, value, is) in [
        ("flag", "Churn risk", true),
        ("flag", "other", false),
        ("quality_flag", "hallucinated", false),
    ] {
        let value = format!("\"{value}\"");
        let detected = found(&test(kind, "detected", &value), &FINDINGS);
        let not_detected = found(&test(kind, "not_detected", &value), &FINDINGS);
        assert_eq!(
            (detected, not_detected),
            ((is, true), (!is, true)),
            "{kind} {value}"
        );
    }
    let hallucination = Findings {
        quality_flags: Some(&["hallucination"]),
        ..FINDINGS
    };
    let json = test("quality_flag", "detected", "\"hallucinating\"");
    assert_eq!(found(&json, &hallucination), (true, true));
}

#[test]
fn a_kind_that_was_not_analysed_is_false_whatever_is_asked() {
    let nan = Findings {
        sentiment_score: Some(f64::NAN),
        ..Findings::default()
    };
    for findings in [Findings::default(), nan] {
        for (kind, comparisons, value) in [
            ("sentiment_score", &["<", "<=", ">", ">=", "="][..], "0"),
            ("sentiment_label", &["=", "!="], "\"Neutral\""),
            ("intent", &["=", "!="], "\"a\""),
            ("resolution", &["=", "!="], "\"unresolved\""),
            ("topic", &["=", "!="], "\"a\""),
            ("flag", &["detected", "not_detected"], "\"a\""),
            ("quality_flag", &["detected", "not_detected"], "\"a\""),
        ] {
            for cmp in comparisons {
                let json = test(kind, cmp, value);
                assert_eq!(found(&json, &findings), (false, false), "{json}");
            }
        }
    }
}

#[test]
fn groups_combine_what_is_in_them() {
    let (yes, no) = (
        test("flag", "detected", "\"churn_risk\""),
        test("topic", "=", "\"x\""),
    );
    for (op, parts, expected) in [
        ("and", &[][..], true),
        ("or", &[], false),
        ("and", &[&yes], true),
        ("or", &[&no], false),
        ("and", &[&yes, &no], false),
        ("or", &[&no, &yes], true),
        ("and", &[&group("or", &[&no, &yes]), &yes], true),
        (
            "or",
            &[&group("and", &[&no, &yes]), &group("or", &[])],
            false,
        ),
    ] {
        let parts: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
        let json = group(op, &parts);
        assert_eq!(found(&json, &FINDINGS), (expected, true), "{json}");
    }
    // Every kind that is named must be there, also where `or` holds already.
    let json = group("or", &[&yes, &no]);
    let without_topics = Findings {
        topics: None,
        ..FINDINGS
    };
    assert_eq!(found(&json, &without_topics), (true, false));
}

#[test]
fn what_cannot_be_understood_is_refused_with_what_was_expected() {
    for (json, expected) in [
        ("", "JSON"),
        ("{", "JSON"),
        ("null", "an object with either"),
        ("\"and\"", "an object with either"),
        ("[]", "an object with either"),
        (r#"{"all":[]}"#, "an object with either"),
        (
            r#"{"op":"and","kind":"intent","all":[]}"#,
            "an object with either",
        ),
        (r#"{"op":"xor","all":[]}"#, "`op` `and` or `or`"),
        (r#"{"op":null,"all":[]}"#, "`op` `and` or `or`"),
        (r#"{"op":"and"}"#, "`all`, a list of conditions"),
        (r#"{"op":"and","all":{}}"#, "`all`, a list of conditions"),
        (r#"{"op":"and","all":[1]}"#, "an object with either"),
        (&test("mood", "=", "1"), "`kind` `sentiment_score`"),
        (&test("sentiment_score", "==", "1"), "`cmp` `<`"),
        (&test("sentiment_score", "=", "\"1\""), "`value`, a number"),
        (
            &test("sentiment_label", "=", "\"meh\""),
            "`value` `Very Negative`",
        ),
        (
            &test("resolution", "=", "\"resolved\""),
            "`value` `fully_resolved`",
        ),
        (&test("intent", "=", "\"!\""), "`value`, a text"),
        (&test("intent", "=", "1"), "`value`, a text"),
        (r#"{"kind":"intent","cmp":"="}"#, "`value`, a text"),
        (&test("intent", "<", "\"a\""), "`cmp` `=` or `!=`"),
        (r#"{"kind":"topic","value":"a"}"#, "`cmp` `=` or `!=`"),
        (
            &test("flag", "=", "\"a\""),
            "`cmp` `detected` or `not_detected`",
        ),
    ] {
        let message = Condition::parse(json).expect_err(json).to_string();
        let start = format!("bad_value:conditions: expected {expected}");
        assert!(message.starts_with(&start), "{json}: {message}");
    }
}

#[test]
fn depth_and_number_are_bounded() {
    let nested = |depth| {
        let innermost = test("intent", "=", "\"refund_request\"");
        (0..depth).fold(innermost, |json, _| group("and", &[&json]))
    };
    assert_eq!(found(&nested(NESTING_MAX), &FINDINGS), (true, true));
    let message = |json: &str| Condition::parse(json).expect_err(json).to_string();
    for depth in [NESTING_MAX + 1, 10_000] {
        let message = message(&nested(depth));
        assert!(
            message.contains("at most 16 groups in each other"),
            "{message}"
        );
    }
    let of_tests = |count| {
        group(
            "or",
            &vec![test("topic", "=", "\"invoice\"").as_str(); count],
        )
    };
    assert_eq!(
        found(&of_tests(CONDITIONS_MAX - 1), &FINDINGS),
        (true, true)
    );
    let message = message(&of_tests(CONDITIONS_MAX));
    assert!(
        message.contains("expected at most 1000 conditions"),
        "{message}"
    );
}
