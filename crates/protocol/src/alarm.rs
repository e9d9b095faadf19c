//! Alarms: a party's questions look like a search through all numbers. `GET /v1/alarms`.

use kw_domain::{AlarmId, Instant, Oin};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most alarms of one page.
pub const LARGEST_PAGE: u32 = 200;
/// Alarms of one page when nothing else is asked.
pub const PAGE: u32 = 50;

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmReason {
    /// Too many of the questions found nothing or were denied.
    Misses,
    /// Too many questions under one case reference: a case is about few people.
    NoCase,
    /// Too many questions, whatever they found.
    Volume,
}

impl AlarmReason {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 3] = [Self::Misses, Self::NoCase, Self::Volume];

    /// The reason with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Misses => "misses",
            Self::NoCase => "no-case",
            Self::Volume => "volume",
        }
    }
}

/// One alarm: numbers only, nothing about any person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// This alarm: `about` of its signal.
    #[schema(value_type = String)]
    pub id: AlarmId,
    /// Whose questions.
    #[schema(value_type = String)]
    pub party: Oin,
    /// What was seen.
    pub reason: AlarmReason,
    /// How many questions the party asked in the window before the alarm.
    pub questions: u64,
    /// How many of those found nothing or were denied.
    pub misses: u64,
    /// When it was raised.
    #[schema(value_type = String)]
    pub raised_at: Instant,
}

/// One page of alarms, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlarmPage {
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// For the next page; nothing when this was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_its_code() {
        for reason in AlarmReason::ALL {
            assert_eq!(AlarmReason::parse(reason.code()), Some(reason));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.code());
        }
    }
}
