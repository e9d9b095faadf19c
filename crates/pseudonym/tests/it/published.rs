//! The vectors in docs/vectors/pseudonym.json.

use std::path::Path;

use kw_pseudonym::{
    BlindedElement, Delta, Element, ElementError, EvaluatedElement, IndexKey, PublicKey, RowKey, SecretKey,
};
use serde_json::Value;

use crate::document::vectors;

fn published() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/vectors/pseudonym.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn bytes(text: &Value) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn the_published_vectors_are_what_this_crate_makes() {
    // After a deliberate change: cargo run -p kw-pseudonym --example vectors > docs/vectors/pseudonym.json
    let (made, published) = (vectors().unwrap(), published());
    for (name, value) in made.as_object().unwrap() {
        assert_eq!(published[name], *value, "{name}");
    }
    assert_eq!(made.as_object().unwrap().len(), published.as_object().unwrap().len());
}

#[test]
fn published_elements_that_must_be_refused_are_refused() {
    let published = published();
    let refused = published["refusedElements"].as_array().unwrap();
    for (i, text) in refused.iter().enumerate() {
        let bytes: [u8; 32] = bytes(text).try_into().unwrap();
        let expected = Some(if i == 0 { ElementError::Identity } else { ElementError::Encoding });
        assert_eq!(Element::from_bytes(&bytes).err(), expected, "{text}");
        assert_eq!(BlindedElement::from_bytes(&bytes).err(), expected, "{text}");
        assert_eq!(EvaluatedElement::from_bytes(&bytes).err(), expected, "{text}");
        assert_eq!(PublicKey::from_bytes(&bytes).err(), expected, "{text}");
    }
    assert_eq!(refused.len(), 8);
}

#[test]
fn published_numbers_that_are_no_keys_are_refused() {
    let published = published();
    let refused = published["refusedKeys"].as_array().unwrap();
    for text in refused {
        let bytes: [u8; 32] = bytes(text).try_into().unwrap();
        assert!(SecretKey::from_bytes(&bytes).is_err(), "{text}");
        assert!(IndexKey::from_bytes(&bytes).is_err(), "{text}");
        assert!(Delta::from_bytes(&bytes).is_err(), "{text}");
    }
    assert_eq!(refused.len(), 3);
}

#[test]
fn published_sealed_columns_open() {
    let published = published();
    let key = RowKey::from_bytes(&bytes(&published["keys"]["row"]).try_into().unwrap());
    for case in published["sealed"].as_array().unwrap() {
        let opened = key.open(&bytes(&case["context"]), &bytes(&case["sealed"])).unwrap();
        assert_eq!(*opened, bytes(&case["plain"]));
    }
}
