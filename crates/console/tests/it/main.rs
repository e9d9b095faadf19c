//! What the pages say and do.

mod certificates;
mod words;
