use kw_domain::Instant;
use kw_protocol::access_report::DisclosedTo;
use kw_protocol::query::RelationBasis;

use super::*;
use crate::report::merging::merge;

const YOUTH: &str = include_str!("../../../../../examples/chains/youth.toml");
pub(in crate::report) const CARE: &str = "00000099000000011000";
pub(in crate::report) const SCHOOL: &str = "00000099000000012000";
pub(in crate::report) const MUNICIPALITY: &str = "00000099000000013000";

pub(in crate::report) fn agreement() -> Agreement {
    Agreement::parse(YOUTH).unwrap()
}

pub(in crate::report) fn oin(text: &str) -> Oin {
    Oin::parse(text).unwrap()
}

pub(in crate::report) fn exchange(number: u8) -> TransactionId {
    TransactionId::new(at(0), [number; 10])
}

/// Minutes after ten o'clock, Dutch time, on 21 November 2026.
pub(in crate::report) fn at(minutes: i64) -> Instant {
    Instant::from_millis(Instant::parse("2026-11-21T09:00:00Z").unwrap().as_millis() + minutes * 60_000)
}

/// What a log says of something that `who` did.
pub(in crate::report) fn line(event: Event, minutes: i64, who: &str) -> StatementLine {
    StatementLine {
        side: None,
        at: at(minutes),
        event,
        party: party(oin(who), &agreement()),
        role: None,
        actor: None,
        purpose: None,
        legal_basis: None,
        categories: Vec::new(),
        relation: None,
        result: Outcome::Success,
        reason: None,
        transaction: None,
        disclosed: Vec::new(),
    }
}

/// What a log says of a question for help, about care plans.
pub(in crate::report) fn asked(event: Event, minutes: i64, who: &str, number: u8) -> StatementLine {
    StatementLine {
        role: Some("care-coordinator".parse().unwrap()),
        purpose: Some("coordinate-help".parse().unwrap()),
        legal_basis: Some("Jeugdwet art. 7.1.4.1".to_owned()),
        categories: vec!["youth-care-plan".parse().unwrap()],
        relation: Some(RelationBasis::Motivated),
        transaction: Some(exchange(number)),
        ..line(event, minutes, who)
    }
}

pub(in crate::report) fn disclosed(holder: &str, number: u8) -> DisclosedTo {
    DisclosedTo {
        holder: party(oin(holder), &agreement()),
        category: "youth-care-plan".parse().unwrap(),
        transaction: exchange(number),
    }
}

pub(in crate::report) fn joined(
    language: ReportLanguage,
    switchboard: &[StatementLine],
    statements: &[(&str, Vec<StatementLine>)],
    own: &[u8],
) -> Vec<ReportEntry> {
    let agreement = agreement();
    let statements: Vec<(Party, Statement)> = statements
        .iter()
        .map(|(teller, lines)| {
            let statement = Statement {
                party: oin(teller),
                transaction: exchange(99),
                lines: lines.clone(),
                has_gaps: false,
            };
            (party(oin(teller), &agreement), statement)
        })
        .collect();
    join(&Sources {
        agreement: &agreement,
        language,
        switchboard,
        statements: statements.iter().map(|(party, statement)| (party, statement)).collect(),
        own: own.iter().map(|number| exchange(*number)).collect(),
    })
}

fn dutch(switchboard: &[StatementLine], statements: &[(&str, Vec<StatementLine>)]) -> Vec<ReportEntry> {
    joined(ReportLanguage::Nl, switchboard, statements, &[])
}

/// A question of the school that disclosed one pointer of the care provider.
fn question() -> StatementLine {
    StatementLine { disclosed: vec![disclosed(CARE, 2)], ..asked(Event::QueryAnswered, 1, SCHOOL, 1) }
}

#[test]
fn what_three_logs_say_of_one_act_is_one_entry() {
    let own = vec![asked(Event::QueryAsked, 0, SCHOOL, 1), asked(Event::AnswerReceived, 2, SCHOOL, 1)];
    let pulled = vec![asked(Event::PullAnswered, 2, SCHOOL, 2)];
    for statements in [[(SCHOOL, own.clone()), (CARE, pulled.clone())], [(CARE, pulled), (SCHOOL, own)]] {
        let entries = dutch(&[question()], &statements);
        let [entry] = &entries[..] else { panic!("{entries:#?}") };
        assert_eq!((entry.act, entry.result, entry.at), (ReportedAct::Asked, Outcome::Success, at(1)));
        assert_eq!(entry.fetches[0].result, Some(Outcome::Success));
        assert_eq!(entry.fetches[0].holder.oin.as_str(), CARE);
        let mut logs: Vec<_> = entry.recorded_by.iter().map(|party| party.oin.to_string()).collect();
        logs.sort();
        assert_eq!(logs, [agreement().switchboard().oin.to_string(), CARE.to_owned(), SCHOOL.to_owned()]);
        assert_eq!(entry.purpose.as_ref().unwrap().title, "Hulp op elkaar afstemmen");
        assert_eq!(entry.references, [exchange(1)]);
    }
}

#[test]
fn a_pull_that_no_question_explains_is_an_entry_of_its_own() {
    let entries = dutch(&[], &[(CARE, vec![asked(Event::PullAnswered, 2, SCHOOL, 7)])]);
    let [entry] = &entries[..] else { panic!("{entries:#?}") };
    assert_eq!((entry.act, entry.party.oin.as_str()), (ReportedAct::Fetched, SCHOOL));
    assert_eq!(entry.fetches[0].holder.oin.as_str(), CARE);
}

#[test]
fn nobody_speaks_for_another_holder_or_asker() {
    // The municipality says that the school pulled what was disclosed of the care provider.
    let entries = dutch(&[question()], &[(MUNICIPALITY, vec![asked(Event::PullAnswered, 2, SCHOOL, 2)])]);
    assert_eq!(entries[0].fetches[0].result, None);
    assert_eq!(entries[1].act, ReportedAct::Fetched);
    // The care provider says that the municipality used the school's grant.
    let entries = dutch(&[question()], &[(CARE, vec![asked(Event::PullAnswered, 2, MUNICIPALITY, 2)])]);
    assert_eq!((entries[0].fetches[0].result, entries[1].act), (None, ReportedAct::Fetched));
    // And that it asked under the school's transaction.
    let entries = dutch(&[question()], &[(CARE, vec![asked(Event::QueryAsked, 2, MUNICIPALITY, 1)])]);
    assert_eq!(entries.len(), 2);
}

#[test]
fn a_question_that_never_came_to_the_switchboard_is_told_by_its_asker() {
    let failed = StatementLine { result: Outcome::Error, ..asked(Event::AnswerReceived, 1, SCHOOL, 1) };
    let entries = dutch(&[], &[(SCHOOL, vec![asked(Event::QueryAsked, 0, SCHOOL, 1), failed.clone()])]);
    let [entry] = &entries[..] else { panic!("{entries:#?}") };
    assert_eq!((entry.act, entry.result), (ReportedAct::Asked, Outcome::Error));
    // What the switchboard decided counts for more than that its answer got lost.
    let entries = dutch(&[question()], &[(SCHOOL, vec![asked(Event::QueryAsked, 0, SCHOOL, 1), failed])]);
    assert_eq!(entries[0].result, Outcome::Success);
}

#[test]
fn of_several_tries_the_one_that_succeeded_counts() {
    let refused = |minutes| StatementLine {
        result: Outcome::Refused,
        ..asked(Event::PullAnswered, minutes, SCHOOL, 2)
    };
    let pulled = asked(Event::PullAnswered, 3, SCHOOL, 2);
    let entries = dutch(&[question()], &[(CARE, vec![refused(2), pulled, refused(4)])]);
    assert_eq!((entries.len(), entries[0].fetches[0].result), (1, Some(Outcome::Success)));
}

#[test]
fn earlier_reports_are_joined_and_this_one_is_left_out() {
    let report = |minutes, number, log| StatementLine {
        purpose: Some(Purpose::subject_access()),
        categories: vec![Category::access_log()],
        relation: None,
        disclosed: vec![disclosed(CARE, log)],
        ..asked(Event::AccessReportMade, minutes, MUNICIPALITY, number)
    };
    let at_care = |minutes, log| StatementLine { disclosed: Vec::new(), ..report(minutes, log, 0) };
    let own = vec![
        StatementLine { event: Event::QueryAsked, disclosed: Vec::new(), ..report(0, 1, 0) },
        StatementLine { disclosed: Vec::new(), ..report(2, 1, 0) },
        StatementLine { event: Event::QueryAsked, disclosed: Vec::new(), ..report(9, 5, 0) },
    ];
    let entries = joined(
        ReportLanguage::En,
        &[report(1, 1, 2)],
        &[(CARE, vec![at_care(1, 2)]), (MUNICIPALITY, own)],
        &[5],
    );
    let [entry] = &entries[..] else { panic!("{entries:#?}") };
    assert_eq!((entry.act, entry.recorded_by.len()), (ReportedAct::Reported, 3));
    assert_eq!(entry.fetches[0].result, Some(Outcome::Success));
    assert_eq!(entry.purpose.as_ref().unwrap().title, "Your right of access");
}

#[test]
fn what_is_alike_on_one_day_is_one_entry() {
    let renewed = |minutes| line(Event::PointerRenewed, minutes, CARE);
    let other = line(Event::PointerRenewed, 2, SCHOOL);
    // Ten o'clock and fourteen hours is the next day.
    let entries = merge(dutch(&[renewed(0), renewed(1), other, renewed(3), renewed(14 * 60)], &[]));
    let told: Vec<_> =
        entries.iter().map(|entry| (entry.party.oin.as_str(), entry.times, entry.last_at)).collect();
    assert_eq!(told, [(CARE, 3, Some(at(3))), (SCHOOL, 1, None), (CARE, 1, None)]);
}

#[test]
fn questions_with_another_purpose_ground_or_outcome_stay_apart() {
    let mut lines = vec![question(); 5];
    for (number, line) in (10..).zip(&mut lines) {
        line.transaction = Some(exchange(number));
        line.disclosed = Vec::new();
    }
    lines[1].relation = Some(RelationBasis::Emergency);
    lines[2].purpose = Some("enforce-attendance".parse().unwrap());
    lines[3].result = Outcome::Refused;
    let entries = merge(dutch(&lines, &[]));
    let times: Vec<_> = entries.iter().map(|entry| entry.times).collect();
    assert_eq!(times, [2, 1, 1, 1]);
    assert_eq!(entries[0].references, [exchange(10), exchange(14)]);
}

#[test]
fn what_another_log_writes_cannot_steer_a_screen() {
    let mut steering = asked(Event::QueryAsked, 0, SCHOOL, 1);
    steering.legal_basis = Some(format!("a\u{1b}[31m{}", "x".repeat(1_000)));
    let entries = dutch(&[], &[(SCHOOL, vec![steering])]);
    let law = entries[0].legal_basis.as_ref().unwrap();
    assert!(law.starts_with("a[31m") && law.len() == 300);
}
