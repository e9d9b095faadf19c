//! A whole chain in a test: certificates, databases, real processes.
#![forbid(unsafe_code)]
