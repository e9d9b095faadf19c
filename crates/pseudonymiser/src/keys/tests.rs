use std::os::unix::fs::PermissionsExt as _;

use kw_domain::Subject;
use kw_pseudonym::{BlindedElement, Element, blind, evaluate, verify_and_unblind};
use kw_runtime::Entropy;
use tempfile::TempDir;

use super::*;

struct Room {
    folder: TempDir,
    chain: ChainName,
    rng: Entropy,
}

impl Room {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("out")).unwrap();
        Self { folder, chain: ChainName::parse("youth").unwrap(), rng: Entropy::seeded(7) }
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn init(&mut self) -> Vec<PublicKey> {
        init(&self.keys(), &self.chain, &mut self.rng).unwrap()
    }

    fn rotate(&mut self, key_use: KeyUse) -> Result<Rotated, CeremonyError> {
        rotate(&self.keys(), &self.chain, key_use, &self.out(), &mut self.rng)
    }

    fn element(&mut self, epoch: Epoch) -> Element {
        let keys = keys_of(&self.keys(), &self.chain, KeyUse::Index).unwrap();
        let (_, key) = keys.into_iter().find(|(found, _)| *found == epoch).unwrap();
        let subject = Subject::parse("nl.bsn:999990342").unwrap();
        let (blinding, blinded) = blind(&subject, &mut self.rng).unwrap();
        let blinded: [BlindedElement; 1] = [blinded];
        let (evaluated, proof) = evaluate(&key, &blinded, &mut self.rng).unwrap();
        verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof).unwrap().remove(0)
    }
}

#[test]
fn the_first_keys_are_one_for_each_use_and_only_their_owner_can_read_them() {
    let mut room = Room::new();
    let public = room.init();
    assert_eq!(
        public.iter().map(|key| (key.key_use, key.epoch.0)).collect::<Vec<_>>(),
        [(KeyUse::Index, 1), (KeyUse::Binding, 1)]
    );
    assert_ne!(public[0].public_key, public[1].public_key);
    assert_eq!(public_keys(&room.keys(), &room.chain).unwrap(), public);
    assert_eq!(fs::metadata(room.keys()).unwrap().permissions().mode() & 0o777, 0o700);
    for entry in fs::read_dir(room.keys()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn first_keys_are_never_made_twice() {
    let mut room = Room::new();
    let public = room.init();
    let again = init(&room.keys(), &room.chain, &mut room.rng);
    assert!(matches!(again, Err(CeremonyError::Exists { .. })), "{again:?}");
    // Not for another chain either: the names of the files would be the same.
    let other = init(&room.keys(), &ChainName::parse("care").unwrap(), &mut room.rng);
    assert!(matches!(other, Err(CeremonyError::Exists { .. })), "{other:?}");
    assert_eq!(public_keys(&room.keys(), &room.chain).unwrap(), public);
}

#[test]
fn the_delta_of_a_rotation_takes_what_the_old_key_made_to_what_the_new_key_makes() {
    let mut room = Room::new();
    room.init();
    let rotated = room.rotate(KeyUse::Index).unwrap();
    assert_eq!(rotated.public_key.epoch, Epoch(2));
    let path = rotated.delta.unwrap();
    assert_eq!(path, room.out().join("index-delta-2.key"));
    let file = KeyFile::read(&path).unwrap();
    assert_eq!((file.kind, file.epoch), (KeyKind::IndexDelta, Epoch(2)));
    let delta = Delta::from_bytes(&file.secret32().unwrap()).unwrap();
    let (old, new) = (room.element(Epoch(1)), room.element(Epoch(2)));
    assert_ne!(old, new);
    assert_eq!(delta.apply(&old), new);
}

#[test]
fn a_rotation_of_the_binding_key_hands_nothing_over() {
    let mut room = Room::new();
    room.init();
    assert_eq!(room.rotate(KeyUse::Binding).unwrap().delta, None);
    assert_eq!(fs::read_dir(room.out()).unwrap().count(), 0);
}

#[test]
fn a_rotation_without_a_place_for_its_delta_makes_no_key() {
    let mut room = Room::new();
    let public = room.init();
    fs::remove_dir(room.out()).unwrap();
    assert!(matches!(room.rotate(KeyUse::Index), Err(CeremonyError::NoHandOver { .. })));
    assert_eq!(public_keys(&room.keys(), &room.chain).unwrap(), public);
}

#[test]
fn a_delta_that_was_lost_before_it_was_handed_over_can_be_written_again() {
    let mut room = Room::new();
    room.init();
    let path = room.rotate(KeyUse::Index).unwrap().delta.unwrap();
    let first = fs::read(&path).unwrap();
    KeyFile::destroy(&path).unwrap();
    assert_eq!(hand_over(&room.keys(), &room.chain, Epoch(2), &room.out()).unwrap(), path);
    assert_eq!(fs::read(&path).unwrap(), first);
}

#[test]
fn an_old_key_can_be_retired_and_the_newest_cannot() {
    let mut room = Room::new();
    room.init();
    let retire = |room: &Room, epoch| retire(&room.keys(), &room.chain, KeyUse::Index, Epoch(epoch));
    assert!(matches!(retire(&room, 1), Err(CeremonyError::Newest { .. })));
    room.rotate(KeyUse::Index).unwrap();
    retire(&room, 1).unwrap();
    assert!(!room.keys().join("pseudonymiser-index-1.key").exists());
    assert!(matches!(retire(&room, 1), Err(CeremonyError::NoSuchKey { .. })));
    let lost = hand_over(&room.keys(), &room.chain, Epoch(2), &room.out());
    assert!(matches!(lost, Err(CeremonyError::NoSuchKey { epoch: Epoch(1), .. })), "{lost:?}");
}

#[test]
fn where_there_is_no_key_there_is_nothing_to_rotate() {
    let mut room = Room::new();
    fs::create_dir(room.keys()).unwrap();
    assert!(matches!(room.rotate(KeyUse::Index), Err(CeremonyError::NoKeys { .. })));
}
