//! Feedback reports over a whole chain of real processes: from the asker's grant to everybody who is told.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_agreement::Agreement;
use kw_client::{Context, Entropy, HolderClient, PseudonymiserClient, SignalClient, SwitchboardClient};
use kw_domain::{
    CaseReference, Clock as _, FeedbackId, KeyUse, Oin, Purpose, Subject, SystemClock, TransactionId,
};
use kw_ledger::Event;
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::feedback::{
    FeedbackReport, FeedbackStatus, FeedbackSubmission, FeedbackView, NewAttachment,
};
use kw_protocol::pointer::SubjectElement;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{EpochProof, Pull};
use kw_protocol::query::{Actor, DisclosedHolder, Query, QueryAct, Relation, RelationBasis};
use kw_protocol::signal::{SignalPage, SignalType, SignalsAsked};
use kw_pseudonym::Binding;
use kw_transport::Tls;
use serde_json::{Value, json};

use crate::audit_records::{Chain, entries, record_of};
use crate::program::{Ran, Service, run, signal_service};

const SCHOOL: &str = "00000099000000012000";
/// Words of the report that may stand nowhere but at the school, sealed.
const SECRETS: [&str; 4] = ["Zorgvuldigheid-7", "Geheimnaam", "stemt.niet@example.nl", "KENM-0042"];

/// The municipality's side of the road, as its process goes it.
struct Asker {
    tls: Tls,
    agreement: Arc<Agreement>,
    pseudonymiser: PseudonymiserClient,
    switchboard: SwitchboardClient,
    school: HolderClient,
}

impl Asker {
    fn at(config: &Path) -> Self {
        let config = kw_partner::PartnerConfig::load(config).unwrap();
        let tls = Tls::load(&config.tls).unwrap();
        let text = std::fs::read_to_string(&config.agreement).unwrap();
        let agreement = Arc::new(Agreement::parse(&text).unwrap());
        let context = Context::new(Arc::new(SystemClock), Entropy::system());
        let school = agreement.partner(Oin::parse(SCHOOL).unwrap()).unwrap();
        Self {
            pseudonymiser: PseudonymiserClient::new(&tls, Arc::clone(&agreement), context.clone()).unwrap(),
            switchboard: SwitchboardClient::new(&tls, &agreement, context.clone()).unwrap(),
            school: HolderClient::new(&tls, school, context, Duration::from_secs(20)).unwrap(),
            tls,
            agreement,
        }
    }

    fn actor() -> Actor {
        serde_json::from_value(json!({ "id": "j.jansen", "role": "municipal-consultant" })).unwrap()
    }

    /// A grant of the school for this act, with the proof that goes with it.
    async fn granted(&self, act: QueryAct, proving: &str) -> (DisclosedHolder, Vec<EpochProof>) {
        let subject = |bsn| Subject::parse(&format!("nl.bsn:{bsn}")).unwrap();
        let asked = self.pseudonymiser.pseudonyms(&subject("999990342"), BudgetClass::Query).await.unwrap();
        let newest = asked.index.last().unwrap();
        let query = Query {
            subject: SubjectElement {
                element: SecretBytes32(newest.element.to_bytes()),
                epoch: newest.epoch,
            },
            purpose: Purpose::parse("coordinate-help").unwrap(),
            actor: Self::actor(),
            case: CaseReference::parse("2026-0042").unwrap(),
            categories: Vec::new(),
            holders: vec![Oin::parse(SCHOOL).unwrap()],
            relation: Relation { basis: RelationBasis::Listed, reason: None },
            representation: None,
            act,
        };
        let transaction = TransactionId::new(SystemClock.now(), Entropy::system().bytes());
        let answer = self.switchboard.query(&query, transaction).await.unwrap();
        let disclosed = answer.holders.into_iter().next().unwrap();
        let proving = subject(proving);
        let subjects = std::slice::from_ref(&proving);
        let known = self.pseudonymiser.evaluate(subjects, KeyUse::Binding, BudgetClass::Query).await.unwrap();
        let proofs = known[0].iter().map(|held| {
            let binding = Binding::derive(&held.element, disclosed.holder);
            EpochProof { epoch: held.epoch.0, proof: SecretBytes32(binding.subject_proof(&disclosed.grant)) }
        });
        let proofs = proofs.collect();
        (disclosed, proofs)
    }

    async fn submission(&self, report: FeedbackReport) -> (FeedbackSubmission, TransactionId) {
        let (disclosed, subject_proofs) = self.granted(QueryAct::Feedback, "999990342").await;
        let submission = FeedbackSubmission {
            grant: disclosed.grant,
            actor: Self::actor(),
            actor_salt: disclosed.actor_salt,
            subject_proofs,
            birth_date_proofs: Vec::new(),
            report,
        };
        (submission, disclosed.transaction)
    }

    async fn send(&self, report: FeedbackReport) -> Result<FeedbackView, ProblemCode> {
        let (submission, transaction) = self.submission(report).await;
        let sent = self.school.report_feedback(&submission, transaction).await;
        sent.map_err(|error| error.code().unwrap_or_else(|| panic!("{error}")))
    }

    async fn signals(&self, after: &str) -> SignalPage {
        let context = Context::new(Arc::new(SystemClock), Entropy::system());
        let feed = SignalClient::new(&self.tls, &self.agreement, context).unwrap();
        let asked = SignalsAsked { after: Some(after.to_owned()), limit: None, wait: Some(10) };
        feed.read(&asked).await.unwrap()
    }

    /// Waits until the switchboard says this of a report.
    async fn until(&self, id: FeedbackId, status: FeedbackStatus) {
        for _ in 0..150 {
            if self.switchboard.feedback_route(id, None).await.is_ok_and(|route| route.status == status) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("the switchboard never heard of {status:?}");
    }
}

fn report(pointer: &str) -> FeedbackReport {
    let id = FeedbackId::new(SystemClock.now(), Entropy::system().bytes());
    serde_json::from_value(json!({
        "id": id, "reference": "KENM-0042",
        "attributes": [{ "pointer": pointer, "doubted": "x", "proposed": "Geheimnaam" }],
        "explanation": "Zorgvuldigheid-7",
        "doubt": { "strongSuspicion": true, "ownKnowledge": true, "knowsDefinition": true },
        "contact": { "name": "J. Jansen", "email": "stemt.niet@example.nl" },
    }))
    .unwrap()
}

fn file(media_type: &str, beginning: &[u8], size: usize) -> NewAttachment {
    let mut content = beginning.to_vec();
    content.resize(size.max(beginning.len()), b' ');
    NewAttachment {
        name: "brief.pdf".to_owned(),
        media_type: media_type.to_owned(),
        description: None,
        content: STANDARD.encode(content),
    }
}

fn received(config: &Path, words: &[&str]) -> Ran {
    let start = ["feedback", "received", words[0], "--json", "--config", config.to_str().unwrap()];
    run(start.iter().chain(&words[1..]))
}

fn annotate(config: &Path, id: FeedbackId, words: &[&str]) -> Ran {
    let id = id.to_string();
    let start = ["annotate", &id, "--actor", "o.official", "--role", "care-coordinator"];
    received(config, &start.iter().copied().chain(words.iter().copied()).collect::<Vec<_>>())
}

/// A member of the school's document, by its pointer, and what a pull says is under investigation.
fn section(chain: &Chain) -> Value {
    let asked = chain.ask("dossier", &["--role", "municipal-consultant", "--holder", SCHOOL]);
    asked.json()["sections"][0].clone()
}

fn holds(folder: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holds(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path);
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_doubt_goes_its_whole_road_over_real_processes() {
    let chain = Chain::start();
    let school = chain.kept.join("partners/school/partner.toml");
    let asker = Asker::at(&chain.kept.join("partners/municipality/partner.toml"));
    let start = asker.signals("now").await.cursor;

    // What must be refused.
    let (mut crossed, transaction) = asker.submission(report("/person/familyName")).await;
    let (pull_grant, proofs) = asker.granted(QueryAct::View, "999990342").await;
    (crossed.grant, crossed.subject_proofs) = (pull_grant.grant, proofs);
    crossed.actor_salt = pull_grant.actor_salt;
    let refused = asker.school.report_feedback(&crossed, transaction).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::GrantRefused), "a pull grant opens no feedback");
    let (disclosed, proofs) = asker.granted(QueryAct::Feedback, "999990342").await;
    let pull = Pull {
        grant: disclosed.grant,
        actor: Asker::actor(),
        actor_salt: disclosed.actor_salt,
        subject_proofs: proofs,
        birth_date_proofs: Vec::new(),
    };
    let refused = asker.school.pull(&pull, disclosed.transaction).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::GrantRefused), "a feedback grant opens no document");
    let (disclosed, proofs) = asker.granted(QueryAct::Feedback, "999994086").await;
    let (mut other, _) = asker.submission(report("/person/familyName")).await;
    (other.grant, other.actor_salt, other.subject_proofs) = (disclosed.grant, disclosed.actor_salt, proofs);
    let refused = asker.school.report_feedback(&other, disclosed.transaction).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::SubjectMismatch));
    let thief = Asker::at(&chain.kept.join("partners/youth-care/partner.toml"));
    let (stolen, transaction) = asker.submission(report("/person/familyName")).await;
    let refused = thief.school.report_feedback(&stolen, transaction).await.unwrap_err();
    assert_eq!(refused.code(), Some(ProblemCode::GrantRefused), "another certificate");
    let mut disguised = report("/person/familyName");
    disguised.attachments = vec![file("application/pdf", b"MZ\x90\0", 100)];
    assert_eq!(asker.send(disguised).await, Err(ProblemCode::Invalid));
    let mut huge = report("/person/familyName");
    huge.attachments = vec![file("application/pdf", b"%PDF-1.7", 22 * 1024 * 1024)];
    assert_eq!(asker.send(huge).await, Err(ProblemCode::TooLarge));

    // What is taken, with 19 MiB of files; and once, however often it is sent.
    let before = section(&chain);
    let mine = before["transaction"].as_str().unwrap().to_owned();
    let mut sent = report("/person/familyName");
    sent.attachments = vec![file("application/pdf", b"%PDF-1.7", 19 * 1024 * 1024)];
    let view = asker.send(sent.clone()).await.unwrap();
    assert_eq!(view.status, FeedbackStatus::Reported);
    assert_eq!(asker.send(sent).await.unwrap().annotations, view.annotations);
    let under = section(&chain)["provenance"]["underInvestigation"].clone();
    assert!(under.as_array().unwrap().contains(&json!("/person/familyName")), "{under}");
    asker.until(view.id, FeedbackStatus::Reported).await;
    assert!(thief.switchboard.feedback_route(view.id, None).await.is_err(), "only its two parties");
    assert!(thief.school.feedback(view.id).await.is_err(), "only the reporter");

    // The school's people.
    let list = received(&school, &["list"]).expect(0).json();
    assert_eq!(list["reports"].as_array().unwrap().len(), 1);
    let id = view.id.to_string();
    let shown = received(&school, &["show", &id]).expect(0).json();
    assert_eq!(shown["annotations"][0]["note"], "Zorgvuldigheid-7");
    let saved = chain.kept.join("saved.pdf");
    let attachment = shown["attachments"][0]["id"].as_str().unwrap();
    received(&school, &["attachment", &id, attachment, "--save-to", saved.to_str().unwrap()]).expect(0);
    assert_eq!(std::fs::metadata(&saved).unwrap().len(), 19 * 1024 * 1024);
    std::fs::remove_file(&saved).unwrap();
    annotate(&school, view.id, &["--status", "settled", "--outcome", "upheld"]).expect(5);
    annotate(&school, view.id, &["--status", "in-progress"]).expect(0);
    asker.until(view.id, FeedbackStatus::InProgress).await;
    annotate(&school, view.id, &["--status", "settled", "--outcome", "upheld", "--note", "Mended."])
        .expect(0);
    asker.until(view.id, FeedbackStatus::Settled).await;

    // Who received the value hears of it, under the name of its own pull.
    let (mut told, mut cursor) = (Vec::new(), start);
    for _ in 0..10 {
        let page = asker.signals(&cursor).await;
        told.extend(page.signals.iter().map(|signal| (signal.known(), signal.about.clone())));
        cursor = page.cursor;
        if told.contains(&(Some(SignalType::ValueCorrected), mine.clone())) {
            break;
        }
    }
    let statuses = told.iter().filter(|one| **one == (Some(SignalType::FeedbackChanged), id.clone())).count();
    assert_eq!(statuses, 3, "{told:?}");
    assert!(told.contains(&(Some(SignalType::ValueCorrected), mine.clone())), "{told:?}");
    let correction = asker.switchboard.correction(mine.parse().unwrap()).await.unwrap();
    assert_eq!(correction.holder.as_str(), SCHOOL);
    assert!(thief.switchboard.correction(mine.parse().unwrap()).await.is_err(), "only the recipient");
    let under = section(&chain)["provenance"]["underInvestigation"].clone();
    assert!(!under.to_string().contains("familyName"), "{under}");

    // The school takes another one up while the switchboard is away, and is killed before it can say so.
    let second = asker.send(report("/person/familyName")).await.unwrap().id;
    asker.until(second, FeedbackStatus::Reported).await;
    let switchboard = chain.kept.join("switchboard/switchboard.toml");
    signal_service(&switchboard, "KILL");
    annotate(&school, second, &["--status", "in-progress"]).expect(0);
    signal_service(&school, "KILL");
    let _switchboard = Service::start("switchboard", &switchboard);
    let again = Service::start("partner", &school);
    asker.until(second, FeedbackStatus::InProgress).await;
    drop(again);

    let events: Vec<_> = entries(&school).1.iter().filter_map(record_of).map(|record| record.event).collect();
    for event in [Event::FeedbackReceived, Event::FeedbackRead, Event::FeedbackChanged, Event::CorrectionTold]
    {
        assert!(events.contains(&event), "no {event:?} in the school's log");
    }
    for text in SECRETS {
        let found = holds(&chain.kept, text);
        assert_eq!(found, Vec::<PathBuf>::new(), "{text} stands where it should not");
    }
}
