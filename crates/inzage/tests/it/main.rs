//! What the pages say and do.

mod words;
