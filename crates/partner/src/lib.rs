//! The partner process: adapter and requester, composed.
#![forbid(unsafe_code)]
