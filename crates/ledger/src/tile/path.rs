//! The paths under which a log is published, and back: one spelling per resource.

use std::fmt;

use super::{BundleId, MAX_LEVEL, TILE_WIDTH, TileId};
use crate::text::decimal;

/// What can be fetched from a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The newest signed checkpoint.
    Checkpoint,
    /// Hashes.
    Tile(TileId),
    /// Entries.
    Entries(BundleId),
}

/// The path is not one that a log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a checkpoint, a tile or a bundle of entries")]
pub struct PathError;

impl Resource {
    /// Its path below the log's prefix, without a leading slash: `tile/0/x001/x234/067.p/8`.
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads a path. What is accepted is what [`path`](Self::path) writes, nothing else.
    pub fn parse(path: &str) -> Result<Self, PathError> {
        // The longest has seven groups of digits: anything longer is not worth splitting.
        if path.len() > 64 {
            return Err(PathError);
        }
        if path == "checkpoint" {
            return Ok(Self::Checkpoint);
        }
        let (level, place) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(PathError)?;
        let (index, width) = match place.split_once(".p/") {
            Some((index, width)) => (index, partial_width(width)?),
            None => (place, TILE_WIDTH),
        };
        let index = number(index).ok_or(PathError)?;
        if level == "entries" {
            return Ok(Self::Entries(BundleId { index, width }));
        }
        let level = decimal(level).and_then(|level| u8::try_from(level).ok());
        let level = level.filter(|level| *level <= MAX_LEVEL).ok_or(PathError)?;
        Ok(Self::Tile(TileId { level, index, width }))
    }
}

impl From<TileId> for Resource {
    fn from(tile: TileId) -> Self {
        Self::Tile(tile)
    }
}

impl From<BundleId> for Resource {
    fn from(bundle: BundleId) -> Self {
        Self::Entries(bundle)
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Checkpoint => f.write_str("checkpoint"),
            Self::Tile(tile) => tile.fmt(f),
            Self::Entries(bundle) => bundle.fmt(f),
        }
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        write_place(f, self.index, self.width)
    }
}

impl fmt::Display for BundleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tile/entries/")?;
        write_place(f, self.index, self.width)
    }
}

fn write_place(f: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut unit = 1;
    while index / unit >= 1000 {
        unit *= 1000;
    }
    while unit > 1 {
        write!(f, "x{:03}/", index / unit % 1000)?;
        unit /= 1000;
    }
    write!(f, "{:03}", index % 1000)?;
    if width < TILE_WIDTH { write!(f, ".p/{width}") } else { Ok(()) }
}

fn partial_width(text: &str) -> Result<u16, PathError> {
    let width = decimal(text).filter(|width| (1..u64::from(TILE_WIDTH)).contains(width));
    width.map(|width| width as u16).ok_or(PathError)
}

/// Groups of three digits, all but the last after an `x`, the first of several not all zero.
fn number(text: &str) -> Option<u64> {
    let mut groups = text.split('/').rev();
    let last = groups.next()?;
    let upper = text.strip_suffix(last)?;
    if upper.starts_with("x000/") {
        return None;
    }
    let mut number: u64 = 0;
    for group in upper.split_terminator('/') {
        number = number.checked_mul(1000)?.checked_add(three_digits(group.strip_prefix('x')?)?)?;
    }
    number.checked_mul(1000)?.checked_add(three_digits(last)?)
}

fn three_digits(text: &str) -> Option<u64> {
    (text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
