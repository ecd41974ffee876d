//! `psql` against a server with users: what a person types, and its backslash commands. Skipped where there is no `psql`.

use std::process::{Command, Output};

use chatlake_auth::Role;
use chatlake_postgres::PostgresOptions;
use chatlake_tests::{house, python};

use crate::server::{PASSWORD, Served, Users};

/// Runs commands of `psql`; `None` when there is no such program.
async fn psql(
    served: &Served,
    sslmode: &'static str,
    commands: &'static [&'static str],
) -> Option<Output> {
    let mut command = Command::new("psql");
    command.args([
        "--no-psqlrc",
        "--tuples-only",
        "--no-align",
        "--set=ON_ERROR_STOP=1",
    ]);
    command
        .env("PGPASSWORD", PASSWORD)
        .env("PGSSLMODE", sslmode);
    command.env("PGSSLROOTCERT", house::root().join("tests/data/tls/ca.pem"));
    command.args([
        "--host",
        "localhost",
        "--port",
        &served.address.port().to_string(),
    ]);
    command.args(["--username", "ada", "--dbname", "chatlake"]);
    for text in commands {
        command.args(["--command", text]);
    }
    let run = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap();
    match run {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("`psql` did not start: {error}"),
    }
}

fn users() -> Users {
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    users
}

#[tokio::test(flavor = "multi_thread")]
async fn people_ask_and_list_with_psql() {
    let users = users();
    let served = Served::with(PostgresOptions::default(), Some(&users)).await;
    for (commands, expected) in [
        (&["SELECT 'a' || 1 AS x"][..], "a1"),
        (&["SELECT count(*) > 0 FROM messages"], "t"),
        (&["BEGIN", "SELECT 1", "COMMIT"], "COMMIT"),
        (&["\\dt stored.*"], "stored|messages|table|"),
        (&["\\dv lake.*"], "lake|messages|view|"),
        (&["\\d lake.messages"], "message_id|text"),
        (&["\\d"], "lake|messages|view|"),
        (&["\\l"], "chatlake|"),
        (&["\\dn"], "lake|"),
        (
            &["\\conninfo"],
            "connected to database \"chatlake\" as user \"ada\"",
        ),
    ] {
        let Some(output) = psql(&served, "disable", commands).await else {
            println!("skipped: there is no `psql` here");
            return;
        };
        let text = python::text(&output);
        assert!(
            output.status.success() && text.contains(expected),
            "{commands:?}: {text}"
        );
    }
    served.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn psql_speaks_tls_and_verifies_who_answers() {
    let tls = house::root().join("tests/data/tls");
    let options = PostgresOptions {
        tls: Some(chatlake_postgres::TlsFiles {
            certificate: tls.join("first.pem"),
            key: tls.join("first.key"),
            client_authorities: None,
        }),
        ..PostgresOptions::default()
    };
    let users = users();
    let served = Served::with(options, Some(&users)).await;
    let Some(output) = psql(&served, "verify-full", &["\\conninfo", "SELECT 7"]).await else {
        println!("skipped: there is no `psql` here");
        return;
    };
    let text = python::text(&output);
    assert!(
        output.status.success() && text.contains("SSL connection"),
        "{text}"
    );
    served.stop().await;
}
