//! The chain agreement and the decision it yields.
#![forbid(unsafe_code)]
