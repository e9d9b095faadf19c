//! Pseudonyms: elements, proofs, tags, bindings and re-keying; pure.
#![forbid(unsafe_code)]
