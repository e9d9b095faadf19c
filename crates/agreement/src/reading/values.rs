//! Kinds of value that occur in several sections.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{Instant, Oin};
use url::{Host, Url};

use crate::agreement::Environment;
use crate::budget::BudgetOverrides;
use crate::reading::cursor::Node;
use crate::term::duration_text;
use crate::{Budget, Localised, Term, parse_duration};

/// One line of text for people: names, contact points, articles of law.
pub(crate) fn line(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    if text.trim().is_empty() || text.len() > MAX_LINE || text.chars().any(char::is_control) {
        node.refuse("expected one line of 1 to 300 bytes", "write a short text without line breaks");
        return None;
    }
    Some(text.to_owned())
}

pub(crate) fn title(node: &Node<'_>) -> Option<Localised> {
    let mut fields = node.fields()?;
    let nl = fields.required("nl").and_then(|node| line(&node));
    let en = fields.required("en").and_then(|node| line(&node));
    fields.finish();
    Some(Localised { nl: nl?, en: en? })
}

pub(crate) fn oin(node: &Node<'_>, environment: Option<Environment>) -> Option<Oin> {
    let oin = node.parsed(Oin::parse)?;
    if environment == Some(Environment::Production) && oin.is_test() {
        node.refuse(
            "a test OIN (prefix 00000099) has no place in a production agreement",
            "write the OIN that Logius issued, or set chain.environment to \"test\"",
        );
    }
    Some(oin)
}

/// Where a service answers: an https address without anything that would get lost when a path is added to it.
pub(crate) fn endpoint(node: &Node<'_>) -> Option<String> {
    let text = node.text()?;
    let sound = Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.host().is_some()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    // The URL parser forgives what other programs would read differently.
    let written_as_is = text.starts_with("https://")
        && !text.starts_with("https:///")
        && text.bytes().all(|c| c.is_ascii_graphic() && c != b'\\');
    if sound && written_as_is && !text.ends_with('/') {
        return Some(text.to_owned());
    }
    node.refuse(
        "an endpoint is an https address without user, query, fragment and trailing slash",
        "write it as https://host.example:8443",
    );
    None
}

/// The URI of a level of assurance. Those of eIDAS begin with http:, as names; nobody fetches them.
pub(crate) fn assurance_level(node: &Node<'_>) -> Option<String> {
    uri(node, "a level of assurance", &["http", "https"])
}

/// The URI of an entry in the register of processing activities.
pub(crate) fn processing_activity(node: &Node<'_>) -> Option<String> {
    uri(node, "a processing activity", &["https"])
}

/// An absolute URI that names something for good: with a host, or a urn.
fn uri(node: &Node<'_>, of: &str, with_host: &[&str]) -> Option<String> {
    let text = node.text()?;
    let sound = text.len() <= MAX_LINE
        && text.bytes().all(|c| c.is_ascii_graphic())
        && Url::parse(text).is_ok_and(|url| match url.scheme() {
            "urn" => url.path().contains(':'),
            scheme => with_host.contains(&scheme) && url.host().is_some(),
        });
    if sound {
        return Some(text.to_owned());
    }
    node.refuse(format!("expected the URI of {of}"), "write an absolute https: or urn: URI");
    None
}

/// A term of the calendar that lies between two others.
pub(crate) fn term(node: &Node<'_>, least: Term, most: Term) -> Option<Term> {
    let term = node.parsed(Term::parse)?;
    let start = Instant::from_millis(0);
    if term.after(start) < least.after(start) || term.after(start) > most.after(start) {
        node.refuse("this term is out of bounds", format!("write a term from {least} to {most}"));
    }
    Some(term)
}

/// A fixed length of time that lies between two others.
pub(crate) fn duration(node: &Node<'_>, least: Duration, most: Duration) -> Option<Duration> {
    let length = node.parsed(parse_duration)?;
    if !(least..=most).contains(&length) {
        let (least, most) = (duration_text(least), duration_text(most));
        node.refuse("this length of time is out of bounds", format!("write one from {least} to {most}"));
    }
    Some(length)
}

/// An address of an OpenID provider: https, and http only on this machine in a test.
pub(crate) fn provider_address(node: &Node<'_>, environment: Option<Environment>) -> Option<String> {
    let text = node.text()?;
    let of_this_machine = |url: &Url| match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let sound = text.len() <= MAX_LINE
        && text.bytes().all(|c| c.is_ascii_graphic() && c != b'\\')
        && Url::parse(text).is_ok_and(|url| {
            let scheme = match url.scheme() {
                "https" => true,
                "http" => environment != Some(Environment::Production) && of_this_machine(&url),
                _ => false,
            };
            scheme
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
    if sound {
        return Some(text.to_owned());
    }
    node.refuse(
        "a provider has an https address without user, query and fragment (http on this machine only, in a test)",
        "write it exactly as the provider does, like https://login.example.nl",
    );
    None
}

/// A list of different words of a closed list.
pub(crate) fn choices<T: Copy + Ord>(
    node: &Node<'_>,
    all: &[T],
    name: impl Fn(T) -> &'static str,
) -> Option<BTreeSet<T>> {
    let mut chosen = BTreeSet::new();
    for item in node.items()? {
        if let Some(choice) = item.choice(all, &name)
            && !chosen.insert(choice)
        {
            item.refuse("this stands here twice", "remove one");
        }
    }
    Some(chosen)
}

/// Only for lists that are empty in the file: one whose items were all refused has had its complaint.
pub(crate) fn complain_if_empty<T>(node: &Node<'_>, set: &BTreeSet<T>, reason: &str) {
    if set.is_empty() && node.value.as_array().is_some_and(|items| items.is_empty()) {
        node.refuse(reason, "list at least one, or remove the entry");
    }
}

pub(crate) fn budgets(node: &Node<'_>) -> Option<BudgetOverrides> {
    let mut fields = node.fields()?;
    let mut read = |key| fields.optional(key).and_then(|node| budget(&node));
    let budgets = BudgetOverrides {
        query: read("query"),
        register: read("register"),
        refresh: read("refresh"),
        switchboard_query: read("switchboard_query"),
    };
    fields.finish();
    Some(budgets)
}

fn budget(node: &Node<'_>) -> Option<Budget> {
    let mut fields = node.fields()?;
    let mut read = |key| fields.required(key).and_then(|node| node.number(1..MOST_A_DAY + 1));
    let (burst, hour, day) = (read("burst"), read("hour"), read("day"));
    fields.finish();
    let budget = Budget { burst: burst?, hour: hour?, day: day? };
    if budget.burst > budget.hour || budget.hour > budget.day {
        node.refuse(
            "a budget for a longer time cannot be smaller than one for a shorter time",
            "make burst the smallest number and day the largest",
        );
    }
    Some(budget)
}

pub(crate) fn public_key(node: &Node<'_>) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if URL_SAFE_NO_PAD.decode_slice(node.text()?, &mut key) != Ok(key.len()) {
        node.refuse(
            "a public key is 32 bytes in unpadded base64url: 43 characters",
            "copy it from `ketenwijzer keys init`",
        );
        return None;
    }
    Some(key)
}

const MAX_LINE: usize = 300;

/// Above this a budget is no control any more: all valid citizen service numbers fit in two days.
const MOST_A_DAY: u64 = 50_000_000;
