//! Servers outside the chain, such as a partner's OpenID provider: known by their host name under the roots of the web or
//! of an organisation, not by an OIN.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use kw_domain::Clock;
use reqwest::redirect;
use rustls::{ClientConfig, RootCertStore};

use crate::client::USER_AGENT;
use crate::provider::{ClockTime, VERSIONS, provider};
use crate::server::ALPN;
use crate::snapshot::trust_anchors;
use crate::{ClientOptions, TlsError};

/// A client for such servers, without a certificate of its own. It follows no redirects: an address is what the
/// agreement or a discovery document says, and no server sends us elsewhere. Addresses are for the caller to judge; it
/// speaks plain http too, which some test chains need on loopback.
///
/// `roots` are PEM files; with none the roots of this machine count.
pub fn web_client(
    roots: &[PathBuf],
    clock: Arc<dyn Clock>,
    options: ClientOptions,
) -> Result<reqwest::Client, TlsError> {
    let mut store = RootCertStore::empty();
    if roots.is_empty() {
        // A machine without roots can still run whatever asks no such server.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    for path in roots {
        let pem = fs::read(path).map_err(|source| TlsError::Unreadable { path: path.clone(), source })?;
        store.extend(trust_anchors(path, &pem)?.roots);
    }
    let mut config = ClientConfig::builder_with_details(provider(), Arc::new(ClockTime(clock)))
        .with_protocol_versions(&VERSIONS)?
        .with_root_certificates(Arc::new(store))
        .with_no_client_auth();
    config.alpn_protocols = ALPN.map(<[u8]>::to_vec).to_vec();
    #[expect(
        clippy::expect_used,
        reason = "fails only if the TLS configuration is of another rustls than the client's, which tests would show"
    )]
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
        .timeout(options.timeout)
        .connect_timeout(options.connect_timeout)
        .tcp_nodelay(true)
        .build()
        .expect("the client is made of constants");
    Ok(client)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kw_domain::SystemClock;

    use super::*;

    #[test]
    fn roots_that_cannot_be_read_are_named() {
        let missing = PathBuf::from("/nowhere/root.pem");
        let made =
            web_client(std::slice::from_ref(&missing), Arc::new(SystemClock), ClientOptions::default());
        assert!(matches!(made, Err(TlsError::Unreadable { path, .. }) if path == missing));
        let wrong = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let made = web_client(&[wrong], Arc::new(SystemClock), ClientOptions::default());
        assert!(matches!(made, Err(TlsError::Malformed { .. })));
        assert!(web_client(&[], Arc::new(SystemClock), ClientOptions::default()).is_ok());
    }
}
