//! Every page, as its header declares it: its example runs and shows something, over the oracle's records and over nothing,
//! and what comes back has the columns and types of the header.

use arrow::datatypes::{DataType, Schema, TimeUnit};
use chatlake::Session;
use chatlake_analytics::{Library, Page};
use chatlake_tests::lakes;

/// The call in a page's example, such as `qbr('cb_1', 'last_30_days', 'org_acme')`.
fn call(page: &Page) -> &str {
    let start = page
        .example
        .find(&format!("{}(", page.name))
        .unwrap_or_else(|| panic!("{} calls something else: {}", page.name, page.example));
    let call = &page.example[start..];
    let (mut depth, mut is_text) = (0_i32, false);
    for (position, character) in call.char_indices() {
        match character {
            '\'' => is_text = !is_text,
            '(' if !is_text => depth += 1,
            ')' if !is_text => depth -= 1,
            _ => continue,
        }
        if depth == 0 && character == ')' {
            return &call[..=position];
        }
    }
    panic!("{}: the call does not end", page.name)
}

/// The name that a header gives to a type; JSON is text.
fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "TEXT".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if zone.as_ref() == "UTC" => {
            "TIMESTAMP".to_owned()
        }
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        DataType::List(item) => format!("{}[]", type_name(item.data_type())),
        other => other.to_string(),
    }
}

fn found_columns(schema: &Schema) -> Vec<(String, String)> {
    let fields = schema.fields().iter();
    fields
        .map(|field| (field.name().clone(), type_name(field.data_type())))
        .collect()
}

/// The columns of the header, the extra ones too when they are asked for, and the `total` of a listing.
fn declared_columns(page: &Page, with_extras: bool) -> Vec<(String, String)> {
    let extras = page.extras.iter().filter(|_| with_extras);
    let text = |name: &str| if name == "JSON" { "TEXT" } else { name }.to_owned();
    let total = page
        .listing
        .iter()
        .map(|_| ("total".to_owned(), "BIGINT".to_owned()));
    let columns = page.columns.iter().chain(extras);
    columns
        .map(|column| (column.name.clone(), text(&column.type_name)))
        .chain(total)
        .collect()
}

async fn oracle_session() -> Session {
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, &lakes::oracle_input())
        .await
        .unwrap();
    chatlake.session()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_example_shows_something() {
    let session = oracle_session().await;
    let mut silent = Vec::new();
    for page in Library::built_in().pages() {
        let rows = lakes::ask(&session, &page.example)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", page.example));
        if rows.is_empty() {
            silent.push(&page.example);
        }
    }
    assert!(silent.is_empty(), "no rows: {silent:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_gives_the_columns_of_its_header() {
    let session = oracle_session().await;
    for page in Library::built_in().pages() {
        let sql = format!("SELECT * FROM {}", call(page));
        let results = session
            .query(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(
            found_columns(&results.schema()),
            declared_columns(page, false),
            "{sql}"
        );
        // batches have the types that were promised
        for batch in results.collect().await.unwrap() {
            assert_eq!(
                found_columns(&batch.schema()),
                declared_columns(page, false),
                "{sql}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_answers_on_an_empty_lake() {
    let session = lakes::in_memory().await.session();
    for page in Library::built_in().pages() {
        let sql = format!("SELECT * FROM {}", call(page));
        let results = session
            .query(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(
            found_columns(&results.schema()),
            declared_columns(page, false),
            "{sql}"
        );
        results
            .collect()
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extra_columns_come_when_they_are_named() {
    let session = oracle_session().await;
    let pages = Library::built_in().pages().iter();
    for page in pages.filter(|page| !page.extras.is_empty()) {
        let all: Vec<String> = page
            .columns
            .iter()
            .chain(&page.extras)
            .map(|column| format!("'{}'", column.name))
            .collect();
        let asked = format!("columns => [{}])", all.join(", "));
        let call = call(page);
        let call = call.strip_suffix(')').unwrap();
        // options as JSON and by name do not mix
        let sql = match call.split_once(", '{") {
            Some((start, _)) => format!("SELECT * FROM {start}, {asked}"),
            None => format!("SELECT * FROM {call}, {asked}"),
        };
        let results = session
            .query(&sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(
            found_columns(&results.schema()),
            declared_columns(page, true),
            "{sql}"
        );
    }
}
