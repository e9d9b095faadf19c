//! What this crate writes into the log.

use kw_domain::{Instant, Oin};
use kw_telemetry::{Digest, Reason};

kw_telemetry::events! {
    /// The client is told no more than a TLS alert; its operator will ask ours, who looks for the certificate here.
    ClientCertificateRefused(Security, Warn, "client-certificate-refused", "a client certificate was refused") {
        certificate: Digest,
        reason: Reason,
    }
    /// Slower, not wrong: the connection may well be gone already.
    NodelayRefused(Application, Debug, "nodelay-refused", "TCP_NODELAY was refused") { reason: Reason }
    /// Renew the own certificate, or fetch newer revocation lists.
    OwnCertificateRefused(Application, Warn, "own-certificate-refused", "others will refuse the own certificate") {
        reason: Reason,
    }
    /// For development only: a revoked party is let in.
    RevocationUnchecked(
        Security, Warn, "revocation-unchecked", "revocation is not checked: without_revocation = true"
    ) {}
    /// Certificates, trust anchors and revocation lists are in force: read at the start (generation 1) or again.
    TlsLoaded(Application, Info, "tls-loaded", "certificates, trust anchors and revocation lists are in force") {
        oin: Oin,
        certificate: Digest,
        generation: u64,
        not_after: Instant,
    }
    /// A party has as many connections open as it may: its software is at fault, or somebody means to keep others out.
    TooManyConnections(
        Security, Warn, "too-many-connections", "a party has all the connections that it may have, and wants more"
    ) {
        party: Oin,
        open: u64,
    }
}
