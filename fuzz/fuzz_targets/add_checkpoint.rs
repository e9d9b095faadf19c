//! Requests to a witness: no text makes parsing panic, what is accepted is written byte for byte, and what nobody
//! signed is never cosigned.
#![no_main]

use std::sync::LazyLock;

use kw_ledger::note::{NoteSignature, SigningKey};
use kw_ledger::witness::{AddCheckpoint, parse_size_line, size_line};
use libfuzzer_sys::fuzz_target;

static LOG: LazyLock<SigningKey> =
    LazyLock::new(|| SigningKey::from_seed("example.com/log", &[1; 32]).expect("a name"));

fuzz_target!(|text: &str| {
    if let Ok(request) = AddCheckpoint::parse(text) {
        assert_eq!(request.to_string(), text);
        if let Ok(signed) = request.examine(LOG.verifier(), None) {
            assert_eq!(signed.checkpoint().origin, request.origin());
            assert_eq!(request.old, 0);
        }
    }
    if let Some(size) = parse_size_line(text) {
        assert_eq!(size_line(size), text);
    }
    if let Ok(lines) = NoteSignature::parse_lines(text) {
        assert_eq!(lines.iter().map(ToString::to_string).collect::<String>(), text);
    }
});
