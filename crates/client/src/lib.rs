//! Typed HTTP clients of the services.
#![forbid(unsafe_code)]
