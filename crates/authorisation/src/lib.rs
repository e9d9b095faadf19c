//! The holder's authorisation server: pushed requests, statements, consent, codes, tokens, collections.
#![forbid(unsafe_code)]
