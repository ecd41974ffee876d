//! A gatekeeper that lets few in: nothing works before it has, and what belongs to one principal is nothing to another.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chatlake::{Access, AccessScope, Permission, Permissions};
use chatlake_auth::{Credential, Secret};
use chatlake_flight::{
    Admission, FlightOptions, FlightServer, Gatekeeper, Login, Peer, Principal, Refusal, SessionKey,
};
use chatlake_tests::lakes;
use tonic::Code;

use crate::server::{
    Client, LONG_QUERY, Served, integers, query, refused_handshake, status, texts, ticket,
};

/// Knows `one`, who sees `cb_1`, and `two`, who sees `cb_2`; their passwords are their names.
struct Two;

fn principal(name: &str) -> Option<Principal> {
    let chatbot = match name {
        "one" => "cb_1",
        "two" => "cb_2",
        _ => return None,
    };
    Some(Principal {
        name: name.to_owned(),
        access: Access {
            scope: AccessScope::Tenants {
                accounts: BTreeSet::new(),
                chatbots: BTreeSet::from([chatbot.to_owned()]),
            },
            permissions: Permissions::of(&[Permission::RawViews]),
        },
        session: SessionKey::OnDemand(format!("token-{name}")),
    })
}

fn refused() -> Refusal {
    Refusal::Unauthenticated("wrong name or password".to_owned())
}

#[async_trait]
impl Gatekeeper for Two {
    fn asks_for_credentials(&self) -> bool {
        true
    }

    async fn login(&self, _: &Peer, credential: Option<Credential>) -> Result<Login, Refusal> {
        match credential {
            Some(Credential::Password { name, password }) if name == password.reveal() => {
                Ok(Login {
                    token: Secret::new(format!("token-{name}")),
                    principal: principal(&name).ok_or_else(refused)?,
                })
            }
            _ => Err(refused()),
        }
    }

    async fn check(
        &self,
        peer: &Peer,
        credential: Option<Credential>,
    ) -> Result<Admission, Refusal> {
        assert!(peer.address.is_some(), "the other end is known");
        let Some(Credential::Bearer(token)) = credential else {
            return Err(refused());
        };
        let name = token.reveal().strip_prefix("token-").ok_or_else(refused)?;
        Ok(Admission {
            principal: principal(name).ok_or_else(refused)?,
            token: None,
        })
    }

    async fn logout(&self, _: &Peer, _: Option<Credential>) {}
}

async fn served() -> Served {
    let lake = lakes::in_memory().await;
    let report = lakes::ingest_text(&lake, &lakes::oracle_input()).await;
    report.expect("the oracle's records are valid");
    let server = FlightServer::new(lake.clone(), FlightOptions::default());
    Served::of(server.with_gatekeeper(Arc::new(Two)), lake).await
}

async fn client(served: &Served, name: &str) -> Client {
    let mut client = served.client().await;
    client.handshake(name, name).await.unwrap();
    client
}

#[tokio::test]
async fn nothing_works_without_credentials() {
    use arrow_flight::{Action, Criteria, Empty, FlightDescriptor, Ticket};
    let served = served().await;
    let mut client = served.client().await;
    for password in ["", "wrong"] {
        let refused = refused_handshake(&mut client, "one", password).await;
        assert_eq!(refused.code(), Code::Unauthenticated);
    }
    let mut inner = client.into_inner();
    let descriptor = || FlightDescriptor::new_cmd("SELECT 1 AS one");
    let codes = [
        inner.get_flight_info(descriptor()).await.err(),
        inner.get_schema(descriptor()).await.err(),
        inner.poll_flight_info(descriptor()).await.err(),
        inner.do_get(Ticket::new("x")).await.err(),
        inner.do_put(futures::stream::empty()).await.err(),
        inner
            .do_action(Action::new("GetSessionOptions", ""))
            .await
            .err(),
        inner.list_actions(Empty {}).await.err(),
        inner.list_flights(Criteria::default()).await.err(),
        inner.do_exchange(futures::stream::empty()).await.err(),
    ];
    for (call, refused) in codes.into_iter().enumerate() {
        assert_eq!(
            refused.unwrap().code(),
            Code::Unauthenticated,
            "call {call}"
        );
    }
}

#[tokio::test]
async fn everybody_sees_their_own_rows() {
    let served = served().await;
    for (name, chatbot) in [("one", "cb_1"), ("two", "cb_2")] {
        let mut client = client(&served, name).await;
        let rows = query(&mut client, "SELECT DISTINCT chatbot_id FROM messages")
            .await
            .unwrap();
        assert_eq!(texts(&rows, 0), [chatbot]);
    }
}

#[tokio::test]
async fn tickets_and_handles_are_their_makers() {
    let served = served().await;
    let (mut one, mut two) = (client(&served, "one").await, client(&served, "two").await);
    let info = one.execute("SELECT 1 AS n".to_owned(), None).await.unwrap();
    let refused = status(two.do_get(ticket(&info)).await.err().unwrap());
    assert_eq!(refused.code(), Code::PermissionDenied);
    one.do_get(ticket(&info)).await.unwrap();
    let mut prepared = one.prepare("SELECT 1 AS n".to_owned(), None).await.unwrap();
    let own = prepared.execute().await.unwrap();
    let descriptor = own.flight_descriptor.clone().unwrap();
    let mut request = tonic::Request::new(descriptor);
    request
        .metadata_mut()
        .insert("authorization", "Bearer token-two".parse().unwrap());
    let refused = two.inner_mut().get_flight_info(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_of_others_are_neither_seen_nor_stopped() {
    let mut served = served().await;
    let (mut one, mut two) = (client(&served, "one").await, client(&served, "two").await);
    let info = one.execute(LONG_QUERY.to_owned(), None).await.unwrap();
    let mut request = tonic::Request::new(ticket(&info));
    request
        .metadata_mut()
        .insert("authorization", "Bearer token-one".parse().unwrap());
    let stream = one.inner_mut().do_get(request).await.unwrap();
    let mut stream = stream.into_inner();
    stream.message().await.unwrap().expect("a schema");
    let mine = "SELECT query_id FROM system.queries WHERE sql LIKE 'SELECT sum(value%'";
    let ids = texts(&query(&mut one, mine).await.unwrap(), 0);
    let [id] = ids.as_slice() else {
        panic!("{ids:?}")
    };
    let seen = "SELECT count(*) AS n FROM system.queries WHERE user_name <> 'two'";
    let seen = query(&mut two, seen).await.unwrap();
    assert_eq!(integers(&seen, 0), [Some(0)]);
    let kill = || format!("KILL '{id}'");
    let refused = two.execute_update(kill(), None).await;
    assert_eq!(status(refused.unwrap_err()).code(), Code::NotFound);
    one.execute_update(kill(), None).await.unwrap();
    drop(stream);
    served.idle().await;
}

#[tokio::test]
async fn who_may_not_load_does_not() {
    use arrow_flight::sql::{CommandStatementIngest, TableDefinitionOptions};
    let served = served().await;
    let mut one = client(&served, "one").await;
    let chatbots: arrow::array::ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["cb_1"]));
    let batch = arrow::array::RecordBatch::try_from_iter([("chatbot_id", chatbots)]).unwrap();
    let command = CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: 1,
            if_exists: 2,
        }),
        table: "messages".to_owned(),
        ..CommandStatementIngest::default()
    };
    let refused = one
        .execute_ingest(command, futures::stream::iter([Ok(batch)]))
        .await;
    assert_eq!(status(refused.unwrap_err()).code(), Code::PermissionDenied);
}

#[tokio::test]
async fn an_address_beyond_this_machine_needs_authentication_and_tls() {
    for (gatekeeper, missing) in [(false, "either"), (true, "TLS")] {
        let lake = lakes::in_memory().await;
        let mut server = FlightServer::new(lake, FlightOptions::default());
        if gatekeeper {
            server = server.with_gatekeeper(Arc::new(Two));
        }
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let refused = server.serve(listener, std::future::pending()).await;
        let refused = refused.unwrap_err().to_string();
        assert!(
            refused.contains(missing) && refused.contains("`allow_insecure_remote`"),
            "{refused}"
        );
    }
    let options = FlightOptions {
        allow_insecure_remote: true,
        ..FlightOptions::default()
    };
    let server = FlightServer::new(lakes::in_memory().await, options);
    let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
    server
        .serve(listener, std::future::ready(()))
        .await
        .unwrap();
}
