use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use kw_agreement::ConsentVerdict;
use kw_domain::{BirthDate, Handle, MandateId, ManualClock, Subject};
use kw_ledger::Verdict;
use kw_protocol::SecretBytes32;
use kw_protocol::mandate::{MandateAct, MandateKind};
use kw_protocol::pull::{ComparedPrecision, EpochBirthDateProof, EpochProof};
use kw_pseudonym::{Binding, RowKey};
use kw_runtime::Entropy;
use serde_json::json;

use super::*;
use crate::LocalId;
use crate::identity_checks::IdentityChecks;
use crate::sync::stand_ins::Book;
use crate::testing::{
    self, CERTIFICATE, Register, SALT, Signer, actor, attendance, claims, holder, requester,
};
use kw_store::partner::{LocalRecord, LocalState};

pub(crate) const ANNA: &str = "999990342";
pub(crate) const BINDING: [u8; 32] = [8; 32];

pub(crate) struct Town {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) agreement: SharedAgreement,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) signer: Arc<Signer>,
    pub(crate) book: Arc<Book>,
    pub(crate) register: Arc<Register>,
    pub(crate) handle: Handle,
    pub(crate) pulls: Pulls,
    pub(crate) number: AtomicU8,
    pub(crate) broken: Arc<AtomicBool>,
}

pub(crate) fn vault() -> Vault {
    Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::os())
}

impl Town {
    /// One record, about Anna, born on 20 May 2012, registered with a binding of epoch 3.
    pub(crate) async fn new() -> Self {
        Self::with(testing::agreement()).await
    }

    pub(crate) async fn with(agreement: Agreement) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = testing::clock();
        let agreement = SharedAgreement::fixed(agreement, Arc::clone(&clock) as Arc<_>);
        let (signer, book) = (Signer::new("1"), Book::new("som"));
        book.put("r1", ANNA);
        let handle = Handle::from_bytes([4; 16]);
        let broken = Arc::new(AtomicBool::new(false));
        let register = Register::saying(ConsentVerdict::Silent, clock.now().plus(Duration::from_mins(5)));
        let pulls = pulls(folder.path(), &agreement, &clock, &signer, &book, &register, &broken);
        let number = AtomicU8::new(0);
        let town = Self { folder, agreement, clock, signer, book, register, handle, pulls, number, broken };
        town.store_record(LocalState::Registered).await;
        town
    }

    /// Another process on the same database, as it were.
    pub(crate) fn another(&self) -> Pulls {
        let folder = self.folder.path();
        let (signer, book, register) = (&self.signer, &self.book, &self.register);
        pulls(folder, &self.agreement, &self.clock, signer, book, register, &self.broken)
    }

    pub(crate) fn clock_now(&self) -> Instant {
        self.clock.now()
    }

    /// Whether a text stands in any byte of the database.
    pub(crate) fn database_holds(&self, text: &str) -> bool {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        })
    }

    pub(crate) fn restart(&mut self) {
        let folder = self.folder.path();
        let (signer, book, register) = (&self.signer, &self.book, &self.register);
        self.pulls = pulls(folder, &self.agreement, &self.clock, signer, book, register, &self.broken);
    }

    pub(crate) async fn store_record(&self, state: LocalState) {
        let (vault, handle, source) = (vault(), self.handle, self.book.name().clone());
        let record = LocalRecord {
            handle,
            record_key: vault.record_key(&source, &attendance(), &LocalId::new("r1").unwrap()),
            record_sealed: vault.seal_record(handle, &LocalId::new("r1").unwrap()),
            subject_key: vault.subject_key(&Subject::parse(&format!("nl.bsn:{ANNA}")).unwrap()),
            binding_sealed: Some(vault.seal_binding(handle, &Binding::from_bytes(&BINDING))),
            binding_epoch: Some(kw_domain::Epoch(3)),
            source,
            category: attendance(),
            pointer: Some(kw_domain::PointerId::new(self.clock.now(), [9; 10])),
            state,
            valid_until: None,
            seen_read: 1,
        };
        let blank = self.blank_record();
        self.pulls
            .store
            .write("test", move |tx| {
                tx.write().store_record(&record)?;
                Ok(((), into_act::<PullRefusal>(&blank)?))
            })
            .await
            .unwrap();
    }

    pub(crate) fn blank_record(&self) -> AccessRecord {
        let agreement = self.agreement.current();
        let (now, chain) = (self.clock.now(), agreement.chain().clone());
        AccessRecord::new(Event::SourceSynchronised, now, chain, holder(), holder(), agreement.hash())
    }

    pub(crate) fn claims(&self) -> GrantClaims {
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        claims(&self.agreement.current(), self.clock.now(), self.handle, number)
    }

    /// A good pull under these claims, by somebody who knows Anna and this birth date.
    pub(crate) fn pull(&self, claims: &GrantClaims, born: Option<&str>) -> Pull {
        self.pull_with(self.signer.sign(claims), born)
    }

    /// The same under this grant.
    #[expect(clippy::unused_self, reason = "reads as the other ways to pull")]
    pub(crate) fn pull_with(&self, grant: String, born: Option<&str>) -> Pull {
        let binding = Binding::from_bytes(&BINDING);
        let secret = |proof: Option<[u8; 32]>| proof.map(SecretBytes32);
        let birth_date_proofs = born.map(|born| {
            let proofs = binding.birth_date_proofs(&grant, &BirthDate::parse(born).unwrap());
            EpochBirthDateProof {
                epoch: 3,
                day: secret(proofs.day),
                month: secret(proofs.month),
                year: secret(proofs.year),
            }
        });
        Pull {
            actor: actor(),
            actor_salt: SALT,
            subject_proofs: vec![EpochProof {
                epoch: 3,
                proof: SecretBytes32(binding.subject_proof(&grant)),
            }],
            birth_date_proofs: birth_date_proofs.into_iter().collect(),
            grant,
        }
    }

    pub(crate) async fn answer(&self, pull: &Pull) -> Result<Pulled, ProblemCode> {
        self.pulls.answer(&caller(), pull).await.map_err(|refusal| refusal.code())
    }

    pub(crate) async fn answer_to(&self, born: Option<&str>) -> Result<Pulled, ProblemCode> {
        self.answer(&self.pull(&self.claims(), born)).await
    }

    /// The records in the holder's own log, the set-up's left out.
    pub(crate) fn records(&self) -> Vec<AccessRecord> {
        let entries = self.pulls.store.read_blocking(|tables| tables.ledger_entries(1, 100)).unwrap();
        entries
            .into_iter()
            .map(|entry| serde_json::from_str(entry.record.unwrap().as_str()).unwrap())
            .collect()
    }

    pub(crate) fn reasons(&self) -> Vec<Option<String>> {
        self.records().into_iter().map(|record| record.decision.reason).collect()
    }

    pub(crate) fn fetched(&self) -> u32 {
        self.book.inner.lock().unwrap().fetched
    }
}

pub(crate) fn caller() -> Caller {
    Caller {
        supplier: None,
        oin: requester(),
        certificate_sha256: CERTIFICATE,
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
    }
}

fn pulls(
    folder: &std::path::Path,
    agreement: &SharedAgreement,
    clock: &Arc<ManualClock>,
    signer: &Arc<Signer>,
    book: &Arc<Book>,
    register: &Arc<Register>,
    broken: &Arc<AtomicBool>,
) -> Pulls {
    let source: Arc<dyn Source> = Arc::clone(book) as Arc<_>;
    Pulls {
        holder: holder(),
        agreement: agreement.clone(),
        store: Arc::new(testing::store_that_breaks(folder, Arc::clone(broken))),
        sources: BTreeMap::from([(source.name().clone(), source)]),
        vault: vault(),
        grants: GrantVerifier::new(holder(), signer.keys(clock), Arc::clone(clock) as Arc<_>),
        proofs: testing::proofs(clock),
        consents: Consents::new(Arc::clone(register) as Arc<_>, Arc::clone(clock) as Arc<_>),
        clock: Arc::clone(clock) as Arc<_>,
        source_deadline: Duration::from_millis(200),
        refusals: RecordedRefusals::default(),
    }
}

#[tokio::test]
async fn a_good_pull_delivers_the_document_and_leaves_its_record() {
    let town = Town::new().await;
    town.book.inner.lock().unwrap().document = Some(json!({
        "person": {"familyName": "Jansen", "birthDate": "2012-05-20"}, "internal": "not for others",
    }));
    let claims = town.claims();
    let pulled = town.answer(&town.pull(&claims, Some("2012-05-20"))).await.unwrap();
    assert_eq!(
        pulled.document.unwrap(),
        json!({"person": {"familyName": "Jansen", "birthDate": "2012-05-20"}})
    );
    assert_eq!(pulled.provenance.under_investigation, ["/person/familyName"]);
    assert_eq!(pulled.birth_date_compared, Some(ComparedPrecision::Day));
    let records = town.records();
    let [record] = records.as_slice() else { panic!("one record") };
    assert_eq!((record.event, record.party, record.service), (Event::PullAnswered, requester(), holder()));
    assert_eq!(record.actor.as_ref().unwrap().id.as_str(), "j.jansen");
    assert_eq!(record.transaction, Some(claims.txn));
    assert_eq!(record.trace.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert!(record.legal_basis.as_ref().unwrap().contains("Jeugdwet"), "the holder's own ground");
    assert_eq!((record.count, record.decision.verdict), (Some(1), Verdict::Allowed));
}

#[tokio::test]
async fn each_record_about_a_known_handle_has_a_reference_of_its_own_and_its_link() {
    let town = Town::new().await;
    town.answer_to(None).await.unwrap();
    town.answer_to(Some("2012-05-21")).await.unwrap_err();
    let mut unknown = town.claims();
    unknown.prp.hdl = Handle::from_bytes([1; 16]);
    town.answer(&town.pull(&unknown, None)).await.unwrap_err();
    let mut refused = town.claims();
    refused.aud = requester();
    town.answer(&town.pull(&refused, None)).await.unwrap_err();
    let links =
        |handle| town.pulls.store.read_blocking(move |tables| tables.links_of(handle, None, 100)).unwrap();
    let linked = links(town.handle);
    let references: Vec<_> = town.records().into_iter().map(|record| record.subject).collect();
    assert_eq!(references, [Some(linked[0].1), Some(linked[1].1), None, None]);
    assert_ne!(linked[0].1, linked[1].1);
    assert_eq!((linked[0].0, linked[1].0, linked.len()), (1, 2, 2));
    assert_eq!(links(Handle::from_bytes([1; 16])), []);
}

#[tokio::test]
async fn the_same_request_again_is_answered_again_even_after_a_restart() {
    let mut town = Town::new().await;
    let pull = town.pull(&town.claims(), None);
    town.answer(&pull).await.unwrap();
    town.restart();
    town.answer(&pull).await.unwrap();
    assert_eq!(town.records().len(), 2, "each answer is an access");
}

#[tokio::test]
async fn another_request_under_the_same_grant_is_refused_even_after_a_restart() {
    let mut town = Town::new().await;
    let claims = town.claims();
    town.answer(&town.pull(&claims, None)).await.unwrap();
    town.restart();
    let other = town.pull(&claims, Some("2012-05-20"));
    let other = Pull { grant: town.pull(&claims, None).grant, ..other };
    assert_eq!(town.answer(&other).await.unwrap_err(), ProblemCode::GrantReused);
    assert_eq!(town.reasons(), [None, Some("grant-reused".into())]);
}

#[tokio::test]
async fn a_grant_is_used_up_by_a_wrong_guess() {
    let town = Town::new().await;
    let claims = town.claims();
    let guess = town.pull(&claims, Some("2012-05-21"));
    assert_eq!(town.answer(&guess).await.unwrap_err(), ProblemCode::BirthDateMismatch);
    assert_eq!(
        town.answer(&guess).await.unwrap_err(),
        ProblemCode::BirthDateMismatch,
        "the same retry, the same answer"
    );
    let next = Pull { grant: guess.grant.clone(), ..town.pull(&claims, Some("2012-05-20")) };
    assert_eq!(town.answer(&next).await.unwrap_err(), ProblemCode::GrantReused);
}

#[tokio::test]
async fn of_two_different_requests_at_once_one_is_answered() {
    let town = Town::new().await;
    let claims = town.claims();
    let one = town.pull(&claims, None);
    let other =
        Pull { birth_date_proofs: town.pull(&claims, Some("2012-05-20")).birth_date_proofs, ..one.clone() };
    let same = one.clone();
    let (first, second, third) = tokio::join!(town.answer(&one), town.answer(&other), town.answer(&same));
    let answers = [first.is_ok(), second.is_ok(), third.is_ok()];
    assert!(answers == [true, false, true] || answers == [false, true, false], "{answers:?}");
    let refused = town.reasons().into_iter().flatten().count();
    assert_eq!((town.records().len() - refused, refused), (if answers[1] { 1 } else { 2 }, 1));
}

#[tokio::test]
async fn whoever_means_another_person_gets_nothing() {
    let town = Town::new().await;
    let mut pull = town.pull(&town.claims(), None);
    pull.subject_proofs[0].proof = SecretBytes32(Binding::from_bytes(&[9; 32]).subject_proof(&pull.grant));
    assert_eq!(town.answer(&pull).await.unwrap_err(), ProblemCode::SubjectMismatch);
    let mut guesses = town.pull(&town.claims(), None);
    guesses.subject_proofs.insert(0, EpochProof { epoch: 3, proof: SecretBytes32([0; 32]) });
    assert_eq!(
        town.answer(&guesses).await.unwrap_err(),
        ProblemCode::SubjectMismatch,
        "two proofs are two guesses"
    );
    let stale = Pull {
        subject_proofs: vec![EpochProof { epoch: 2, proof: SecretBytes32([0; 32]) }],
        ..town.pull(&town.claims(), None)
    };
    let refusal = town.pulls.answer(&caller(), &stale).await.unwrap_err();
    assert!(refusal.detail().contains("refreshes"), "{refusal}");
    assert_eq!(town.fetched(), 0, "the source was not asked");
    let reason = |text: &str| Some(text.to_owned());
    assert_eq!(
        town.reasons(),
        [reason("subject-mismatch"), reason("subject-mismatch"), reason("binding-epoch-unproven")]
    );
}

#[tokio::test]
async fn birth_dates_are_compared_as_far_as_both_know_them() {
    let town = Town::new().await;
    for (held, given, expected) in [
        ("2012-05-20", Some("2012-05"), Ok(Some(ComparedPrecision::Month))),
        ("2012-05", Some("2012-05-20"), Ok(Some(ComparedPrecision::Month))),
        ("2012-05-20", Some("2012-06-20"), Err(ProblemCode::BirthDateMismatch)),
        ("2012-05-20", Some("2012"), Err(ProblemCode::BirthDateUnknown)),
        ("2012", Some("2012-05-20"), Err(ProblemCode::BirthDateUnknown)),
        ("", Some("2012-05-20"), Err(ProblemCode::BirthDateUnknown)),
        ("", None, Ok(None)),
    ] {
        town.book.put_born("r1", ANNA, held);
        let compared = town.answer_to(given).await.map(|pulled| pulled.birth_date_compared);
        assert_eq!(compared, expected, "held {held}, given {given:?}");
    }
}

#[tokio::test]
async fn a_birth_date_is_demanded_by_the_agreement_and_by_representation() {
    let required = testing::agreement_with(|draft| {
        draft.categories.get_mut("school-attendance").unwrap().birth_date_required = true;
    });
    let town = Town::with(required).await;
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::BirthDateRequired);
    assert!(town.answer_to(Some("2012-05-20")).await.is_ok());
    let town = Town::with(testing::agreement_with(testing::with_parental_authority)).await;
    let mut claims = town.claims();
    claims.prp.representation = Some(representation("under-12"));
    assert_eq!(town.answer(&town.pull(&claims, None)).await.unwrap_err(), ProblemCode::BirthDateRequired);
    assert_eq!(town.fetched(), 0);
}

fn representation(band: &str) -> GrantRepresentation {
    GrantRepresentation {
        act: MandateAct::View,
        band: band.to_owned(),
        kind: MandateKind::ParentalAuthority,
        mandate: MandateId::new(Instant::from_millis(1_795_000_000_000), [1; 10]),
    }
}

#[tokio::test]
async fn a_represented_person_must_be_of_the_age_of_the_mandate() {
    let town = Town::with(testing::agreement_with(testing::with_parental_authority)).await;
    let answered = async |band: &str, born: &str| {
        town.book.put_born("r1", ANNA, born);
        let mut claims = town.claims();
        claims.prp.representation = Some(representation(band));
        let pull = town.pull(&claims, Some(born));
        town.answer(&pull).await.map(|pulled| pulled.document.is_some())
    };
    assert_eq!(answered("under-12", "2020-05-20").await, Ok(true));
    assert_eq!(answered("under-12", "2012-05-20").await, Err(ProblemCode::RepresentationAge));
    assert_eq!(answered("from-12", "2012-05-20").await, Ok(true));
    assert_eq!(answered("from-12", "2020-05-20").await, Err(ProblemCode::RepresentationAge));
    let records = town.records();
    let named = Some("parental-authority:".to_owned() + &representation("").mandate.to_string());
    assert!(records.iter().all(|record| record.representation == named));
    let reasons: Vec<_> = town.reasons();
    let age = Some("representation-age".to_owned());
    assert_eq!(reasons, [None, age.clone(), None, age]);
    let refusal = |is_mix_up| PullRefusal::RepresentationAge { is_mix_up };
    assert!(refusal(true).is_security_event() && !refusal(false).is_security_event());
}

#[tokio::test]
async fn the_holders_own_agreement_decides_again() {
    let narrower = testing::agreement_with(|draft| {
        let roles = &mut draft.purposes.get_mut("coordinate-help").unwrap().roles;
        roles.get_mut("youth-care-worker").unwrap().retain(|category| category != "school-attendance");
    });
    let town = Town::with(narrower).await;
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::Denied);
    let town = Town::new().await;
    let mut claims = town.claims();
    claims.prp.cat = vec![kw_domain::Category::parse("youth-health").unwrap()];
    assert_eq!(town.answer(&town.pull(&claims, None)).await.unwrap_err(), ProblemCode::GrantRefused);
    assert_eq!(town.reasons(), [Some("category-not-granted".into())]);
    assert_eq!(town.fetched(), 0);
}

#[tokio::test]
async fn a_handle_that_this_holder_never_had_is_refused_and_not_nothing() {
    let town = Town::new().await;
    let mut claims = town.claims();
    claims.prp.hdl = Handle::from_bytes([1; 16]);
    assert_eq!(town.answer(&town.pull(&claims, None)).await.unwrap_err(), ProblemCode::GrantRefused);
    assert!(PullRefusal::Handle.is_security_event(), "there is a line in the log for the security officer");
    assert_eq!(town.reasons(), [Some("handle-unknown".into())]);
}

#[tokio::test]
async fn a_holder_that_lost_its_database_does_not_look_complete() {
    let mut town = Town::new().await;
    town.answer_to(None).await.unwrap();
    town.folder = tempfile::tempdir().unwrap();
    town.restart();
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::GrantRefused);
}

#[tokio::test]
async fn a_record_that_was_withdrawn_and_forgotten_is_nothing() {
    let town = Town::new().await;
    town.answer_to(None).await.unwrap();
    let (handle, blank) = (town.handle, town.blank_record());
    let deleting = town.pulls.store.write("test", move |tx| {
        tx.write().delete_record(handle)?;
        Ok(((), into_act::<PullRefusal>(&blank)?))
    });
    deleting.await.unwrap();
    assert!(town.answer_to(None).await.unwrap().document.is_none());
}

#[tokio::test]
async fn what_is_no_grant_does_not_fill_the_ledger() {
    let town = Town::new().await;
    let junk = Pull { grant: "e30.e30.AA".into(), ..town.pull(&town.claims(), None) };
    for _ in 0..20 {
        assert_eq!(town.answer(&junk).await.unwrap_err(), ProblemCode::GrantRefused);
    }
    assert_eq!(town.records().len(), 1);
    town.clock.advance(Duration::from_secs(1));
    town.answer(&junk).await.unwrap_err();
    assert_eq!(town.records().len(), 2);
}

#[tokio::test]
async fn what_is_gone_or_on_its_way_out_is_nothing() {
    let town = Town::new().await;
    town.book.remove("r1");
    assert!(town.answer_to(None).await.unwrap().document.is_none());
    town.book.put("r1", ANNA);
    for state in [LocalState::Leaving, LocalState::Suppressed] {
        town.store_record(state).await;
        assert!(town.answer_to(None).await.unwrap().document.is_none());
    }
    let counts: Vec<_> =
        town.records().into_iter().filter(|record| record.event == Event::PullAnswered).collect();
    assert!(counts.iter().all(|record| record.count == Some(0)) && counts.len() == 3);
}

#[tokio::test]
async fn a_record_that_went_over_to_another_person_is_nothing_before_the_next_sync() {
    let town = Town::new().await;
    town.book.put("r1", "999994086");
    town.book.inner.lock().unwrap().tells_subject = true;
    assert!(town.answer_to(None).await.unwrap().document.is_none());
}

#[tokio::test]
async fn a_source_that_is_slow_broken_or_wrong_is_said_so_and_recorded() {
    let town = Town::new().await;
    town.book.inner.lock().unwrap().document = Some(json!({"person": {"familyName": ""}}));
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::DocumentMalformed);
    town.book.inner.lock().unwrap().slow = true;
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::SourceUnavailable);
    {
        let mut inner = town.book.inner.lock().unwrap();
        (inner.slow, inner.broken) = (false, true);
    }
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::SourceUnavailable);
    assert!(town.records().iter().all(|record| record.result == Outcome::Error));
}

#[tokio::test]
async fn a_refused_grant_is_recorded_without_what_it_claims() {
    let town = Town::new().await;
    let mut claims = town.claims();
    claims.aud = requester();
    assert_eq!(town.answer(&town.pull(&claims, None)).await.unwrap_err(), ProblemCode::GrantRefused);
    let records = town.records();
    assert_eq!(records[0].decision.reason.as_deref(), Some("grant-audience"));
    assert_eq!((records[0].transaction, &records[0].purpose), (None, &None));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_answered() {
    let town = Town::new().await;
    town.broken.store(true, Ordering::SeqCst);
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::Unavailable);
    assert_eq!(town.fetched(), 1, "the document was in hand, and stayed here");
    assert_eq!(town.records().len(), 0);
}

#[test]
fn every_refusal_tells_what_to_do_and_no_reason_is_empty() {
    let all = [
        PullRefusal::BirthDateMismatch,
        PullRefusal::BirthDateRequired,
        PullRefusal::RepresentationAge { is_mix_up: true },
        PullRefusal::BirthDateUnknown,
        PullRefusal::Category,
        PullRefusal::Document,
        PullRefusal::Handle,
        PullRefusal::Reused,
        PullRefusal::Sealed,
        PullRefusal::Source,
        PullRefusal::SourceSlow,
        PullRefusal::SubjectEpoch,
        PullRefusal::SubjectMismatch,
        PullRefusal::Unavailable,
    ];
    for refusal in all {
        assert!(
            !refusal.reason().is_empty() && !refusal.tell(holder(), None).detail().is_empty(),
            "{refusal:?}"
        );
    }
}

fn with_consent(denials: &str) -> Agreement {
    testing::agreement_with(|draft| {
        let registrar = draft.partners.iter().find(|partner| partner.kind == "municipality").unwrap();
        draft.consent.registrars = vec![registrar.oin.clone()];
        draft.categories.get_mut("school-attendance").unwrap().consent = Some("opt-in".to_owned());
        draft.purposes.get_mut("coordinate-help").unwrap().denials = Some(denials.to_owned());
    })
}

#[tokio::test]
async fn where_consent_counts_nothing_is_delivered_without_it() {
    for (denials, told) in [("told", Some(ProblemCode::ConsentWithheld)), ("as-nothing-found", None)] {
        let town = Town::with(with_consent(denials)).await;
        let until = town.clock.now().plus(Duration::from_mins(1));
        let say = |verdict| {
            town.register.say(Ok(kw_protocol::consent::ConsentChecked { verdict, valid_until: until }));
            town.pulls.consents.drop_all();
        };
        for verdict in [ConsentVerdict::Silent, ConsentVerdict::Refused] {
            say(verdict);
            match (town.answer_to(None).await, told) {
                (Err(code), Some(expected)) => assert_eq!(code, expected),
                (Ok(pulled), None) => assert!(pulled.document.is_none(), "it looks like nothing"),
                (other, _) => panic!("{denials}: {other:?}"),
            }
        }
        assert_eq!(town.fetched(), 0, "the source was not read");
        say(ConsentVerdict::Given);
        assert!(town.answer_to(None).await.unwrap().document.is_some());
        let withheld = Some("consent-withheld".to_owned());
        assert_eq!(town.reasons(), [withheld.clone(), withheld, None]);
        let verdicts: Vec<_> = town.records().iter().map(|record| record.decision.verdict).collect();
        assert_eq!(verdicts, [Verdict::Denied, Verdict::Denied, Verdict::Allowed]);
    }
}

#[tokio::test]
async fn without_an_answer_about_consent_nothing_is_delivered() {
    let town = Town::with(with_consent("as-nothing-found")).await;
    town.register.say(Err(kw_client::ClientError::Unreachable));
    assert_eq!(town.answer_to(None).await.unwrap_err(), ProblemCode::Unavailable);
    assert_eq!((town.fetched(), town.reasons()), (0, vec![Some("consent-unknown".to_owned())]));
}

#[tokio::test]
async fn for_a_statutory_task_nobody_is_asked_about_consent() {
    let town = Town::new().await;
    town.register.say(Err(kw_client::ClientError::Unreachable));
    assert!(town.answer_to(None).await.unwrap().document.is_some());
    assert_eq!(town.register.asked.load(Ordering::SeqCst), 0);
}

fn checks_of(town: &Town) -> IdentityChecks {
    IdentityChecks {
        holder: holder(),
        agreement: town.agreement.clone(),
        store: Arc::clone(&town.pulls.store),
        vault: vault(),
        clock: Arc::clone(&town.clock) as Arc<_>,
    }
}

#[tokio::test]
async fn two_people_stand_in_for_a_birth_date_that_is_unknown_and_for_no_other() {
    use kw_protocol::identity_check::{
        IdentityCheckStatus, IdentityConfirmation, IdentityEvidence, IdentityVerdict,
    };

    let town = Town::new().await;
    let checks = checks_of(&town);
    let entropy = Entropy::os();
    let parent = kw_runtime::http::TraceParent::fresh(&entropy);
    let trace = kw_runtime::Trace { parent, transaction: entropy.id(town.clock.now()) };
    let word = |person: &str, verdict| IdentityConfirmation {
        actor: Actor { id: kw_domain::ActorId::parse(person).unwrap(), ..actor() },
        verdict,
        evidence: IdentityEvidence::RegisterConsulted,
    };
    let same = |person: &str| word(person, IdentityVerdict::SamePerson);
    town.book.put_born("r1", ANNA, "");
    for _ in 0..2 {
        assert_eq!(town.answer_to(Some("2012-05-20")).await.unwrap_err(), ProblemCode::BirthDateUnknown);
    }
    let open = checks.list(true).await.unwrap();
    let [check] = &open[..] else { panic!("{open:?}") };
    assert_eq!(check.record.as_ref().unwrap().key, "r1");

    let first = checks.confirm(check.id, &same("a"), &trace).await.unwrap();
    assert_eq!(first.status, IdentityCheckStatus::ConfirmedOnce);
    assert_eq!(checks.confirm(check.id, &same("a"), &trace).await.unwrap_err().code(), ProblemCode::Denied);
    assert_eq!(town.answer_to(Some("2012-05-20")).await.unwrap_err(), ProblemCode::BirthDateUnknown);
    let second = checks.confirm(check.id, &same("b"), &trace).await.unwrap();
    assert_eq!(second.status, IdentityCheckStatus::Confirmed);
    let delivered = town.answer_to(Some("2012-05-20")).await.unwrap();
    assert_eq!(delivered.birth_date_compared, Some(ComparedPrecision::TwoPeople));
    assert!(delivered.document.is_some());
    town.book.put_born("r1", ANNA, "2012-06-20");
    assert_eq!(town.answer_to(Some("2012-05-20")).await.unwrap_err(), ProblemCode::BirthDateMismatch);

    // Their word counts for a week.
    town.book.put_born("r1", ANNA, "");
    town.clock.advance(Duration::from_hours(7 * 24));
    assert_eq!(town.answer_to(Some("2012-05-20")).await.unwrap_err(), ProblemCode::BirthDateUnknown);
    let open = checks.list(true).await.unwrap();
    assert_ne!(open[0].id, check.id, "and then they are asked again");

    // One denial ends it, and stays.
    let denied = checks.confirm(open[0].id, &word("c", IdentityVerdict::OtherPerson), &trace).await.unwrap();
    assert_eq!(denied.status, IdentityCheckStatus::Denied);
    let again = checks.confirm(open[0].id, &same("d"), &trace).await.unwrap_err();
    assert_eq!(again.code(), ProblemCode::IllegalTransition);
    assert_eq!(town.answer_to(Some("2012-05-20")).await.unwrap_err(), ProblemCode::BirthDateUnknown);
    assert_eq!(checks.list(true).await.unwrap(), []);
    let words: Vec<_> =
        town.records().into_iter().filter(|record| record.event == Event::IdentityChecked).collect();
    assert_eq!(words.len(), 3, "the second word of one person is none");
    assert!(words.iter().all(|record| record.subject.is_some() && record.relation.is_some()));
}
