//! What each role may ask, in every form that a question can take (domain specification §9.5).
//!
//! Guarantees shown: a refusal is `permission_denied` when the statement is planned; another chatbot is refused and never
//! empty; nothing that a role may not read is listed.

use std::collections::BTreeSet;

use chatlake::{
    Access, AccessScope, Chatlake, Error, ErrorCode, ExportFormat, ExportRequest, Permissions,
    Session,
};
use chatlake_analytics::{Library, PageClass};
use chatlake_auth::Role;
use chatlake_tests::lakes;

async fn oracle_lake() -> Chatlake {
    let chatlake = lakes::in_memory().await;
    let input = lakes::oracle_input();
    lakes::ingest_text(&chatlake, &input).await.unwrap();
    chatlake
}

fn named(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// A session of a role, for `cb_1` of `acc_1`.
fn session_of(chatlake: &Chatlake, role: Role) -> Session {
    chatlake.session_as(Access {
        scope: AccessScope::Tenants {
            accounts: named(&["acc_1"]),
            chatbots: named(&["cb_1"]),
        },
        permissions: role.permissions(),
    })
}

fn is_denied(error: &Error) -> bool {
    error.code() == ErrorCode::PermissionDenied
        && error.to_string().starts_with("permission_denied: ")
}

/// Both planning and preparing are refused; nothing has to run for it.
async fn assert_denied(session: &Session, sql: &str) {
    let planned = session.query(sql).await.map(|_| ()).expect_err(sql);
    assert!(is_denied(&planned), "{sql}: {planned}");
    let prepared = session.prepare(sql).await.map(|_| ()).expect_err(sql);
    assert!(is_denied(&prepared), "{sql}: {prepared}");
}

async fn assert_allowed(session: &Session, sql: &str) {
    let found = lakes::ask(session, sql).await;
    found.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The ways to name a relation of which `{}` is one.
const FORMS: [&str; 14] = [
    "SELECT * FROM {}",
    "SELECT count(*) FROM {}",
    "SELECT 1 FROM (SELECT * FROM {}) AS inner_rows",
    "WITH rows_of AS (SELECT * FROM {}) SELECT 1 FROM rows_of",
    "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n, {} AS x WHERE i < 3) SELECT 1 FROM n",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM {})",
    "SELECT (SELECT count(*) FROM {}) AS n",
    "SELECT 1 WHERE 'x' IN (SELECT 'x' FROM {})",
    "SELECT 1 AS n UNION ALL SELECT count(*) FROM {}",
    "SELECT 1 FROM users_page('cb_1', 'this_month') AS u CROSS JOIN {} AS x",
    "SELECT 1 FROM users_page('cb_1', 'this_month') AS u LEFT JOIN {} AS x ON false",
    "EXPLAIN SELECT * FROM {}",
    "EXPLAIN WITH w AS (SELECT * FROM {}) SELECT * FROM w",
    "SELECT 1 LIMIT (SELECT count(*) FROM {})",
];

fn in_form(form: &str, relation: &str) -> String {
    form.replace("{}", relation)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_agents_and_read_keys_name_no_table_or_view() {
    let chatlake = oracle_lake().await;
    let relations = [
        "messages",
        "lake.users",
        "chatlake.lake.conversations",
        "stored.messages",
        "\"stored\".\"credit_ledger\"",
        "system.files",
        "system.commits",
    ];
    for role in [Role::Member, Role::Agent, Role::Read] {
        let session = session_of(&chatlake, role);
        for relation in relations {
            for form in FORMS {
                assert_denied(&session, &in_form(form, relation)).await;
            }
        }
        for sql in ["DESCRIBE messages", "SHOW COLUMNS FROM messages"] {
            let error = session.query(sql).await.map(|_| ()).expect_err(sql);
            assert!(is_denied(&error), "{sql}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_and_view_is_refused_by_name() {
    let chatlake = oracle_lake().await;
    let member = session_of(&chatlake, Role::Member);
    let tables = chatlake.session().tables().await.unwrap();
    assert!(tables.len() > 50, "only {} tables and views", tables.len());
    for table in tables {
        let sql = ["SELECT 1 FROM ", &table.schema, ".", &table.name].concat();
        assert_denied(&member, &sql).await;
    }
    assert!(member.tables().await.unwrap().is_empty());
    let listed = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema <> 'information_schema'";
    assert_eq!(
        lakes::ask(&member, listed).await.unwrap(),
        Vec::<Vec<String>>::new()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_for_the_roles_of_its_class() {
    let chatlake = oracle_lake().await;
    let (member, admin) = (
        session_of(&chatlake, Role::Member),
        session_of(&chatlake, Role::Admin),
    );
    let (mut entity_count, mut analytics_count) = (0, 0);
    for page in Library::built_in().pages() {
        let planned = member.query(&page.example).await.map(|_| ());
        match page.class {
            PageClass::Entity => {
                planned.unwrap_or_else(|error| panic!("{}: {error}", page.example));
                entity_count += 1;
            }
            PageClass::Analytics => {
                assert_denied(&member, &page.example).await;
                analytics_count += 1;
            }
        }
        if let Err(error) = admin.query(&page.example).await {
            panic!("{}: {error}", page.example);
        }
    }
    assert!(
        entity_count >= 7 && analytics_count > 40,
        "{entity_count} {analytics_count}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_use_entity_pages_in_any_sql() {
    let chatlake = oracle_lake().await;
    for role in [Role::Member, Role::Agent, Role::Read] {
        let session = session_of(&chatlake, role);
        for sql in [
            "SELECT 1",
            "SHOW timezone",
            "SET chatlake.chatbot_id = 'cb_1'",
            "SELECT count(*) FROM users_page('cb_1', 'this_month') WHERE mrr > 10",
            "SELECT u.user_id FROM users_page('cb_1', 'this_month') AS u JOIN conversations_page('cb_1', 'this_month') AS c ON true",
            "SELECT * FROM facets('cb_1', 'this_month', 'users')",
            "SELECT sent_at FROM conversation_detail('cb_1', 'c2')",
            "SELECT * FROM users_page('cb_1', 'this_month', drill => true)",
            "SELECT file FROM export('cb_1', 'users_page', 'this_month', 'csv')",
            "EXPLAIN SELECT * FROM users_page('cb_1', 'this_month')",
            "WITH messages AS (SELECT 1 AS n) SELECT n FROM messages",
            "SELECT * FROM generate_series(1, 3)",
        ] {
            assert_allowed(&session, sql).await;
        }
        for form in FORMS {
            for page in [
                "analytics_messages('cb_1', 'last_7_days')",
                "segments('cb_1', 'last_7_days', 'plan')",
                "export('cb_1', 'analytics_messages', 'last_7_days', 'csv')",
                "export_sessions('cb_1', 'last_7_days')",
            ] {
                assert_denied(&session, &in_form(form, page)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_chatbot_is_refused_and_never_empty() {
    let chatlake = oracle_lake().await;
    for role in [Role::Owner, Role::Admin, Role::Member] {
        let session = session_of(&chatlake, role);
        for chatbot in ["cb_2", "no_such_chatbot"] {
            for page in ["users_page", "chat_users_page", "conversations_page"] {
                let sql = ["SELECT * FROM ", page, "('", chatbot, "', 'this_month')"].concat();
                assert_denied(&session, &sql).await;
            }
            let facets = [
                "SELECT * FROM facets('",
                chatbot,
                "', 'this_month', 'users')",
            ]
            .concat();
            assert_denied(&session, &facets).await;
            let export = [
                "SELECT file FROM export('",
                chatbot,
                "', 'users_page', 'this_month', 'csv')",
            ];
            assert_denied(&session, &export.concat()).await;
            let set = ["SET chatlake.chatbot_id = '", chatbot, "'"].concat();
            let error = session.query(&set).await.map(|_| ()).expect_err(&set);
            assert!(is_denied(&error), "{error}");
        }
    }
    // raw views of an admin give the rows of its own chatbots
    let admin = session_of(&chatlake, Role::Admin);
    let foreign = "SELECT count(*) FROM messages WHERE chatbot_id <> 'cb_1'";
    assert_eq!(lakes::count(&admin, foreign).await, 0);
    assert!(lakes::count(&admin, "SELECT count(*) FROM messages").await > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chatbot_that_comes_with_a_parameter_is_judged_when_it_is_bound() {
    use arrow::array::{ArrayRef, RecordBatch, StringArray};
    let chatlake = oracle_lake().await;
    let member = session_of(&chatlake, Role::Member);
    let prepared = member
        .prepare("SELECT user_id FROM users_page($1, 'this_month')")
        .await
        .unwrap();
    let values = |chatbot: &str| {
        let column = std::sync::Arc::new(StringArray::from(vec![chatbot])) as ArrayRef;
        RecordBatch::try_from_iter([("$1", column)]).unwrap()
    };
    prepared
        .bind(&values("cb_1"), 0)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let error = prepared
        .bind(&values("cb_2"), 0)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(is_denied(&error), "{error}");
    let sql = "SELECT metric FROM analytics_messages($1, 'last_7_days')";
    let error = member.prepare(sql).await.map(|_| ()).unwrap_err();
    assert!(is_denied(&error), "{error}");
    let export = "SELECT file FROM export('cb_1', $1, 'last_7_days', 'csv')";
    let prepared = member.prepare(export).await.unwrap();
    let error = prepared
        .bind(&values("analytics_messages"), 0)
        .await
        .map(|_| ())
        .unwrap_err();
    assert!(is_denied(&error), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ingest_keys_and_nobody_ask_nothing() {
    let chatlake = oracle_lake().await;
    let nobody = chatlake.session_as(Access {
        scope: AccessScope::Everything,
        permissions: Permissions::NONE,
    });
    for session in [session_of(&chatlake, Role::Ingest), nobody] {
        for sql in [
            "SELECT 1",
            "SHOW timezone",
            "SELECT * FROM users_page('cb_1', 'this_month')",
            "SELECT * FROM information_schema.tables",
            "not even SQL",
        ] {
            assert_denied(&session, sql).await;
        }
        assert!(is_denied(&session.tables().await.unwrap_err()));
        let request = ExportRequest {
            page: "users_page".to_owned(),
            chatbot_id: "cb_1".to_owned(),
            period: None,
            options: None,
            format: ExportFormat::Csv,
        };
        assert!(is_denied(&session.export(&request).await.unwrap_err()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_are_for_the_roles_of_their_page() {
    let chatlake = oracle_lake().await;
    let request = |page: &str, chatbot: &str| ExportRequest {
        page: page.to_owned(),
        chatbot_id: chatbot.to_owned(),
        period: Some("this_month".to_owned()),
        options: None,
        format: ExportFormat::Ndjson,
    };
    let (member, admin) = (
        session_of(&chatlake, Role::Member),
        session_of(&chatlake, Role::Admin),
    );
    member.export(&request("users_page", "cb_1")).await.unwrap();
    admin
        .export(&request("analytics_messages", "cb_1"))
        .await
        .unwrap();
    for (session, page, chatbot) in [
        (&member, "analytics_messages", "cb_1"),
        (&member, "export_sessions", "cb_1"),
        (&member, "users_page", "cb_2"),
        (&admin, "analytics_messages", "cb_2"),
    ] {
        let error = session.export(&request(page, chatbot)).await.unwrap_err();
        assert!(is_denied(&error), "{page}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_its_registered_chatbots_as_they_come() {
    let chatlake = oracle_lake().await;
    let account = |id: &str, role: Role| {
        chatlake.session_as(Access {
            scope: AccessScope::Accounts {
                accounts: named(&[id]),
            },
            permissions: role.permissions(),
        })
    };
    let (mine, other) = (account("acc_1", Role::Admin), account("acc_9", Role::Admin));
    let messages = "SELECT count(*) FROM messages";
    let all = lakes::count(&chatlake.session(), messages).await;
    assert_eq!(lakes::count(&mine, messages).await, all);
    assert_eq!(lakes::count(&other, messages).await, 0);
    assert_denied(&other, "SELECT * FROM users_page('cb_1', 'this_month')").await;
    assert_allowed(
        &account("acc_1", Role::Member),
        "SELECT * FROM users_page('cb_2', 'this_month')",
    )
    .await;
    // a chatbot that is registered later belongs to it from then on, in sessions that are open too
    let late = r#"{"type":"message","chatbot_id":"cb_9","conversation_id":"c","message_id":"m","sent_at":"2026-03-11T00:00:00Z","sender_type":"customer","content":"hi"}"#;
    lakes::ingest_text(&chatlake, late).await.unwrap();
    assert_eq!(lakes::count(&other, messages).await, 0);
    let registered = r#"{"type":"chatbot","chatbot_id":"cb_9","account_id":"acc_9"}"#;
    lakes::ingest_text(&chatlake, registered).await.unwrap();
    assert_eq!(lakes::count(&other, messages).await, 1);
    assert_eq!(lakes::count(&mine, messages).await, all);
    assert_allowed(&other, "SET chatlake.chatbot_id = 'cb_9'").await;
    let set = other
        .query("SET chatlake.chatbot_id = 'cb_1'")
        .await
        .map(|_| ());
    assert!(is_denied(&set.unwrap_err()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn system_tables_and_explanations_show_only_what_is_theirs() {
    let chatlake = oracle_lake().await;
    let admin = session_of(&chatlake, Role::Admin);
    let foreign = "SELECT count(*) FROM system.files WHERE chatbot_id IS DISTINCT FROM 'cb_1'";
    assert_eq!(lakes::count(&admin, foreign).await, 0);
    assert!(lakes::count(&admin, "SELECT count(*) FROM system.files").await > 0);
    assert_eq!(
        lakes::count(&admin, "SELECT count(*) FROM system.commits").await,
        0
    );
    let mine = "SELECT row_count FROM system.tables WHERE table_name = 'messages'";
    let shown = "SELECT count(*) FROM stored.messages";
    assert_eq!(
        lakes::count(&admin, mine).await,
        lakes::count(&admin, shown).await
    );
    assert_allowed(&admin, "EXPLAIN SELECT * FROM agents").await;
    for sql in [
        "EXPLAIN ANALYZE SELECT * FROM agents",
        "EXPLAIN VERBOSE SELECT * FROM agents",
    ] {
        assert_denied(&admin, sql).await;
        assert_allowed(&chatlake.session(), sql).await;
    }
}
