//! What an agreement says where people use inzage: a partner of its own, which by law may use their number and registers nothing.

use kw_agreement::draft::{AgreementDraft, BudgetDraft, BudgetsDraft, PartnerDraft};

/// The number of that partner.
pub const OIN: &str = "00000099000000018000";

/// Adds the partner to a chain that has the provider of statements and its mandates, and gives people their own purpose there.
pub fn admit(draft: &mut AgreementDraft) {
    draft.partners.push(PartnerDraft {
        oin: OIN.to_owned(),
        name: "Inzage Demoregio".to_owned(),
        kind: KIND.to_owned(),
        endpoint: "https://inzage.example:8443".to_owned(),
        population: 1_000,
        contact: "info@inzage.example".to_owned(),
        log_key: "kb4QzfdJ05g7eLRcv25Hj3GDtFLqTaAQLUVxnH601Sk".to_owned(),
        budgets: budgets(),
        ..PartnerDraft::default()
    });
    if let Some(citizen) = draft.roles.get_mut("citizen") {
        citizen.kinds.push(KIND.to_owned());
    }
    draft.subject_access.partners.push(OIN.to_owned());
    draft.subject_access.purpose = Some("own-insight".to_owned());
    draft.consent.registrars.push(OIN.to_owned());
    // Something to choose about: all other kinds of data of the youth chain go by the law alone.
    if let Some(health) = draft.categories.get_mut("youth-health") {
        health.consent = Some("opt-out".to_owned());
    }
    for kind in draft.representation.kinds.values_mut() {
        kind.registrars.push(OIN.to_owned());
        kind.acts = ["feedback", "object", "view"].map(str::to_owned).to_vec();
    }
}

/// People ask here all day, each about themselves, and one of them takes some ten evaluations: what others get by default is soon used.
pub fn budgets() -> BudgetsDraft {
    let asking = BudgetDraft { burst: 1_000, hour: 20_000, day: 100_000 };
    BudgetsDraft { query: Some(asking), switchboard_query: Some(asking), ..BudgetsDraft::default() }
}

const KIND: &str = "citizen-portal";
