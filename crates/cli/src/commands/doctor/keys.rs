//! Key files: there, readable by their owner alone, and those that the agreement lists.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use kw_domain::KeyUse;
use kw_runtime::key_file::{KeyFile, KeyKind};
use kw_runtime::log_key::{LogKey, LogKeyError, LogKeys};

use super::findings::Findings;
use super::{Patient, Role};

pub(super) fn examine(patient: &Patient, findings: &mut Findings) {
    let folder = &patient.config.keys.directory;
    let keys = match KeyFile::read_all(folder, patient.agreement.chain()) {
        Ok(keys) => keys,
        Err(error) => {
            let next = "make keys with `ketenwijzer keys init`, or restore them; each has mode 0600";
            findings.wrong("keys", error.to_string(), next);
            return;
        }
    };
    if fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        findings.doubtful(
            "keys",
            "others may look into the folder",
            format!("chmod 700 {}", folder.display()),
        );
    }
    let wanted: &[KeyKind] = match patient.role {
        Role::Partner => &[KeyKind::PartnerRow],
        Role::Pseudonymiser => &[KeyKind::PseudonymiserBinding, KeyKind::PseudonymiserIndex],
        Role::Switchboard => {
            &[KeyKind::Grant, KeyKind::SwitchboardIndex, KeyKind::SwitchboardRow, KeyKind::SwitchboardTag]
        }
    };
    for kind in wanted {
        let newest = keys.iter().filter(|key| key.kind == *kind).map(|key| key.epoch).max();
        match newest {
            Some(epoch) => findings.good("keys", format!("{} of epoch {epoch}", kind.as_str())),
            None => findings.wrong(
                "keys",
                format!("there is no {} key of this chain", kind.as_str()),
                format!("ketenwijzer keys init {} --directory DIR, or restore it", patient.role.as_str()),
            ),
        }
    }
    if patient.role == Role::Switchboard && keys.iter().any(|key| key.kind == KeyKind::IndexDelta) {
        findings.doubtful(
            "keys",
            "δ of a rotation is still here: whoever has it and the new key has the old one",
            "finish with `ketenwijzer keys rotate pseudonymiser`",
        );
    }
    if patient.role == Role::Pseudonymiser {
        compare_public(patient, findings);
    }
    compare_log_keys(patient, findings);
}

/// Without the keys that the agreement names, the service does not start.
fn compare_log_keys(patient: &Patient, findings: &mut Findings) {
    let (folder, agreement) = (&patient.config.keys.directory, &patient.agreement);
    match LogKeys::agreed(folder, agreement, patient.tls.oin()) {
        Ok(keys) => {
            findings.good(
                "keys",
                format!("the log key of epoch {} is the one in the agreement", keys.log.epoch()),
            );
            if let Some(witness) = keys.witness {
                let epoch = witness.epoch();
                findings
                    .good("keys", format!("the witness key of epoch {epoch} is the one in the agreement"));
            } else if LogKey::newest(folder, agreement.chain(), KeyKind::Witness)
                .is_ok_and(|key| key.is_some())
            {
                findings.doubtful(
                    "keys",
                    "there is a witness key here and none in the agreement: nothing is cosigned",
                    format!("have the chain add what `{INIT_MISSING}` prints"),
                );
            }
        }
        Err(error @ LogKeyError::Missing { .. }) => findings.wrong(
            "keys",
            error.to_string(),
            format!("{INIT_MISSING}, then have the chain agree on what it prints"),
        ),
        Err(error) => findings.wrong(
            "keys",
            error.to_string(),
            "restore the right key, or have the chain agree on this one",
        ),
    }
}

const INIT_MISSING: &str = "ketenwijzer keys init SERVICE --missing --directory DIR --agreement FILE";

/// The agreement lists public halves: those that it lists must be here, the newest above all.
fn compare_public(patient: &Patient, findings: &mut Findings) {
    let chain = patient.agreement.chain();
    let Ok(public) = kw_pseudonymiser::keys::public_keys(&patient.config.keys.directory, chain) else {
        return;
    };
    for key_use in KeyUse::ALL {
        for (epoch, listed) in patient.agreement.pseudonymiser_keys(key_use) {
            let own = public.iter().find(|key| key.key_use == key_use && key.epoch == *epoch);
            match own {
                Some(key) if key.public_key.0 == *listed => {
                    findings.good("keys", format!("{key_use} key {epoch} is the one in the agreement"));
                }
                Some(_) => findings.wrong(
                    "keys",
                    format!("{key_use} key {epoch} is another than the agreement lists"),
                    "restore the right key, or have the chain agree on this one",
                ),
                None => findings.wrong(
                    "keys",
                    format!("{key_use} key {epoch} is in the agreement and not here"),
                    "restore it, or have the chain take it out of the agreement",
                ),
            }
        }
    }
}
