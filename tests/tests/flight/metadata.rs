//! The metadata commands, as drivers ask them.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, UInt32Type};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetTables, CommandGetXdbcTypeInfo, SqlInfo,
};
use arrow_flight::{FlightInfo, IpcMessage};

use crate::server::{Client, Served, query, read, texts};

async fn answer(client: &mut Client, info: Result<FlightInfo, FlightError>) -> RecordBatch {
    let info = info.unwrap();
    // `read` compares the two schemas
    read(client, &info).await.unwrap()
}

async fn tables(client: &mut Client, command: CommandGetTables) -> RecordBatch {
    let info = client.get_tables(command).await;
    answer(client, info).await
}

async fn table_names(client: &mut Client, command: CommandGetTables) -> Vec<String> {
    texts(&tables(client, command).await, 2)
}

#[tokio::test]
async fn there_is_one_catalog() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client.get_catalogs().await;
    assert_eq!(texts(&answer(&mut client, info).await, 0), ["chatlake"]);
}

#[tokio::test]
async fn schemas_are_found_with_and_without_a_catalog() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    for (catalog, pattern, finds_lake) in [
        (None, None, true),
        (Some("chatlake"), Some("la%"), true),
        (Some(""), None, false),
        (Some("other"), None, false),
        (None, Some("LAKE"), false),
        (None, Some("l_ke"), true),
    ] {
        let command = CommandGetDbSchemas {
            catalog: catalog.map(str::to_owned),
            db_schema_filter_pattern: pattern.map(str::to_owned),
        };
        let info = client.get_db_schemas(command.clone()).await;
        let names = texts(&answer(&mut client, info).await, 1);
        assert_eq!(
            names.iter().any(|name| name == "lake"),
            finds_lake,
            "{command:?}: {names:?}"
        );
    }
}

#[tokio::test]
async fn tables_are_found_by_every_filter() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let all = table_names(&mut client, CommandGetTables::default()).await;
    assert!(
        all.iter().any(|name| name == "messages") && all.iter().any(|name| name == "team_members"),
        "{all:?}"
    );
    let by_name = |pattern: &str| CommandGetTables {
        table_name_filter_pattern: Some(pattern.to_owned()),
        ..CommandGetTables::default()
    };
    let found: BTreeSet<String> = table_names(&mut client, by_name("team\\_m%"))
        .await
        .into_iter()
        .collect();
    assert_eq!(found, BTreeSet::from(["team_members".to_owned()]));
    assert!(
        table_names(&mut client, by_name("message\\_"))
            .await
            .is_empty()
    );
    // pandas asks whether a whole statement is a table
    let statement = "SELECT * FROM messages WHERE text LIKE '%a_b%' ".repeat(2_000);
    assert!(
        table_names(&mut client, by_name(&statement))
            .await
            .is_empty()
    );
    let stored = CommandGetTables {
        db_schema_filter_pattern: Some("stored".to_owned()),
        ..by_name("messages")
    };
    assert_eq!(table_names(&mut client, stored).await, ["messages"]);
    let elsewhere = CommandGetTables {
        catalog: Some("other".to_owned()),
        ..by_name("%")
    };
    assert!(table_names(&mut client, elsewhere).await.is_empty());
}

#[tokio::test]
async fn table_types_are_told_and_their_other_names_understood() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client.get_table_types().await;
    assert_eq!(
        texts(&answer(&mut client, info).await, 0),
        ["TABLE", "VIEW"]
    );
    let mut of_types = async |types: &[&str]| {
        let table_types = types.iter().map(|name| (*name).to_owned()).collect();
        let batch = tables(
            &mut client,
            CommandGetTables {
                table_types,
                ..CommandGetTables::default()
            },
        )
        .await;
        texts(&batch, 3).into_iter().collect::<BTreeSet<String>>()
    };
    assert_eq!(
        of_types(&["VIEW"]).await,
        BTreeSet::from(["VIEW".to_owned()])
    );
    for tables in [&["TABLE"][..], &["BASE TABLE", "table"]] {
        assert_eq!(
            of_types(tables).await,
            BTreeSet::from(["TABLE".to_owned()]),
            "{tables:?}"
        );
    }
    assert!(of_types(&["no such type"]).await.is_empty());
}

#[tokio::test]
async fn the_schema_of_every_table_is_that_of_its_rows() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let command = CommandGetTables {
        include_schema: true,
        ..CommandGetTables::default()
    };
    let batch = tables(&mut client, command).await;
    let (schemas, names) = (texts(&batch, 1), texts(&batch, 2));
    let encoded = batch.column(4).as_binary::<i32>();
    for row in 0..batch.num_rows() {
        let table = format!("\"{}\".\"{}\"", schemas[row], names[row]);
        let told = Schema::try_from(IpcMessage(encoded.value(row).to_vec().into())).unwrap();
        let info = client
            .execute(format!("SELECT * FROM {table} LIMIT 0"), None)
            .await
            .unwrap();
        let streamed = info.try_decode_schema().unwrap();
        let columns = |schema: &Schema| -> Vec<(String, DataType)> {
            schema
                .fields()
                .iter()
                .map(|field| (field.name().clone(), field.data_type().clone()))
                .collect()
        };
        assert_eq!(columns(&told), columns(&streamed), "{table}");
        let metadata = told.field(0).metadata();
        assert_eq!(metadata["ARROW:FLIGHT:SQL:CATALOG_NAME"], "chatlake");
        assert_eq!(metadata["ARROW:FLIGHT:SQL:SCHEMA_NAME"], schemas[row]);
        assert_eq!(metadata["ARROW:FLIGHT:SQL:TABLE_NAME"], names[row]);
        assert!(
            metadata.contains_key("ARROW:FLIGHT:SQL:TYPE_NAME"),
            "{table}"
        );
    }
}

#[tokio::test]
async fn sql_info_is_whole_or_what_was_asked_for() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client.get_sql_info(vec![]).await;
    assert!(answer(&mut client, info).await.num_rows() > 80);
    let info = client
        .get_sql_info(vec![
            SqlInfo::FlightSqlServerTransaction,
            SqlInfo::FlightSqlServerName,
        ])
        .await;
    let batch = answer(&mut client, info).await;
    let codes: Vec<u32> = batch
        .column(0)
        .as_primitive::<UInt32Type>()
        .values()
        .to_vec();
    assert_eq!(codes, [0, 8]);
    let value = batch.column(1).as_union().value(0);
    assert_eq!(value.as_string::<i32>().value(0), "Chatlake");
}

#[tokio::test]
async fn the_functions_that_sql_info_names_are_there() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let routines = query(
        &mut client,
        "SELECT DISTINCT routine_name FROM information_schema.routines",
    )
    .await
    .unwrap();
    let there: BTreeSet<String> = texts(&routines, 0).into_iter().collect();
    for kind in [
        SqlInfo::SqlNumericFunctions,
        SqlInfo::SqlStringFunctions,
        SqlInfo::SqlSystemFunctions,
        SqlInfo::SqlDatetimeFunctions,
    ] {
        let info = client.get_sql_info(vec![kind]).await;
        let batch = answer(&mut client, info).await;
        let names = batch.column(1).as_union().value(0);
        let names = names.as_list::<i32>().value(0);
        let names = names.as_string::<i32>();
        assert!(!names.is_empty());
        let missing: Vec<&str> = names
            .iter()
            .flatten()
            .filter(|name| !there.contains(*name))
            .collect();
        assert!(
            missing.is_empty(),
            "{kind:?}: {missing:?} are not in {there:?}"
        );
    }
}

#[tokio::test]
async fn types_are_told_whole_and_by_code() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let info = client
        .get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type: None })
        .await;
    let all = answer(&mut client, info).await;
    assert_eq!(all.num_columns(), 19);
    assert!(texts(&all, 0).contains(&"VARCHAR".to_owned()));
    let info = client
        .get_xdbc_type_info(CommandGetXdbcTypeInfo {
            data_type: Some(12),
        })
        .await;
    assert_eq!(texts(&answer(&mut client, info).await, 0), ["VARCHAR"]);
}

#[tokio::test]
async fn keys_have_the_columns_of_the_protocol() {
    let served = Served::oracle().await;
    let mut client = served.client().await;
    let table = "messages".to_owned();
    let command = CommandGetPrimaryKeys {
        table: table.clone(),
        ..CommandGetPrimaryKeys::default()
    };
    let info = client.get_primary_keys(command).await;
    assert_eq!(answer(&mut client, info).await.num_columns(), 6);
    let command = CommandGetExportedKeys {
        table: table.clone(),
        ..CommandGetExportedKeys::default()
    };
    let exported = client.get_exported_keys(command).await;
    let command = CommandGetImportedKeys {
        table: table.clone(),
        ..CommandGetImportedKeys::default()
    };
    let imported = client.get_imported_keys(command).await;
    let command = CommandGetCrossReference {
        pk_table: table.clone(),
        fk_table: table,
        ..CommandGetCrossReference::default()
    };
    let crossed = client.get_cross_reference(command).await;
    for info in [exported, imported, crossed] {
        assert_eq!(answer(&mut client, info).await.num_columns(), 13);
    }
}
