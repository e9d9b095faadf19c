//! A source that is a folder of CSV or JSON files.
#![forbid(unsafe_code)]
