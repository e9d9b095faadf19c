//! The real binary, as people and scripts run it.

mod agreement;
mod demo;
mod own_data;
mod pki_and_keys;
mod program;
mod rotation;
mod usage;
