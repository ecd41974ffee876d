//! Sessions: what `SET` changes belongs to the token of a handshake.

use arrow_flight::{Action, Empty};
use chatlake_flight::FlightOptions;
use futures::TryStreamExt;
use tonic::Code;

use crate::server::{Client, Served, integers, query, status};

const COUNT: &str = "SELECT count(DISTINCT chatbot_id) AS n FROM messages";
const CHOOSE: &str = "SET chatlake.chatbot_id = 'cb_1'";

async fn chatbot_count(client: &mut Client) -> i64 {
    integers(&query(client, COUNT).await.unwrap(), 0)[0].unwrap()
}

#[tokio::test]
async fn a_variable_lasts_in_its_session_and_nowhere_else() {
    let served = Served::oracle().await;
    let (mut one, mut other, mut nobody) = (
        served.session().await,
        served.session().await,
        served.client().await,
    );
    let all = chatbot_count(&mut one).await;
    assert!(all > 1, "the oracle has several chatbots");
    query(&mut one, CHOOSE).await.unwrap();
    assert_eq!(chatbot_count(&mut one).await, 1);
    assert_eq!(chatbot_count(&mut other).await, all);
    assert_eq!(chatbot_count(&mut nobody).await, all);
}

#[tokio::test]
async fn a_variable_can_be_set_as_an_update() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    assert_eq!(
        client
            .execute_update(CHOOSE.to_owned(), None)
            .await
            .unwrap(),
        0
    );
    assert_eq!(chatbot_count(&mut client).await, 1);
}

#[tokio::test]
async fn set_without_a_session_is_refused_and_not_forgotten() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let refused = status(query(&mut client, CHOOSE).await.unwrap_err());
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(
        refused.message().contains("connect with a user name"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_session_that_ended_is_not_answered_with_other_settings() {
    let served = Served::oracle().await;
    let mut client = served.session().await;
    let token = client.token().unwrap().clone();
    let mut close = tonic::Request::new(Action::new("CloseSession", ""));
    close
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    client.inner_mut().do_action(close).await.unwrap();
    assert_eq!(
        status(query(&mut client, COUNT).await.unwrap_err()).code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn the_oldest_session_makes_room() {
    let served = Served::with(FlightOptions {
        session_count_max: 1,
        ..FlightOptions::default()
    })
    .await;
    let mut first = served.session().await;
    chatbot_count(&mut first).await;
    let mut second = served.session().await;
    chatbot_count(&mut second).await;
    assert_eq!(
        status(query(&mut first, COUNT).await.unwrap_err()).code(),
        Code::Unauthenticated
    );
}

#[tokio::test]
async fn tokens_of_others_are_no_obstacle() {
    let served = Served::oracle().await;
    for token in ["None", "somebody-elses-token"] {
        let mut client = served.client().await;
        client.set_token(token.to_owned());
        assert!(chatbot_count(&mut client).await > 0, "{token}");
    }
}

#[tokio::test]
async fn a_handshake_needs_no_message_and_answers_with_a_bearer_token() {
    let served = Served::oracle().await;
    let mut client = served.client().await.into_inner();
    let answer = client.handshake(futures::stream::empty()).await.unwrap();
    let header = answer
        .metadata()
        .get("authorization")
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    assert!(header.starts_with("Bearer "), "{header}");
    let messages: Vec<_> = answer.into_inner().try_collect().await.unwrap();
    assert_eq!(messages.len(), 1);
}

#[tokio::test]
async fn the_actions_listed_are_those_that_are_there() {
    let served = Served::oracle().await;
    let mut client = served.client().await.into_inner();
    let actions: Vec<_> = client
        .list_actions(Empty {})
        .await
        .unwrap()
        .into_inner()
        .try_collect()
        .await
        .unwrap();
    let mut names: Vec<String> = actions.into_iter().map(|action| action.r#type).collect();
    names.sort();
    let expected = [
        "BeginTransaction",
        "CancelFlightInfo",
        "CancelQuery",
        "ClosePreparedStatement",
        "CloseSession",
        "CreatePreparedStatement",
        "EndTransaction",
        "GetSessionOptions",
        "RenewFlightEndpoint",
        "SetSessionOptions",
    ];
    assert_eq!(names, expected);
    for name in names {
        if let Err(status) = client.do_action(Action::new(name.clone(), "")).await {
            assert_ne!(status.code(), Code::Unimplemented, "{name}");
        }
    }
}
