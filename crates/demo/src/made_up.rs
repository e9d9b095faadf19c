//! The demonstration with made-up people: five partners of a youth chain, one of which goes down.

use std::path::Path;
use std::time::Instant;

use kw_agreement::draft::AgreementDraft;
use kw_domain::Oin;
use kw_protocol::dossier::{Dossier, SectionStatus};
use kw_protocol::pull::ComparedPrecision;
use kw_transport::LoopbackPorts;

use crate::asking::{Asker, listed, motivated};
use crate::chain::{Chain, Partner, PartnerPlan};
use crate::databases::Databases;
use crate::files::Ground;
use crate::opened::Opening;
use crate::people::{Holder, People, Person};
use crate::registering::register_all;
use crate::report::{PartnerDown, RecordCounts, Report, ShownDossier, UnknownPerson};
use crate::search::{Kind, Needles};
use crate::{Audience, DemoError, Played, mix_up, sources, verdict};

/// Plays it to the end; the chain still runs.
pub(crate) async fn play(
    program: &Path,
    ground: &Ground,
    databases: &Databases,
    (count, with_pages): (usize, bool),
    audience: &dyn Audience,
    began: Instant,
) -> Result<Played, DemoError> {
    let services = if with_pages { "eight" } else { "seven" };
    audience.begins(&format!(
        "making up {count} people, and starting {services} services on {}",
        databases.kind()
    ));
    let people = People::make(count);
    let mut plans = Vec::new();
    for (holder, name, oin) in PARTNERS {
        let folder = ground.partner(name).join("source");
        let sources = sources::write(holder, &people, &folder, databases).await?;
        let oin = Oin::parse(oin).map_err(|error| DemoError::Agreement(error.to_string()))?;
        plans.push(PartnerPlan {
            doors: None,
            authorisation: None,
            admits_real_numbers: false,
            name: name.to_owned(),
            oin,
            sources,
        });
    }
    let mut ports = LoopbackPorts::default();
    let (draft, opening) = if with_pages {
        let (draft, opening) = Opening::plan(&mut ports, ground, AGREEMENT, &mut plans)?;
        (draft, Some(opening))
    } else {
        let draft =
            AgreementDraft::parse(AGREEMENT).map_err(|error| DemoError::Agreement(error.to_string()))?;
        (draft, None)
    };
    let mut chain = Chain::start_on(ports, program, ground, databases, draft, plans).await?;

    audience.begins("registering pointers at the switchboard");
    let registered = register_all(&chain).await?;
    audience.hears(&format!("{registered} pointers about {} people", people.all.len()));
    chain.kill_partner(DOWN).await;

    let asker = Asker::new("municipal-consultant", "coordinate-help")?;
    let mut stories = Stories { asker, chain: &chain, people: &people, broken: Vec::new() };
    audience.begins("asking: one whom four partners know, one whom nobody knows");
    let dossier = stories.main().await?;
    let unknown_person = Some(stories.unknown().await?);
    audience.begins("asking while a partner is down, and about a birth date that is half known");
    let partner_down = Some(stories.partner_down().await?);
    stories.partial_birth_date().await?;
    audience.begins("trying to mix two people up");
    let mix_up_refused = Some(stories.mix_up().await?);
    let broken = stories.broken;

    let (mut opened, mut pages) = (None, Vec::new());
    if let Some(opening) = opening {
        audience.begins("opening desk, console and inzage, and signing in at each");
        let running = opening.open(program, ground, databases, &chain, &people).await?;
        running.seed(&chain, &people).await?;
        pages = running.visits().await?;
        opened = Some(running);
    }

    audience.begins("searching what the central services stored and logged for every number");
    let mut needles = Needles::default();
    needles.number(&people.unknown);
    for person in people.all.iter().chain(people.family.all()) {
        needles.person(person);
    }
    let search = needles.search()?;
    let mut report = Report {
        registered,
        people: people.all.len() as u64,
        partners: PARTNERS.len() as u64,
        dossier: Some(ShownDossier::of(&dossier)),
        mix_up_refused,
        unknown_person,
        partner_down,
        records: RecordCounts { switchboard: 0, partners: 0 },
        bsn_found_outside_partners: 0,
        elapsed_ms: began.elapsed().as_millis() as u64,
        rows: None,
        pages,
        broken,
    };
    if report.pages.iter().any(|visited| !visited.opened) {
        report.broken.push("each application shows its first page to whoever signs in there");
    }
    verdict::note(&mut report, &verdict::search_central(&search, &chain, databases).await?);
    // A search that finds nothing where every number stands in the open finds nothing anywhere.
    let open = search.in_folder(&ground.partner("youth-care").join("source"))?;
    if [Kind::Number, Kind::BirthDate, Kind::Text].iter().any(|kind| open.of(*kind) == 0) {
        report.broken.push("the search finds people where they are");
    }
    Ok(Played { chain, opened, people: Some(people), report, search, began })
}

/// What is asked, in the name of the municipality.
struct Stories<'a> {
    asker: Asker,
    chain: &'a Chain,
    people: &'a People,
    broken: Vec<&'static str>,
}

impl Stories<'_> {
    async fn main(&mut self) -> Result<Dossier, DemoError> {
        let person = self.people.main();
        let dossier = self.ask(person).await?;
        let delivered =
            dossier.sections.iter().filter(|section| section.status == SectionStatus::Delivered).count();
        self.promise(delivered == others(person), "every other holder of the first person delivers");
        self.promise(!dossier.differences.is_empty(), "differences between holders are shown");
        Ok(dossier)
    }

    async fn unknown(&mut self) -> Result<UnknownPerson, DemoError> {
        let dossier = self.asker.dossier(self.partner()?, &self.people.unknown, None, motivated()).await?;
        Ok(UnknownPerson { holders: dossier.sections.len() as u64, complete: dossier.complete })
    }

    async fn partner_down(&mut self) -> Result<PartnerDown, DemoError> {
        let person = self.people.second();
        let dossier = self.ask(person).await?;
        let down = self.chain.partner(DOWN)?.oin;
        let status =
            dossier.sections.iter().find(|section| section.holder.oin == down).map(|section| section.status);
        Ok(PartnerDown { complete: dossier.complete, status })
    }

    async fn partial_birth_date(&mut self) -> Result<(), DemoError> {
        let person = self.people.partial();
        let dossier = self.ask(person).await?;
        let to_the_month = dossier.sections.iter().all(|section| {
            section.status == SectionStatus::Delivered
                && section.birth_date_compared == Some(ComparedPrecision::Month)
        });
        self.promise(
            dossier.complete && to_the_month,
            "a birth date that is half known is compared as far as it goes",
        );
        Ok(())
    }

    async fn mix_up(&mut self) -> Result<bool, DemoError> {
        let (one, other) = self.people.look_alikes();
        let partner = self.partner()?;
        let by_date =
            mix_up::birth_date_refused(&self.asker, partner, &one.bsn, &one.birth_date, &other.birth_date)
                .await?;
        let by_number =
            mix_up::subject_refused(&self.asker, self.chain, partner, &one.bsn, &other.bsn).await?;
        Ok(by_date && by_number)
    }

    async fn ask(&self, person: &Person) -> Result<Dossier, DemoError> {
        // The ground must be a true one: the municipality has a pointer about some of them only.
        let known = person.holders.contains(&Holder::Municipality);
        let relation = if known { listed() } else { motivated() };
        self.asker.dossier(self.partner()?, &person.bsn, Some(&person.birth_date), relation).await
    }

    fn partner(&self) -> Result<&Partner, DemoError> {
        self.chain.partner("municipality")
    }

    fn promise(&mut self, held: bool, what: &'static str) {
        if !held {
            self.broken.push(what);
        }
    }
}

/// How many others than the asker have something on a person: what the asker has itself it need not ask for.
fn others(person: &Person) -> usize {
    person.holders.iter().filter(|holder| **holder != Holder::Municipality).count()
}

const AGREEMENT: &str = include_str!("../../../examples/chains/youth.toml");

const PARTNERS: [(Holder, &str, &str); 5] = [
    (Holder::YouthCare, "youth-care", "00000099000000011000"),
    (Holder::School, "school", "00000099000000012000"),
    (Holder::Municipality, "municipality", "00000099000000013000"),
    (Holder::Health, "health-service", "00000099000000014000"),
    (Holder::Addiction, DOWN, "00000099000000015000"),
];

const DOWN: &str = "addiction-care";

#[cfg(test)]
mod tests {
    use kw_agreement::Agreement;

    use super::*;

    #[test]
    fn the_example_agreement_has_all_partners() {
        let agreement = Agreement::parse(AGREEMENT).unwrap();
        for (_, name, oin) in PARTNERS {
            assert!(agreement.partner(Oin::parse(oin).unwrap()).is_some(), "{name}");
        }
    }
}
