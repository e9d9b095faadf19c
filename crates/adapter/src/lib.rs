//! Answering: the Source trait, pulls and change sync.
#![forbid(unsafe_code)]
