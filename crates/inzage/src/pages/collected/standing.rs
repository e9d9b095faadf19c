//! The personal environment believes for the length of a session what the provider stated at its start; the register of mandates knows
//! what was taken back since.

use kw_protocol::mandate::{MandateKind, MandateStatus, Side};

use super::{By, Open, Stop};
use crate::app::App;
use crate::gathering::Asking;
use crate::kept::Counted;
use crate::personal::Represented;
use crate::standing::is_known;

/// Whether a mandate for whom the open dossier is about counts. Of kinds that the partner here does not register it hears nothing: there
/// the session's own end has to do.
pub(super) async fn counts(app: &App, by: &By, open: &Open<'_>) -> Result<bool, Stop> {
    let Some(about) = by.session.data().collected.about().filter(|about| !about.own) else { return Ok(true) };
    if is_known(by, &about.dossier) {
        return Ok(true);
    }
    let now = by.shell.now();
    let people: Vec<Represented> = open.get("/v1/represented-persons").await?;
    let agreement = app.agreed();
    let kinds = &agreement.representation().kinds;
    let registered = |kind: &str| {
        let rules = MandateKind::parse(kind).and_then(|kind| kinds.get(&kind));
        rules.is_some_and(|rules| rules.registrars.contains(&app.own))
    };
    // Whose the dossier of another owner is, is told to nobody: then all that was stated has to count.
    let held: Vec<_> =
        people.iter().filter(|one| !about.owner || one.dossier.as_ref() == Some(&about.dossier)).collect();
    let (known, unknown): (Vec<_>, Vec<_>) = held.into_iter().partition(|one| registered(&one.kind));
    let found = if known.is_empty() {
        Vec::new()
    } else {
        let asking = Asking::new(app, by)?;
        let found = asking.mandates_of(asking.person.acting(), Side::Representative).await;
        found.map_err(kw_web::Failure::from)?
    };
    let active = |id: &str| {
        found.iter().any(|mandate| {
            mandate.id.to_string() == id
                && mandate.status == MandateStatus::Active
                && now < mandate.valid_until
        })
    };
    let counts = if about.owner {
        !unknown.is_empty() || known.iter().any(|one| active(&one.mandate))
    } else {
        known.iter().all(|one| active(&one.mandate)) && !(known.is_empty() && unknown.is_empty())
    };
    if counts {
        by.session.data().counted = Some(Counted { what: about.dossier, at: now });
    }
    Ok(counts)
}
