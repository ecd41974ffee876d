//! Python's `psycopg`: `tests/clients/test_postgres.py` against a server with TLS and users.
//!
//! Without Python 3 and pip this test fails and says so. `CHATLAKE_SKIP_CLIENTS=1` skips it in so many words.

use std::path::Path;
use std::process::Command;

use chatlake_auth::Role;
use chatlake_postgres::{PostgresOptions, TlsFiles};
use chatlake_tests::{house, python};

use crate::server::{PASSWORD, Served, Users};

#[tokio::test(flavor = "multi_thread")]
async fn psycopg_agrees_with_chatlake() {
    if house::environment("CHATLAKE_SKIP_CLIENTS").is_some_and(|value| value == "1") {
        println!("skipped: CHATLAKE_SKIP_CLIENTS=1");
        return;
    }
    let environment = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        python::environment("tests/clients/requirements.txt", target)
    };
    let interpreter = tokio::task::spawn_blocking(environment).await.unwrap();
    let users = Users::new();
    users.add("ada", Role::Admin, &[]);
    let tls = house::root().join("tests/data/tls");
    let options = PostgresOptions {
        tls: Some(TlsFiles {
            certificate: tls.join("first.pem"),
            key: tls.join("first.key"),
            client_authorities: None,
        }),
        ..PostgresOptions::default()
    };
    let served = Served::with(options, Some(&users)).await;
    let mut script = Command::new(interpreter);
    script.arg(house::root().join("tests/clients/test_postgres.py"));
    script.arg("--port").arg(served.address.port().to_string());
    script.arg("--authorities").arg(tls.join("ca.pem"));
    script.arg("--password").arg(PASSWORD);
    let output = tokio::task::spawn_blocking(move || python::run(&mut script))
        .await
        .unwrap();
    println!("{}", python::text(&output));
    assert!(
        output.status.success(),
        "checks of psycopg failed, see above"
    );
    served.stop().await;
}
