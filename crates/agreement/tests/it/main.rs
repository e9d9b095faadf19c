//! What the agreement promises, seen from outside.

mod youth;
