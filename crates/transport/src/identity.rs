//! The party that a certificate names.

use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::{Oin, OinError};
use kw_telemetry::{Explain, Reason};
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

impl Explain for IdentityError {
    fn explain(&self, reason: &mut Reason) {
        match self {
            Self::Malformed => reason.say("the certificate cannot be parsed"),
            Self::NotAnOin(_) => reason.say("the subject's serialNumber is not an OIN"),
            Self::NoOin => reason.say("the subject has no serialNumber"),
            Self::SeveralOins => reason.say("the subject has more than one serialNumber"),
        };
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use super::*;

    const OIN: &str = "00000099000000001000";
    const OTHER: &str = "00000099000000002000";
    const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];
    const POSTAL_CODE: [u64; 4] = [2, 5, 4, 17];

    /// A certificate with these attributes in its subject, in this order.
    fn certificate(subject: &[([u64; 4], DnValue)]) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "party.example");
        for (attribute, value) in subject {
            params.distinguished_name.push(DnType::CustomDnType(attribute.to_vec()), value.clone());
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    fn printable(text: &str) -> DnValue {
        DnValue::PrintableString(text.try_into().unwrap())
    }

    /// The library for making certificates refuses to repeat an attribute, an attacker does not: makes a serialNumber
    /// of every postalCode. Reading the subject does not look at the signature, which no longer fits.
    fn with_repeated_attribute(mut der: Vec<u8>) -> Vec<u8> {
        for position in 0..der.len() - 5 {
            if der[position..position + 5] == [6, 3, 0x55, 4, 17] {
                der[position + 4] = 5;
            }
        }
        der
    }

    #[test]
    fn the_oin_is_the_serial_number_of_the_subject() {
        assert_eq!(oin_of(&certificate(&[(SERIAL_NUMBER, printable(OIN))])), Ok(OIN.parse().unwrap()));
        let utf8 = DnValue::Utf8String(OIN.to_owned());
        assert_eq!(oin_of(&certificate(&[(SERIAL_NUMBER, utf8)])), Ok(OIN.parse().unwrap()));
    }

    #[test]
    fn a_subject_without_a_serial_number_names_nobody() {
        assert_eq!(oin_of(&certificate(&[(POSTAL_CODE, printable(OIN))])), Err(IdentityError::NoOin));
        let der = certificate(&[]);
        assert_eq!(oin_of(&der), Err(IdentityError::NoOin));
    }

    #[test]
    fn a_subject_with_two_serial_numbers_names_nobody_whichever_comes_first() {
        for (first, second) in [(OIN, OTHER), (OTHER, OIN), (OIN, OIN), (OIN, "x"), ("x", OIN)] {
            let der = certificate(&[(SERIAL_NUMBER, printable(first)), (POSTAL_CODE, printable(second))]);
            assert_eq!(oin_of(&with_repeated_attribute(der)), Err(IdentityError::SeveralOins));
        }
    }

    #[test]
    fn the_issuer_s_serial_number_is_not_the_subject_s() {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), printable(OIN));
        let issuer = rcgen::Issuer::new(params, KeyPair::generate().unwrap());
        let subject = CertificateParams::default();
        let certificate = subject.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap();
        assert_eq!(oin_of(certificate.der()), Err(IdentityError::NoOin));
    }

    #[test]
    fn a_number_that_only_looks_like_an_oin_names_nobody() {
        use OinError as O;
        for (text, reason) in [
            ("27124701", O::WrongLength),
            ("00000099000000001000 ", O::WrongLength),
            (" 0000009900000000100", O::UnknownPrefix),
            ("0000009900000000100x", O::WrongCharacter),
            ("00000005000000001000", O::UnknownPrefix),
        ] {
            let der = certificate(&[(SERIAL_NUMBER, printable(text))]);
            assert_eq!(oin_of(&der), Err(IdentityError::NotAnOin(reason)), "{text:?}");
        }
        let embedded_end = DnValue::Utf8String("00000099000000001000\0".to_owned());
        let der = certificate(&[(SERIAL_NUMBER, embedded_end)]);
        assert_eq!(oin_of(&der), Err(IdentityError::NotAnOin(O::WrongLength)));
    }

    #[test]
    fn text_of_more_than_one_reading_names_nobody() {
        let teletex = DnValue::TeletexString(OIN.try_into().unwrap());
        let wide = DnValue::BmpString(OIN.try_into().unwrap());
        for value in [teletex, wide] {
            let der = certificate(&[(SERIAL_NUMBER, value)]);
            assert_eq!(oin_of(&der), Err(IdentityError::NotAnOin(OinError::WrongCharacter)));
        }
    }

    #[test]
    fn bytes_after_a_certificate_spoil_it() {
        let mut der = certificate(&[(SERIAL_NUMBER, printable(OIN))]);
        der.push(0);
        assert_eq!(oin_of(&der), Err(IdentityError::Malformed));
    }

    proptest! {
        #[test]
        fn no_bytes_make_parsing_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert_eq!(oin_of(&bytes), Err(IdentityError::Malformed));
            prop_assert_eq!(not_after(&bytes), None);
        }

        #[test]
        fn no_damage_to_a_certificate_makes_parsing_panic(position in 0_usize..300, byte in any::<u8>()) {
            let mut der = certificate(&[(SERIAL_NUMBER, printable(OIN))]);
            let position = position % der.len();
            der[position] = byte;
            let _ = (oin_of(&der), not_after(&der));
        }
    }
}
