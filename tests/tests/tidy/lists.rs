//! Every listed thing is complete: a stored table, view or function has its file, its place in a list, and its test in SQL.
//!
//! Guarantees: what nobody tests in SQL fails here by name.

use std::collections::BTreeSet;
use std::path::Path;

use chatlake_tests::house::{self, SourceFile};

use super::none_of;

/// The names of the files, without folder and ending.
fn stems(folder: &str, ending: &str) -> BTreeSet<String> {
    let files = house::files(folder, &[ending]);
    let stem = |file: &SourceFile| {
        Path::new(&file.path)
            .file_stem()
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    files.iter().map(stem).collect()
}

/// The SQL of all `.slt` files below a folder, without comments and expected results.
fn tested_sql(folder: &str) -> String {
    let mut sql = String::new();
    for file in house::files(folder, &[".slt"]) {
        for record in file.text.split("\n\n") {
            let questions = record
                .lines()
                .take_while(|line| *line != "----")
                .filter(|line| !line.starts_with('#'));
            questions.for_each(|line| sql.extend([line, "\n"]));
        }
    }
    sql
}

/// Does the SQL use the name as a whole word?
fn names(sql: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    sql.match_indices(name).any(|(start, _)| {
        let before = sql[..start].chars().next_back();
        let after = sql[start + name.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

fn function_names() -> BTreeSet<String> {
    let scalars = chatlake_functions::scalar_functions();
    let aggregates = chatlake_functions::aggregate_functions();
    let scalars = scalars.iter().map(|function| function.name().to_owned());
    scalars
        .chain(aggregates.iter().map(|function| function.name().to_owned()))
        .collect()
}

#[test]
fn every_schema_file_is_a_stored_table_and_the_other_way_round() {
    let tables: BTreeSet<String> = chatlake_schema::tables()
        .iter()
        .map(|table| table.name.clone())
        .collect();
    assert_eq!(stems("schemas", ".toml"), tables);
}

#[test]
fn every_stored_table_has_its_slt() {
    let tested = stems("tests/slt/tables", ".slt");
    let tables = chatlake_schema::tables().iter().map(|table| &table.name);
    let broken = tables
        .filter(|name| !tested.contains(*name) || !names(&tested_sql("tests/slt/tables"), name));
    none_of(
        "a stored table without tests/slt/tables/<name>.slt that asks it",
        broken.cloned().collect(),
    );
}

/// Folder, first words of each file and names of everything that the library of SQL files holds.
fn sql_files() -> [(&'static str, &'static [&'static str], BTreeSet<String>); 4] {
    const OF_VIEW: &[&str] = &["-- view: ", "-- doc: ", "-- source: ", "-- column: "];
    const OF_PAGE: &[&str] = &[
        "-- page: ",
        "-- doc: ",
        "-- source: ",
        "-- column: ",
        "-- example: ",
    ];
    let library = chatlake_analytics::Library::built_in();
    let views = |views: &[chatlake_analytics::View]| -> BTreeSet<String> {
        views.iter().map(|view| view.name.clone()).collect()
    };
    let pages = library.pages().iter().map(|page| page.name.clone());
    [
        ("bi", OF_VIEW, views(library.bi())),
        ("pages", OF_PAGE, pages.collect()),
        ("parts", OF_VIEW, views(library.parts())),
        ("views", OF_VIEW, views(library.views())),
    ]
}

#[test]
fn every_sql_file_is_listed_and_the_other_way_round() {
    for (folder, _, names) in sql_files() {
        let files = stems(&format!("crates/analytics/src/{folder}"), ".sql");
        assert_eq!(files, names, "{folder}");
    }
}

#[test]
fn every_sql_file_says_what_it_is() {
    for (folder, words, _) in sql_files() {
        for file in house::files(&format!("crates/analytics/src/{folder}"), &[".sql"]) {
            for word in words {
                assert!(
                    file.text.lines().any(|line| line.starts_with(word)),
                    "{}: no line `{word}…`",
                    file.path
                );
            }
        }
    }
}

/// Parts are asked through the pages that read them.
#[test]
fn every_view_and_page_has_its_slt() {
    for (folder, _, found) in sql_files() {
        if folder == "parts" {
            continue;
        }
        let path = format!("tests/slt/{folder}");
        let (tested, sql) = (stems(&path, ".slt"), tested_sql(&path));
        let broken = found
            .into_iter()
            .filter(|name| !tested.contains(name) || !names(&sql, name));
        none_of(
            &format!("a file of {folder} without tests/slt/{folder}/<name>.slt that asks it"),
            broken.collect(),
        );
    }
}

#[test]
fn every_part_is_read_by_a_page_or_part() {
    let mut sql = String::new();
    for folder in ["pages", "parts"] {
        for file in house::files(&format!("crates/analytics/src/{folder}"), &[".sql"]) {
            let statements = file.text.lines().filter(|line| !line.starts_with("--"));
            statements.for_each(|line| sql.extend([line, "\n"]));
        }
    }
    let parts = chatlake_analytics::Library::built_in().parts().iter();
    let broken = parts
        .map(|part| part.name.clone())
        .filter(|name| !names(&sql, name));
    none_of("a part that nothing reads", broken.collect());
}

#[test]
fn every_function_is_called_in_an_slt() {
    let sql = tested_sql("tests/slt/functions");
    let broken = function_names()
        .into_iter()
        .filter(|name| !names(&sql, name));
    none_of(
        "a function that no file in tests/slt/functions calls",
        broken.collect(),
    );
}

#[test]
fn every_slt_says_what_it_shows() {
    let broken = house::files("tests/slt", &[".slt"])
        .into_iter()
        .filter(|file| !file.text.starts_with("# "));
    none_of(
        "an .slt that does not open with a comment",
        broken.map(|file| file.path).collect(),
    );
}

#[test]
fn every_slt_asks_something_and_expects_something() {
    let files = house::files("tests/slt", &[".slt"]);
    assert!(
        files.len() > 60,
        "only {} .slt files were found",
        files.len()
    );
    let expects =
        |file: &SourceFile| file.text.contains("\n----\n") || file.text.contains("statement error");
    let broken = files.into_iter().filter(|file| !expects(file));
    none_of(
        "an .slt without an expectation",
        broken.map(|file| file.path).collect(),
    );
}
