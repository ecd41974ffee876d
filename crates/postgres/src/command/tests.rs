//! Statements and what they ask for.

use super::*;

fn check(text: &str, expected: Command) {
    assert_eq!(Command::of(text).unwrap(), expected, "{text}");
}

fn refused(text: &str) -> &'static str {
    match Command::of(text).unwrap_err() {
        Error::Sql { state, .. } => state,
        other => panic!("{other}"),
    }
}

#[test]
fn the_first_word_decides() {
    check(
        "  -- a comment\n /* and /* one */ */ BEGIN",
        Command::Begin("BEGIN"),
    );
    check(
        "start transaction read only",
        Command::Begin("START TRANSACTION"),
    );
    check("END", Command::Commit);
    check("ROLLBACK TO SAVEPOINT a", Command::RollbackTo);
    check("((SELECT 1))", Command::Query);
    check("WITH a AS (SELECT 1) SELECT * FROM a", Command::Query);
    check("", Command::Query);
}

#[test]
fn what_would_change_something_is_read_only() {
    for text in [
        "INSERT INTO messages VALUES (1)",
        "/* x */ update messages set a = 1",
        "create table a (b int)",
        "COPY messages TO 'x.csv'",
        "DO $$ BEGIN END $$",
    ] {
        assert_eq!(refused(text), "25006", "{text}");
    }
}

#[test]
fn settings_are_read_in_all_their_forms() {
    let set = |name: &str, value: &str| Command::Set(name.to_owned(), value.to_owned());
    check(
        "SET application_name TO 'it''s me'",
        set("application_name", "it's me"),
    );
    check(
        "set session DateStyle = iso, mdy",
        set("datestyle", "iso, mdy"),
    );
    check("SET extra_float_digits=3", set("extra_float_digits", "3"));
    check(
        "SET TIME ZONE 'Europe/Berlin'",
        set("timezone", "Europe/Berlin"),
    );
    check(
        "SET TimeZone TO Europe/Berlin",
        set("timezone", "Europe/Berlin"),
    );
    check("SET NAMES 'utf8'", set("client_encoding", "utf8"));
    check(
        "SET chatlake.chatbot_id = 'cb_1'",
        set("chatlake.chatbot_id", "cb_1"),
    );
    check(
        "SET statement_timeout TO DEFAULT",
        Command::Reset("statement_timeout".to_owned()),
    );
    check(
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
        Command::SetTransaction,
    );
    check(
        "SHOW TRANSACTION ISOLATION LEVEL",
        Command::Show("transaction_isolation".to_owned()),
    );
    check("SHOW TimeZone", Command::Show("timezone".to_owned()));
    check("SHOW TABLES", Command::Query);
    check("RESET ALL", Command::ResetAll);
    assert_eq!(refused("SET a"), "42601");
    assert_eq!(refused("SET a = 'b"), "42601");
}

#[test]
fn cursors_are_declared_fetched_and_closed() {
    check(
        "DECLARE \"My Cursor\" NO SCROLL CURSOR WITHOUT HOLD FOR SELECT 1 -- one",
        Command::Declare("My Cursor".to_owned(), "SELECT 1 -- one".to_owned()),
    );
    let fetch = |count, name: &str| Command::Fetch(count, name.to_owned());
    check(
        "FETCH FORWARD 100 FROM \"My Cursor\"",
        fetch(Some(100), "My Cursor"),
    );
    check("FETCH NEXT IN c", fetch(Some(1), "c"));
    check("FETCH ALL c", fetch(None, "c"));
    check("CLOSE ALL", Command::Close(None));
    check(
        "DEALLOCATE PREPARE \"_pg3_0\"",
        Command::Deallocate(Some("_pg3_0".to_owned())),
    );
    assert_eq!(refused("FETCH BACKWARD 1 FROM c"), "55000");
    assert_eq!(refused("DECLARE c SCROLL CURSOR FOR SELECT 1"), "0A000");
    assert_eq!(refused("DECLARE c CURSOR FOR SET a = 1"), "42601");
}

#[test]
fn no_text_makes_it_panic() {
    for text in [
        "SET",
        "SHOW",
        "FETCH",
        "DECLARE",
        "DECLARE c CURSOR",
        "CLOSE",
        "RESET",
        "é",
        "/*",
        "(",
        "set é = é",
    ] {
        // only that it returns
        let _ = Command::of(text);
    }
}
