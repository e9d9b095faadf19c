//! TLS to a database server: that server is known by its name, not by an OIN.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::TlsError;
use crate::provider::{VERSIONS, provider};
use crate::snapshot::{certificates, trust_anchors};

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
    Ok(MakeRustlsConnect::new(accepting(roots)?))
}

/// The certificates (DER) of the roots under which a server's certificate has to stand: the given PEM file's, or those of
/// the machine. For a driver that makes its own TLS.
pub fn server_roots(root_certificates: Option<&Path>) -> Result<Vec<Vec<u8>>, TlsError> {
    let usable =
        |certificate: &CertificateDer<'static>| RootCertStore::empty().add(certificate.clone()).is_ok();
    let roots: Vec<_> = match root_certificates {
        Some(path) => {
            let pem =
                fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), source })?;
            // One that cannot be read is a mistake in this file.
            trust_anchors(path, &pem)?;
            certificates(path, &pem)?
        }
        None => rustls_native_certs::load_native_certs().certs.into_iter().filter(usable).collect(),
    };
    if roots.is_empty() {
        return Err(TlsError::NoRootCertificates);
    }
    Ok(roots.into_iter().map(|certificate| certificate.as_ref().to_vec()).collect())
}

fn accepting(roots: RootCertStore) -> Result<ClientConfig, TlsError> {
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&VERSIONS)?
        .with_root_certificates(Arc::new(roots))
        .with_no_client_auth();
    // Demanded by servers that are reached with `sslnegotiation=direct`, ignored by the others.
    config.alpn_protocols = vec![b"postgresql".to_vec()];
    Ok(config)
}

fn roots_of_machine() -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    // The stores of machines hold a few certificates that no library can read; those are not trusted, that is all.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() { Err(TlsError::NoRootCertificates) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::ServerName;
    use tempfile::TempDir;
    use tokio_rustls::{TlsAcceptor, TlsConnector};

    use super::*;
    use crate::Tls;
    use crate::authority::{Authority, IssueRequest};

    fn database() -> (TempDir, Tls) {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::init(folder.path(), &"youth".parse().unwrap()).unwrap();
        let request = IssueRequest {
            name: "database".to_owned(),
            oin: "00000099000000001000".parse().unwrap(),
            hosts: vec!["database.example".to_owned()],
            validity: Duration::from_hours(1),
        };
        let tls = Tls::load(&authority.issue(&request).unwrap().tls_files()).unwrap();
        (folder, tls)
    }

    /// Whether a client with these roots completes a handshake with a database of this name and these protocols.
    async fn accepts(roots: &TempDir, database: &Tls, name: &'static str, protocols: &[&[u8]]) -> bool {
        let root = roots.path().join("ca.pem");
        let roots = trust_anchors(&root, &fs::read(&root).unwrap()).unwrap();
        let mut config = database.public_server_config();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let (near, far) = tokio::io::duplex(1 << 16);
        let connector = TlsConnector::from(Arc::new(accepting(roots).unwrap()));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let name = ServerName::try_from(name).unwrap();
        let (client, _) = tokio::join!(connector.connect(name, near), acceptor.accept(far));
        client.is_ok()
    }

    #[actix_web::test]
    async fn a_database_under_the_given_root_is_accepted_whether_or_not_it_knows_alpn() {
        let (folder, database) = database();
        assert!(accepts(&folder, &database, "database.example", &[]).await);
        assert!(accepts(&folder, &database, "database.example", &[b"postgresql"]).await);
    }

    #[actix_web::test]
    async fn a_database_under_another_root_or_name_is_refused() {
        let ((folder, database), (elsewhere, _)) = (database(), database());
        assert!(!accepts(&elsewhere, &database, "database.example", &[]).await);
        assert!(!accepts(&folder, &database, "other.example", &[]).await);
    }

    #[test]
    fn roots_that_cannot_be_read_are_named() {
        let missing = Path::new("/nowhere/root.pem");
        assert!(
            matches!(postgres_tls(Some(missing)), Err(TlsError::Unreadable { path, .. }) if path == missing)
        );
        let (folder, _) = database();
        assert!(postgres_tls(Some(&folder.path().join("ca.pem"))).is_ok());
        assert_eq!(server_roots(Some(&folder.path().join("ca.pem"))).unwrap().len(), 1);
        assert!(server_roots(Some(missing)).is_err());
        let wrong = folder.path().join("index.json");
        assert!(matches!(postgres_tls(Some(&wrong)), Err(TlsError::Malformed { path, .. }) if path == wrong));
        assert!(server_roots(Some(&wrong)).is_err());
    }
}
