//! Where a server is reached, in clear text or over TLS, and connections to it.
//!
//! Guarantees: every connection is new and ends with the last clone of its client; small messages are never held back (`TCP_NODELAY`);
//! an abrupt connection ends by a reset, as if the client's machine had lost its power.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tonic::transport::{Channel, Endpoint, Uri};

use crate::{Error, Result};

/// A Flight SQL client of arrow-rs.
pub type Client = FlightSqlServiceClient<Channel>;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// The authority that signed the server's certificate, and certificate and key themselves: those of the tests, good for `localhost`.
const AUTHORITY: &str = include_str!("../../../tests/data/tls/ca.pem");
const CERTIFICATE: &str = include_str!("../../../tests/data/tls/first.pem");
const KEY: &str = include_str!("../../../tests/data/tls/first.key");

/// Writes certificate and key of a server into a folder, as `certificate.pem` and `key.pem`.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_tls_files(folder: &Path) -> Result<()> {
    let written = std::fs::write(folder.join("certificate.pem"), CERTIFICATE)
        .and_then(|()| std::fs::write(folder.join("key.pem"), KEY));
    written.map_err(Error::io("write the TLS files"))
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is closed.
    Polite,
    /// It is reset, whatever is under way.
    Abrupt,
}

/// Where a server is reached.
#[derive(Clone)]
pub struct Door {
    /// Host and port.
    address: String,
    tls: Option<TlsConnector>,
}

/// What bytes go over.
trait Transport: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Transport for T {}

impl Door {
    /// In clear text.
    pub fn clear(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            tls: None,
        }
    }

    /// Over TLS, to a server with the files of [`write_tls_files`].
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn secured(address: &str) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| Error::Step {
            step: "set up TLS".to_owned(),
            message: error.to_string(),
        };
        let authority = CertificateDer::from_pem_slice(AUTHORITY.as_bytes());
        let mut roots = RootCertStore::empty();
        roots
            .add(authority.map_err(|error| failed(&error))?)
            .map_err(|error| failed(&error))?;
        let mut config = ClientConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| failed(&error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self {
            address: address.to_owned(),
            tls: Some(TlsConnector::from(Arc::new(config))),
        })
    }

    /// What it is called in tables.
    pub fn name(&self) -> &'static str {
        match self.tls {
            None => "clear text",
            Some(_) => "TLS",
        }
    }

    /// A client on a new connection that has shown nothing yet.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn connect(&self, ending: Ending) -> Result<Client> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address))?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT);
        let door = self.clone();
        let dial = tower::service_fn(move |_: Uri| {
            let door = door.clone();
            async move { door.dial(ending).await.map(TokioIo::new) }
        });
        let channel = endpoint.connect_with_connector(dial).await?;
        let inner = FlightServiceClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Client::new_from_inner(inner))
    }

    async fn dial(&self, ending: Ending) -> std::io::Result<Box<dyn Transport>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        if ending == Ending::Abrupt {
            stream.set_zero_linger()?;
        }
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from("localhost")
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::InvalidInput))?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}
