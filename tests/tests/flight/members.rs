//! The server with users and keys, over TLS: how one comes in, what ends it, and that what belongs to one is nothing to another.

mod house;

use std::sync::Arc;

use arrow_flight::{Action, FlightDescriptor, HandshakeRequest};
use chatlake_auth::{AuthFile, AuthSettings, Authenticator, Role, Secret, TokenLimits};
use chatlake_flight::{FlightOptions, FlightServer, Members, TlsFiles};
use chatlake_tests::lakes;
use tonic::{Code, Request};

use crate::server::{Client, basic, query, refused_handshake, status, texts, ticket};
use crate::tls;
use house::{House, PASSWORD, grant, user};

fn bearer(token: &str) -> String {
    ["Bearer ", token].concat()
}

async fn code(client: &mut Client, sql: &str) -> Code {
    match query(client, sql).await {
        Ok(_) => Code::Ok,
        Err(error) => status(error).code(),
    }
}

async fn cells(client: &mut Client, sql: &str) -> Vec<String> {
    texts(&query(client, sql).await.unwrap(), 0)
}

/// The chatbots whose messages a client sees.
const SEEN: &str = "SELECT DISTINCT chatbot_id FROM messages ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn every_way_in_leads_to_ones_own_rows() {
    let house = House::open().await;
    let key = house.key.reveal();
    let mut clients = vec![house.client("ada").await];
    for header in [basic("ada", PASSWORD), bearer(key), basic("anything", key)] {
        clients.push(house.showing(&header).await);
    }
    for client in &mut clients {
        assert_eq!(cells(client, SEEN).await, ["cb_1"]);
    }
    let mut bea = house.client("bea").await;
    assert_eq!(cells(&mut bea, SEEN).await, ["cb_2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_answered_with_a_token_and_a_key_is_not() {
    let house = House::open().await;
    let key = bearer(house.key.reveal());
    for (header, is_answered) in [(basic("ada", PASSWORD), true), (key, false)] {
        let mut inner = house.stranger().await.into_inner();
        let mut request = Request::new(FlightDescriptor::new_cmd("SELECT 1 AS one"));
        request
            .metadata_mut()
            .insert("authorization", header.parse().unwrap());
        let answered = inner.get_flight_info(request).await.unwrap();
        let token = answered.metadata().get("authorization").cloned();
        assert_eq!(token.is_some(), is_answered);
        if let Some(token) = token {
            let mut client = house.showing(token.to_str().unwrap()).await;
            assert_eq!(cells(&mut client, SEEN).await, ["cb_1"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_with_a_token_or_key_is_answered() {
    let house = House::open().await;
    let mut known = house.client("ada").await;
    let token = known.token().unwrap().clone();
    assert_eq!(
        code(&mut known, "SET timezone = 'Europe/Berlin'").await,
        Code::Ok
    );
    for (shown, is_same) in [(token.as_str(), true), (house.key.reveal(), false)] {
        let mut inner = house.stranger().await.into_inner();
        let messages = futures::stream::iter([HandshakeRequest::default()]);
        let mut request = Request::new(messages);
        request
            .metadata_mut()
            .insert("authorization", bearer(shown).parse().unwrap());
        let answered = inner.handshake(request).await.unwrap();
        let header = answered.metadata().get("authorization").unwrap().clone();
        let header = header.to_str().unwrap();
        assert_eq!(header == bearer(&token), is_same);
        let mut client = house.showing(header).await;
        assert_eq!(cells(&mut client, SEEN).await, ["cb_1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proves_nothing_learns_nothing() {
    let house = House::open().await;
    let mut messages = Vec::new();
    for header in [
        basic("ada", "wrong"),
        basic("nobody", "wrong"),
        bearer("clk_0123456789abcdef_x"),
        bearer("None"),
        bearer("chatlake-session-0"),
    ] {
        let mut client = house.showing(&header).await;
        let refused = status(query(&mut client, "SELECT 1 AS one").await.unwrap_err());
        assert_eq!(refused.code(), Code::Unauthenticated, "{header}");
        messages.push(refused.message().to_owned());
    }
    assert!(messages[..4].iter().all(|message| *message == messages[0]));
    let mut stranger = house.stranger().await;
    assert_eq!(
        code(&mut stranger, "SELECT 1 AS one").await,
        Code::Unauthenticated
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_back_ends_at_once() {
    let house = House::open().await;
    let mut by_session = house.client("ada").await;
    let mut by_password = house.showing(&basic("ada", PASSWORD)).await;
    let mut by_key = house.showing(&bearer(house.key.reveal())).await;
    let info = by_session.execute(SEEN.to_owned(), None).await.unwrap();
    for client in [&mut by_session, &mut by_password, &mut by_key] {
        assert_eq!(code(client, SEEN).await, Code::Ok);
    }
    house.file.revoke("ada").unwrap();
    let refused = status(by_session.do_get(ticket(&info)).await.err().unwrap());
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(code(&mut by_session, SEEN).await, Code::Unauthenticated);
    assert_eq!(code(&mut by_password, SEEN).await, Code::Unauthenticated);
    assert_eq!(code(&mut by_key, SEEN).await, Code::Ok);
    house.file.revoke("dashboards").unwrap();
    assert_eq!(code(&mut by_key, SEEN).await, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_password_ends_the_sessions_of_the_old_one() {
    let house = House::open().await;
    let mut old = house.client("ada").await;
    let mut each_time = house.showing(&basic("ada", PASSWORD)).await;
    assert_eq!(code(&mut each_time, SEEN).await, Code::Ok);
    let new = "another horse";
    house.file.set_password("ada", &Secret::new(new)).unwrap();
    assert_eq!(code(&mut old, SEEN).await, Code::Unauthenticated);
    assert_eq!(code(&mut each_time, SEEN).await, Code::Unauthenticated);
    assert_eq!(
        code(&mut house.showing(&basic("ada", new)).await, SEEN).await,
        Code::Ok
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_over() {
    let house = House::open().await;
    let mut brief = house.client("brief").await;
    let mut ada = house.client("ada").await;
    house.forward(59);
    assert_eq!(code(&mut brief, SEEN).await, Code::Ok);
    house.forward(1);
    assert_eq!(code(&mut brief, SEEN).await, Code::Unauthenticated);
    assert_eq!(code(&mut ada, SEEN).await, Code::Ok);
    let week = i64::try_from(TokenLimits::default().life_ms / 1_000).unwrap();
    house.forward(week);
    assert_eq!(code(&mut ada, SEEN).await, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_logins_have_to_wait() {
    let house = House::open().await;
    let mut known = house.client("ada").await;
    let mut client = house.stranger().await;
    for _ in 0..3 {
        let refused = refused_handshake(&mut client, "ada", "wrong").await;
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    let refused = refused_handshake(&mut client, "ada", PASSWORD).await;
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(
        refused.message().contains("`name_failure_count_max`"),
        "{refused}"
    );
    // neither others nor open sessions suffer
    client.handshake("bea", PASSWORD).await.unwrap();
    assert_eq!(code(&mut known, SEEN).await, Code::Ok);
    house.forward(31);
    client.handshake("ada", PASSWORD).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_handles_and_variables_are_ones_own() {
    let house = House::open().await;
    let (mut ada, mut bea) = (house.client("ada").await, house.client("bea").await);
    let info = ada.execute(SEEN.to_owned(), None).await.unwrap();
    let refused = status(bea.do_get(ticket(&info)).await.err().unwrap());
    assert_eq!(refused.code(), Code::PermissionDenied);
    // another session of the same user is the same principal
    house
        .client("ada")
        .await
        .do_get(ticket(&info))
        .await
        .unwrap();
    let mut prepared = ada.prepare(SEEN.to_owned(), None).await.unwrap();
    let own = prepared.execute().await.unwrap();
    let mut request = Request::new(own.flight_descriptor.clone().unwrap());
    let theirs = bearer(bea.token().unwrap());
    request
        .metadata_mut()
        .insert("authorization", theirs.parse().unwrap());
    let refused = bea.inner_mut().get_flight_info(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    assert_eq!(
        code(&mut ada, "SET timezone = 'Europe/Berlin'").await,
        Code::Ok
    );
    let shown = async |client: &mut Client| {
        let rows = query(client, "SHOW timezone").await.unwrap();
        texts(&rows, 1).concat()
    };
    assert_eq!(shown(&mut ada).await, "Europe/Berlin");
    assert_eq!(shown(&mut bea).await, "UTC");
    assert_eq!(shown(&mut house.client("ada").await).await, "UTC");
    let mut by_key = house.showing(&bearer(house.key.reveal())).await;
    assert_eq!(
        code(&mut by_key, "SET timezone = 'Asia/Tokyo'").await,
        Code::Ok
    );
    assert_eq!(shown(&mut by_key).await, "Asia/Tokyo");
    let mut other = house.showing(&bearer(house.key.reveal())).await;
    assert_eq!(shown(&mut other).await, "UTC");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_is_over() {
    let house = House::open().await;
    let mut ada = house.client("ada").await;
    let token = bearer(ada.token().unwrap());
    let mut request = Request::new(Action::new("CloseSession", ""));
    request
        .metadata_mut()
        .insert("authorization", token.parse().unwrap());
    ada.inner_mut().do_action(request).await.unwrap();
    assert_eq!(code(&mut ada, SEEN).await, Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_holds_in_metadata_too() {
    use arrow_flight::sql::CommandGetTables;
    let house = House::open().await;
    let (mut ada, mut meg) = (house.client("ada").await, house.client("meg").await);
    let listed = async |client: &mut Client| {
        let info = client.get_tables(CommandGetTables::default()).await;
        let rows = crate::server::read(client, &info.unwrap()).await.unwrap();
        rows.num_rows()
    };
    assert!(listed(&mut ada).await > 40);
    assert_eq!(listed(&mut meg).await, 0);
    assert_eq!(code(&mut meg, SEEN).await, Code::PermissionDenied);
    let page = "SELECT user_id FROM users_page('cb_1', 'this_month')";
    assert_eq!(code(&mut meg, page).await, Code::Ok);
    let theirs = "SELECT user_id FROM users_page('cb_2', 'this_month')";
    assert_eq!(code(&mut meg, theirs).await, Code::PermissionDenied);
    assert_eq!(code(&mut ada, theirs).await, Code::PermissionDenied);
    assert_eq!(
        code(&mut ada, "EXPLAIN ANALYZE SELECT * FROM agents").await,
        Code::PermissionDenied
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_in_the_audit_log_of_those_who_may_read_it() {
    let house = House::open().await;
    let (mut ada, mut bea) = (house.client("ada").await, house.client("bea").await);
    assert!(
        house
            .stranger()
            .await
            .handshake("ada", "wrong")
            .await
            .is_err()
    );
    assert_eq!(code(&mut ada, SEEN).await, Code::Ok);
    let export = "SELECT file FROM export('cb_1', 'users_page', 'this_month', 'csv')";
    assert_eq!(code(&mut ada, export).await, Code::Ok);
    assert_eq!(code(&mut bea, export).await, Code::PermissionDenied);
    let events = "SELECT concat_ws(' ', user_name, action, outcome) AS event FROM system.audit \
                  WHERE coalesce(subject, '') NOT LIKE '%system.audit%'";
    let mut seen = cells(&mut house.client("root").await, events).await;
    seen.sort();
    for event in [
        "user:ada login done",
        "user:ada login refused",
        "user:ada query done",
        "user:ada export done",
        "user:bea login done",
        "user:bea export refused",
        "user:root login done",
    ] {
        // what an export was refused for was never planned, so it counts as a statement
        let other = event.replace("export refused", "query refused");
        assert!(
            seen.iter().any(|each| *each == event || *each == other),
            "{event}: {seen:?}"
        );
    }
    for (client, name) in [(&mut ada, "ada"), (&mut bea, "bea")] {
        let seen = cells(client, events).await;
        let prefix = ["user:", name, " "].concat();
        assert!(
            !seen.is_empty() && seen.iter().all(|event| event.starts_with(&prefix)),
            "{seen:?}"
        );
        let queries = "SELECT DISTINCT user_name FROM system.queries";
        assert_eq!(cells(client, queries).await, [["user:", name].concat()]);
    }
    let mut meg = house.client("meg").await;
    assert_eq!(code(&mut meg, events).await, Code::PermissionDenied);
    let log = std::fs::read_to_string(house.file.audit_log_path()).unwrap();
    assert!(!log.contains(PASSWORD) && !log.contains(house.key.reveal()));
    assert!(log.contains("\"peer\":\"127.0.0.1\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_users_and_tls_may_be_reached_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("auth.toml");
    let file = AuthFile::named(&path, lakes::clock());
    file.add_user(&user("ada", grant(Role::Admin, "acc_1", "cb_1")))
        .unwrap();
    tls::install(folder.path(), "first");
    let options = FlightOptions {
        tls: Some(TlsFiles {
            certificate: folder.path().join("certificate"),
            key: folder.path().join("key"),
            client_authorities: None,
        }),
        ..FlightOptions::default()
    };
    let settings = AuthSettings::default();
    let authenticator = Authenticator::new(file, settings, Arc::new(chatlake_auth::NoAudit));
    let members = Members::new(
        Arc::new(authenticator.unwrap()),
        TokenLimits::default(),
        lakes::clock(),
    );
    let server = FlightServer::new(lakes::in_memory().await, options);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    let server = server.with_gatekeeper(Arc::new(members));
    server
        .serve(listener, std::future::ready(()))
        .await
        .unwrap();
}
