//! Whether every promise held.

use kw_protocol::dossier::SectionStatus;
use kw_store::DatabaseConfig;

use crate::DemoError;
use crate::chain::Chain;
use crate::databases::Databases;
use crate::report::Report;
use crate::search::{Found, Kind, Search};

/// Searches everything that the switchboard and the pseudonymiser stored and logged: every file in their folders, and
/// every table of their databases where these are on a server.
pub(crate) async fn search_central(
    search: &Search,
    chain: &Chain,
    databases: &Databases,
) -> Result<Found, DemoError> {
    let mut found = Found::default();
    for (folder, database) in chain.central() {
        let mut here = search.in_folder(folder)?;
        if database.is_postgres() {
            here.add(search_server(search, database, databases).await?);
        }
        found.add(here);
    }
    Ok(found)
}

async fn search_server(
    search: &Search,
    database: &DatabaseConfig,
    databases: &Databases,
) -> Result<Found, DemoError> {
    let mut found = Found::default();
    databases
        .read_out(database, |_, bytes| {
            found.add(search.in_bytes(&bytes));
        })
        .await?;
    if found.bytes == 0 {
        return Err(DemoError::Search(
            "the server handed over no byte of a database that is in use".to_owned(),
        ));
    }
    Ok(found)
}

/// Puts what a search came to into a report.
pub(crate) fn note(report: &mut Report, found: &Found) {
    let numbers = found.of(Kind::Number);
    report.bsn_found_outside_partners = report.bsn_found_outside_partners.max(numbers);
    if found.counts.iter().any(|(kind, count)| *kind != Kind::Number && *count > 0) {
        report.broken.push("no birth date, name or address leaves a partner");
    }
}

/// Adds what a report shows to be broken. What does not apply is no promise.
pub(crate) fn judge(report: &mut Report) {
    let mut broken = std::mem::take(&mut report.broken);
    let mut promise = |held: bool, what: &'static str| {
        if !held && !broken.contains(&what) {
            broken.push(what);
        }
    };
    if let Some(dossier) = &report.dossier {
        promise(dossier.complete, "the dossier is complete");
    }
    promise(report.mix_up_refused != Some(false), "a mix-up is refused");
    if let Some(unknown) = &report.unknown_person {
        promise(unknown.holders == 0 && unknown.complete, "nobody holds anything about an unknown person");
    }
    if let Some(down) = &report.partner_down {
        let honest = !down.complete && down.status == Some(SectionStatus::Unavailable);
        promise(honest, "a dossier without a partner that is down says so");
    }
    promise(report.bsn_found_outside_partners == 0, "no number leaves a partner");
    // Every query is a record at the switchboard and, with its grants, several at the partners.
    promise(report.records.switchboard > 0 && report.records.partners > 0, "every access leaves a record");
    report.broken = broken;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{PartnerDown, RecordCounts, UnknownPerson};

    fn report() -> Report {
        Report {
            registered: 1,
            people: 1,
            partners: 1,
            dossier: None,
            mix_up_refused: Some(true),
            unknown_person: Some(UnknownPerson { holders: 0, complete: true }),
            partner_down: Some(PartnerDown { complete: false, status: Some(SectionStatus::Unavailable) }),
            records: RecordCounts { switchboard: 1, partners: 1 },
            bsn_found_outside_partners: 0,
            elapsed_ms: 1,
            rows: None,
            pages: Vec::new(),
            broken: Vec::new(),
        }
    }

    fn broken_by(change: impl FnOnce(&mut Report)) -> usize {
        let mut report = report();
        change(&mut report);
        judge(&mut report);
        report.broken.len()
    }

    #[test]
    fn each_promise_can_be_broken_and_counts_once() {
        assert_eq!(broken_by(|_| {}), 0);
        assert_eq!(broken_by(|report| report.mix_up_refused = Some(false)), 1);
        assert_eq!(
            broken_by(|report| report.unknown_person = Some(UnknownPerson { holders: 1, complete: true })),
            1
        );
        let complete = PartnerDown { complete: true, status: Some(SectionStatus::Unavailable) };
        assert_eq!(broken_by(|report| report.partner_down = Some(complete)), 1);
        assert_eq!(broken_by(|report| report.bsn_found_outside_partners = 1), 1);
        assert_eq!(broken_by(|report| report.records.switchboard = 0), 1);
    }

    #[test]
    fn what_does_not_apply_is_not_broken() {
        assert_eq!(
            broken_by(|report| {
                report.mix_up_refused = None;
                report.partner_down = None;
            }),
            0
        );
    }
}
