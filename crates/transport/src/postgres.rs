//! TLS to a PostgreSQL server: that server is known by its name, not by an OIN.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::TlsError;
use crate::provider::{VERSIONS, provider};
use crate::snapshot::trust_anchors;

/// Accepts a PostgreSQL server whose certificate is valid for its name under the given PEM roots, or under those of
/// the machine.
pub fn postgres_tls(root_certificates: Option<&Path>) -> Result<MakeRustlsConnect, TlsError> {
    let roots = match root_certificates {
        Some(path) => {
            let pem =
                fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })?;
            trust_anchors(path, &pem)?
        }
        None => roots_of_machine()?,
    };
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&VERSIONS)?
        .with_root_certificates(Arc::new(roots))
        .with_no_client_auth();
    // Demanded by servers that are reached with `sslnegotiation=direct`, ignored by the others.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(MakeRustlsConnect::new(config))
}

fn roots_of_machine() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // The stores of machines hold a few certificates that no library can read; those are not trusted, that is all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoRootCertificates) } else { Ok(roots) }
}
