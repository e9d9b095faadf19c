//! Where a report stands, what may follow, and who may say so.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Where a report stands. Digimelding's name is beside each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackStatus {
    /// `IN_BEHANDELING`: the holder looks into it.
    InProgress,
    /// `ONVOLDOENDE_INFORMATIE`: the holder cannot do anything with it. An end.
    InsufficientInformation,
    /// `INGEPLAND`: the holder has set a date.
    Planned,
    /// `GEMELD`: it was received.
    Reported,
    /// `AFGEHANDELD`: it is settled, with an outcome. An end.
    Settled,
    /// `INGETROKKEN`: the reporter took it back. An end.
    Withdrawn,
    /// `VERKEERDE_BRONHOUDER`: another holder should handle it.
    WrongHolder,
}

impl FeedbackStatus {
    /// All of them, in alphabetical order of their codes.
    pub const ALL: [Self; 7] = [
        Self::InProgress,
        Self::InsufficientInformation,
        Self::Planned,
        Self::Reported,
        Self::Settled,
        Self::Withdrawn,
        Self::WrongHolder,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::InsufficientInformation => "insufficient-information",
            Self::Planned => "planned",
            Self::Reported => "reported",
            Self::Settled => "settled",
            Self::Withdrawn => "withdrawn",
            Self::WrongHolder => "wrong-holder",
        }
    }

    /// The status with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// Whether nothing follows any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::InsufficientInformation | Self::Settled | Self::Withdrawn)
    }

    /// Whether the values that a report doubts are delivered as under investigation.
    pub fn is_open(self) -> bool {
        !self.is_final() && self != Self::WrongHolder
    }

    /// What may come after this status.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Reported => {
                &[Self::InProgress, Self::Withdrawn, Self::InsufficientInformation, Self::WrongHolder]
            }
            Self::InProgress => &[Self::Planned, Self::Settled, Self::Withdrawn],
            Self::Planned => &[Self::Settled],
            Self::WrongHolder => &[Self::WrongHolder, Self::Reported, Self::Withdrawn],
            Self::InsufficientInformation | Self::Settled | Self::Withdrawn => &[],
        }
    }

    /// Whether this status may come after that one, with others in between.
    pub fn may_follow(self, before: Self) -> bool {
        let (mut reached, mut looked_at) = (vec![before], 0);
        while let Some(from) = reached.get(looked_at) {
            if from.next().contains(&self) {
                return true;
            }
            let new: Vec<Self> = from.next().iter().copied().filter(|next| !reached.contains(next)).collect();
            reached.extend(new);
            looked_at += 1;
        }
        false
    }

    /// Who may set this status. The reporter takes back, and says that another holder took a report over; everything else is
    /// the holder's to say.
    pub fn set_by(self) -> FeedbackSide {
        match self {
            Self::Withdrawn | Self::Reported => FeedbackSide::Reporter,
            Self::InProgress
            | Self::InsufficientInformation
            | Self::Planned
            | Self::Settled
            | Self::WrongHolder => FeedbackSide::Holder,
        }
    }
}

/// Who may do something with a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FeedbackSide {
    /// The holder that handles it (behandelaar).
    Holder,
    /// Who reported (melder).
    Reporter,
}

/// What came of a settled report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackOutcome {
    /// Some of the doubted values were wrong and are mended.
    PartlyUpheld,
    /// The values stay as they are.
    Rejected,
    /// The values were wrong and are mended.
    Upheld,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transitions_are_those_of_digimelding() {
        use FeedbackStatus as S;
        let edges: Vec<(S, S)> =
            S::ALL.into_iter().flat_map(|from| from.next().iter().map(move |to| (from, *to))).collect();
        let expected = [
            (S::InProgress, S::Planned),
            (S::InProgress, S::Settled),
            (S::InProgress, S::Withdrawn),
            (S::Planned, S::Settled),
            (S::Reported, S::InProgress),
            (S::Reported, S::Withdrawn),
            (S::Reported, S::InsufficientInformation),
            (S::Reported, S::WrongHolder),
            (S::WrongHolder, S::WrongHolder),
            (S::WrongHolder, S::Reported),
            (S::WrongHolder, S::Withdrawn),
        ];
        assert_eq!(edges, expected);
        assert!(S::Settled.may_follow(S::Reported) && S::InProgress.may_follow(S::WrongHolder));
        for (later, before) in
            [(S::Reported, S::Settled), (S::Reported, S::InProgress), (S::Withdrawn, S::Planned)]
        {
            assert!(!later.may_follow(before), "{later:?} after {before:?}");
        }
        for status in S::ALL {
            assert_eq!(status.is_final(), status.next().is_empty(), "{status:?}");
            assert_eq!(S::parse(status.code()), Some(status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.code());
        }
    }
}
