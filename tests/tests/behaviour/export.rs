//! Pages as files (domain specification §7.10), byte for byte: over the library and as the SQL function `export`.
//!
//! The account is in New York, where clocks go forward on 2026-03-08 at 02:00; its user Ada has a name, a plan and a mail
//! address that a spreadsheet would take for formulas, and an id that only looks like one.

use std::fmt::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit};
use chatlake::{
    AccessScope, Chatlake, ErrorCode, ExportFormat, ExportRequest, OpenOptions, Session, Settings,
};
use chatlake_tests::lakes;

const RECORDS: &str = r#"{"type":"account","account_id":"acc","name":"Account","timezone":"America/New_York"}
{"type":"chatbot","chatbot_id":"shop","account_id":"acc","name":"Shop"}
{"type":"conversation","chatbot_id":"shop","conversation_id":"c1","updated_at":"2026-03-08T06:00:00Z","user":{"id":"=u1","name":"=HYPERLINK(\"x\",\"y\")","email":"@ada","plan":"-pro, new","phone":"+49 170","mrr":99.5}}
{"type":"message","chatbot_id":"shop","conversation_id":"c1","message_id":"m1","sent_at":"2026-03-08T06:59:59.250Z","sender_type":"customer","content":"hi"}
{"type":"message","chatbot_id":"shop","conversation_id":"c1","message_id":"m2","sent_at":"2026-03-08T07:00:00Z","sender_type":"bot","content":"hello"}
{"type":"annotation","chatbot_id":"shop","conversation_id":"c1","message_id":"m1","annotated_at":"2026-03-08T07:00:01Z","sentiment":{"score":-0.4}}
{"type":"conversation","chatbot_id":"shop","conversation_id":"c2","updated_at":"2026-03-12T15:00:00Z","user":{"id":"u2","name":"Zoë","mrr":0}}
{"type":"message","chatbot_id":"shop","conversation_id":"c2","message_id":"m1","sent_at":"2026-03-12T15:00:00.000001Z","sender_type":"customer","content":"hi"}
"#;

/// The options of the users in the tests: a few columns, by id.
const USERS: &str = r#"{"columns":["user_id","user_name","email","plan","mrr","conversations","avg_sentiment","first_seen","last_activity"],"sort":"user_id"}"#;

async fn shop() -> Chatlake {
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, RECORDS).await.unwrap();
    chatlake
}

fn request(page: &str, period: &str, options: &str, format: ExportFormat) -> ExportRequest {
    ExportRequest {
        page: page.to_owned(),
        chatbot_id: "shop".to_owned(),
        period: Some(period.to_owned()),
        options: Some(options.to_owned()),
        format,
    }
}

/// Names and bytes of the files.
async fn files(session: &Session, request: &ExportRequest) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for file in session.export(request).await.unwrap().files {
        let name = file.name().to_owned();
        files.push((name, file.bytes().await.unwrap()));
    }
    files
}

/// The text of the only file.
async fn text(session: &Session, request: &ExportRequest) -> String {
    let files = files(session, request).await;
    let [(_, bytes)] = &files[..] else {
        panic!("expected one file, found {}", files.len());
    };
    String::from_utf8(bytes.clone()).unwrap()
}

fn parquet_rows(bytes: Vec<u8>) -> RecordBatch {
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    std::fs::write(&path, bytes).unwrap();
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csv_has_the_accounts_offsets_exact_decimals_and_no_formulas() {
    let session = shop().await.session();
    let users = request("users_page", "this_month", USERS, ExportFormat::Csv);
    assert_eq!(
        text(&session, &users).await,
        "user_id,user_name,email,plan,mrr,conversations,avg_sentiment,first_seen,last_activity\r\n\
         =u1,\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",'@ada,\"'-pro, new\",99.50,1,-0.4,\
         2026-03-08T01:59:59.250-05:00,2026-03-08T03:00:00-04:00\r\n\
         u2,Zoë,,,0.00,1,,2026-03-12T11:00:00.000001-04:00,2026-03-12T11:00:00.000001-04:00\r\n"
    );
    let raw = USERS.replacen('{', "{\"raw\":true,", 1);
    let users = request("users_page", "this_month", &raw, ExportFormat::Csv);
    let text = text(&session, &users).await;
    let first = text.lines().nth(1).unwrap();
    assert!(
        first.starts_with("=u1,\"=HYPERLINK(\"\"x\"\",\"\"y\"\")\",@ada,\"-pro, new\",99.50"),
        "{first}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_number_is_no_formula() {
    let session = shop().await.session();
    let options = r#"{"columns":["user_id","user_name","phone"],"sort":"user_id","search":"u1"}"#;
    let users = request("chat_users_page", "all_time", options, ExportFormat::Csv);
    assert_eq!(
        text(&session, &users).await,
        "user_id,user_name,phone\r\n=u1,\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\",+49 170\r\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ndjson_has_one_object_per_row_with_every_column() {
    let session = shop().await.session();
    let users = request("users_page", "this_month", USERS, ExportFormat::Ndjson);
    assert_eq!(
        text(&session, &users).await,
        "{\"user_id\":\"=u1\",\"user_name\":\"=HYPERLINK(\\\"x\\\",\\\"y\\\")\",\"email\":\"@ada\",\"plan\":\"-pro, new\",\
          \"mrr\":99.50,\"conversations\":1,\"avg_sentiment\":-0.4,\
          \"first_seen\":\"2026-03-08T01:59:59.250-05:00\",\"last_activity\":\"2026-03-08T03:00:00-04:00\"}\n\
         {\"user_id\":\"u2\",\"user_name\":\"Zoë\",\"email\":null,\"plan\":null,\"mrr\":0.00,\"conversations\":1,\
          \"avg_sentiment\":null,\"first_seen\":\"2026-03-12T11:00:00.000001-04:00\",\
          \"last_activity\":\"2026-03-12T11:00:00.000001-04:00\"}\n"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parquet_has_the_rows_with_instants_in_utc() {
    let session = shop().await.session();
    let users = request("users_page", "this_month", USERS, ExportFormat::Parquet);
    let mut files = files(&session, &users).await;
    let (name, bytes) = files.remove(0);
    let rows = parquet_rows(bytes);
    assert_eq!((name.as_str(), rows.num_rows()), ("users_page.parquet", 2));
    let at = rows.column_by_name("first_seen").unwrap();
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(at.data_type(), &utc);
    let names = rows.column_by_name("user_name").unwrap().as_string::<i32>();
    assert_eq!(names.value(0), "=HYPERLINK(\"x\",\"y\")");
    let mrr = rows.column_by_name("mrr").unwrap();
    assert_eq!(mrr.data_type(), &DataType::Decimal128(18, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_has_its_daily_series_as_a_second_file() {
    let chatlake = lakes::in_memory().await;
    lakes::ingest_text(&chatlake, &lakes::oracle_input())
        .await
        .unwrap();
    let messages = ExportRequest {
        chatbot_id: "cb_1".to_owned(),
        ..request(
            "analytics_messages",
            "last_7_days",
            r#"{"as_of":"2026-03-12T16:00:00Z"}"#,
            ExportFormat::Csv,
        )
    };
    let files = files(&chatlake.session(), &messages).await;
    let found: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, bytes)| (name.as_str(), str::from_utf8(bytes).unwrap()))
        .collect();
    let expected = [
        (
            "analytics_messages.csv",
            "metric,value,previous,change_pct\r\nagent_sent,3,0,\r\nbot_sent,5,2,1.5\r\n\
             broadcast_sent,3,0,\r\nreceived,8,5,0.6\r\n",
        ),
        (
            "analytics_messages_daily.csv",
            "day,agent_sent,bot_sent,broadcast_sent,received\r\n2026-03-06,0,1,0,1\r\n2026-03-07,1,1,0,2\r\n\
             2026-03-08,0,1,0,1\r\n2026-03-09,0,0,3,0\r\n2026-03-10,2,0,0,2\r\n2026-03-11,0,2,0,2\r\n\
             2026-03-12,0,0,0,0\r\n",
        ),
    ];
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_is_exported_whole_unless_a_part_is_asked_for() {
    let chatlake = shop().await;
    let mut records = String::new();
    for user in 0..120 {
        writeln!(
            records,
            r#"{{"type":"conversation","chatbot_id":"shop","conversation_id":"x{user}","updated_at":"2026-03-09T06:00:00Z","user":{{"id":"x{user:03}"}}}}
{{"type":"message","chatbot_id":"shop","conversation_id":"x{user}","message_id":"m","sent_at":"2026-03-09T06:00:00Z","sender_type":"customer","content":"hi"}}"#
        )
        .unwrap();
    }
    lakes::ingest_text(&chatlake, &records).await.unwrap();
    let session = chatlake.session();
    for (paging, count) in [
        ("", 122),
        (r#","page":2"#, 20),
        (r#","page_size":100"#, 100),
    ] {
        let options = [r#"{"columns":["user_id"],"sort":"user_id""#, paging, "}"].concat();
        let users = request("users_page", "this_month", &options, ExportFormat::Csv);
        let text = text(&session, &users).await;
        assert_eq!(text.lines().count(), 1 + count, "{options}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_show_the_lake_as_it_was_when_the_export_began() {
    let chatlake = shop().await;
    let session = chatlake.session();
    let messages = request("analytics_messages", "last_7_days", "{}", ExportFormat::Csv);
    let before = files(&session, &messages).await;
    let begun = session.export(&messages).await.unwrap();
    let later = r#"{"type":"message","chatbot_id":"shop","conversation_id":"c2","message_id":"m9","sent_at":"2026-03-12T15:30:00Z","sender_type":"bot","content":"late"}"#;
    lakes::ingest_text(&chatlake, later).await.unwrap();
    for (file, (_, expected)) in begun.files.into_iter().zip(&before) {
        assert_eq!(&file.bytes().await.unwrap(), expected);
    }
    assert_ne!(files(&session, &messages).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_gives_the_same_bytes_one_row_per_file() {
    let session = shop().await.session();
    for (page, format) in [
        ("analytics_messages", ExportFormat::Csv),
        ("analytics_messages", ExportFormat::Parquet),
        ("export_sessions", ExportFormat::Ndjson),
    ] {
        let sql = [
            "SELECT file, row_count, content FROM export('shop', '",
            page,
            "', 'last_7_days', '",
            format.as_str(),
            "')",
        ]
        .concat();
        let batches = session.query(&sql).await.unwrap().collect().await.unwrap();
        let mut found = Vec::new();
        for batch in &batches {
            let names = batch.column(0).as_string::<i32>();
            let counts = batch.column(1).as_primitive::<Int64Type>();
            let contents = batch.column(2).as_binary::<i32>();
            for row in 0..batch.num_rows() {
                assert!(counts.value(row) > 0);
                found.push((names.value(row).to_owned(), contents.value(row).to_vec()));
            }
        }
        let expected = files(&session, &request(page, "last_7_days", "{}", format)).await;
        assert_eq!(found, expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sql_takes_options_as_json_and_by_name() {
    let session = shop().await.session();
    for sql in [
        r#"SELECT row_count, CAST(content AS TEXT) FROM export('shop', 'users_page', 'this_month', 'csv', '{"columns":["user_id","email"],"sort":"user_id","raw":true}')"#,
        "SELECT row_count, CAST(content AS TEXT) FROM export('shop', 'users_page', 'this_month', 'CSV', columns => ['user_id', 'email'], sort => 'user_id', raw => true)",
        "SELECT row_count, CAST(content AS TEXT) FROM export('shop', 'users_page', format => 'csv', period => 'this_month', columns => ['user_id', 'email'], sort => 'user_id', raw => true)",
    ] {
        let found = lakes::ask(&session, sql).await.unwrap();
        assert_eq!(
            found,
            [["2", "user_id,email\\r\\n=u1,@ada\\r\\nu2,\\r\\n"]],
            "{sql}"
        );
    }
    let facts = "SELECT file FROM export('shop', 'conversation_sidebar', NULL, 'csv', conversation_id => 'c1')";
    let found = lakes::ask(&session, facts).await.unwrap();
    assert_eq!(found, [["conversation_sidebar.csv"]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_named_before_anything_runs() {
    let session = shop().await.session();
    for (arguments, expected) in [
        ("'shop'", "bad_value:page: expected a text, found `NULL`"),
        (
            "'shop', 'nope', 'today', 'csv'",
            "bad_value:page: expected the name of a page, found `nope`",
        ),
        (
            "'shop', 'users_page', 'today', 'xml'",
            "bad_value:format: expected one of `csv`, `ndjson`, `parquet`, found `xml`",
        ),
        (
            "'shop', 'users_page', 'today'",
            "bad_value:format: expected a text, found `NULL`",
        ),
        ("'shop', 'users_page', 'someday', 'csv'", "bad_period"),
        ("'shop', 'users_page', NULL, 'csv'", "bad_period"),
        (
            "'shop', 'users_page', 'today', 'csv', nope => 1",
            "unknown_option:nope",
        ),
        (
            "'shop', 'users_page', 'today', 'csv', columns => ['nope']",
            "unknown_column:nope",
        ),
        (
            "'shop', 'users_page', 'today', 'csv', raw => 'yes'",
            "bad_value:raw",
        ),
        (
            "'shop', 'users_page', 'today', 'csv', period => 'today'",
            "bad_value:period",
        ),
        (
            "'shop', 'users_page', 'today', 'csv', '{}', 'more'",
            "by position",
        ),
        (
            "'shop', 'analytics_messages', 'custom', 'csv', \"from\" => '2025-01-01', \"to\" => '2026-01-01'",
            "range_too_long",
        ),
    ] {
        let sql = ["SELECT file FROM export(", arguments, ")"].concat();
        let error = session.query(&sql).await.map(drop).unwrap_err();
        assert_eq!(error.code(), ErrorCode::InvalidInput, "{sql}: {error}");
        assert!(error.to_string().contains(expected), "{sql}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_in_sql_is_bounded_and_the_setting_is_named() {
    let options = OpenOptions {
        create: true,
        clock: lakes::clock(),
        settings: Settings {
            export_bytes_max: 250,
            ..Settings::default()
        },
        ..OpenOptions::default()
    };
    let chatlake = Chatlake::open("memory://", options).await.unwrap();
    lakes::ingest_text(&chatlake, RECORDS).await.unwrap();
    let session = chatlake.session();
    let one = "SELECT file FROM export('shop', 'users_page', 'this_month', 'csv', columns => ['user_id'])";
    assert_eq!(lakes::ask(&session, one).await.unwrap().len(), 1);
    // each of the two files would fit; together they do not
    let two = "SELECT file FROM export('shop', 'analytics_messages', 'last_7_days', 'csv')";
    let error = lakes::ask(&session, two).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::LimitReached, "{error}");
    assert!(
        error.to_string().contains("`export_bytes_max` = 250"),
        "{error}"
    );
    // the library has no such limit
    let messages = request("analytics_messages", "last_7_days", "{}", ExportFormat::Csv);
    assert_eq!(files(&session, &messages).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_chatbot_has_no_rows_and_a_foreign_one_no_file() {
    let chatlake = shop().await;
    let nobody = ExportRequest {
        chatbot_id: "nobody".to_owned(),
        ..request("users_page", "this_month", USERS, ExportFormat::Csv)
    };
    let text = text(&chatlake.session(), &nobody).await;
    assert_eq!(text.lines().count(), 1, "{text}");
    let foreign = chatlake.session_with_scope(AccessScope::Tenants {
        accounts: ["other".to_owned()].into(),
        chatbots: ["other".to_owned()].into(),
    });
    let users = request("users_page", "this_month", USERS, ExportFormat::Csv);
    let error = foreign.export(&users).await.map(drop).unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied, "{error}");
    let sql = "SELECT file FROM export('shop', 'users_page', 'this_month', 'csv')";
    let error = lakes::ask(&foreign, sql).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::PermissionDenied, "{error}");
}
