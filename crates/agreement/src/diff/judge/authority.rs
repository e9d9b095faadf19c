//! What a change of suppliers, operators, review, consent, representation, alarms, console or policy means.

use crate::diff::Direction::{Narrowing, Widening};
use crate::diff::outline::Fact;
use crate::diff::words::{Judged, Names, Pair, sentence};

/// `None` for a path that has no rule.
pub(super) fn judge(path: &[&str], pair: Pair<'_>, names: &Names<'_>) -> Option<Judged> {
    Some(match path {
        ["suppliers", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} may act for partners that let it"),
                &format!("{who} may no longer act for partners"),
            )
        }
        ["suppliers", oin, "name" | "contact"] => pair.neutral(&names.party(oin)),
        // Whoever approves decides what the next change may be.
        ["operators", name] => (
            Widening,
            match (pair.was, pair.is) {
                (None, _) => format!("The operator {name} may approve agreements."),
                (_, None) => format!("The operator {name} may no longer approve agreements."),
                _ => format!("The operator {name} approves agreements with another key."),
            },
        ),
        ["review", "reviewers", role] => (
            Widening,
            match pair.is {
                Some(_) => sentence(&format!("a {role} reviews the questions of their organisation")),
                None => sentence(&format!("a {role} no longer reviews the questions of their organisation")),
            },
        ),
        ["review", within] => pair.length(&format!(
            "{} questions are reviewed within",
            within.split('_').next().unwrap_or_default()
        )),
        ["consent", rest @ ..] => return consent(rest, pair, names),
        ["representation", rest @ ..] => return representation(rest, pair, names),
        ["alarms", "window"] => pair.any("alarms count over, in seconds"),
        ["alarms", "least_questions"] => pair.grows("questions that raise no alarm by their misses"),
        ["alarms", "most_misses_percent"] => pair.grows("misses in a hundred that raise no alarm"),
        ["alarms", "most_questions"] => pair.grows("questions in one window that raise no alarm"),
        ["alarms", "most_per_case"] => pair.grows("questions under one case that raise no alarm"),
        ["match", "coordinators", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} sees every match of the chain"),
                &format!("{who} no longer sees the chain's matches"),
            )
        }
        ["match", "contact_within"] => {
            pair.grows("working days within which holders of a match make contact")
        }
        ["match", "registrars", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} may declare that persons belong together"),
                &format!("{who} may no longer declare that persons belong together"),
            )
        }
        ["feedback", "take_up_within"] => {
            pair.grows("working days within which a feedback report is taken up")
        }
        ["console", rest @ ..] => return console(rest, pair),
        ["policy", "rego"] => match (pair.was, pair.is) {
            (None, _) => (Narrowing, "The chain has rules of its own; they can only narrow.".to_owned()),
            (_, None) => {
                (Widening, "The chain's own rules are gone: what they denied is allowed.".to_owned())
            }
            _ => (Widening, "The chain's own rules are others: what they denied may be allowed.".to_owned()),
        },
        _ => return None,
    })
}

fn console(path: &[&str], pair: Pair<'_>) -> Option<Judged> {
    Some(match path {
        ["identity_provider"] => pair.opens(
            "auditors and operators can sign in to the console",
            "nobody can sign in to the console any more",
        ),
        ["identity_provider", "roles", word] => pair.opens(
            &format!("who is {word} at the console's identity provider may use its pages"),
            &format!("who is {word} at the console's identity provider may no longer use its pages"),
        ),
        ["identity_provider", "max_age"] => pair.length("an ID token proves a user of the console for"),
        ["identity_provider", _] => pair.any("the console's identity provider"),
        _ => return None,
    })
}

fn consent(path: &[&str], pair: Pair<'_>, names: &Names<'_>) -> Option<Judged> {
    Some(match path {
        ["registrars", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} may record the choices of persons"),
                &format!("{who} may no longer record the choices of persons"),
            )
        }
        ["professionals", role] => pair.opens(
            &format!("a {role} may record a choice that a person made in front of them"),
            &format!("a {role} may no longer record choices of persons"),
        ),
        ["answer_valid"] => pair.length("a holder may rely on an answer about consent for"),
        ["objection_within"] => pair.length("an objection is decided within"),
        _ => return None,
    })
}

fn representation(path: &[&str], pair: Pair<'_>, names: &Names<'_>) -> Option<Judged> {
    Some(match path {
        ["provider"] => pair.opens(
            "a provider of statements says who acts for whom",
            "there is no provider of statements any more",
        ),
        ["provider", "who"] => pair.any("who says who acts for whom"),
        ["provider", "assurance_levels"] => levels(pair),
        ["kinds", kind] => pair.opens(
            &format!("somebody may act for another under {kind}"),
            &format!("nobody may act for another under {kind} any more"),
        ),
        ["kinds", kind, "registrars", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} may register mandates of {kind}"),
                &format!("{who} may no longer register mandates of {kind}"),
            )
        }
        ["kinds", kind, "categories" | "acts", what] => pair.opens(
            &format!("a mandate of {kind} may cover {what}"),
            &format!("a mandate of {kind} may no longer cover {what}"),
        ),
        ["kinds", kind, "max_term"] => pair.grows(&format!("a mandate of {kind} lasts at most")),
        ["kinds", kind, "ages", band] => pair.opens(
            &format!("{kind} exists at the ages of {band}"),
            &format!("{kind} no longer exists at the ages of {band}"),
        ),
        ["kinds", kind, "ages", band, "from"] => {
            pair.shrinks(&format!("{kind}, {band}: begins at the age of"))
        }
        ["kinds", kind, "ages", band, "below"] => {
            pair.grows(&format!("{kind}, {band}: ends before the age of"))
        }
        ["kinds", kind, "ages", band, "confirmed_by", side] => pair.guards(
            &format!("{kind}, {band}: the {side} must confirm"),
            &format!("{kind}, {band}: the {side} need no longer confirm"),
        ),
        _ => return None,
    })
}

/// Fewer of the same levels, without the weakest, are stricter; anything else is not.
fn levels(pair: Pair<'_>) -> Judged {
    let list = |fact: Option<&Fact>| -> Vec<String> {
        match fact {
            Some(Fact::Text(text)) => text.split(' ').map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    };
    let (was, is) = (list(pair.was), list(pair.is));
    let (_, sentence) = pair.any("levels of assurance that count");
    (if was.ends_with(&is) { Narrowing } else { Widening }, sentence)
}
