//! Access records, leaves and receipts of the ledger: pure.
#![forbid(unsafe_code)]
