//! The party that a certificate names.

use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::{Oin, OinError};
use x509_parser::der_parser::asn1_rs::Tag;
use x509_parser::oid_registry::OID_X509_SERIALNUMBER;
use x509_parser::parse_x509_certificate;

/// Why a certificate names no party. The holder of the certificate is at fault, or the authority that issued it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// The certificate is not X.509, or something follows it.
    #[error("the certificate cannot be parsed; use it exactly as the authority issued it")]
    Malformed,
    /// The subject's `serialNumber` is not an OIN.
    #[error("the subject's serialNumber is not an OIN: {0}; request a PKIoverheid certificate for your OIN")]
    NotAnOin(#[from] OinError),
    /// The subject has no `serialNumber`.
    #[error("the subject has no serialNumber with an OIN; request a PKIoverheid certificate for your OIN")]
    NoOin,
    /// The subject has more than one `serialNumber`, so that two readers could see two parties.
    #[error("the subject has more than one serialNumber; request a certificate that names one party")]
    SeveralOins,
}

/// The OIN in the subject's `serialNumber` (OID 2.5.4.5), where PKIoverheid certificates carry it. Exactly one attribute
/// counts, in whatever part of the name it is, and only as text that has one reading (PrintableString or UTF8String).
pub(crate) fn oin_of(certificate: &[u8]) -> Result<Oin, IdentityError> {
    let (rest, parsed) = parse_x509_certificate(certificate).map_err(|_| IdentityError::Malformed)?;
    if !rest.is_empty() {
        return Err(IdentityError::Malformed);
    }
    let mut numbers = parsed.subject().iter_by_oid(&OID_X509_SERIALNUMBER);
    let number = numbers.next().ok_or(IdentityError::NoOin)?;
    if numbers.next().is_some() {
        return Err(IdentityError::SeveralOins);
    }
    let value = number.attr_value();
    if !matches!(value.tag(), Tag::PrintableString | Tag::Utf8String) {
        return Err(IdentityError::NotAnOin(OinError::WrongCharacter));
    }
    let text = std::str::from_utf8(value.data).map_err(|_| OinError::WrongCharacter)?;
    Ok(Oin::parse(text)?)
}

/// SHA-256 of a certificate's DER: what `x5t#S256` holds (RFC 8705 §3.1).
pub(crate) fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest(&SHA256, certificate).as_ref());
    sha256
}

/// The end of a certificate's validity, in seconds since 1970; `None` if it cannot be parsed.
pub(crate) fn not_after(certificate: &[u8]) -> Option<i64> {
    Some(parse_x509_certificate(certificate).ok()?.1.validity().not_after.timestamp())
}
