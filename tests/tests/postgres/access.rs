//! Who comes in, what they may ask, and what happens when that changes.

use chatlake_auth::Role;
use chatlake_postgres::PostgresOptions;

use crate::server::{PASSWORD, Served, Users, ask, failure, one, state_of};

async fn served(users: &Users) -> Served {
    Served::with(PostgresOptions::default(), Some(users)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_or_a_key_is_needed() {
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    let key = users.add_key("dashboards", Role::Read);
    let served = served(&users).await;
    for (user, password, state) in [
        ("ada", "wrong", "28P01"),
        ("nobody", PASSWORD, "28P01"),
        ("ada", "", "28P01"),
        ("ada", "eyJhbGciOiJub25lIn0.e30.x", "28P01"),
    ] {
        let refused = served.login(user, password).await.err().unwrap();
        assert_eq!(failure(&refused).0, state, "{user} {password}");
    }
    let client = served.login("ada", PASSWORD).await.unwrap();
    assert_eq!(one(&client, "SELECT current_user").await, "ada");
    let client = served.login("whatever", &key).await.unwrap();
    assert_eq!(one(&client, "SELECT session_user").await, "dashboards");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_ends_with_the_next_statement() {
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    let served = served(&users).await;
    let client = served.login("ada", PASSWORD).await.unwrap();
    let prepared = client.prepare("SELECT 1").await.unwrap();
    users.revoke("ada");
    let error = client.query(&prepared, &[]).await.unwrap_err();
    assert_eq!(failure(&error).0, "28000");
    let error = client.simple_query("SELECT 1").await.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    assert!(served.login("ada", PASSWORD).await.is_err());
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_hides_rows_and_pages_of_others() {
    let users = Users::new();
    users.add("ada", Role::Admin, &["cb_1"]);
    let served = served(&users).await;
    let client = served.login("ada", PASSWORD).await.unwrap();
    assert_eq!(
        ask(&client, "SELECT DISTINCT chatbot_id FROM messages").await,
        [["cb_1"]]
    );
    let page = "SELECT * FROM users_page(chatbot_id => 'cb_2')";
    assert_eq!(state_of(&client, page).await, "42501");
    let error = client
        .query("SELECT * FROM users_page(chatbot_id => $1)", &[&"cb_2"])
        .await;
    assert_eq!(failure(&error.unwrap_err()).0, "42501");
    assert_eq!(
        state_of(&client, "SET chatlake.chatbot_id = 'cb_2'").await,
        "42501"
    );
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_asks_what_it_may_and_is_told_of_nothing_else() {
    let users = Users::new();
    users.add("bob", Role::Member, &[]);
    let ingest = users.add_key("loader", Role::Ingest);
    let served = served(&users).await;
    let client = served.login("bob", PASSWORD).await.unwrap();
    ask(&client, "SELECT * FROM users_page(chatbot_id => 'cb_1')").await;
    for sql in [
        "SELECT * FROM messages",
        "SELECT count(*) FROM lake.messages",
        "SELECT 1 WHERE EXISTS (SELECT * FROM stored.messages)",
        "DECLARE c CURSOR FOR SELECT * FROM messages",
        "EXPLAIN SELECT * FROM messages",
    ] {
        ask(&client, "BEGIN").await;
        assert_eq!(state_of(&client, sql).await, "42501", "{sql}");
        ask(&client, "ROLLBACK").await;
    }
    let error = client.prepare("SELECT * FROM messages").await.unwrap_err();
    assert_eq!(failure(&error).0, "42501");
    let listed = "SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'messages'";
    assert_eq!(one(&client, listed).await, "0");
    let columns = "SELECT count(*) FROM pg_attribute WHERE attname = 'message_id'";
    assert_eq!(one(&client, columns).await, "0");
    let refused = served.login("loader", &ingest).await.err().unwrap();
    assert_eq!(failure(&refused).0, "42501");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_told_so() {
    let options = PostgresOptions {
        connection_count_max: 1,
        ..PostgresOptions::default()
    };
    let served = Served::with(options, None).await;
    let client = served.client().await;
    let refused = served.login("anybody", "").await.err().unwrap();
    assert_eq!(failure(&refused).0, "53300");
    assert_eq!(one(&client, "SELECT 1").await, "1");
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_database() {
    let served = Served::oracle().await;
    let mut config = served.config("anybody", "");
    config.dbname("shop");
    let refused = config.connect(tokio_postgres::NoTls).await.err().unwrap();
    assert_eq!(failure(&refused).0, "3D000");
    let client = served.client().await;
    assert_eq!(one(&client, "SELECT current_database()").await, "chatlake");
    served.stop().await;
}
