//! Tests of the JSON scanner.

use super::*;

fn parse(text: &str) -> Result<String, Malformed> {
    Tape::default().parse(text).map(Value::to_json)
}

#[test]
fn what_is_json_comes_back_without_blanks() {
    for (text, expected) in [
        ("null", "null"),
        (" [ ] ", "[]"),
        ("{ }", "{}"),
        (
            "\t{\"a\" : [1 , -2.50e+3, {\"b\":null}] , \"c\":\"x\"}\r\n",
            r#"{"a":[1,-2.50e+3,{"b":null}],"c":"x"}"#,
        ),
        (
            r#"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]"#,
            r#"["\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"]"#,
        ),
        (r#"{"a":1,"b":2,"a":3,"\u0061":4}"#, r#"{"\u0061":4,"b":2}"#),
        ("[NaN,Infinity,-Infinity]", "[null,null,null]"),
        ("[0,-0,0.0,0e0]", "[0,-0,0.0,0e0]"),
        ("\"\u{7f}é😀\"", "\"\u{7f}é😀\""),
    ] {
        assert_eq!(parse(text), Ok(expected.to_owned()), "{text}");
    }
}

#[test]
fn what_is_not_json_is_malformed() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "]",
        "}",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{,}",
        "{1:2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\" 1}",
        "[1}",
        "{\"a\":1]",
        "1 2",
        "nul",
        "True",
        "nan",
        "-NaN",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "-",
        "1e",
        "1e+",
        "0x1",
        "1_0",
        "１",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\u{1f}\"",
        "\"a\nb\"",
        "'a'",
        "\u{feff}{}",
        "\"\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "[\"\\u+123\"]",
        "\u{a0}1",
        "\u{b}1",
    ] {
        assert_eq!(parse(text), Err(Malformed), "{text:?}");
    }
}

#[test]
fn a_special_byte_is_found_at_every_place_of_a_word() {
    for length in 0..40 {
        let plain = "é".repeat(length / 2) + &"x".repeat(length % 2);
        for (special, is_json) in [
            ("\\n", true),
            ("\u{1}", false),
            ("\\", false),
            ("", true),
            ("\u{80}", true),
        ] {
            for tail in ["", "yyyyyyyyy"] {
                let text = format!("[\"{plain}{special}{tail}\"]");
                assert_eq!(parse(&text).is_ok(), is_json, "{text:?}");
            }
        }
    }
}

#[test]
fn nesting_and_long_integers_have_limits() {
    let nested = |depth| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(&nested(NESTING_MAX)).is_ok());
    assert_eq!(parse(&nested(NESTING_MAX + 1)), Err(Malformed));
    assert_eq!(parse(&"[".repeat(1_000_000)), Err(Malformed));
    assert!(parse(&"9".repeat(INTEGER_DIGITS_MAX)).is_ok());
    assert_eq!(parse(&"9".repeat(INTEGER_DIGITS_MAX + 1)), Err(Malformed));
    assert!(parse(&("9".repeat(INTEGER_DIGITS_MAX + 1) + ".5")).is_ok());
}

#[test]
fn values_are_read_as_what_they_are() {
    let mut tape = Tape::default();
    let text = r#"{"t":"a\u0041","t2":"plain","n":-0,"big":1e400,"nan":NaN,"yes":true,"no":false,"nil":null,"l":[1,[2],{}],"o":{"x":1}}"#;
    let object = tape.parse(text).unwrap().object().unwrap();
    let get = |name| object.get(name).unwrap();
    assert_eq!(get("t").text().as_deref(), Some("aA"));
    assert!(matches!(get("t2").text(), Some(Cow::Borrowed("plain"))));
    assert_eq!(get("n").float().map(f64::to_bits), Some(0.0f64.to_bits()));
    assert_eq!(get("big").float(), Some(f64::INFINITY));
    assert!(get("nan").float().unwrap().is_nan());
    assert_eq!(
        get("l")
            .items()
            .unwrap()
            .map(Value::raw)
            .collect::<Vec<_>>(),
        ["1", "[2]", "{}"]
    );
    assert_eq!(get("o").object().unwrap().get("x").unwrap().raw(), "1");
    assert!(
        object.get("missing").is_none()
            && get("t").items().is_none()
            && get("l").object().is_none()
    );
}

#[test]
fn truth_is_what_dynamic_languages_take_for_it() {
    for (text, expected) in [
        ("null", false),
        ("false", false),
        ("true", true),
        ("0", false),
        ("-0.0", false),
        ("0e5", false),
        ("1e-400", false),
        ("7", true),
        ("NaN", true),
        ("\"\"", false),
        ("\" \"", true),
        ("\"\\n\"", true),
        ("[]", false),
        ("[0]", true),
        ("{}", false),
        ("{\"a\":0}", true),
    ] {
        assert_eq!(
            Tape::default().parse(text).unwrap().is_truthy(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn quoting_is_undone_by_reading() {
    for text in ["", "plain", "\"\\/\u{0}\u{1f}\n\r\t\u{7f}é😀"] {
        let json = quote(text);
        assert_eq!(
            Tape::default().parse(&json).unwrap().text().as_deref(),
            Some(text)
        );
    }
}
