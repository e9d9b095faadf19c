//! The decision by a table in plain Rust, written apart from the rules in Rego: what they have to agree with.

use std::collections::BTreeSet;

use kw_agreement::{
    Agreement, Allowed, ConsentRegime, ConsentVerdict, Decision, DecisionInput, DelegationScope,
    DenialReason, DisclosureInput, MandateAct, PointerInput, RepresentationInput,
};
use kw_domain::{Category, Oin};
use kw_protocol::query::Assurance;

/// What may be searched.
pub(crate) fn decide(agreement: &Agreement, input: &DecisionInput<'_>) -> Decision {
    allow(agreement, input).map_or_else(Decision::Denied, Decision::Allowed)
}

fn allow(agreement: &Agreement, input: &DecisionInput<'_>) -> Result<Allowed, DenialReason> {
    let requester = agreement.partner(input.requester).ok_or(DenialReason::RequesterUnknown)?;
    if requester.suspended {
        return Err(DenialReason::RequesterSuspended);
    }
    let may_ask_for = |supplier| agreement.may_delegate(input.requester, supplier, DelegationScope::Query);
    if !input.supplier.is_none_or(may_ask_for) {
        return Err(DenialReason::SupplierNotAllowed);
    }
    let rules = agreement.purpose(input.purpose).ok_or(DenialReason::UnknownPurpose)?;
    let allowed = rules.roles.get(input.role).ok_or(DenialReason::RoleNotAllowed)?;
    if !agreement.role(input.role).is_some_and(|role| role.kinds.contains(&requester.kind)) {
        return Err(DenialReason::RoleNotAllowed);
    }
    let asked: BTreeSet<Category> = input.categories.iter().cloned().collect();
    if !asked.is_subset(allowed) {
        return Err(DenialReason::CategoryOutsidePurpose);
    }
    if !rules.relation_bases.contains(&input.relation) {
        return Err(DenialReason::RelationBasisNotAllowed);
    }
    if rules.actor_must_be_proven && input.assurance != Assurance::Proven {
        return Err(DenialReason::ActorMustBeProven);
    }
    let mut categories = if asked.is_empty() { allowed.clone() } else { asked };
    if let Some(representation) = &input.representation {
        if !rules.representation {
            return Err(DenialReason::RepresentationNotAdmitted);
        }
        categories.retain(|category| is_mandated(agreement, representation, category));
        if categories.is_empty() {
            return Err(DenialReason::OutsideMandate);
        }
    }
    Ok(Allowed {
        categories,
        legal_basis: rules.legal_basis.clone(),
        processing_activity: rules.processing_activity.clone(),
    })
}

fn is_mandated(agreement: &Agreement, representation: &RepresentationInput, category: &Category) -> bool {
    matches!(representation.act, MandateAct::Feedback | MandateAct::View)
        && representation.categories.contains(category)
        && agreement.representation().kinds.get(&representation.kind).is_some_and(|rules| {
            rules.acts.contains(&representation.act) && rules.categories.contains(category)
        })
}

/// Which pointers are disclosed.
pub(crate) fn disclose(agreement: &Agreement, input: &DisclosureInput<'_>) -> Vec<bool> {
    input.pointers.iter().map(|pointer| discloses(agreement, input, pointer)).collect()
}

fn discloses(agreement: &Agreement, input: &DisclosureInput<'_>, pointer: &PointerInput<'_>) -> bool {
    let (Some(category), Some(purpose)) =
        (agreement.category(pointer.category), agreement.purpose(input.purpose))
    else {
        return false;
    };
    let is_mandated = |mandate: &RepresentationInput| {
        purpose.representation && is_mandated(agreement, mandate, pointer.category)
    };
    let consents = match category.consent {
        ConsentRegime::OptIn => pointer.consent == ConsentVerdict::Given,
        ConsentRegime::OptOut => pointer.consent != ConsentVerdict::Refused,
        ConsentRegime::Statutory => true,
    };
    let takes_part = |party: Oin| agreement.partner(party).is_some_and(|partner| !partner.suspended);
    consents
        && takes_part(input.requester)
        && takes_part(pointer.holder)
        && purpose.roles.get(input.role).is_some_and(|allowed| allowed.contains(pointer.category))
        && input.representation.as_ref().is_none_or(is_mandated)
}
