//! TLS and mutual TLS, and certificates that change while the server runs.

use std::path::Path;
use std::sync::Arc;

use chatlake_flight::{FlightOptions, FlightServer, TlsFiles};
use chatlake_tests::{house, lakes};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint};

use crate::server::{Client, Served, query};

fn pem(name: &str) -> String {
    house::read(&format!("tests/data/tls/{name}"))
}

/// Puts certificate and key `name` where the server looks for them.
pub fn install(folder: &Path, name: &str) {
    std::fs::write(folder.join("key"), pem(&format!("{name}.key"))).unwrap();
    std::fs::write(folder.join("certificate"), pem(&format!("{name}.pem"))).unwrap();
    std::fs::write(folder.join("authorities"), pem("ca.pem")).unwrap();
}

async fn served(folder: &Path, is_mutual: bool) -> Served {
    let options = FlightOptions {
        tls: Some(TlsFiles {
            certificate: folder.join("certificate"),
            key: folder.join("key"),
            client_authorities: is_mutual.then(|| folder.join("authorities")),
        }),
        tls_reload_interval_ms: 1,
        ..FlightOptions::default()
    };
    let lake = lakes::in_memory().await;
    Served::of(FlightServer::new(lake.clone(), options), lake).await
}

/// What speaks TLS to the server; `identity` names the certificate that it shows.
fn connector(identity: Option<&str>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate("ca.pem")).unwrap();
    let config = ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(name) => {
            let key = PrivateKeyDer::from_pem_slice(pem(&format!("{name}.key")).as_bytes());
            let chain = vec![certificate(&format!("{name}.pem"))];
            config.with_client_auth_cert(chain, key.unwrap()).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    TlsConnector::from(Arc::new(config))
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem(name).as_bytes()).unwrap()
}

async fn secured(served: &Served, identity: Option<&str>) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(served.address.trim_start_matches("http://")).await?;
    let name = ServerName::try_from("localhost").unwrap();
    connector(identity).connect(name, stream).await
}

/// A connection over TLS, if there is one to be had.
pub async fn connect(served: &Served, identity: Option<&str>) -> Option<Channel> {
    let mut stream = secured(served, identity).await.ok();
    let endpoint = Endpoint::from_shared(served.address.clone()).unwrap();
    let connected = endpoint.connect_with_connector(tower::service_fn(move |_| {
        let stream = stream.take().map(TokioIo::new);
        async move { stream.ok_or(std::io::Error::from(std::io::ErrorKind::NotConnected)) }
    }));
    connected.await.ok()
}

async fn answers(channel: Option<Channel>) -> bool {
    match channel {
        Some(channel) => query(&mut Client::new(channel), "SELECT 1 AS one")
            .await
            .is_ok(),
        None => false,
    }
}

#[tokio::test]
async fn queries_come_over_tls_and_not_in_clear_text() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "first");
    let served = served(folder.path(), false).await;
    assert!(answers(connect(&served, None).await).await);
    let clear = Endpoint::from_shared(served.address.clone()).unwrap();
    assert!(!answers(clear.connect().await.ok()).await);
}

#[tokio::test]
async fn a_client_shows_its_certificate_where_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "first");
    let served = served(folder.path(), true).await;
    assert!(!answers(connect(&served, None).await).await);
    assert!(answers(connect(&served, Some("second")).await).await);
}

#[tokio::test]
async fn a_new_certificate_is_used_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "first");
    let served = served(folder.path(), false).await;
    let shown = async || {
        let stream = secured(&served, None).await.unwrap();
        let chain = stream.get_ref().1.peer_certificates().unwrap();
        chain[0].clone().into_owned()
    };
    assert_eq!(shown().await, certificate("first.pem"));
    std::fs::write(folder.path().join("certificate"), "broken").unwrap();
    for _ in 0..10 {
        assert_eq!(shown().await, certificate("first.pem"));
    }
    install(folder.path(), "second");
    while shown().await != certificate("second.pem") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_told_by_name() {
    let folder = tempfile::tempdir().unwrap();
    install(folder.path(), "first");
    std::fs::write(folder.path().join("key"), pem("second.key")).unwrap();
    for certificate in ["certificate", "missing"] {
        let options = FlightOptions {
            tls: Some(TlsFiles {
                certificate: folder.path().join(certificate),
                key: folder.path().join("key"),
                client_authorities: None,
            }),
            ..FlightOptions::default()
        };
        let server = FlightServer::new(lakes::in_memory().await, options);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let refused = server.serve(listener, std::future::pending()).await;
        assert!(refused.unwrap_err().to_string().starts_with("TLS: "));
    }
}
