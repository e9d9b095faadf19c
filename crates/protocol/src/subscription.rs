//! Subscriptions to signals: `/v1/subscriptions`, after the CloudEvents Subscriptions draft, kept small.

use std::collections::BTreeMap;

use kw_domain::{Instant, Oin, SubscriptionId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::signal::{Signal, SignalType};

/// Most live subscriptions of one party.
pub const MOST_LIVE: u64 = 8;
/// Most nodes of all filters of a subscription together.
pub const MOST_FILTERS: usize = 32;
/// The longest sink address, in bytes.
pub const LONGEST_SINK: usize = 500;
/// The longest reference and the longest value of a filter, in characters.
pub const LONGEST_TEXT: usize = 200;
/// Most dead letters of one page.
pub const LARGEST_PAGE: u32 = 500;
/// Dead letters of one page when nothing else is asked.
pub const PAGE: u32 = 100;
/// The media type of a delivered signal: a CloudEvent in structured mode.
pub const CLOUDEVENTS_JSON: &str = "application/cloudevents+json";

/// An attribute that filters may look at: nothing else of a signal says what kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Attribute {
    /// Which switchboard says it.
    Source,
    /// What happened.
    Type,
}

/// One filter: an object with exactly one of these members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Filter {
    /// All of these hold.
    All(Vec<Filter>),
    /// At least one of these holds.
    Any(Vec<Filter>),
    /// Each attribute has this value.
    Exact(BTreeMap<Attribute, String>),
    /// This does not hold.
    Not(Box<Filter>),
    /// Each attribute begins with this.
    Prefix(BTreeMap<Attribute, String>),
    /// Each attribute ends with this.
    Suffix(BTreeMap<Attribute, String>),
}

impl Filter {
    /// Whether a signal passes.
    pub fn passes(&self, signal: &Signal) -> bool {
        let each = |wanted: &BTreeMap<Attribute, String>, fits: fn(&str, &str) -> bool| {
            wanted.iter().all(|(attribute, value)| {
                let found = match attribute {
                    Attribute::Source => &signal.source,
                    Attribute::Type => &signal.kind,
                };
                fits(found, value)
            })
        };
        match self {
            Self::All(filters) => filters.iter().all(|filter| filter.passes(signal)),
            Self::Any(filters) => filters.iter().any(|filter| filter.passes(signal)),
            Self::Exact(wanted) => each(wanted, |found, value| found == value),
            Self::Not(filter) => !filter.passes(signal),
            Self::Prefix(wanted) => each(wanted, |found, value| found.starts_with(value)),
            Self::Suffix(wanted) => each(wanted, |found, value| found.ends_with(value)),
        }
    }

    fn nodes(&self) -> usize {
        1 + match self {
            Self::All(filters) | Self::Any(filters) => filters.iter().map(Self::nodes).sum(),
            Self::Not(filter) => filter.nodes(),
            Self::Exact(_) | Self::Prefix(_) | Self::Suffix(_) => 0,
        }
    }

    fn is_well_formed(&self) -> bool {
        match self {
            Self::All(filters) | Self::Any(filters) => {
                !filters.is_empty() && filters.iter().all(Self::is_well_formed)
            }
            Self::Not(filter) => filter.is_well_formed(),
            Self::Exact(wanted) | Self::Prefix(wanted) | Self::Suffix(wanted) => {
                let fits = |value: &String| (1..=LONGEST_TEXT).contains(&value.chars().count());
                !wanted.is_empty() && wanted.values().all(fits)
            }
        }
    }
}

/// Asks for signals: pushed to an address, or, without one, named so that they are in the feed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateSubscription {
    /// Where signals are delivered: an https address of the subscriber's own server, or its supplier's. Without it they are
    /// read from the feed, and this only names the types that are told on request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// CloudEvents types, `nl.ketenwijzer.<kind>.v1`. Without any: whatever the subscriber is told, but not the types that are
    /// told only to who names them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Of those only what passes all of these. Each is an object with one of `exact`, `prefix`, `suffix` (an object with `type`
    /// or `source`), `all`, `any` (an array of filters) or `not` (a filter).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub filters: Vec<Filter>,
    /// The subscriber's own name for it. Nothing about a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl CreateSubscription {
    /// What is wrong with everything but the address: where, and what was expected.
    pub fn mistakes(&self) -> Vec<(String, String)> {
        let mut mistakes = Vec::new();
        for (at, kind) in self.types.iter().enumerate() {
            if SignalType::parse_event(kind).is_none() {
                let expected = "expected nl.ketenwijzer.<kind>.v1 with a kind of docs/signals.md";
                mistakes.push((format!("/types/{at}"), expected.to_owned()));
            } else if self.types[..at].contains(kind) {
                mistakes.push((format!("/types/{at}"), "expected each type once".to_owned()));
            }
        }
        if self.sink.is_none() && self.types.is_empty() {
            let expected = "expected an address to deliver at, or the types that the feed should have";
            mistakes.push(("/sink".to_owned(), expected.to_owned()));
        }
        if self.sink.is_none() && !self.filters.is_empty() {
            let expected = "expected none without a sink: a feed has all that its party is told";
            mistakes.push(("/filters".to_owned(), expected.to_owned()));
        }
        if self.filters.iter().map(Filter::nodes).sum::<usize>() > MOST_FILTERS {
            mistakes.push((
                "/filters".to_owned(),
                format!("expected at most {MOST_FILTERS}, inner ones counted"),
            ));
        }
        for (at, filter) in self.filters.iter().enumerate() {
            if !filter.is_well_formed() {
                let expected =
                    format!("expected no empty filter, and values of 1 to {LONGEST_TEXT} characters");
                mistakes.push((format!("/filters/{at}"), expected));
            }
        }
        let fits = |text: &String| {
            (1..=LONGEST_TEXT).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        if !self.reference.as_ref().is_none_or(fits) {
            mistakes
                .push(("/reference".to_owned(), format!("expected 1 to {LONGEST_TEXT} visible characters")));
        }
        mistakes
    }

    /// The kinds that are named, if all are known.
    pub fn kinds(&self) -> Vec<SignalType> {
        self.types.iter().filter_map(|kind| SignalType::parse_event(kind)).collect()
    }
}

macro_rules! codes {
    ($(#[$doc:meta])+ $name:ident { $($(#[$of:meta])+ $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$of])+ $variant,)+ }

        impl $name {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable code.
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The one with this code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

codes! {
    /// Where a subscription is in its life.
    SubscriptionStatus {
        /// Signals are delivered; without a sink: named types are in the feed.
        Active = "active",
        /// It was ended, by its subscriber or by its server's answer 410.
        Ended = "ended",
        /// The last signals could not be delivered. It is tried again.
        Failing = "failing",
        /// The address has not agreed yet. Nothing is delivered; what is told meanwhile waits.
        Unverified = "unverified",
    }
}

codes! {
    /// Why something was not delivered.
    DeliveryFailure {
        /// The server answered 5xx.
        Broken = "broken",
        /// The server answered 410: it wants no more.
        Gone = "gone",
        /// The server did not allow this sender when it was asked (`WebHook-Allowed-Origin`).
        NotAllowed = "not-allowed",
        /// The server's certificate is refused here or ours there: it is not the subscriber's, nor of a supplier that may
        /// answer for it, or it is not valid.
        OtherParty = "other-party",
        /// The server answered with a redirection, which is not followed.
        Redirected = "redirected",
        /// The server answered 4xx.
        Refused = "refused",
        /// The server answered 429 or 503.
        Throttled = "throttled",
        /// No answer in time.
        TimedOut = "timed-out",
        /// Nobody answers at the address.
        Unreachable = "unreachable",
    }
}

/// A subscription, as its subscriber sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// This subscription.
    #[schema(value_type = String)]
    pub id: SubscriptionId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub subscriber: Oin,
    /// Where signals are delivered; absent from a feed subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// The named types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// The filters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub filters: Vec<Filter>,
    /// The subscriber's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Where it is in its life.
    pub status: SubscriptionStatus,
    /// When it was made.
    #[schema(value_type = String)]
    pub created_at: Instant,
    /// When the address agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub verified_at: Option<Instant>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub ended_at: Option<Instant>,
    /// How many signals a minute the address allows; as many as there are when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_rate: Option<u32>,
    /// Up to which `sequence` of the subscriber's feed everything was dealt with.
    pub reached: String,
    /// How often the next signal was tried.
    pub attempts: u32,
    /// When it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub next_attempt_at: Option<Instant>,
    /// Why the last attempt failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<DeliveryFailure>,
    /// Since when deliveries fail, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub failing_since: Option<Instant>,
    /// How many signals were given up.
    pub dead_letters: u64,
}

/// A party's own subscriptions, newest first: all that are live, and those that ended lately.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Subscriptions {
    /// The subscriptions.
    pub subscriptions: Vec<Subscription>,
}

/// A signal that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its number in the subscriber's feed.
    pub sequence: String,
    /// The signal; absent when it is no longer kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<Signal>,
    /// Why the last attempt failed.
    pub failure: DeliveryFailure,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried last.
    #[schema(value_type = String)]
    pub failed_at: Instant,
    /// Whether it waits for one more attempt.
    pub replaying: bool,
}

/// One page of dead letters, in the order of their sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetters {
    /// The dead letters.
    pub dead_letters: Vec<DeadLetter>,
    /// The `after` of the next page, if there may be one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<String>,
}

/// Which dead letters.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeadLettersAsked {
    /// Only those with a later sequence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 500; 100 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Tries dead letters once more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplayDeadLetters {
    /// Only this one; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
}

/// How many dead letters are tried once more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Replaying {
    /// How many.
    pub replaying: u64,
}

#[cfg(test)]
mod tests {
    use kw_domain::SignalId;

    use super::*;

    fn signal(kind: SignalType) -> Signal {
        let (oin, at) = (Oin::parse("00000099000000001000").unwrap(), Instant::from_millis(1_000));
        Signal::new(oin, SignalId::new(at, [7; 10]), kind, at, "x".to_owned(), 3)
    }

    fn filter(json: &str) -> Filter {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn filters_say_what_passes() {
        let (review, alarm) = (signal(SignalType::ReviewDue), signal(SignalType::AlarmRaised));
        for (text, of_review, of_alarm) in [
            (r#"{"exact":{"type":"nl.ketenwijzer.review-due.v1"}}"#, true, false),
            (r#"{"prefix":{"type":"nl.ketenwijzer.review-"}}"#, true, false),
            (r#"{"suffix":{"type":".v1"}}"#, true, true),
            (r#"{"not":{"prefix":{"type":"nl.ketenwijzer.review-"}}}"#, false, true),
            (r#"{"any":[{"exact":{"type":"x"}},{"prefix":{"source":"urn:nld:oin:"}}]}"#, true, true),
            (r#"{"all":[{"exact":{"type":"x"}},{"prefix":{"source":"urn:nld:oin:"}}]}"#, false, false),
        ] {
            let one = filter(text);
            assert_eq!((one.passes(&review), one.passes(&alarm)), (of_review, of_alarm), "{text}");
            assert_eq!(serde_json::to_string(&one).unwrap(), text);
        }
        for wrong in [r#"{"exact":{"subject":"x"}}"#, r#"{"sql":"1=1"}"#, r#"{"exact":{},"not":{}}"#] {
            assert!(serde_json::from_str::<Filter>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let mut wrong = CreateSubscription {
            sink: None,
            types: vec![
                "review-due".into(),
                "nl.ketenwijzer.review-due.v1".into(),
                "nl.ketenwijzer.review-due.v1".into(),
            ],
            filters: vec![filter(r#"{"any":[]}"#)],
            reference: Some(String::new()),
        };
        let places = |wrong: &CreateSubscription| -> Vec<String> {
            wrong.mistakes().into_iter().map(|(place, _)| place).collect()
        };
        assert_eq!(places(&wrong), ["/types/0", "/types/2", "/filters", "/filters/0", "/reference"]);
        wrong = CreateSubscription::default();
        assert_eq!(places(&wrong), ["/sink"]);
        let one = filter(r#"{"suffix":{"type":".v1"}}"#);
        wrong.sink = Some("https://partner.example/v1/events".into());
        wrong.filters = vec![one.clone(); MOST_FILTERS];
        assert!(wrong.mistakes().is_empty());
        wrong.filters.push(one);
        assert_eq!(places(&wrong), ["/filters"]);
    }

    #[test]
    fn codes_are_sorted_and_read_back() {
        assert!(DeliveryFailure::ALL.iter().map(|one| one.code()).is_sorted());
        for one in DeliveryFailure::ALL {
            assert_eq!(DeliveryFailure::parse(one.code()), Some(*one));
            assert_eq!(serde_json::to_value(one).unwrap(), one.code());
        }
    }
}
