//! The source as a partner process uses it: real folders, changed underneath.

mod folders;
mod promises;
mod samples;
mod tricky;
