//! What may become of a mandate (design §6): pure rules over the agreement.

use std::collections::BTreeSet;

use kw_agreement::{AgeBand, Agreement, MandateAct, MandateKind, MandateRules, Side, Term};
use kw_domain::{Category, Instant, Oin};
use kw_protocol::mandate::{MandateStatus, RegisterMandate};
use kw_store::switchboard::mandates::StoredMandate;

/// Why a mandate is not registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unregistrable {
    /// The party may not register this kind.
    NotRegistrar,
    /// Fields that do not fit the agreement, with what was expected.
    Fields(Vec<(String, String)>),
}

/// The mandate does not wait for a confirmation any more, or the agreement has no such band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotConfirmable;

/// Who takes a mandate back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The party that registered it.
    Registrar,
    /// One of its sides.
    Side(Side),
}

/// What a mandate lets somebody do under the agreement as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) categories: BTreeSet<Category>,
    pub(crate) acts: BTreeSet<MandateAct>,
}

/// Whether the agreement lets this party register this; the status that it begins with.
pub(crate) fn registrable(
    agreement: &Agreement,
    registrar: Oin,
    asked: &RegisterMandate,
    now: Instant,
) -> Result<MandateStatus, Unregistrable> {
    let Some(rules) = rules(agreement, asked.kind).filter(|rules| rules.registrars.contains(&registrar))
    else {
        return Err(Unregistrable::NotRegistrar);
    };
    let mut wrong: Vec<(String, String)> = Vec::new();
    let mut say = |pointer: String, expected: String| wrong.push((pointer, expected));
    let band = rules.band(&asked.age_band);
    if band.is_none() {
        let names: Vec<&str> = rules.ages.iter().map(|band| band.name.as_str()).collect();
        say("/ageBand".to_owned(), format!("expected one of: {}", names.join(", ")));
    }
    if asked.categories.is_empty() {
        say("/categories".to_owned(), "expected at least one category".to_owned());
    }
    for (at, _) in asked.categories.iter().enumerate().filter(|(_, one)| !rules.categories.contains(one)) {
        say(format!("/categories/{at}"), "expected a category of this kind of mandate".to_owned());
    }
    if asked.acts.is_empty() {
        say("/acts".to_owned(), "expected at least one act".to_owned());
    }
    for (at, _) in asked.acts.iter().enumerate().filter(|(_, one)| !rules.acts.contains(one)) {
        say(format!("/acts/{at}"), "expected an act of this kind of mandate".to_owned());
    }
    let cap = rules.max_term.after(now);
    if asked.valid_until <= now || asked.valid_until > cap {
        say("/validUntil".to_owned(), format!("expected a moment after now and not after {cap}"));
    }
    match band {
        Some(band) if wrong.is_empty() => Ok(first_status(band)),
        _ => Err(Unregistrable::Fields(wrong)),
    }
}

/// Whether a live mandate says the same as what is registered again.
pub(crate) fn is_same(known: &StoredMandate, registrar: Oin, asked: &RegisterMandate) -> bool {
    known.registrar == registrar
        && known.age_band == asked.age_band
        && known.categories.iter().eq(asked.categories.iter().collect::<BTreeSet<_>>())
        && known.acts.iter().eq(asked.acts.iter().collect::<BTreeSet<_>>())
        && known.valid_until == asked.valid_until
}

/// One side agrees; with the last confirmation that the band demands, the mandate counts.
pub(crate) fn confirm(
    mandate: &StoredMandate,
    rules: Option<&MandateRules>,
    side: Side,
    now: Instant,
) -> Result<StoredMandate, NotConfirmable> {
    let band = rules.and_then(|rules| rules.band(&mandate.age_band)).ok_or(NotConfirmable)?;
    if !is_live(mandate) || mandate.valid_until <= now {
        return Err(NotConfirmable);
    }
    let mut confirmed = mandate.clone();
    confirmed.confirmed.insert(side);
    if confirmed.status == MandateStatus::Requested && band.confirmed_by.is_subset(&confirmed.confirmed) {
        confirmed.status = MandateStatus::Active;
        confirmed.changed_at = now;
    }
    Ok(confirmed)
}

/// Ends a mandate at once. A side whose confirmation it waits for refuses it; everybody else takes it back. One that has ended
/// stays as it is.
pub(crate) fn withdraw(mandate: &StoredMandate, by: By, now: Instant, kept_for: Term) -> StoredMandate {
    if !is_live(mandate) {
        return mandate.clone();
    }
    let refuses = mandate.status == MandateStatus::Requested
        && matches!(by, By::Side(side) if !mandate.confirmed.contains(&side));
    ended(mandate, if refuses { MandateStatus::Refused } else { MandateStatus::Withdrawn }, now, kept_for)
}

/// What the job does with a mandate whose date has come: it expires, or nothing is left of it.
pub(crate) fn due(mandate: &StoredMandate, now: Instant, kept_for: Term) -> Option<StoredMandate> {
    is_live(mandate).then(|| ended(mandate, MandateStatus::Expired, now, kept_for))
}

/// What a mandate lets its representative do now: nothing unless it is active, within its term, and still within the
/// agreement, which may have become narrower.
pub(crate) fn scope(agreement: &Agreement, mandate: &StoredMandate, now: Instant) -> Option<Scope> {
    let rules = rules(agreement, mandate.kind)?;
    let stands = mandate.status == MandateStatus::Active
        && now < mandate.valid_until
        && rules.band(&mandate.age_band).is_some()
        && rules.registrars.contains(&mandate.registrar)
        && agreement.partner(mandate.registrar).is_some_and(|partner| !partner.suspended);
    let scope = Scope {
        categories: mandate.categories.intersection(&rules.categories).cloned().collect(),
        acts: mandate.acts.intersection(&rules.acts).copied().collect(),
    };
    (stands && !scope.categories.is_empty() && !scope.acts.is_empty()).then_some(scope)
}

/// The rules of a kind.
pub(crate) fn rules(agreement: &Agreement, kind: MandateKind) -> Option<&MandateRules> {
    agreement.representation().kinds.get(&kind)
}

/// Whether this party registers this kind.
pub(crate) fn registers(agreement: &Agreement, party: Oin, kind: MandateKind) -> bool {
    rules(agreement, kind).is_some_and(|rules| rules.registrars.contains(&party))
}

/// Whether this party's statements say who acts for whom.
pub(crate) fn is_provider(agreement: &Agreement, party: Oin) -> bool {
    agreement.representation().provider.as_ref().is_some_and(|provider| provider.oin == party)
}

/// Whether the mandate has not ended.
pub(crate) fn is_live(mandate: &StoredMandate) -> bool {
    matches!(mandate.status, MandateStatus::Active | MandateStatus::Requested)
}

fn first_status(band: &AgeBand) -> MandateStatus {
    if band.confirmed_by.is_empty() { MandateStatus::Active } else { MandateStatus::Requested }
}

fn ended(mandate: &StoredMandate, status: MandateStatus, now: Instant, kept_for: Term) -> StoredMandate {
    let mut ended = mandate.clone();
    ended.status = status;
    ended.changed_at = now;
    ended.due_at = kept_for.after(now);
    ended
}

#[cfg(test)]
mod tests;
