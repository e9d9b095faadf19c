//! What follows from the agreement and from what was told: pure.

pub(crate) mod age;
pub(crate) mod covering;
pub(crate) mod fields;
pub(crate) mod figures;
pub(crate) mod grid;
pub(crate) mod kinds;
