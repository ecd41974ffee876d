//! The headers say what the SQL gives, and the SQL keeps to the style.

use arrow::datatypes::{DataType, TimeUnit};
use chatlake_analytics::Library;

use crate::lake::Lake;

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

#[tokio::test]
async fn every_view_gives_the_columns_of_its_header() {
    let session = Lake::default().session().await;
    for view in Library::built_in().views() {
        let sql = format!("SELECT * FROM {}", view.name);
        let plan = session
            .state()
            .create_logical_plan(&sql)
            .await
            .expect("the view can be planned");
        let plan = session
            .state()
            .optimize(&plan)
            .expect("the plan can be optimized");
        let found: Vec<_> = plan
            .schema()
            .fields()
            .iter()
            .map(|field| (field.name().clone(), type_name(field.data_type())))
            .collect();
        let text = |name: &str| {
            if name == "JSON" {
                "TEXT".to_owned()
            } else {
                name.to_owned()
            }
        };
        let declared: Vec<_> = view
            .columns
            .iter()
            .map(|column| (column.name.clone(), text(&column.type_name)))
            .collect();
        assert_eq!(found, declared, "{}", view.name);
    }
}

#[tokio::test]
async fn every_view_of_an_empty_lake_is_empty() {
    let lake = Lake::default();
    for view in Library::built_in().views() {
        assert!(
            lake.query(&format!("SELECT * FROM {}", view.name))
                .await
                .is_empty(),
            "{}",
            view.name
        );
    }
}

#[test]
fn every_view_starts_with_its_tenant() {
    for view in Library::built_in().views() {
        let first = view.columns.first().map(|column| column.name.as_str());
        let of_account =
            ["accounts", "agents", "teams", "team_members"].contains(&view.name.as_str());
        assert_eq!(
            first,
            Some(if of_account {
                "account_id"
            } else {
                "chatbot_id"
            }),
            "{}",
            view.name
        );
    }
}

#[test]
fn keywords_are_upper_case_and_columns_are_named() {
    const KEYWORDS: &[&str] = &[
        "and",
        "as",
        "between",
        "by",
        "case",
        "distinct",
        "else",
        "end",
        "false",
        "filter",
        "from",
        "group",
        "having",
        "ignore",
        "in",
        "interval",
        "is",
        "join",
        "left",
        "not",
        "null",
        "on",
        "or",
        "order",
        "over",
        "partition",
        "qualify",
        "rows",
        "select",
        "then",
        "true",
        "union",
        "when",
        "where",
        "window",
        "with",
    ];
    for view in Library::built_in().views() {
        let code: Vec<&str> = view
            .sql
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default())
            .collect();
        for line in code {
            let outside_quotes: String = line.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
            assert!(
                !outside_quotes.contains("SELECT *"),
                "{}: {line}",
                view.name
            );
            for word in
                outside_quotes.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.')
            {
                assert!(
                    !KEYWORDS.contains(&word),
                    "{}: `{word}` in `{line}`",
                    view.name
                );
            }
        }
    }
}
