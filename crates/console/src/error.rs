//! Settings that a console alone has.

/// Why one of them cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("[client_certificates] needs [tls]: a browser shows its certificate over HTTPS only")]
    CertificatesWithoutTls,
    #[error(
        "[operator] address: expected `http://127.0.0.1` and the port of the switchboard's admin listener"
    )]
    OperatorAddress,
}
