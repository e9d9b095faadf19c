//! What another agreement changes: who may see more than before, who less.
//!
//! Both texts are written out as flat lists of facts ([`outline`]); the compiler makes sure that no field of an agreement
//! is forgotten there. Each fact that differs is judged by its path. What has no rule counts as a widening.

mod judge;
mod outline;
mod words;

use crate::Agreement;
use crate::diff::outline::outline;
use crate::policy::Described;

/// One thing that another agreement changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What it means for access.
    pub direction: Direction,
    /// Where: names joined by slashes (`purposes/treat/roles/pharmacist/medication`).
    pub path: String,
    /// What changes, in a sentence.
    pub sentence: String,
}

/// What a change means for access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Somebody may see, do or keep more than before, or is watched less.
    Widening,
    /// Somebody may see, do or keep less.
    Narrowing,
    /// Neither.
    Neutral,
}

impl Direction {
    /// All of them, the gravest first.
    pub const ALL: [Self; 3] = [Self::Widening, Self::Narrowing, Self::Neutral];

    /// The direction as it stands in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Narrowing => "narrowing",
            Self::Neutral => "neutral",
            Self::Widening => "widening",
        }
    }
}

impl Agreement {
    /// What this agreement changes when it follows `before`: widenings first, then narrowings, then the rest, each in the
    /// order of their paths. Without a widening, nothing is allowed that was not allowed before.
    pub fn changes_from(&self, before: &Self) -> Vec<Change> {
        let (old, new) = (outline(before), outline(self));
        let mut changes: Vec<Change> = Vec::new();
        let paths: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
        // An entry that is new or gone is one change, whatever it holds: its facts come after it, as paths are sorted.
        let mut whole: Option<&Vec<String>> = None;
        for path in paths {
            if whole.is_some_and(|whole| path.starts_with(whole)) {
                continue;
            }
            let (was, is) = (old.get(path), new.get(path));
            if was == is {
                continue;
            }
            if was.is_none() || is.is_none() {
                whole = Some(path);
            }
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            let (direction, sentence) =
                judge::judge(&steps, was, is, &words::Names { old: before, new: self });
            changes.push(Change { direction, path: path.join("/"), sentence });
        }
        changes.extend(through_the_chains_rules(before, self));
        changes.sort_by(|a, b| (a.direction, &a.path).cmp(&(b.direction, &b.path)));
        changes
    }

    /// Whether some of these changes widen access.
    pub fn widens(&self, before: &Self) -> bool {
        self.changes_from(before).iter().any(|change| change.direction == Direction::Widening)
    }
}

/// The chain's own rules may say no because of anything that they see of the agreement. When that changes, a no may become
/// a yes, and what they would say cannot be known beforehand.
fn through_the_chains_rules(before: &Agreement, after: &Agreement) -> Option<Change> {
    let reads_the_agreement = before.policy().is_some_and(|rego| rego.contains("data"));
    let seen = |agreement: &Agreement| {
        crate::policy::describe(&Described {
            environment: agreement.chain.environment,
            partners: &agreement.partners,
            roles: &agreement.roles,
            categories: &agreement.categories,
            purposes: &agreement.purposes,
            representation: &agreement.authority.representation,
        })
    };
    (reads_the_agreement && seen(before) != seen(after)).then(|| Change {
        direction: Direction::Widening,
        path: "policy/sees".to_owned(),
        sentence:
            "The chain's own rules look at what changes elsewhere; what they denied may be allowed now."
                .to_owned(),
    })
}
