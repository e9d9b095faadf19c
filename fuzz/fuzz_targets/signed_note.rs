//! Notes, checkpoints and verifier keys: no text makes parsing panic, what is accepted is written byte for byte, and
//! nothing is believed that nobody signed.
#![no_main]

use std::sync::LazyLock;

use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::cosignature::CosigningKey;
use kw_ledger::note::{Note, SigningKey, VerifierKey};
use libfuzzer_sys::fuzz_target;

static LOG: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed("example.com/log", &[1; 32]).expect("a name"));
static WITNESS: LazyLock<CosigningKey> =
    LazyLock::new(|| CosigningKey::from_seed("example.com/witness", &[2; 32]).expect("a name"));

fuzz_target!(|text: &str| {
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
        let _ = note.verify(WITNESS.verifier());
    }
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.body(), text);
        if checkpoint.origin == "example.com/log" {
            let signed = checkpoint.sign(&LOG).expect("the name is that of the log");
            let read = SignedCheckpoint::parse(&signed.to_string(), LOG.verifier());
            assert_eq!(read.as_ref(), Ok(&signed));
        }
    }
    if let Ok(signed) = SignedCheckpoint::parse(text, LOG.verifier()) {
        // The key is Ed25519: nobody but its holder makes another signature, and here it signs one text only.
        let own = signed.checkpoint().clone().sign(&LOG).expect("the name is that of the log");
        assert_eq!(own.note().text(), signed.note().text());
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
});
