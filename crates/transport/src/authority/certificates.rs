//! The certificates and revocation lists themselves.

use std::fs;
use std::path::Path;
use std::time::Duration;

use aws_lc_rs::rand;
use kw_domain::{ChainName, Instant};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    RevocationReason, RevokedCertParams, SerialNumber,
};
use time::OffsetDateTime;

use super::{AuthorityError, IssueRequest, LISTS_VALID_FOR};

pub(super) type Serial = [u8; 16];

pub(super) struct Revocation {
    pub(super) serial: Serial,
    pub(super) at: Instant,
}

/// A certificate and its key, PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// One of the two authorities. Its parameters are made again from the chain's name at every start, so that the issuer
/// name in what it signs is the subject of its own certificate to the byte.
pub(super) struct Signer {
    params: CertificateParams,
    key: KeyPair,
}

impl Signer {
    pub(super) fn generate_root(chain: &ChainName) -> Result<Self, AuthorityError> {
        Ok(Self { params: root_params(chain)?, key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)? })
    }

    pub(super) fn generate_issuing(chain: &ChainName) -> Result<Self, AuthorityError> {
        Ok(Self { params: issuing_params(chain)?, key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)? })
    }

    pub(super) fn read_root(chain: &ChainName, key: &Path) -> Result<Self, AuthorityError> {
        Ok(Self { params: root_params(chain)?, key: read_key(key)? })
    }

    pub(super) fn read_issuing(chain: &ChainName, key: &Path) -> Result<Self, AuthorityError> {
        Ok(Self { params: issuing_params(chain)?, key: read_key(key)? })
    }

    pub(super) fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    pub(super) fn certify_itself(&self, now: Instant) -> Result<String, AuthorityError> {
        let params = dated(self.params.clone(), &new_serial()?, now, ROOT_VALID_FOR)?;
        Ok(params.self_signed(&self.key)?.pem())
    }

    pub(super) fn certify_issuing(
        &self,
        issuing: &Self,
        serial: &Serial,
        now: Instant,
    ) -> Result<String, AuthorityError> {
        let params = dated(issuing.params.clone(), serial, now, ISSUING_VALID_FOR)?;
        Ok(params.signed_by(&issuing.key, &self.issuer())?.pem())
    }

    pub(super) fn certify_party(
        &self,
        request: &IssueRequest,
        serial: &Serial,
        now: Instant,
    ) -> Result<Issued, AuthorityError> {
        let common_name = request.hosts.first().ok_or(AuthorityError::NoHosts)?;
        if request.validity.is_zero() || request.validity > ISSUING_VALID_FOR {
            return Err(AuthorityError::Validity);
        }
        let mut params = CertificateParams::new(request.hosts.clone()).map_err(|_| AuthorityError::Host)?;
        params.distinguished_name = subject(&request.name, common_name)?;
        params
            .distinguished_name
            .push(DnType::CustomDnType(SERIAL_NUMBER.to_vec()), printable(request.oin.as_str())?);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let params = dated(params, serial, now, request.validity)?;
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = params.signed_by(&key, &self.issuer())?.pem();
        Ok(Issued { certificate, key: key.serialize_pem() })
    }

    /// The revocation list of this authority, PEM.
    pub(super) fn list(
        &self,
        revocations: &[Revocation],
        number: u64,
        now: Instant,
    ) -> Result<String, AuthorityError> {
        let revoked_certs = revocations
            .iter()
            .map(|revocation| {
                Ok(RevokedCertParams {
                    serial_number: SerialNumber::from_slice(&revocation.serial),
                    revocation_time: date(revocation.at)?,
                    reason_code: Some(RevocationReason::CessationOfOperation),
                    invalidity_date: None,
                })
            })
            .collect::<Result<_, AuthorityError>>()?;
        let list = CertificateRevocationListParams {
            this_update: date(now.minus(SKEW))?,
            next_update: date(now.plus(LISTS_VALID_FOR))?,
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer())?.pem()?)
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

/// A positive random number of 16 bytes.
pub(super) fn new_serial() -> Result<Serial, AuthorityError> {
    let mut serial = Serial::default();
    rand::fill(&mut serial).map_err(|_| AuthorityError::Entropy)?;
    // Neither negative nor shorter than it looks: DER would write both differently than the index.
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}

fn root_params(chain: &ChainName) -> Result<CertificateParams, AuthorityError> {
    authority_params(&format!("{chain} development root"), BasicConstraints::Constrained(1))
}

fn issuing_params(chain: &ChainName) -> Result<CertificateParams, AuthorityError> {
    authority_params(&format!("{chain} development issuing authority"), BasicConstraints::Constrained(0))
}

fn authority_params(common_name: &str, depth: BasicConstraints) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject("Ketenwijzer development", common_name)?;
    params.is_ca = IsCa::Ca(depth);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn subject(organisation: &str, common_name: &str) -> Result<DistinguishedName, AuthorityError> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CountryName, printable("NL")?);
    name.push(DnType::OrganizationName, organisation);
    name.push(DnType::CommonName, common_name);
    Ok(name)
}

fn printable(text: &str) -> Result<DnValue, AuthorityError> {
    Ok(DnValue::PrintableString(text.try_into()?))
}

fn dated(
    mut params: CertificateParams,
    serial: &Serial,
    now: Instant,
    validity: Duration,
) -> Result<CertificateParams, AuthorityError> {
    params.serial_number = Some(SerialNumber::from_slice(serial));
    params.not_before = date(now.minus(SKEW))?;
    params.not_after = date(now.plus(validity))?;
    Ok(params)
}

fn date(moment: Instant) -> Result<OffsetDateTime, AuthorityError> {
    OffsetDateTime::from_unix_timestamp(moment.as_seconds()).map_err(|_| AuthorityError::Validity)
}

fn read_key(path: &Path) -> Result<KeyPair, AuthorityError> {
    let pem = fs::read_to_string(path)
        .map_err(|source| AuthorityError::Unreadable { path: path.to_owned(), source })?;
    KeyPair::from_pem(&pem).map_err(|_| AuthorityError::Damaged { path: path.to_owned() })
}

/// `id-at-serialNumber` (X.520).
const SERIAL_NUMBER: [u64; 4] = [2, 5, 4, 5];

/// Clocks of machines in one chain differ; what is made now is valid on all of them.
const SKEW: Duration = Duration::from_mins(5);

const ROOT_VALID_FOR: Duration = Duration::from_hours(24 * 3652);
const ISSUING_VALID_FOR: Duration = Duration::from_hours(24 * 1826);
