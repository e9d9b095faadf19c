//! Mutual TLS: identity from certificates, trust anchors, revocation, reload.
#![forbid(unsafe_code)]
