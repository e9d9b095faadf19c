//! The facts about suppliers, operators, review, representation, consent, alarms, console and policy.

use super::partner::identity_provider;
use super::{Place, hex};
use crate::authority::Authority;
use crate::{
    AgeBand, AlarmRules, ConsentRules, FeedbackRules, MandateRules, MatchRules, Operator,
    RepresentationRules, ReviewRules, StatementProvider, Supplier,
};

pub(super) fn facts(top: &mut Place<'_>, authority: &Authority) {
    let Authority {
        suppliers,
        operators,
        review,
        representation,
        consent,
        alarms,
        matching,
        feedback,
        policy,
        console,
    } = authority;
    for Supplier { oin, name, contact } in suppliers.values() {
        let mut all = top.below("suppliers");
        let mut place = all.entry(oin);
        place.text("name", name);
        place.text("contact", contact);
    }
    for Operator { name, key } in operators {
        top.below("operators").text(name, hex(key));
    }
    let ReviewRules { reviewers, motivated_within, emergency_within } = review;
    let mut place = top.below("review");
    place.set("reviewers", reviewers);
    place.number("motivated_within", motivated_within.as_secs());
    place.number("emergency_within", emergency_within.as_secs());
    let ConsentRules { registrars, professionals, answer_valid, objection_within } = consent;
    let mut place = top.below("consent");
    place.set("registrars", registrars);
    place.set("professionals", professionals);
    place.number("answer_valid", answer_valid.as_secs());
    place.number("objection_within", objection_within.as_secs());
    let AlarmRules { window, least_questions, most_misses_percent, most_questions, most_per_case } = alarms;
    let mut place = top.below("alarms");
    place.number("window", window.as_secs());
    place.number("least_questions", *least_questions);
    place.number("most_misses_percent", *most_misses_percent);
    place.number("most_questions", *most_questions);
    place.number("most_per_case", *most_per_case);
    let MatchRules { coordinators, contact_within, registrars } = matching;
    let mut place = top.below("match");
    place.set("coordinators", coordinators);
    place.number("contact_within", u64::from(*contact_within));
    place.set("registrars", registrars);
    let FeedbackRules { take_up_within } = feedback;
    top.below("feedback").number("take_up_within", u64::from(*take_up_within));
    if let Some(rego) = policy {
        top.below("policy").text("rego", rego);
    }
    if let Some(provider) = console {
        identity_provider(&mut top.below("console").entry("identity_provider"), provider);
    }
    representation_facts(&mut top.below("representation"), representation);
}

fn representation_facts(place: &mut Place<'_>, rules: &RepresentationRules) {
    let RepresentationRules { kinds, provider } = rules;
    if let Some(StatementProvider { oin, issuer, assurance_levels }) = provider {
        let mut place = place.entry("provider");
        place.text("who", format!("{oin}, {issuer}"));
        place.text("assurance_levels", assurance_levels.join(" "));
    }
    for (kind, MandateRules { registrars, categories, acts, max_term, ages }) in kinds {
        let mut all = place.below("kinds");
        let mut place = all.entry(kind.as_str());
        place.set("registrars", registrars);
        place.set("categories", categories);
        place.set("acts", acts.iter().map(|act| act.as_str()));
        place.text("max_term", max_term);
        for AgeBand { name, from, below, confirmed_by } in ages {
            let mut all = place.below("ages");
            let mut place = all.entry(name);
            place.number("from", u64::from(*from));
            place.number("below", below.map_or(u64::MAX, u64::from));
            place.set("confirmed_by", confirmed_by.iter().map(|side| side.as_str()));
        }
    }
}
