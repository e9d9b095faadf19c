//! Asking: query, parallel pulls and the virtual dossier.
#![forbid(unsafe_code)]
