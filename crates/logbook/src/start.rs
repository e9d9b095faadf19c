//! Before a log is taken into use: the whole tree is derived from the leaves again, and compared with everything that this
//! machine knows to be signed.

use kw_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use kw_ledger::note::VerifierKey;

use crate::books::Books;
use crate::derived::{Followed, extend, signed_by};
use crate::doubt::{Contradiction, Doubt, Fault, Known};
use crate::events;
use crate::growth::{Growth, Subtree};
use crate::memory::MemoryFile;

/// How many leaves are checked between two looks at what is stored about them: a subtree of the second level.
const STRIDE: u64 = 1 << 16;
/// How many leaves are checked between two lines in the log.
const TOLD_EVERY: u64 = 1 << 20;

/// Checks the whole log, and hands back its tree as far as it was published. Blocks; a million entries take a second or two.
pub(crate) fn check(books: &dyn Books, key: &VerifierKey, memory: &MemoryFile) -> Result<Followed, Doubt> {
    // The memory first: whoever writes it has committed the entries by then, so it may not be ahead of what is read after.
    let remembered = remembered(memory, key)?;
    let publication = books.publication()?;
    let stored = books.size()?;
    if let Some(publication) = &publication {
        signed_by(publication, key)?;
        not_older(stored, publication.size, Known::Database)?;
    }
    if let Some(remembered) = &remembered {
        not_older(stored, remembered.size, Known::Memory)?;
    }
    let published = publication.as_ref().map_or(0, |publication| publication.size);
    let mut marks: Vec<_> = publication
        .iter()
        .map(|publication| (publication.size, publication.root, Known::Database))
        .chain(remembered.iter().map(|remembered| (remembered.size, remembered.root.0, Known::Memory)))
        .collect();
    marks.sort_by_key(|(size, ..)| *size);

    let (mut growth, mut followed, mut completed) = (Growth::default(), Growth::default(), Vec::new());
    let mut marks = marks.into_iter().peekable();
    while growth.size() < stored {
        let stride = (growth.size() / STRIDE + 1) * STRIDE;
        let until = marks.peek().map_or(stored, |(size, ..)| *size).min(stride).min(stored);
        extend(&mut growth, books, until, &mut completed)?;
        compare(books, &mut completed, published)?;
        while let Some((size, root, known_from)) = marks.next_if(|(size, ..)| *size == growth.size()) {
            if growth.root().0 != root {
                return Err(Contradiction::Other { size, known_from }.into());
            }
        }
        if growth.size() == published {
            followed = growth.clone();
        }
        if growth.size() > 0 && growth.size().is_multiple_of(TOLD_EVERY) {
            events::Checking { entries: growth.size(), of: stored }.log();
        }
    }
    events::Checked { entries: stored, published }.log();
    Ok(Followed { growth: followed, publication })
}

/// What the memory file says was signed.
pub(crate) fn remembered(memory: &MemoryFile, key: &VerifierKey) -> Result<Option<Checkpoint>, Doubt> {
    let path = memory.path().to_owned();
    let note = memory.read().map_err(|source| Fault::Memory { path: path.clone(), source })?;
    let foreign = |_| Contradiction::ForeignMemory { path };
    let signed = note.map(|note| SignedCheckpoint::parse(&note, key)).transpose().map_err(foreign)?;
    Ok(signed.map(|signed| signed.checkpoint().clone()))
}

fn not_older(stored: u64, signed: u64, known_from: Known) -> Result<(), Contradiction> {
    if stored < signed { Err(Contradiction::Older { stored, signed, known_from }) } else { Ok(()) }
}

/// Compares subtrees that became complete with those stored when their last leaf was published.
fn compare(books: &dyn Books, completed: &mut Vec<Subtree>, published: u64) -> Result<(), Doubt> {
    completed.retain(|subtree| subtree.end() <= published);
    completed.sort_by_key(|subtree| (subtree.level, subtree.index));
    for run in completed.chunk_by(|one, next| one.level == next.level && one.index + 1 == next.index) {
        let [first, ..] = run else { continue };
        let stored = books.subtree_roots(first.level, first.index, run.len() as u32)?;
        if run.iter().map(|subtree| &subtree.root.0).ne(&stored) {
            return Err(Contradiction::Damaged("subtree root").into());
        }
    }
    completed.clear();
    Ok(())
}
