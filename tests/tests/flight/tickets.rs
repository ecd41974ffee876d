//! Tickets: signed, for one principal, one commit and the variables they were planned with.

use arrow_flight::{Action, FlightEndpoint, FlightInfo, RenewFlightEndpointRequest, Ticket};
use chatlake_flight::{FlightOptions, FlightServer, TicketKey};
use chatlake_tests::lakes;
use futures::TryStreamExt;
use prost::Message;
use tonic::Code;

use crate::server::{Client, Served, collect, integers, query, read, status, ticket};

const COUNT: &str = "SELECT count(*) AS n FROM messages";

const ONE_MORE: &str = r#"{"type":"message","chatbot_id":"cb_more","conversation_id":"c","message_id":"m","sent_at":"2026-03-01T00:00:00Z","sender_type":"customer","content":"hi"}"#;

async fn plan(client: &mut Client, sql: &str) -> FlightInfo {
    client.execute(sql.to_owned(), None).await.unwrap()
}

#[tokio::test]
async fn a_ticket_reads_the_commit_it_was_made_for_again_and_again() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = plan(&mut client, COUNT).await;
    let before = integers(&read(&mut client, &info).await.unwrap(), 0);
    lakes::ingest_text(&served.lake, ONE_MORE).await.unwrap();
    let now = integers(&query(&mut client, COUNT).await.unwrap(), 0);
    assert_eq!(now[0], before[0].map(|count| count + 1));
    let mut other = served.client().await;
    assert_eq!(integers(&read(&mut other, &info).await.unwrap(), 0), before);
}

#[tokio::test]
async fn a_ticket_keeps_the_variables_it_was_planned_with() {
    let served = Served::oracle().await;
    let (mut mine, mut other) = (served.session().await, served.client().await);
    query(&mut mine, "SET chatlake.chatbot_id = 'cb_1'")
        .await
        .unwrap();
    let info = plan(
        &mut mine,
        "SELECT count(DISTINCT chatbot_id) AS n FROM messages",
    )
    .await;
    assert_eq!(
        integers(&read(&mut other, &info).await.unwrap(), 0),
        [Some(1)]
    );
}

#[tokio::test]
async fn a_changed_ticket_is_refused() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let bytes = ticket(&plan(&mut client, "SELECT 1 AS one").await)
        .ticket
        .to_vec();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 0x5a;
        let refused = client.do_get(Ticket::new(changed)).await.err();
        let refused = status(refused.unwrap_or_else(|| panic!("byte {index}")));
        assert!(
            matches!(refused.code(), Code::InvalidArgument | Code::Unimplemented),
            "byte {index}: {refused}"
        );
    }
}

#[tokio::test]
async fn only_servers_with_the_same_key_take_a_ticket() {
    let lake = lakes::in_memory().await;
    let with_key = |key: Option<TicketKey>| FlightOptions {
        ticket_key: key,
        ..FlightOptions::default()
    };
    let key = || Some(TicketKey::new([7; 32]));
    let mut servers = Vec::new();
    for key in [key(), key(), None] {
        let server = FlightServer::new(lake.clone(), with_key(key));
        servers.push(Served::of(server, lake.clone()).await);
    }
    let info = plan(&mut servers[0].client().await, "SELECT 1 AS one").await;
    let replica = servers[1]
        .client()
        .await
        .do_get(ticket(&info))
        .await
        .unwrap();
    collect(replica).await.unwrap();
    let stranger = servers[2].client().await.do_get(ticket(&info)).await;
    let refused = status(stranger.err().unwrap());
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn an_endpoint_tells_when_it_expires_and_is_renewed() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = plan(&mut client, "SELECT 1 AS one").await;
    let endpoint = info.endpoint[0].clone();
    assert!(endpoint.expiration_time.is_some());
    let request = RenewFlightEndpointRequest {
        endpoint: Some(endpoint),
    };
    let action = Action::new("RenewFlightEndpoint", request.encode_to_vec());
    let answers = client.inner_mut().do_action(action).await.unwrap();
    let answers: Vec<_> = answers.into_inner().try_collect().await.unwrap();
    let renewed = FlightEndpoint::decode(answers[0].body.clone()).unwrap();
    assert!(renewed.expiration_time.is_some());
    let stream = client.do_get(renewed.ticket.unwrap()).await.unwrap();
    assert_eq!(collect(stream).await.unwrap().1[0].num_rows(), 1);
    for body in [&b""[..], b"\xff\xff"] {
        let action = Action::new("RenewFlightEndpoint", body);
        let refused = client.inner_mut().do_action(action).await.err().unwrap();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

#[tokio::test]
async fn an_expired_ticket_is_refused_by_the_name_of_the_option() {
    let lake = chatlake::Chatlake::open(
        "memory://",
        chatlake::OpenOptions {
            create: true,
            ..chatlake::OpenOptions::default()
        },
    )
    .await
    .unwrap();
    let options = FlightOptions {
        ticket_ttl_ms: 0,
        ..FlightOptions::default()
    };
    let served = Served::of(FlightServer::new(lake.clone(), options), lake).await;
    let mut client = served.client().await;
    let info = plan(&mut client, "SELECT 1 AS one").await;
    // the clock goes on by itself
    let refused = loop {
        match client.do_get(ticket(&info)).await {
            Err(error) => break status(error),
            Ok(_) => tokio::task::yield_now().await,
        }
    };
    assert!(refused.message().contains("`ticket_ttl_ms`"), "{refused}");
}
