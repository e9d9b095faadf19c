//! An authority that is trusted and signs whatever it is asked to.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use kw_transport::TlsFiles;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType, DnValue,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    SerialNumber,
};
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::raw::Pair;

pub(crate) struct Forge {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Forge {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "forge");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()).unwrap();
        let forge = Self { folder: tempfile::tempdir().unwrap(), issuer };
        fs::write(forge.path("ca.pem"), forge.issuer.pem()).unwrap();
        let soon = OffsetDateTime::now_utc() + time::Duration::days(1);
        fs::write(forge.path("crl.pem"), forge.list(soon).pem().unwrap()).unwrap();
        forge
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a good certificate has; to be spoilt by the test.
    pub(crate) fn good(number: Option<&str>) -> CertificateParams {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        if let Some(number) = number {
            let value = DnValue::PrintableString(number.try_into().unwrap());
            params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), value);
        }
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        params
    }

    pub(crate) fn sign(&self, params: &CertificateParams) -> Pair {
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (vec![certificate.into()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// The files of a process with such a certificate.
    pub(crate) fn files(&self, name: &str, params: &CertificateParams) -> TlsFiles {
        let key = key();
        let files = TlsFiles {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
            trust_anchors: self.path("ca.pem"),
            revocation_lists: vec![self.path("crl.pem")],
            without_revocation: false,
        };
        fs::write(&files.certificate, params.signed_by(&key, &self.issuer).unwrap().pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
        files
    }

    pub(crate) fn list(&self, next_update: OffsetDateTime) -> rcgen::CertificateRevocationList {
        CertificateRevocationListParams {
            this_update: next_update - time::Duration::days(7),
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        }
        .signed_by(&self.issuer)
        .unwrap()
    }
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}
