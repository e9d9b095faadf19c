//! What a change of one fact means, by its path.

mod authority;

use super::Direction::Widening;
use super::outline::Fact;
use super::words::{Judged, Names, Pair};

pub(super) fn judge(path: &[&str], was: Option<&Fact>, is: Option<&Fact>, names: &Names<'_>) -> Judged {
    let pair = Pair { was, is };
    match path {
        ["chain", rest @ ..] => chain(rest, pair),
        ["switchboard", rest @ ..] => service("switchboard", rest, pair),
        ["pseudonymiser", rest @ ..] => service("pseudonymiser", rest, pair),
        ["partners", oin, rest @ ..] => partner(&names.party(oin), rest, pair, names),
        ["roles", role, rest @ ..] => role_rules(role, rest, pair),
        ["categories", category, rest @ ..] => category_rules(category, rest, pair),
        ["purposes", purpose, rest @ ..] => purpose_rules(purpose, rest, pair),
        ["shared_attributes", name, ..] => pair.neutral(&format!("what is compared as {name}")),
        ["ledger", rest @ ..] => ledger(rest, pair),
        ["subject_access", "partners", oin] => {
            let who = names.party(oin);
            pair.opens(
                &format!("{who} may gather the access reports of persons"),
                &format!("{who} may no longer gather the access reports of persons"),
            )
        }
        ["subject_access", "staff_names"] => pair.opens_when_set(
            "access reports name the members of staff who looked",
            "access reports no longer name the members of staff who looked",
        ),
        ["subject_access", "purpose"] => pair.opens(
            "partners may ask who holds what for persons whom they identified",
            "partners may no longer ask who holds what for persons whom they identified",
        ),
        ["auditors", oin, rest @ ..] => auditor(&names.party(oin), rest, pair),
        _ => authority::judge(path, pair, names).unwrap_or_else(|| not_understood(path, pair)),
    }
}

/// Safe by default: what nobody wrote a rule for has to be approved.
fn not_understood(path: &[&str], pair: Pair<'_>) -> Judged {
    let (_, sentence) = pair.any(&format!("{} has no rule here and counts as a widening", path.join("/")));
    (Widening, sentence)
}

fn chain(path: &[&str], pair: Pair<'_>) -> Judged {
    match path {
        ["title" | "version" | "languages"] => pair.neutral(&format!("the chain's {}", path[0])),
        ["lease_term"] => pair.length("pointers of a silent partner stay findable for"),
        _ => pair.any(&format!("the chain's {}", path.join("/"))),
    }
}

fn service(service: &str, path: &[&str], pair: Pair<'_>) -> Judged {
    match path {
        ["name" | "endpoint"] => pair.neutral(&format!("the {service}'s {}", path[0])),
        ["keys", key_use, epoch] => {
            let key = format!("the pseudonymiser's key for {key_use}, epoch {epoch}");
            pair.opens(&format!("{key}, is trusted"), &format!("{key}, is no longer trusted"))
        }
        _ => pair.any(&format!("the {service}'s {}", path.join("/"))),
    }
}

fn partner(who: &str, path: &[&str], pair: Pair<'_>, names: &Names<'_>) -> Judged {
    match path {
        [] => pair.opens(&format!("{who} takes part"), &format!("{who} takes part no longer")),
        ["name" | "endpoint" | "contact" | "population"] => pair.neutral(&format!("{who}: {}", path[0])),
        ["contacts", ..] => pair.neutral(&format!("{who}: a contact point")),
        ["suspended"] => {
            pair.guards_when_set(&format!("{who} is suspended"), &format!("{who} is no longer suspended"))
        }
        ["registers", category] => pair.opens(
            &format!("{who} may register {category}"),
            &format!("{who} may no longer register {category}"),
        ),
        ["budgets", class, span] => pair.grows(&format!("{who} may use in a {span}, for {class}")),
        ["identity_provider"] => pair.opens(
            &format!("the staff of {who} can be proven by an identity provider"),
            &format!("the staff of {who} can be asserted only"),
        ),
        ["identity_provider", "roles", word] => pair.opens(
            &format!("{who}: who is {word} at its identity provider has a role in the chain"),
            &format!("{who}: who is {word} at its identity provider has no role in the chain any more"),
        ),
        ["identity_provider", "max_age"] => pair.length(&format!("{who}: an ID token proves the actor for")),
        ["delegations", supplier] => {
            let supplier = names.party(supplier);
            pair.opens(
                &format!("{who} may let {supplier} act for it"),
                &format!("{who} may no longer let {supplier} act for it"),
            )
        }
        ["delegations", supplier, "scopes", scope] => {
            let supplier = names.party(supplier);
            pair.opens(
                &format!("{who} may let {supplier} {scope} for it"),
                &format!("{who} may no longer let {supplier} {scope} for it"),
            )
        }
        ["delegations", supplier, "max_term"] => {
            pair.grows(&format!("{who} may let {} act for it for", names.party(supplier)))
        }
        // Kind, keys, names of logs, where citizens are sent.
        _ => pair.any(&format!("{who}: {}", path.join("/"))),
    }
}

fn role_rules(role: &str, path: &[&str], pair: Pair<'_>) -> Judged {
    match path {
        // By itself a role may see nothing: what it may see stands with the purposes.
        [] => pair.neutral(&format!("the role {role}")),
        ["title"] => pair.neutral(&format!("the title of the role {role}")),
        ["kinds", kind] => pair.opens(
            &format!("people of a {kind} can have the role {role}"),
            &format!("people of a {kind} can no longer have the role {role}"),
        ),
        _ => pair.any(&format!("the role {role}: {}", path.join("/"))),
    }
}

fn category_rules(category: &str, path: &[&str], pair: Pair<'_>) -> Judged {
    let about = |what: &str| format!("{category}: {what}");
    match path {
        // By itself nobody may register or see it: that stands with the partners and the purposes.
        [] => pair.neutral(&format!("the category {category}")),
        ["title"] => pair.neutral(&about("its title")),
        ["sensitivity"] => {
            pair.strictness(&about("its sensitivity"), &["ordinary", "confidential", "special"])
        }
        ["max_validity"] => pair.grows(&about("a pointer may stay findable for")),
        ["archive"] => match (pair.was, pair.is) {
            (Some(_), None) => pair.narrows(&about("pointers that ended are no longer kept")),
            _ => pair.grows(&about("pointers that ended are kept for")),
        },
        ["tombstone"] => pair.grows(&about("the trace of a destroyed pointer is kept for")),
        ["age_limit"] => match (pair.was, pair.is) {
            (None, Some(_)) => pair.narrows(&about("pointers are destroyed at an age")),
            _ => pair.grows(&about("pointers are destroyed at the age of")),
        },
        ["birth_date_required"] => pair.guards_when_set(
            &about("every pull must prove the birth date"),
            &about("a pull need no longer prove the birth date"),
        ),
        ["withheld_from_subject"] => pair.any(&about("kept out of a person's access report")),
        ["consent"] => {
            pair.strictness(&about("what a person's choice means"), &["statutory", "opt-out", "opt-in"])
        }
        ["match"] => pair.opens(
            &about("holders of pointers about one person are told of each other"),
            &about("holders of pointers about one person are no longer told of each other"),
        ),
        ["match", "family"] => pair.opens_when_set(
            &about("holders are told of each other for relatives too"),
            &about("holders are no longer told of each other for relatives"),
        ),
        ["schema"] => pair
            .guards(&about("documents must have a described shape"), &about("documents may have any shape")),
        _ => pair.any(&about(&path.join("/"))),
    }
}

fn purpose_rules(purpose: &str, path: &[&str], pair: Pair<'_>) -> Judged {
    let about = |what: &str| format!("for {purpose}: {what}");
    match path {
        [] => pair.opens(
            &format!("data may be asked for {purpose}"),
            &format!("data may no longer be asked for {purpose}"),
        ),
        ["title" | "processing_activity"] => {
            pair.neutral(&about(&format!("its {}", path[0].replace('_', " "))))
        }
        ["roles", role, category] => pair.opens(
            &format!("a {role} may see {category} for {purpose}"),
            &format!("a {role} may no longer see {category} for {purpose}"),
        ),
        ["relation_bases", basis] => pair.opens(
            &about(&format!("one may ask on the ground \"{basis}\"")),
            &about(&format!("one may no longer ask on the ground \"{basis}\"")),
        ),
        ["representation"] => pair.opens_when_set(
            &about("representatives may ask on a mandate"),
            &about("representatives may no longer ask"),
        ),
        ["denials"] => {
            pair.strictness(&about("what an asker hears of what is withheld"), &["told", "as-nothing-found"])
        }
        ["birth_date_required"] => pair.guards_when_set(
            &about("every pull must prove the birth date"),
            &about("a pull need no longer prove the birth date"),
        ),
        ["actor_must_be_proven"] => pair.guards_when_set(
            &about("the person who asks must be proven"),
            &about("the partner's word about who asks is enough"),
        ),
        ["withheld_from_subject"] => pair.any(&about("kept out of a person's access report")),
        _ => pair.any(&about(&path.join("/"))),
    }
}

fn ledger(path: &[&str], pair: Pair<'_>) -> Judged {
    match path {
        ["witness_quorum"] => pair.shrinks("witnesses that must have seen the switchboard's log"),
        ["log_access"] => pair.strictness("who may read the logs", &["anyone", "chain"]),
        // Longer keeps more about people, shorter forgets sooner who looked: both are for two people to decide.
        ["retention", class] => pair.any(&format!("records of {class} are kept for")),
        ["office_hours"] => pair.neutral("office hours in reports"),
        _ => pair.any(&format!("ledger/{}", path.join("/"))),
    }
}

fn auditor(who: &str, path: &[&str], pair: Pair<'_>) -> Judged {
    match path {
        [] if pair.is.is_none() => pair.any(&format!("{who} watches over the chain no longer")),
        [] => pair.opens(&format!("{who} reads the access logs of every party"), ""),
        ["name" | "contact"] => pair.neutral(&format!("{who}: {}", path[0])),
        _ => pair.any(&format!("{who} watches over the chain as {}", path.join("/"))),
    }
}
