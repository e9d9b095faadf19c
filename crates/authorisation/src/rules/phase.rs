//! How far an authorisation has come. Every step is taken once, and has its time.
//!
//! ```text
//! pushed ──► authenticating ──► stating ──► asking ──► granted ──► token ──► (deleted)
//!                  │               │           │          │           │
//!                  └──► failed ◄───┘           └► refused └► revoked ◄┘
//! ```

use std::time::Duration;

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The client pushed its request; its request URI opens the next step.
    Pushed,
    /// The person is at the provider; the provider's answer, with our state, opens the next step.
    Authenticating,
    /// The provider's answer is being looked at. Nothing opens it: a second answer is refused.
    Stating,
    /// The person is asked.
    Asking,
    /// The person said yes; the code opens the next step.
    Granted,
    /// The client has a token, which opens collections.
    Token,
    /// It ended before the person was asked, or the person did not come back.
    Failed,
    /// The person said no.
    Refused,
    /// Code or token was used in a way that only somebody who stole it would, or the mandate ended.
    Revoked,
}

impl Phase {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Pushed,
        Self::Authenticating,
        Self::Stating,
        Self::Asking,
        Self::Granted,
        Self::Token,
        Self::Failed,
        Self::Refused,
        Self::Revoked,
    ];

    /// The phase as it is stored.
    pub fn number(self) -> i16 {
        Self::ALL.iter().position(|phase| *phase == self).unwrap_or_default() as i16
    }

    /// The phase with this number.
    pub fn from_number(number: i16) -> Option<Self> {
        usize::try_from(number).ok().and_then(|place| Self::ALL.get(place).copied())
    }

    /// Whether the one may follow the other.
    pub fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Pushed, Self::Authenticating)
                | (Self::Authenticating, Self::Stating | Self::Failed)
                | (Self::Stating, Self::Asking | Self::Failed)
                | (Self::Asking, Self::Granted | Self::Refused)
                | (Self::Granted, Self::Token | Self::Revoked)
                | (Self::Token, Self::Revoked)
        )
    }

    /// How long it lasts at most.
    pub fn lasts(self) -> Duration {
        match self {
            // Long enough for a redirect on a slow line (RFC 9126 §2.2 has 5 to 600 seconds).
            Self::Pushed => Duration::from_secs(90),
            // A person types.
            Self::Authenticating | Self::Asking => Duration::from_mins(10),
            Self::Stating => Duration::from_secs(30),
            // RFC 6749 §4.1.2 has ten minutes at most; a program does not need them.
            Self::Granted => Duration::from_mins(1),
            // What ended stays as long, for the person to be told and for a second use of a code or token to show.
            Self::Token | Self::Failed | Self::Refused | Self::Revoked => Duration::from_mins(15),
        }
    }

    /// Whether the persons' numbers may still be needed.
    pub fn needs_persons(self) -> bool {
        !matches!(self, Self::Failed | Self::Refused | Self::Revoked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_read_back() {
        for phase in Phase::ALL {
            assert_eq!(Phase::from_number(phase.number()), Some(phase));
        }
        assert_eq!(Phase::from_number(-1), None);
        assert_eq!(Phase::from_number(9), None);
    }

    #[test]
    fn there_is_one_way_to_a_token_and_it_leads_past_the_statement_and_the_person() {
        let before = |phase: Phase| Phase::ALL.into_iter().filter(move |from| from.may_become(phase));
        let mut way = vec![Phase::Token];
        while let Some(last) = way.last().copied().filter(|last| *last != Phase::Pushed) {
            let all: Vec<Phase> = before(last).collect();
            let [only] = all.as_slice() else { panic!("{last:?} follows {all:?}") };
            way.push(*only);
        }
        way.reverse();
        assert_eq!(way, Phase::ALL[..6]);
    }

    #[test]
    fn nothing_follows_an_end_and_nothing_goes_back() {
        for from in Phase::ALL {
            for next in Phase::ALL.into_iter().filter(|next| from.may_become(*next)) {
                assert!(next > from, "{from:?} to {next:?}");
            }
            if !from.needs_persons() {
                assert!(Phase::ALL.into_iter().all(|next| !from.may_become(next)), "{from:?}");
            }
        }
    }

    #[test]
    fn a_token_lasts_a_quarter_of_an_hour_at_most() {
        assert!(Phase::Token.lasts() <= Duration::from_mins(15));
        assert!(Phase::Granted.lasts() <= Duration::from_mins(10));
    }
}
