use kw_agreement::draft::{AgreementDraft, key_text};
use tempfile::TempDir;

use super::*;
use crate::Entropy;

const YOUTH: &str = include_str!("../../../../examples/chains/youth.toml");

/// A folder with keys, and a chain in which the municipality has them.
struct Municipality {
    folder: TempDir,
    draft: AgreementDraft,
    oin: Oin,
}

impl Municipality {
    fn new() -> Self {
        let draft = AgreementDraft::parse(YOUTH).unwrap();
        let oin = Oin::parse("00000099000000013000").unwrap();
        Self { folder: tempfile::tempdir().unwrap(), draft, oin }
    }

    fn chain(&self) -> ChainName {
        ChainName::parse(&self.draft.chain.name).unwrap()
    }

    fn make(&self, kind: KeyKind, epoch: u32) -> [u8; 32] {
        let file = KeyFile { epoch: Epoch(epoch), ..first(kind, &self.chain(), &mut Entropy::os()) };
        file.create_in(self.folder.path()).unwrap();
        LogKey::of(&file).unwrap().public()
    }

    fn agree(&mut self, log: [u8; 32], witness: Option<[u8; 32]>) {
        let partner = self.draft.partner_mut(self.oin.as_str()).unwrap();
        partner.log_key = key_text(&log);
        partner.witness_key = witness.as_ref().map(key_text);
    }

    fn read(&self, party: Oin) -> Result<LogKeys, LogKeyError> {
        let agreement = Agreement::parse(&self.draft.to_toml().unwrap()).unwrap();
        LogKeys::agreed(self.folder.path(), &agreement, party)
    }
}

#[test]
fn a_seed_gives_the_public_key_of_rfc_8032() {
    let hex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
    };
    // RFC 8032 section 7.1, test 1.
    let secret = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    let chain = ChainName::parse("youth").unwrap();
    let file =
        KeyFile { secret: Zeroizing::new(secret), ..first(KeyKind::Log, &chain, &mut Entropy::seeded(1)) };
    let key = LogKey::of(&file).unwrap();
    let public = hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!((key.public().to_vec(), key.seed().as_slice()), (public, file.secret.as_slice()));
}

#[test]
fn a_party_signs_with_the_keys_of_the_agreement_whatever_their_generation() {
    let mut place = Municipality::new();
    let (old, new) = (place.make(KeyKind::Log, 1), place.make(KeyKind::Log, 2));
    let witness = place.make(KeyKind::Witness, 1);
    assert_ne!(old, new);
    for log in [old, new] {
        place.agree(log, Some(witness));
        let keys = place.read(place.oin).unwrap();
        assert_eq!(keys.log.public(), log);
        assert_eq!(keys.witness.map(|key| key.public()), Some(witness));
    }
    place.agree(new, None);
    assert!(place.read(place.oin).unwrap().witness.is_none());
    let newest = LogKey::newest(place.folder.path(), &place.chain(), KeyKind::Log).unwrap().unwrap();
    assert_eq!((newest.public(), newest.epoch()), (new, Epoch(2)));
}

#[test]
fn keys_that_are_missing_or_not_agreed_on_are_refused() {
    let mut place = Municipality::new();
    let is_missing = |refused| matches!(refused, Err(LogKeyError::Missing { kind, .. }) if kind == "log");
    assert!(is_missing(place.read(place.oin)));
    let log = place.make(KeyKind::Log, 1);
    let refused = place.read(place.oin);
    assert!(matches!(refused, Err(LogKeyError::NotAgreed { kind: "log", .. })), "{refused:?}");
    let witness = place.make(KeyKind::Witness, 1);
    // A witness is no log: the one key does not stand in for the other.
    place.agree(witness, Some(log));
    assert!(matches!(place.read(place.oin), Err(LogKeyError::NotAgreed { kind: "log", .. })));
    place.agree(log, Some([7; 32]));
    assert!(matches!(place.read(place.oin), Err(LogKeyError::NotAgreed { kind: "witness", .. })));
    place.agree(log, Some(witness));
    assert!(place.read(place.oin).is_ok());
    let stranger = Oin::parse("00000099000000999000").unwrap();
    assert!(matches!(place.read(stranger), Err(LogKeyError::NoParty { .. })));
}

#[test]
fn keys_of_another_chain_are_not_looked_at() {
    let mut place = Municipality::new();
    let care = ChainName::parse("care").unwrap();
    let file = first(KeyKind::Log, &care, &mut Entropy::os());
    file.create_in(place.folder.path()).unwrap();
    place.agree(LogKey::of(&file).unwrap().public(), None);
    assert!(matches!(place.read(place.oin), Err(LogKeyError::Missing { .. })));
}

#[test]
fn only_what_is_missing_is_added() {
    let place = Municipality::new();
    let log = place.make(KeyKind::Log, 3);
    let kinds = [KeyKind::Log, KeyKind::Witness];
    let add = || add_missing(place.folder.path(), &place.chain(), &kinds, &mut Entropy::os()).unwrap();
    let made = add();
    assert_eq!(made, [place.folder.path().join("witness-1.key")]);
    assert!(add().is_empty());
    let newest = LogKey::newest(place.folder.path(), &place.chain(), KeyKind::Log).unwrap().unwrap();
    assert_eq!(newest.public(), log);
}

#[test]
fn debug_never_shows_a_seed() {
    let place = Municipality::new();
    place.make(KeyKind::Log, 1);
    let key = LogKey::newest(place.folder.path(), &place.chain(), KeyKind::Log).unwrap().unwrap();
    assert_eq!(format!("{key:?}"), "LogKey(1, …)");
}
