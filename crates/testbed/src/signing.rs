//! The keys under which logs are signed and cosigned, for parties that a test plays itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_agreement::draft::{AgreementDraft, key_text};
use rand_core::{OsRng, RngCore as _};

/// What the pseudonymiser is called among the parties, which are named by their kind.
const PSEUDONYMISER: &str = "pseudonymiser";

/// The seeds (Ed25519) of everybody but the switchboard, whose keys are files.
#[derive(Debug)]
pub(crate) struct Seeds(BTreeMap<String, Pair>);

#[derive(Debug, Clone, Copy)]
struct Pair {
    log: [u8; 32],
    witness: [u8; 32],
}

impl Seeds {
    /// Puts the public halves into the agreement: the switchboard's from its files, everybody else's drawn here. Partners
    /// do not witness until they are told to, as nobody answers in their place.
    pub(crate) fn agree(draft: &mut AgreementDraft, switchboard: &Path) -> anyhow::Result<Self> {
        draft.switchboard.log_key = key_text(&public_half(&switchboard.join("log-1.key"))?);
        draft.switchboard.witness_key = Some(key_text(&public_half(&switchboard.join("witness-1.key"))?));
        draft.ledger.witness_quorum = None;
        let mut pairs = BTreeMap::from([(PSEUDONYMISER.to_owned(), Pair::draw())]);
        draft.pseudonymiser.log_key = key_text(&public(&pairs[PSEUDONYMISER].log)?);
        for partner in &mut draft.partners {
            let pair = Pair::draw();
            partner.log_key = key_text(&public(&pair.log)?);
            partner.witness_key = None;
            pairs.insert(partner.kind.clone(), pair);
        }
        Ok(Self(pairs))
    }

    /// The public half of what the party of this kind witnesses with.
    pub(crate) fn witness_key(&self, kind: &str) -> anyhow::Result<[u8; 32]> {
        public(&self.witness(kind)?)
    }

    pub(crate) fn log(&self, kind: &str) -> anyhow::Result<[u8; 32]> {
        Ok(self.of(kind)?.log)
    }

    pub(crate) fn witness(&self, kind: &str) -> anyhow::Result<[u8; 32]> {
        Ok(self.of(kind)?.witness)
    }

    fn of(&self, kind: &str) -> anyhow::Result<&Pair> {
        self.0.get(kind).with_context(|| format!("no party is a {kind:?}"))
    }
}

impl Pair {
    fn draw() -> Self {
        let mut pair = Self { log: [0; 32], witness: [0; 32] };
        OsRng.fill_bytes(&mut pair.log);
        OsRng.fill_bytes(&mut pair.witness);
        pair
    }
}

/// The public half of the Ed25519 seed in a key file: `log-1.key` or `witness-1.key`.
pub fn public_half(file: &Path) -> anyhow::Result<[u8; 32]> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let encoded = text.split_whitespace().nth(4).context("it is no key file")?;
    public(&URL_SAFE_NO_PAD.decode(encoded)?)
}

fn public(seed: &[u8]) -> anyhow::Result<[u8; 32]> {
    let pair = Ed25519KeyPair::from_seed_unchecked(seed)?;
    Ok(pair.public_key().as_ref().try_into()?)
}
