//! ID tokens and key sets as anybody may send them: nothing is believed, and nothing stops the program.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use kw_domain::Instant;
use kw_identity::{Expected, KeySet, SigningKey};
use kw_protocol::IdToken;
use libfuzzer_sys::fuzz_target;

/// A provider that has signed nothing.
static KEYS: LazyLock<(KeySet, String)> = LazyLock::new(|| {
    let key = SigningKey::generate().expect("a key");
    let set = serde_json::json!({ "keys": [key.public_jwk()] }).to_string();
    (KeySet::parse(set.as_bytes()).expect("a key set"), key.kid().to_owned())
});

fuzz_target!(|data: &[u8]| {
    let published = KeySet::parse(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (keys, kid) = &*KEYS;
    let expected = Expected {
        issuer: "https://login.example",
        audience: "ketenwijzer",
        nonce: None,
        max_age: Some(Duration::from_secs(3600)),
    };
    let now = Instant::from_millis(1_795_000_000_000);
    // The name of the key is put in, so that signatures are reached.
    for token in [text.to_owned(), text.replace("KID", kid)] {
        let token = IdToken::new(token);
        assert!(keys.verify::<serde_json::Value>(&token, expected, now).is_err());
        if let Ok(published) = &published {
            let _ = published.verify::<serde_json::Value>(&token, expected, now);
        }
    }
});
