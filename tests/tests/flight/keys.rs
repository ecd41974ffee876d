//! Primary and foreign keys: what they are, and that they are true.

use std::collections::BTreeSet;

use arrow_flight::sql::{
    CommandGetCrossReference, CommandGetExportedKeys, CommandGetImportedKeys, CommandGetPrimaryKeys,
};

use crate::server::{Client, Served, integers, query, read, texts};

async fn primary_key(client: &mut Client, schema: &str, table: &str) -> Vec<String> {
    let command = CommandGetPrimaryKeys {
        catalog: None,
        db_schema: Some(schema.to_owned()),
        table: table.to_owned(),
    };
    let info = client.get_primary_keys(command).await.unwrap();
    texts(&read(client, &info).await.unwrap(), 3)
}

#[tokio::test]
async fn stored_tables_and_views_tell_their_keys() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let message = ["chatbot_id", "conversation_id", "message_id"];
    assert_eq!(primary_key(&mut client, "lake", "messages").await, message);
    assert_eq!(
        primary_key(&mut client, "stored", "messages").await,
        message
    );
    assert_eq!(
        primary_key(&mut client, "stored", "chatbots").await,
        ["chatbot_id", "ingest_seq"],
        "every version is stored"
    );
    assert!(
        primary_key(&mut client, "lake", "annotations")
            .await
            .is_empty(),
        "an annotation of a conversation names no message"
    );
    let elsewhere = CommandGetPrimaryKeys {
        catalog: Some("other".to_owned()),
        db_schema: None,
        table: "messages".to_owned(),
    };
    let info = client.get_primary_keys(elsewhere).await.unwrap();
    assert_eq!(read(&mut client, &info).await.unwrap().num_rows(), 0);
}

#[tokio::test]
async fn references_are_found_from_both_ends() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let imported = CommandGetImportedKeys {
        catalog: None,
        db_schema: Some("lake".to_owned()),
        table: "messages".to_owned(),
    };
    let info = client.get_imported_keys(imported).await.unwrap();
    let imported = read(&mut client, &info).await.unwrap();
    let targets: BTreeSet<String> = texts(&imported, 2).into_iter().collect();
    let expected = ["broadcasts", "conversations"].map(str::to_owned);
    assert_eq!(targets, BTreeSet::from(expected));

    let exported = CommandGetExportedKeys {
        catalog: Some("chatlake".to_owned()),
        db_schema: Some("lake".to_owned()),
        table: "conversations".to_owned(),
    };
    let info = client.get_exported_keys(exported).await.unwrap();
    let exported = read(&mut client, &info).await.unwrap();
    assert!(texts(&exported, 6).contains(&"messages".to_owned()));
    assert!(texts(&exported, 5).contains(&"stored".to_owned()));

    let crossed = CommandGetCrossReference {
        pk_table: "conversations".to_owned(),
        fk_table: "messages".to_owned(),
        fk_db_schema: Some("lake".to_owned()),
        ..CommandGetCrossReference::default()
    };
    let info = client.get_cross_reference(crossed).await.unwrap();
    let crossed = read(&mut client, &info).await.unwrap();
    assert_eq!(texts(&crossed, 3), ["chatbot_id", "conversation_id"]);
    assert_eq!(texts(&crossed, 7), ["chatbot_id", "conversation_id"]);
}

#[tokio::test]
async fn every_key_is_unique_and_not_null() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let mut checked_count = 0;
    for table in served.lake.session().tables().await.unwrap() {
        if table.primary_key.is_empty() {
            continue;
        }
        let name = format!("\"{}\".\"{}\"", table.schema, table.name);
        let key = table.primary_key.join(", ");
        let missing: Vec<String> = table
            .primary_key
            .iter()
            .map(|column| format!("{column} IS NULL"))
            .collect();
        let sql = format!(
            "SELECT (SELECT count(*) FROM {name}) - (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {name})) AS repeated, \
             (SELECT count(*) FROM {name} WHERE {}) AS missing",
            missing.join(" OR ")
        );
        let found = query(&mut client, &sql).await.unwrap();
        let found = (integers(&found, 0)[0], integers(&found, 1)[0]);
        assert_eq!(found, (Some(0), Some(0)), "{name} ({key})");
        checked_count += 1;
    }
    assert!(checked_count > 40, "{checked_count} keys");
}
