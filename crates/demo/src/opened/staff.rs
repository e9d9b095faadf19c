//! The made-up members of staff, and what their roles mean.

use std::collections::BTreeMap;

use kw_agreement::Localised;
use kw_agreement::draft::{AgreementDraft, IdentityProviderDraft, PurposeDraft};
use serde_json::{Value, json};

use super::SignInPlace;
use crate::staff_provider::{Client, Member};

/// What the municipality calls a role → what the agreement calls it.
const AT_THE_DESK: [(&str, &str); 3] = [
    ("consulent jeugd", "municipal-consultant"),
    ("leerplichtambtenaar", "attendance-officer"),
    ("kwaliteitsmedewerker", "quality-officer"),
];
const AT_THE_CONSOLE: [(&str, &str); 2] = [("auditor", "auditor"), ("beheerder", "operator")];

/// Id, name and role.
const DESK: [(&str, &str, &str); 3] = [
    ("j.jansen", "Joris Jansen", "consulent jeugd"),
    ("l.prins", "Laila Prins", "leerplichtambtenaar"),
    ("k.dewit", "Karin de Wit", "kwaliteitsmedewerker"),
];
const CONSOLE: [(&str, &str, &str); 4] = [
    ("a.vermeer", "Anke Vermeer", "auditor"),
    ("d.vanleeuwen", "Dirk van Leeuwen", "auditor"),
    ("b.kuipers", "Bas Kuipers", "beheerder"),
    ("c.ozturk", "Ceren Öztürk", "beheerder"),
];

const DESK_CLIENT: &str = "desk-demostad";
const CONSOLE_CLIENT: &str = "console-demoregio";

pub(super) fn at_the_desk(issuer: &str) -> IdentityProviderDraft {
    provider(issuer, DESK_CLIENT, &AT_THE_DESK)
}

/// A purpose for which people at the desk ask for whom somebody represents. Who asks is told when nobody does.
pub(super) fn ask_for_others(draft: &mut AgreementDraft) {
    let categories = ["youth-care-plan", "school-attendance"].map(str::to_owned).to_vec();
    let purpose = PurposeDraft {
        title: Localised {
            nl: "Iemand helpen die voor een ander handelt".to_owned(),
            en: "Help somebody who acts for another".to_owned(),
        },
        legal_basis: "AVG, art. 15".to_owned(),
        processing_activity: "https://register.demostad.example/verwerkingen/hulp-bij-inzage".to_owned(),
        relation_bases: vec!["listed".to_owned()],
        birth_date_required: true,
        actor_must_be_proven: true,
        withheld_from_subject: false,
        representation: true,
        denials: Some("told".to_owned()),
        roles: [("municipal-consultant".to_owned(), categories)].into(),
    };
    draft.purposes.insert("help-with-insight".to_owned(), purpose);
}

pub(super) fn at_the_console(issuer: &str) -> IdentityProviderDraft {
    provider(issuer, CONSOLE_CLIENT, &AT_THE_CONSOLE)
}

fn provider(issuer: &str, audience: &str, roles: &[(&str, &str)]) -> IdentityProviderDraft {
    let roles = roles.iter().map(|(word, role)| ((*word).to_owned(), (*role).to_owned()));
    IdentityProviderDraft {
        issuer: issuer.to_owned(),
        jwks_uri: format!("{issuer}/jwks"),
        audience: audience.to_owned(),
        max_age: Some("PT8H".to_owned()),
        roles: roles.collect::<BTreeMap<_, _>>(),
        ..IdentityProviderDraft::default()
    }
}

/// `[duties]` of the desk.
pub(super) fn duties() -> Value {
    json!({
        "feedback": ["municipal-consultant"],
        "matches": ["municipal-consultant"],
        "figures": ["quality-officer"],
    })
}

pub(super) fn desk_client(callback: String, key: Value) -> Client {
    client(DESK_CLIENT, "Gemeente Demostad", callback, key, &DESK)
}

pub(super) fn console_client(callback: String, key: Value) -> Client {
    client(CONSOLE_CLIENT, "Schakelpunt Demoregio", callback, key, &CONSOLE)
}

fn client(
    id: &str,
    organisation: &str,
    callback: String,
    key: Value,
    members: &[(&str, &str, &str)],
) -> Client {
    let member = |(id, name, role): &(&str, &str, &str)| Member {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        roles: vec![(*role).to_owned()],
        secret: format!("{} weet het", name.split(' ').next().unwrap_or_default()),
    };
    Client {
        id: id.to_owned(),
        organisation: organisation.to_owned(),
        redirect_uris: vec![callback],
        key,
        members: members.iter().map(member).collect(),
    }
}

pub(super) fn sign_ins(client: &Client) -> Vec<SignInPlace> {
    let sign_in = |member: &Member| SignInPlace {
        name: member.name.clone(),
        role: member.roles.join(", "),
        secret: member.secret.clone(),
    };
    client.members.iter().map(sign_in).collect()
}
