//! What somebody who acts under a mandate is told of an access report: what the mandate covers, and nothing else.

use kw_agreement::Agreement;
use kw_domain::{Category, Oin};
use kw_protocol::access_report::{AskedParty, Named, ReportEntry, ReportedAct};

use crate::person::Person;

/// The entries of which the mandate covers some kind of data, with nothing in them of another kind. What names no kind of data
/// could be of any, and goes too; so does what tells about other mandates.
pub(crate) fn entries(all: Vec<ReportEntry>, person: &Person, switchboard: Oin) -> Vec<ReportEntry> {
    if person.mandate.is_none() {
        return all;
    }
    let covered = |named: &Named| Category::parse(&named.code).is_ok_and(|category| person.covers(&category));
    let mut kept = Vec::new();
    for mut entry in all {
        entry.categories.retain(covered);
        entry.fetches.retain(|fetch| covered(&fetch.category));
        // In whose logs it stands tells who else has something.
        let (party, fetches) = (entry.party.oin, &entry.fetches);
        entry.recorded_by.retain(|log| {
            log.oin == party
                || log.oin == switchboard
                || fetches.iter().any(|fetch| fetch.holder.oin == log.oin)
        });
        let tells = !entry.categories.is_empty() || !entry.fetches.is_empty();
        if tells && !is_of_mandates(entry.act) || entry.act == ReportedAct::Reported {
            kept.push(entry);
        }
    }
    kept
}

/// The parties that those entries name, and those that register a covered kind of data.
pub(crate) fn parties(
    all: Vec<AskedParty>,
    entries: &[ReportEntry],
    person: &Person,
    agreement: &Agreement,
) -> Vec<AskedParty> {
    let named = |asked: &AskedParty| {
        let registers = agreement
            .partner(asked.party.oin)
            .is_some_and(|partner| partner.registers.iter().any(|category| person.covers(category)));
        registers || entries.iter().any(|entry| entry.party.oin == asked.party.oin)
    };
    all.into_iter().filter(|asked| person.mandate.is_none() || named(asked)).collect()
}

fn is_of_mandates(act: ReportedAct) -> bool {
    match act {
        ReportedAct::MandateConfirmed
        | ReportedAct::MandateEnded
        | ReportedAct::MandateRead
        | ReportedAct::MandateRegistered
        | ReportedAct::Represented => true,
        ReportedAct::Asked
        | ReportedAct::Fetched
        | ReportedAct::Inspected
        | ReportedAct::Lapsed
        | ReportedAct::Registered
        | ReportedAct::Renewed
        | ReportedAct::Replaced
        | ReportedAct::Reported
        | ReportedAct::Reviewed
        | ReportedAct::Withdrawn => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn entry(act: &str, categories: &[&str], fetched: &[&str]) -> ReportEntry {
        let party = json!({ "oin": "00000099000000012000", "name": "School" });
        let named = |code: &&str| json!({ "code": code, "title": code });
        let fetches: Vec<_> = fetched
            .iter()
            .map(|code| json!({ "holder": party, "category": named(code), "result": "success" }))
            .collect();
        serde_json::from_value(json!({
            "at": "2026-11-21T09:30:00Z", "times": 1, "act": act, "party": party, "result": "success",
            "categories": categories.iter().map(named).collect::<Vec<_>>(), "fetches": fetches,
            "recordedBy": [party, { "oin": "00000099000000015000", "name": "Another" }], "references": [], "text": "",
        }))
        .unwrap()
    }

    #[test]
    fn a_representative_hears_of_what_the_mandate_covers_and_of_nothing_else() {
        let person = Person::representing(&["school-attendance"], &["view"]);
        let all = vec![
            entry("registered", &["school-attendance"], &[]),
            entry("registered", &["addiction-care"], &[]),
            entry(
                "asked",
                &["school-attendance", "addiction-care"],
                &["addiction-care", "school-attendance"],
            ),
            entry("asked", &["addiction-care"], &["addiction-care"]),
            entry("asked", &[], &[]),
            entry("mandate-registered", &["school-attendance"], &[]),
            entry("reported", &[], &[]),
        ];
        let switchboard = Oin::parse("00000099000000001000").unwrap();
        let told = entries(all.clone(), &person, switchboard);
        let acts: Vec<_> = told.iter().map(|entry| entry.act).collect();
        assert_eq!(acts, [ReportedAct::Registered, ReportedAct::Asked, ReportedAct::Reported]);
        let told = format!("{told:?}");
        assert!(!told.contains("addiction-care") && !told.contains("Another"), "{told}");
        assert_eq!(entries(all.clone(), &Person::themselves(), switchboard).len(), all.len());
    }
}
