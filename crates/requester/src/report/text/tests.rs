use kw_domain::{Category, Purpose};
use kw_ledger::{Event, Outcome};
use kw_protocol::access_report::{AskedParty, ReportLanguage, StatementLine};
use kw_protocol::query::RelationBasis;

use super::*;
use crate::assembly::party;
use crate::report::joining::tests::{
    CARE, MUNICIPALITY, SCHOOL, agreement, asked, at, disclosed, joined, line, oin,
};
use crate::report::merging::merge;

/// One of everything that may happen to somebody.
fn everything(language: ReportLanguage) -> AccessReport {
    let switchboard = agreement().switchboard().oin;
    let registered = StatementLine {
        categories: vec!["youth-care-plan".parse().unwrap()],
        ..line(Event::PointerRegistered, 0, CARE)
    };
    let question = StatementLine {
        disclosed: vec![disclosed(CARE, 2), disclosed(MUNICIPALITY, 3)],
        ..asked(Event::QueryAnswered, 10, SCHOOL, 1)
    };
    let emergency = StatementLine {
        relation: Some(RelationBasis::Emergency),
        ..asked(Event::QueryAnswered, 20, MUNICIPALITY, 4)
    };
    let denied = StatementLine {
        result: Outcome::Refused,
        reason: Some("role-not-allowed".to_owned()),
        ..asked(Event::QueryAnswered, 30, SCHOOL, 5)
    };
    let reported = StatementLine {
        purpose: Some(Purpose::subject_access()),
        legal_basis: Some("AVG art. 15".to_owned()),
        categories: vec![Category::access_log()],
        relation: None,
        disclosed: vec![disclosed(CARE, 7)],
        ..asked(Event::AccessReportMade, 40, MUNICIPALITY, 6)
    };
    let renewals = (50..53).map(|minutes| line(Event::PointerRenewed, minutes, CARE));
    let lines: Vec<StatementLine> = [registered, question, emergency, denied, reported]
        .into_iter()
        .chain(renewals)
        .chain([
            line(Event::PointerSuperseded, 60, CARE),
            line(Event::PointerWithdrawn, 70, CARE),
            line(Event::PointersLapsed, 80, switchboard.as_str()),
            line(Event::AccessLogSearched, 90, "00000099000000003000"),
        ])
        .collect();
    let named = StatementLine {
        actor: Some("p.pieters".parse().unwrap()),
        ..asked(Event::PullAnswered, 100, MUNICIPALITY, 9)
    };
    let at_care = vec![asked(Event::PullAnswered, 11, SCHOOL, 2), named];
    let unanswered = StatementLine { result: Outcome::Error, ..asked(Event::AnswerReceived, 111, SCHOOL, 8) };
    let at_school = vec![asked(Event::QueryAsked, 110, SCHOOL, 8), unanswered];
    AccessReport {
        made_at: at(200),
        language,
        from: None,
        until: None,
        complete: false,
        may_be_withheld: true,
        kept_for: "P5Y".to_owned(),
        parties: [
            (CARE, StatementStatus::Answered),
            (SCHOOL, StatementStatus::Gaps),
            (MUNICIPALITY, StatementStatus::Unavailable),
        ]
        .map(|(who, status)| AskedParty { party: party(oin(who), &agreement()), status, reason: None })
        .to_vec(),
        entries: merge(joined(language, &lines, &[(CARE, at_care), (SCHOOL, at_school)], &[])),
        text: String::new(),
    }
}

fn written(mut report: AccessReport) -> String {
    write(&mut report, &agreement(), oin(MUNICIPALITY));
    report.text
}

#[test]
fn everything_in_dutch() {
    insta::assert_snapshot!(written(everything(ReportLanguage::Nl)));
}

#[test]
fn everything_in_english() {
    insta::assert_snapshot!(written(everything(ReportLanguage::En)));
}

#[test]
fn nothing_about_somebody_in_a_period() {
    let nothing = |language| AccessReport {
        entries: Vec::new(),
        parties: Vec::new(),
        complete: true,
        from: Some(at(0)),
        until: Some(at(60)),
        ..everything(language)
    };
    let both = [ReportLanguage::Nl, ReportLanguage::En].map(|language| written(nothing(language)));
    insta::assert_snapshot!(both.join("\n----\n\n"));
}

#[test]
fn each_entry_has_its_own_text_and_the_whole_has_all_of_them() {
    let mut report = everything(ReportLanguage::Nl);
    write(&mut report, &agreement(), oin(MUNICIPALITY));
    for entry in &report.entries {
        let first = entry.text.lines().next().unwrap();
        assert!(!first.is_empty() && report.text.contains(first), "{entry:?}");
    }
}
