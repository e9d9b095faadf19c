//! Signals: something happened that another party should hear of. `GET /v1/signals`.
//!
//! A signal is a CloudEvent 1.0 (NL GOV profile) without data: it says that something happened and where to look. It never
//! says to whom, about whom or why: `subject` is an opaque identifier, and what it stands for is told only to whoever may
//! know.

use kw_domain::{Instant, Oin, SignalId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most signals of one page.
pub const LARGEST_PAGE: u32 = 500;
/// Signals of one page when nothing else is asked.
pub const PAGE: u32 = 100;
/// The longest that a reader may wait for the next signal, in seconds.
pub const LONGEST_WAIT: u32 = 25;
/// Instead of a cursor: only what happens from now on.
pub const FROM_NOW: &str = "now";

const VERSION: &str = "1.0";
/// `sequence` counts, and is written as a number (the CloudEvents extension *sequence*).
const SEQUENCE_TYPE: &str = "Integer";
const PREFIX: &str = "nl.ketenwijzer.";
const SUFFIX: &str = ".v1";

macro_rules! types {
    ($($(#[$doc:meta])+ $name:ident = $code:literal, $collection:literal;)+) => {
        /// Every kind of signal there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum SignalType { $($(#[$doc])+ $name,)+ }

        impl SignalType {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Under which collection of the switchboard's API what it is about is found.
            pub fn collection(self) -> &'static str {
                match self { $(Self::$name => $collection,)+ }
            }
        }
    };
}

types! {
    /// A party's questions look like a search through all numbers. To auditors and to that party.
    AlarmRaised = "alarm-raised", "alarms";
    /// A consent or objection to disclosure was recorded or taken back. To holders that are found with something that it speaks
    /// of, about their own pointer.
    ConsentChanged = "consent-changed", "pointers";
    /// A supplier's mandate to act for a partner was asked for, approved or ended. To both.
    DelegationChanged = "delegation-changed", "delegations";
    /// Somebody asked in need. To every holder that was disclosed and to the chain's data protection officers.
    EmergencyUsed = "emergency-used", "reviews";
    /// A feedback report was received, got another status or a note, or is overdue. To who reported, and to the holder.
    FeedbackChanged = "feedback-changed", "feedback-reports";
    /// A mandate to represent a person changed. To who registered it.
    MandateChanged = "mandate-changed", "mandates";
    /// Several holders have live pointers about the same person. To those holders and the coordinators, and to nobody
    /// else.
    MatchArisen = "match-arisen", "matches";
    /// Somebody followed a match up, or another holder came to it. To its holders and the coordinators.
    MatchChanged = "match-changed", "matches";
    /// A match dissolved. To its holders and the coordinators.
    MatchEnded = "match-ended", "matches";
    /// Nobody made contact about a match in time. To its holders and the coordinators.
    MatchEscalated = "match-escalated", "matches";
    /// An objection was decided. To who passed it on.
    ObjectionDecided = "objection-decided", "objections";
    /// The term of an objection nears its end or has passed. To the holder that has to decide.
    ObjectionDue = "objection-due", "objections";
    /// A person objects to a registration. To its holder.
    ObjectionReceived = "objection-received", "objections";
    /// A partner left, vanished, or another one took its pointers over. To all partners and auditors.
    PartnerDeparted = "partner-departed", "departures";
    /// A pointer ran out, or its lease did. To its holder, when subscribed.
    PointerLapsed = "pointer-lapsed", "pointers";
    /// A pointer was registered, also as the successor of another. To its holder, when subscribed; not for administrative
    /// registrations.
    PointerRegistered = "pointer-registered", "pointers";
    /// A pointer was withdrawn. To its holder, when subscribed; not when the holder leaves the chain.
    PointerWithdrawn = "pointer-withdrawn", "pointers";
    /// A question on a motivated or emergency ground waits for its review. To the asker's organisation.
    ReviewDue = "review-due", "reviews";
    /// A review was not given in time. To the asker's organisation and to the chain's auditors.
    ReviewEscalated = "review-escalated", "reviews";
    /// Signals cannot be delivered at a subscriber's address. To the subscriber.
    SubscriptionFailing = "subscription-failing", "subscriptions";
    /// A value that this party received turned out to be wrong. To who received it.
    ValueCorrected = "value-corrected", "corrections";
}

impl SignalType {
    /// The kind with this code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kind with this CloudEvents type.
    pub fn parse_event(kind: &str) -> Option<Self> {
        Self::parse(kind.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?)
    }

    /// Whether there are so many that they are told only to who names them in a subscription.
    pub fn on_request(self) -> bool {
        matches!(self, Self::PointerLapsed | Self::PointerRegistered | Self::PointerWithdrawn)
    }

    /// The CloudEvents type.
    pub fn event_type(self) -> String {
        format!("{PREFIX}{}{SUFFIX}", self.code())
    }
}

/// One signal, in the form of a CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub struct Signal {
    /// The version of CloudEvents: `1.0`.
    pub specversion: String,
    /// This signal. The same one is never told twice under two ids.
    #[schema(value_type = String)]
    pub id: SignalId,
    /// Which switchboard says it: `urn:nld:oin:<OIN>:systeem:ketenwijzer`.
    pub source: String,
    /// What happened: `nl.ketenwijzer.<kind>.v1`. Let pass what you do not know: later versions have more.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    #[schema(value_type = String)]
    pub time: Instant,
    /// What it is about: an opaque identifier (UUID), never a person.
    #[serde(rename = "subject")]
    pub about: String,
    /// Where to look, at the switchboard.
    #[serde(rename = "dataref")]
    pub link: String,
    /// Its number in the recipient's feed, counted from 1. What a subscription leaves out leaves a gap.
    pub sequence: String,
    /// How to read `sequence`: `Integer`.
    pub sequencetype: String,
}

impl Signal {
    /// A signal of the switchboard with this OIN about something with this identifier, the `number`th of its recipient.
    pub fn new(
        switchboard: Oin,
        id: SignalId,
        kind: SignalType,
        time: Instant,
        about: String,
        number: u64,
    ) -> Self {
        Self {
            specversion: VERSION.to_owned(),
            id,
            source: Self::source_of(switchboard),
            kind: kind.event_type(),
            time,
            link: format!("/v1/{}/{about}", kind.collection()),
            about,
            sequence: number.to_string(),
            sequencetype: SEQUENCE_TYPE.to_owned(),
        }
    }

    /// How a switchboard with this OIN names itself.
    pub fn source_of(switchboard: Oin) -> String {
        format!("urn:nld:oin:{switchboard}:systeem:ketenwijzer")
    }

    /// Which kind it is, if this version knows it.
    pub fn known(&self) -> Option<SignalType> {
        SignalType::parse_event(&self.kind)
    }

    /// Its number in the recipient's feed, if it is one.
    pub fn number(&self) -> Option<u64> {
        self.sequence.parse().ok()
    }
}

/// The JSON Schema of a signal, with every type that this version knows: docs/signals.schema.json.
pub fn schema() -> serde_json::Value {
    let kinds: Vec<_> = SignalType::ALL.iter().map(|kind| kind.event_type()).collect();
    let text = |pattern: &str, what: &str| serde_json::json!({ "type": "string", "pattern": pattern, "description": what });
    let uuid = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";
    serde_json::json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://ketenwijzer.example/signals.schema.json",
        "title": "Signal",
        "description": "A CloudEvent 1.0 of a Ketenwijzer switchboard (NL GOV profile). It carries no data and nothing about a person.",
        "type": "object",
        "properties": {
            "specversion": { "const": VERSION },
            "id": text(uuid, "The same signal is never told under two ids; it may be delivered twice under one."),
            "source": text("^urn:nld:oin:[0-9]{20}:systeem:ketenwijzer$", "Which switchboard says it."),
            "type": { "enum": kinds, "description": "What happened. Later versions have more: let pass what you do not know." },
            "time": { "type": "string", "format": "date-time", "description": "When it was recorded." },
            "subject": text(uuid, "What it is about: an opaque identifier, never a person."),
            "dataref": text("^/v1/[a-z-]+/[0-9a-f-]{36}$", "Where to look, at the switchboard."),
            "sequence": text("^[1-9][0-9]*$", "Its number in the recipient's feed."),
            "sequencetype": { "const": SEQUENCE_TYPE }
        },
        "required": ["specversion", "id", "source", "type", "time", "subject", "dataref", "sequence", "sequencetype"],
        "additionalProperties": false
    })
}

/// One page of a party's own signals, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignalPage {
    /// The signals; none when nothing happened.
    pub signals: Vec<Signal>,
    /// Go on from here: the next call's `after`. There is always one, also when the page is empty.
    pub cursor: String,
}

/// Which signals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SignalsAsked {
    /// What an earlier page gave as `cursor`, or `now`; from the oldest that is kept without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 500; 100 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Wait at most so many seconds for the next signal when there is none, 0 to 25; 0 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u32>,
}

impl SignalsAsked {
    /// What is wrong with it: the parameter, and what was expected.
    pub fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut mistakes = Vec::new();
        if self.limit.is_some_and(|limit| !(1..=LARGEST_PAGE).contains(&limit)) {
            mistakes.push(("limit", format!("expected 1 to {LARGEST_PAGE}")));
        }
        if self.wait.is_some_and(|wait| wait > LONGEST_WAIT) {
            mistakes.push(("wait", format!("expected 0 to {LONGEST_WAIT} seconds")));
        }
        mistakes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_sorted_and_read_back() {
        let codes: Vec<_> = SignalType::ALL.iter().map(|kind| kind.code()).collect();
        assert!(codes.is_sorted(), "{codes:?}");
        for kind in SignalType::ALL {
            assert_eq!(SignalType::parse(kind.code()), Some(*kind));
        }
    }

    #[test]
    fn a_signal_has_the_form_of_a_cloud_event() {
        let oin = Oin::parse("00000099000000001000").unwrap();
        let id = SignalId::new(Instant::from_millis(1_000), [7; 10]);
        let about = "01890a5d-ac96-774b-bcce-b302099a8057".to_owned();
        let signal =
            Signal::new(oin, id, SignalType::ReviewDue, Instant::from_millis(2_000), about.clone(), 12);
        let json = serde_json::to_value(&signal).unwrap();
        let fields: Vec<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let expected =
            ["dataref", "id", "sequence", "sequencetype", "source", "specversion", "subject", "time", "type"];
        assert_eq!(fields, expected);
        // The names of attributes are lower-case letters and digits (CloudEvents 1.0 §3.1).
        assert!(fields.concat().chars().all(|letter| letter.is_ascii_lowercase()));
        assert_eq!((json["sequence"].as_str(), signal.number()), (Some("12"), Some(12)));
        assert_eq!(json["type"], "nl.ketenwijzer.review-due.v1");
        assert_eq!(json["source"], "urn:nld:oin:00000099000000001000:systeem:ketenwijzer");
        assert_eq!(json["dataref"], format!("/v1/reviews/{about}"));
        assert_eq!(signal.known(), Some(SignalType::ReviewDue));
        assert_eq!(serde_json::from_value::<Signal>(json).unwrap(), signal);
    }

    #[test]
    fn the_published_schema_is_the_one_that_the_types_give() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/signals.schema.json");
        let made = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        if std::env::var_os("KETENWIJZER_BLESS").is_some() {
            std::fs::write(file, &made).unwrap();
        }
        let published = std::fs::read_to_string(file).unwrap_or_default();
        assert_eq!(
            published, made,
            "docs/signals.schema.json is behind: run this test with KETENWIJZER_BLESS=1"
        );
        let signals = include_str!("../../../docs/signals.md");
        for kind in SignalType::ALL {
            assert!(signals.contains(&format!("`{}`", kind.code())), "{}", kind.code());
        }
    }
}
