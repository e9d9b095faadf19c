//! One entry, verified in front of the reader: each check with what came of it.

use kw_agreement::{Agreement, LogIdentity};
use kw_audit::reader::{Reading, RecordedEntry, Trust, VerifyError};
use kw_ledger::checkpoint::SignedCheckpoint;
use kw_ledger::{Leaf, LeafKind};
use kw_web::Failure;

use super::kept::Kept;
use crate::app::Console;

/// What was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    /// What: the message is `check-<what>`.
    pub(crate) what: &'static str,
    pub(crate) outcome: CheckOutcome,
    /// Names and numbers that go with it.
    pub(crate) with: String,
}

/// How it came out; the message is `outcome-<word>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckOutcome {
    Good,
    Bad,
    /// It could not be checked, or not yet.
    Open,
}

impl CheckOutcome {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Open => "open",
        }
    }
}

/// A check that could not be made.
pub(crate) fn unchecked(what: &'static str) -> Check {
    Check { what, outcome: CheckOutcome::Open, with: String::new() }
}

/// What all checks together say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Soundness {
    /// Each was made, and none failed.
    Sound,
    /// Some could not be made.
    Open,
    /// At least one failed.
    Broken,
}

impl Soundness {
    pub(crate) fn of<'a>(checks: impl IntoIterator<Item = &'a Check>) -> Self {
        let one = |check: &Check| match check.outcome {
            CheckOutcome::Good => Self::Sound,
            CheckOutcome::Open => Self::Open,
            CheckOutcome::Bad => Self::Broken,
        };
        checks.into_iter().map(one).max().unwrap_or(Self::Open)
    }

    /// As messages name it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Open => "open",
            Self::Broken => "broken",
        }
    }
}

/// Verifies entries of one log, each by itself: its record against its leaf, the leaf against the tree, the tree against the signatures.
pub(crate) async fn verify(
    console: &Console,
    agreement: &Agreement,
    log: &LogIdentity,
    entries: &[Kept],
) -> Result<Vec<Vec<Check>>, Failure> {
    let source = console.service(log)?.log;
    let trust = Trust::of(agreement, log).map_err(|_| Failure::fault())?;
    let mut reading = Reading::begin(&source, &trust).await;
    let mut verified = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut checks = vec![opens(entry)];
        checks.extend(match &mut reading {
            Ok(reading) => match prove_entry(reading, entry).await {
                Ok(()) => proved(agreement, log, &trust, reading.signed()),
                Err(error) => failed(&error),
            },
            Err(error) => failed(error),
        });
        verified.push(checks);
    }
    Ok(verified)
}

/// Whether the record is the one that was committed to.
fn opens(entry: &Kept) -> Check {
    let outcome = match (entry.opens, entry.erased) {
        (true, _) => CheckOutcome::Good,
        (false, true) => CheckOutcome::Open,
        (false, false) => CheckOutcome::Bad,
    };
    Check { what: "opens", outcome, with: String::new() }
}

/// Its kind stands in the tree and not in what the service hands out: it is one of three.
async fn prove_entry(reading: &mut Reading<'_>, entry: &Kept) -> Result<(), VerifyError> {
    let mut proved = Err(VerifyError::OtherLeaf(entry.index));
    for kind in [LeafKind::Access, LeafKind::Key, LeafKind::Agreement] {
        let leaf = Leaf { kind, hash: entry.leaf };
        proved = reading.prove(&RecordedEntry { index: entry.index, leaf }).await;
        if !matches!(proved, Err(VerifyError::OtherLeaf(_))) {
            break;
        }
    }
    proved.map(|_| ())
}

fn proved(agreement: &Agreement, log: &LogIdentity, trust: &Trust, signed: &SignedCheckpoint) -> Vec<Check> {
    let (size, by) = (signed.checkpoint().size, trust.cosigned_by(signed));
    let names: Vec<&str> = by.iter().map(|key| key.name().as_str()).collect();
    vec![
        Check { what: "included", outcome: CheckOutcome::Good, with: size.to_string() },
        Check { what: "signed", outcome: CheckOutcome::Good, with: log.origin.clone() },
        witnessed(agreement, log, &names),
    ]
}

fn witnessed(agreement: &Agreement, log: &LogIdentity, by: &[&str]) -> Check {
    // `prove` gives no checkpoint that has fewer than are demanded.
    let demanded = agreement.quorum_for(log.owner);
    let outcome = if demanded == 0 && by.is_empty() { CheckOutcome::Open } else { CheckOutcome::Good };
    Check { what: "witnessed", outcome, with: by.join(", ") }
}

/// Which check an error is about, and those that came before it.
fn failed(error: &VerifyError) -> Vec<Check> {
    let check = |what, outcome| Check { what, outcome, with: String::new() };
    let (bad, open) = (CheckOutcome::Bad, CheckOutcome::Open);
    match error {
        VerifyError::NotYet { .. } => vec![check("included", open), check("signed", open)],
        VerifyError::Checkpoint { .. } => vec![check("included", open), check("signed", bad)],
        VerifyError::Unwitnessed => vec![check("included", open), check("witnessed", bad)],
        error if error.is_verdict() => vec![check("included", bad)],
        _ => vec![check("included", open), check("signed", open), check("witnessed", open)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sound_that_was_not_checked() {
        let check = |outcome| Check { what: "included", outcome, with: String::new() };
        let (good, open, bad) =
            (check(CheckOutcome::Good), check(CheckOutcome::Open), check(CheckOutcome::Bad));
        assert_eq!(Soundness::of([]), Soundness::Open);
        assert_eq!(Soundness::of([&good, &good]), Soundness::Sound);
        assert_eq!(Soundness::of([&good, &open]), Soundness::Open);
        assert_eq!(Soundness::of([&open, &bad, &good]), Soundness::Broken);
    }
}
