//! The crate as others see it.
#![cfg(test)]

#[path = "../../examples/vectors/document.rs"]
mod document;
mod independent;
mod published;
mod secrets;
