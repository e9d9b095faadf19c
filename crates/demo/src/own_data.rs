//! The demonstration with files of one's own.
use std::path::Path;
use std::time::Instant;
use crate::databases::Databases;
use crate::files::Ground;
use crate::{Audience, DemoError, OwnData, Played};
pub(crate) async fn play(
    _program: &Path,
    _ground: &Ground,
    _databases: &Databases,
    own: &OwnData,
    _audience: &dyn Audience,
    _began: Instant,
) -> Result<Played, DemoError> {
    Err(DemoError::NoData { path: own.folder.clone() })
}
