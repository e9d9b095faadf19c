//! The demonstration with files of one's own: a folder for each partner, and an extra partner that asks.

mod agreement;
mod folders;

use std::path::Path;
use std::time::Instant;

use kw_protocol::dossier::{Dossier, SectionStatus};

use crate::asking::{Asker, motivated};
use crate::chain::{Chain, PartnerPlan};
use crate::databases::Databases;
use crate::files::Ground;
use crate::registering::register_all;
use crate::report::{RecordCounts, Report, ShownDossier, UnknownPerson};
use crate::search::{Kind, Needles};
use crate::{Audience, DemoError, OwnData, Played, mix_up, verdict};

use folders::Found;

/// Plays it to the end; the chain still runs.
pub(crate) async fn play(
    program: &Path,
    ground: &Ground,
    databases: &Databases,
    own: &OwnData,
    audience: &dyn Audience,
    began: Instant,
) -> Result<Played, DemoError> {
    let place =
        if databases.are_on_a_server() { "this machine and the database server" } else { "this machine" };
    audience.hears(&format!(
        "the numbers may be real: everything stays on {place}, and goes at the end unless --dir is given"
    ));
    audience.begins("reading the folders");
    let found = Found::read(own).await?;
    audience.hears(&format!(
        "{} partners, {} people, {} rows used, {} refused",
        found.partners.len(),
        found.people.len(),
        found.rows.used,
        found.rows.refused
    ));

    audience.begins(&format!("starting {} services on {}", found.partners.len() + 3, databases.kind()));
    let (draft, asking) = agreement::draft(&found)?;
    let mut plans: Vec<PartnerPlan> = found.partners.iter().map(folders::DataPartner::plan).collect();
    let asking_name = asking.name.clone();
    plans.push(asking);
    let chain = Chain::start(program, ground, databases, draft, plans).await?;
    audience.begins("registering pointers at the switchboard");
    let registered = register_all(&chain).await?;

    audience.begins("asking");
    let asker = Asker::new(agreement::ROLE, agreement::PURPOSE)?;
    let partner = chain.partner(&asking_name)?;
    let mut broken = Vec::new();
    if found.people.is_empty() {
        broken.push("a row of the data can be used");
    }
    let person = own.bsn.clone().or_else(|| found.known_to_most());
    let dossier = match &person {
        Some(bsn) => Some(asker.dossier(partner, bsn, None, motivated()).await?),
        None => None,
    };
    if let (Some(bsn), Some(dossier)) = (&person, &dossier)
        && delivered(dossier) < found.partners_that_know(bsn)
    {
        broken.push("everybody who has a usable row about the person delivers");
    }
    let unknown = found.unknown_number();
    let dossier_of_nobody = match &unknown {
        Some(bsn) => Some(asker.dossier(partner, bsn, None, motivated()).await?),
        None => None,
    };
    let mix_up_refused = match (&person, &dossier) {
        (Some(bsn), Some(dossier)) if !dossier.sections.is_empty() => match found.somebody_else(bsn) {
            Some(other) => Some(mix_up::subject_refused(&asker, &chain, partner, bsn, &other).await?),
            None => None,
        },
        _ => None,
    };

    audience.begins("searching what the central services stored and logged for every number");
    let mut needles = Needles::default();
    for bsn in found.people.keys().chain(&own.bsn).chain(&unknown) {
        needles.number(bsn);
    }
    let search = needles.search()?;
    let report = Report {
        registered,
        people: found.people.len() as u64,
        partners: found.partners.len() as u64,
        dossier: dossier.as_ref().map(ShownDossier::of),
        mix_up_refused,
        unknown_person: dossier_of_nobody.map(|dossier| UnknownPerson {
            holders: dossier.sections.len() as u64,
            complete: dossier.complete,
        }),
        partner_down: None,
        records: RecordCounts { switchboard: 0, partners: 0 },
        bsn_found_outside_partners: verdict::search_central(&search, &chain, databases)
            .await?
            .of(Kind::Number),
        elapsed_ms: began.elapsed().as_millis() as u64,
        rows: Some(found.rows),
        pages: Vec::new(),
        broken,
    };
    Ok(Played { chain, opened: None, people: None, report, search, began })
}

/// How many partners delivered something.
fn delivered(dossier: &Dossier) -> usize {
    let holders = dossier.sections.iter().filter(|section| section.status == SectionStatus::Delivered);
    holders.map(|section| section.holder.oin).collect::<std::collections::BTreeSet<_>>().len()
}
