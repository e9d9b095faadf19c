//! A whole chain on one machine, with made-up people.
#![forbid(unsafe_code)]
