//! Notes against the crate `signed_note`, a port of Go's `sumdb/note`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_ledger::note::{Note, SigningKey, VerifierKey};
use proptest::prelude::*;
use signed_note::{Signer as _, StandardSigner, StandardVerifier, Verifier as _, VerifierList};

const NAME: &str = "example.com/log";

/// Their form of a private key.
fn signer(seed: &[u8; 32]) -> StandardSigner {
    let ours = SigningKey::from_seed(NAME, seed).unwrap();
    let id = u32::from_be_bytes(ours.verifier().id());
    let secret = STANDARD.encode([&[1][..], seed].concat());
    StandardSigner::new(&format!("PRIVATE+KEY+{NAME}+{id:08x}+{secret}")).unwrap()
}

fn known(key: &VerifierKey) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())])
}

proptest! {
    #[test]
    fn a_key_is_theirs(seed: [u8; 32]) {
        let ours = SigningKey::from_seed(NAME, &seed).unwrap();
        let theirs = StandardVerifier::new(&ours.verifier().to_string()).unwrap();
        prop_assert_eq!(theirs.name(), NAME);
        prop_assert_eq!(theirs.key_id().to_be_bytes(), ours.verifier().id());
        prop_assert_eq!(signer(&seed).key_id(), theirs.key_id());
    }

    #[test]
    fn they_verify_what_we_sign(seed: [u8; 32], text in "[a-zé\n ]{0,40}\n") {
        let key = SigningKey::from_seed(NAME, &seed).unwrap();
        let note = key.sign(text.clone()).unwrap().to_string();
        let theirs = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        prop_assert_eq!(theirs.text(), text.as_bytes());
        prop_assert_eq!(theirs.verify(&known(key.verifier())).unwrap().0.len(), 1);
    }

    #[test]
    fn we_verify_what_they_sign(seed: [u8; 32], text in "[a-zé\n ]{0,40}\n") {
        let mut theirs = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
        theirs.add_sigs(&[&signer(&seed)]).unwrap();
        let note = String::from_utf8(theirs.to_bytes()).unwrap();
        let key = SigningKey::from_seed(NAME, &seed).unwrap();
        prop_assert!(Note::parse(&note).unwrap().verify(key.verifier()).unwrap().is_some());
        prop_assert_eq!(key.sign(text).unwrap().to_string(), note, "Ed25519 is deterministic");
    }

    #[test]
    fn a_changed_note_is_worth_as_little_to_them(place: usize, byte in 0_u8..128, text in "[a-z\n]{0,9}\n") {
        let key = SigningKey::from_seed(NAME, &[7; 32]).unwrap();
        let mut bytes = key.sign(text).unwrap().to_string().into_bytes();
        let place = place % bytes.len();
        bytes[place] = byte;
        let ours = std::str::from_utf8(&bytes).ok().and_then(|note| Note::parse(note).ok());
        let theirs = signed_note::Note::from_bytes(&bytes).ok();
        prop_assert_eq!(ours.is_some(), theirs.is_some());
        if let (Some(ours), Some(theirs)) = (ours, theirs) {
            let we = matches!(ours.verify(key.verifier()), Ok(Some(_)));
            prop_assert_eq!(we, theirs.verify(&known(key.verifier())).is_ok());
        }
    }
}
