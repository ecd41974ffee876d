//! TLS by rustls: certificate, key and the authorities of clients from PEM files, read again while the server runs.
//!
//! Guarantees: new files are used by connections that come after them, old connections go on; files that cannot be used are
//! told to the log and change nothing; nothing older than TLS 1.2 is spoken.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use serde::Deserialize;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

use crate::error::{Error, Result};

/// A file is refused above this size.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where certificate and key of the server are, as PEM files. They are read again while the server runs.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The server's certificate, followed by those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Certificates of the authorities that clients' certificates must come from; without them no client needs one.
    #[serde(default)]
    pub client_authorities: Option<PathBuf>,
}

/// What the files say now.
pub struct Certificates {
    /// The protocol that clients choose by ALPN.
    protocol: &'static str,
    files: TlsFiles,
    current: RwLock<Current>,
}

struct Current {
    /// The bytes of all files, to see whether they changed.
    read: Vec<Vec<u8>>,
    config: Arc<ServerConfig>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// A file cannot be read, or is not what it should be.
    pub fn load(files: TlsFiles, protocol: &'static str) -> Result<Self> {
        let read = read_all(&files)?;
        let config = configuration(&read, protocol)?;
        Ok(Self {
            protocol,
            files,
            current: RwLock::new(Current { read, config }),
        })
    }

    /// What takes the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(Arc::clone(&current.config))
    }

    /// Reads the files again; whether they are new.
    fn reload(&self) -> Result<bool> {
        let read = read_all(&self.files)?;
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if known.read == read {
            return Ok(false);
        }
        drop(known);
        let config = configuration(&read, self.protocol)?;
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Current { read, config };
        Ok(true)
    }

    /// Reads the files again and again.
    pub async fn watch(self: Arc<Self>, interval: Duration) {
        loop {
            sleep(interval).await;
            let certificates = Arc::clone(&self);
            // files may lie on a slow disk
            match tokio::task::spawn_blocking(move || certificates.reload()).await {
                Ok(Ok(true)) => tracing::info!("the TLS certificate was read anew"),
                Ok(Ok(false)) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the TLS files cannot be used; the old ones stay");
                }
                Err(error) => tracing::error!(%error, "reading the TLS files ended early"),
            }
        }
    }
}

/// The bytes of certificate, key and authorities.
fn read_all(files: &TlsFiles) -> Result<Vec<Vec<u8>>> {
    let mut all = vec![read(&files.certificate)?, read(&files.key)?];
    if let Some(authorities) = &files.client_authorities {
        all.push(read(authorities)?);
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let failed =
        |error: std::io::Error| Error::Tls(format!("cannot read `{}`: {error}", path.display()));
    let size_bytes = std::fs::metadata(path).map_err(failed)?.len();
    if size_bytes > FILE_BYTES_MAX {
        return Err(Error::Tls(format!(
            "expected at most {FILE_BYTES_MAX} bytes in `{}`, found {size_bytes}",
            path.display()
        )));
    }
    std::fs::read(path).map_err(failed)
}

fn configuration(read: &[Vec<u8>], protocol: &str) -> Result<Arc<ServerConfig>> {
    let [certificate, key, authorities @ ..] = read else {
        return Err(Error::Tls("expected a certificate and a key".to_owned()));
    };
    let wrong = |what: &str, error: &dyn std::fmt::Display| Error::Tls(format!("{what}: {error}"));
    let chain = certificates(certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|_| Error::Tls("expected a private key in PEM, found none".to_owned()))?;
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong("protocol", &error))?;
    let builder = match authorities.first() {
        None => builder.with_no_client_auth(),
        Some(authorities) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(authorities, "certificate of an authority")? {
                roots
                    .add(authority)
                    .map_err(|error| wrong("authority", &error))?;
            }
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong("authority", &error))?)
        }
    };
    let mut config = builder
        .with_single_cert(chain, key)
        .map_err(|error| wrong("certificate and key", &error))?;
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Ok(Arc::new(config))
}

/// The certificates in a PEM text, at least one.
fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Error::Tls(format!("expected a {what} in PEM, found none"))),
        Err(_) => Err(Error::Tls(format!(
            "expected a {what} in PEM, found something else"
        ))),
    }
}
