//! A source, a switchboard and a pseudonymiser in memory, and a real database.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use kw_agreement::Agreement;
use kw_client::{ClientError, EpochElement, PseudonymError, Refused};
use kw_domain::{
    BatchId, BirthDate, Category, Clock, Epoch, Handle, Instant, KeyUse, ManualClock, Oin, PointerId,
    SourceName, Subject,
};
use kw_protocol::digest::{Bucket, DigestRequest, DigestResponse, Member, Prefix, Tally};
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::local::SyncReport;
use kw_protocol::pointer::{
    BulkOutcome, BulkResult, Lease, Pointer, PointerState, RegisterPointer, RegistrationReason, RenewPointer,
    WithdrawPointer, WithdrawalReason,
};
use kw_protocol::problem::{Problem, ProblemCode, TYPE_BASE};
use kw_pseudonym::{Element, RowKey, SecretKey, blind, evaluate, verify_and_unblind};
use kw_runtime::{Entropy, SharedAgreement};

use super::{Index, Left, Pseudonymiser, SyncError, SyncOptions, SyncParts, Synchroniser};
use crate::testing::{attendance, clock, holder, store_in};
use crate::{
    Change, ChangePage, Cursor, LocalId, RefusedRow, Source, SourceDocument, SourceError, SourceRecord, Vault,
};

/// A source that keeps a journal of changes; `pages` bounds a page.
#[derive(Debug)]
pub(crate) struct Book {
    name: SourceName,
    pub(crate) inner: Mutex<Pages>,
}

#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) records: BTreeMap<String, (String, Option<BirthDate>)>,
    journal: Vec<String>,
    pub(crate) page: usize,
    pub(crate) refused: Vec<RefusedRow>,
    pub(crate) broken: bool,
    /// Breaks after so many pages.
    pub(crate) break_after: Option<u32>,
    pub(crate) document: Option<serde_json::Value>,
    pub(crate) slow: bool,
    pub(crate) fetched: u32,
    pub(crate) tells_subject: bool,
    /// There is always another page, without a row.
    pub(crate) endless: bool,
    /// Gives everything again as soon as anything is new.
    pub(crate) rereads: bool,
    /// Records that are not listed, and are there all the same in a row that cannot be used.
    pub(crate) unusable: BTreeSet<String>,
}

impl Book {
    pub(crate) fn new(name: &str) -> Arc<Self> {
        let inner = Pages { page: 3, ..Pages::default() };
        Arc::new(Self { name: SourceName::parse(name).unwrap(), inner: Mutex::new(inner) })
    }

    pub(crate) fn put(&self, record: &str, bsn: &str) {
        self.put_born(record, bsn, "2012-05-20");
    }

    pub(crate) fn put_born(&self, record: &str, bsn: &str, born: &str) {
        let born = (!born.is_empty()).then(|| BirthDate::parse(born).unwrap());
        let mut inner = self.inner.lock().unwrap();
        inner.records.insert(record.to_owned(), (format!("nl.bsn:{bsn}"), born));
        inner.journal.push(record.to_owned());
    }

    pub(crate) fn remove(&self, record: &str) {
        let mut inner = self.inner.lock().unwrap();
        inner.records.remove(record);
        inner.journal.push(record.to_owned());
    }

    /// What the index should hold: which subjects.
    pub(crate) fn subjects(&self) -> BTreeSet<String> {
        self.inner.lock().unwrap().records.values().map(|(subject, _)| subject.clone()).collect()
    }

    fn present(record: &str, (subject, birth_date): &(String, Option<BirthDate>)) -> Change {
        Change::Present(SourceRecord {
            category: attendance(),
            record: LocalId::new(record).unwrap(),
            subject: Subject::parse(subject).unwrap(),
            birth_date: *birth_date,
        })
    }
}

#[async_trait]
impl Source for Book {
    fn name(&self) -> &SourceName {
        &self.name
    }

    fn categories(&self) -> BTreeSet<Category> {
        BTreeSet::from([attendance()])
    }

    /// `all:<record>:<journal>` while everything is read, `since:<journal>` afterwards.
    async fn changes(&self, after: Option<&Cursor>) -> Result<ChangePage, SourceError> {
        let mut inner = self.inner.lock().unwrap();
        if inner.broken || inner.break_after == Some(0) {
            return Err(SourceError::Unavailable("the test broke it".into()));
        }
        inner.break_after = inner.break_after.map(|left| left - 1);
        if inner.endless {
            let page = after.and_then(|cursor| cursor.0.strip_prefix("endless:")?.parse::<u64>().ok());
            let cursor = Cursor(format!("endless:{}", page.unwrap_or_default() + 1));
            return Ok(ChangePage { changes: vec![], refused: vec![], cursor, more: true, complete: false });
        }
        let anew =
            inner.rereads && after.is_some_and(|cursor| cursor.0 != format!("since:{}", inner.journal.len()));
        let after = after.filter(|cursor| !anew || !cursor.0.starts_with("since:"));
        let text = after.map_or_else(|| format!("all::{}", inner.journal.len()), |cursor| cursor.0.clone());
        if let Some(since) = text.strip_prefix("since:") {
            let from: usize = since.parse().unwrap();
            let to = (from + inner.page).min(inner.journal.len());
            let changes = inner.journal[from..to].iter().map(|record| match inner.records.get(record) {
                Some(held) => Self::present(record, held),
                None => {
                    Change::Gone { category: attendance(), record: LocalId::new(record.as_str()).unwrap() }
                }
            });
            return Ok(ChangePage {
                changes: changes.collect(),
                refused: Vec::new(),
                cursor: Cursor(format!("since:{to}")),
                more: to < inner.journal.len(),
                complete: false,
            });
        }
        let (last, journal) = text.strip_prefix("all:").unwrap().rsplit_once(':').unwrap();
        let rest: Vec<_> =
            inner.records.iter().filter(|(record, _)| record.as_str() > last).take(inner.page).collect();
        let more = rest.len() == inner.page;
        let cursor = match rest.last() {
            Some((record, _)) if more => format!("all:{record}:{journal}"),
            _ => format!("since:{journal}"),
        };
        Ok(ChangePage {
            changes: rest.iter().map(|(record, held)| Self::present(record, held)).collect(),
            refused: if last.is_empty() { inner.refused.clone() } else { Vec::new() },
            cursor: Cursor(cursor),
            more,
            complete: !inner.rereads,
        })
    }

    fn rereads(&self) -> bool {
        self.inner.lock().unwrap().rereads
    }

    async fn fetch(&self, _: &Category, record: &LocalId) -> Result<Option<SourceDocument>, SourceError> {
        let slow = {
            let mut inner = self.inner.lock().unwrap();
            inner.fetched += 1;
            inner.slow
        };
        if slow {
            tokio::time::sleep(std::time::Duration::from_mins(1)).await;
        }
        let inner = self.inner.lock().unwrap();
        if inner.broken {
            return Err(SourceError::Unavailable("the test broke it".into()));
        }
        if inner.unusable.contains(record.as_str()) {
            return Err(SourceError::Content("the row cannot be used".into()));
        }
        let document = serde_json::json!({"person": {"familyName": "Jansen", "birthDate": "2012-05-20"}});
        Ok(inner.records.get(record.as_str()).map(|(_, birth_date)| SourceDocument {
            document: inner.document.clone().unwrap_or(document),
            as_of: Instant::from_millis(1_795_000_000_000),
            birth_date: *birth_date,
            under_investigation: vec!["/person/familyName".into(), "/internal".into()],
        }))
    }

    async fn subject(&self, _: &Category, record: &LocalId) -> Result<Option<Subject>, SourceError> {
        let inner = self.inner.lock().unwrap();
        let held = inner.records.get(record.as_str()).filter(|_| inner.tells_subject);
        Ok(held.map(|(subject, _)| Subject::parse(subject).unwrap()))
    }
}

/// The index by its own rules: one live pointer per subject, source and category, and the first handle stays.
#[derive(Debug, Default)]
pub(crate) struct Board {
    pub(crate) live: BTreeMap<[u8; 32], (PointerId, Handle, SourceName)>,
    pub(crate) withdrawn: Vec<WithdrawalReason>,
    pub(crate) destroy_by: Vec<Option<Instant>>,
    pub(crate) lost: BTreeSet<PointerId>,
    pub(crate) calls: u64,
    /// Calls that fail, before (`false`) or after (`true`) they were carried out.
    pub(crate) failures: Vec<Option<bool>>,
    pub(crate) refuse: Option<ProblemCode>,
    pub(crate) epochs: BTreeSet<u32>,
    pub(crate) valid_days: u64,
    pub(crate) lease_days: u64,
    pub(crate) lease: Option<Instant>,
    pub(crate) renewed: u64,
    pub(crate) valid: BTreeMap<PointerId, Instant>,
    pub(crate) reasons: Vec<RegistrationReason>,
    pub(crate) asked: Vec<DigestRequest>,
    /// Registrations are carried out and never answered.
    pub(crate) silent: bool,
    /// It left the chain: every registration is refused.
    pub(crate) left: Option<Left>,
    pub(crate) asked_whether_left: u64,
    /// Every registration is answered with it.
    pub(crate) retry_after: Option<std::time::Duration>,
}

#[derive(Debug)]
pub(crate) struct Switchboard(pub(crate) Mutex<Board>, Arc<ManualClock>);

impl Switchboard {
    pub(crate) fn new(clock: &Arc<ManualClock>) -> Arc<Self> {
        let board =
            Board { epochs: BTreeSet::from([1]), valid_days: 700, lease_days: 10_000, ..Board::default() };
        Arc::new(Self(Mutex::new(board), Arc::clone(clock)))
    }

    fn until(&self, board: &Board) -> Instant {
        self.1.now().plus(std::time::Duration::from_hours(24 * board.valid_days))
    }

    fn registered(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        let mut board = self.0.lock().unwrap();
        let failure = board.failure();
        if failure == Some(false) {
            return Err(ClientError::Unreachable);
        }
        if board.retry_after.is_some() {
            let ClientError::Problem(mut refused) = problem(ProblemCode::Unavailable) else { unreachable!() };
            refused.retry_after = board.retry_after;
            return Err(ClientError::Problem(refused));
        }
        let valid_until = self.until(&board);
        let mut results = Vec::new();
        for (line, pointer) in pointers.into_iter().enumerate() {
            let refused = |code: ProblemCode| BulkResult {
                line: line as u64,
                outcome: BulkOutcome::Refused,
                id: None,
                handle: None,
                valid_until: None,
                problem: Some(code.code().into()),
                detail: None,
            };
            if board.left.is_some() {
                results.push(refused(ProblemCode::Denied));
                continue;
            }
            if let Some(code) = board.refuse {
                results.push(refused(code));
                continue;
            }
            if !board.epochs.contains(&pointer.subject.epoch.0) {
                results.push(refused(ProblemCode::EpochUnknown));
                continue;
            }
            let mut random = [0; 10];
            random.copy_from_slice(&pointer.handle.as_bytes()[..10]);
            let fresh = (PointerId::new(upload_time(upload), random), pointer.handle, pointer.source.clone());
            let subject = pointer.subject.element.0;
            let created = !board.live.contains_key(&subject);
            let (id, handle, _) = board.live.entry(subject).or_insert(fresh).clone();
            let valid_until = *board.valid.entry(id).or_insert(valid_until);
            board.reasons.push(pointer.reason);
            board.destroy_by.push(pointer.destroy_by);
            results.push(BulkResult {
                line: line as u64,
                outcome: if created { BulkOutcome::Created } else { BulkOutcome::Existing },
                id: Some(id),
                handle: Some(handle),
                valid_until: Some(valid_until),
                problem: None,
                detail: None,
            });
        }
        if failure == Some(true) { Err(ClientError::TimedOut) } else { Ok(results) }
    }

    fn pointer(&self, board: &Board, id: PointerId) -> Pointer {
        Pointer {
            id,
            holder: holder(),
            category: attendance(),
            source: None,
            handle: None,
            state: PointerState::Withdrawn,
            withdrawal: None,
            registered_at: self.1.now(),
            valid_until: self.until(board),
            destroy_by: None,
            superseded_by: None,
        }
    }
}

impl Board {
    /// Without a lease every pointer lapses.
    pub(crate) fn lapse(&mut self, now: Instant) {
        if self.lease.is_some_and(|until| until <= now) {
            self.live.clear();
        }
    }

    /// Whether this call fails, and whether it is carried out all the same.
    fn failure(&mut self) -> Option<bool> {
        self.calls += 1;
        self.failures.pop().flatten()
    }
}

pub(crate) fn problem(code: ProblemCode) -> ClientError {
    ClientError::Problem(Box::new(Refused {
        problem: Problem {
            kind: format!("{TYPE_BASE}{}", code.code()),
            title: code.title().into(),
            status: code.status(),
            detail: String::new(),
            retryable: code.retryable(),
            trace_id: None,
            errors: Vec::new(),
        },
        retry_after: None,
    }))
}

#[async_trait]
impl Index for Switchboard {
    async fn register(
        &self,
        upload: BatchId,
        pointers: Vec<RegisterPointer>,
    ) -> Result<Vec<BulkResult>, ClientError> {
        let answer = self.registered(upload, pointers);
        let silent = self.0.lock().unwrap().silent;
        if silent { std::future::pending().await } else { answer }
    }

    async fn withdraw(&self, id: PointerId, withdrawal: &WithdrawPointer) -> Result<Pointer, ClientError> {
        let mut board = self.0.lock().unwrap();
        let failure = board.failure();
        if failure == Some(false) {
            return Err(ClientError::Unreachable);
        }
        let before = board.live.len();
        board.live.retain(|_, (live, _, _)| *live != id);
        if board.live.len() == before {
            return Err(problem(ProblemCode::NotFound));
        }
        board.withdrawn.push(withdrawal.reason);
        if failure == Some(true) { Err(ClientError::TimedOut) } else { Ok(self.pointer(&board, id)) }
    }

    async fn renew(&self, id: PointerId, _: &RenewPointer) -> Result<Pointer, ClientError> {
        let mut board = self.0.lock().unwrap();
        board.renewed += 1;
        if board.lost.contains(&id) {
            Err(problem(ProblemCode::NotFound))
        } else {
            let valid_until = self.until(&board);
            board.valid.insert(id, valid_until);
            Ok(self.pointer(&board, id))
        }
    }

    async fn lease(&self) -> Result<Lease, ClientError> {
        let mut board = self.0.lock().unwrap();
        board.lapse(self.1.now());
        let valid_until = self.1.now().plus(std::time::Duration::from_hours(24 * board.lease_days));
        board.lease = Some(valid_until);
        Ok(Lease { valid_until })
    }

    async fn digests(&self, request: &DigestRequest) -> Result<DigestResponse, ClientError> {
        let mut board = self.0.lock().unwrap();
        if board.failure() == Some(false) {
            return Err(ClientError::Unreachable);
        }
        board.asked.push(request.clone());
        let texts = if request.prefixes.is_empty() { vec![String::new()] } else { request.prefixes.clone() };
        let prefixes: Vec<Prefix> = texts.iter().map(|text| Prefix::parse(text).unwrap()).collect();
        let mut tally = Tally::new(&prefixes);
        let own = |source: &SourceName| request.source.as_ref().is_none_or(|wanted| wanted == source);
        let members: Vec<Member> = board
            .live
            .values()
            .filter(|(_, _, source)| own(source))
            .map(|(id, handle, source)| Member {
                id: *id,
                handle: *handle,
                source: source.clone(),
                category: attendance(),
                valid_until: board.valid[id],
            })
            .collect();
        for member in &members {
            tally.add(member.id, member.valid_until, &member.category);
        }
        let buckets = prefixes.iter().map(|prefix| Bucket {
            prefix: prefix.to_string(),
            digests: (!request.members).then(|| tally.encoded(*prefix)),
            members: request.members.then(|| {
                let inside = |member: &&Member| Prefix::of(member.id, prefix.length()) == *prefix;
                members.iter().filter(inside).cloned().collect()
            }),
        });
        Ok(DigestResponse { count: tally.count(), buckets: buckets.collect() })
    }

    async fn left(&self, _: Oin) -> Result<Option<Left>, ClientError> {
        let mut board = self.0.lock().unwrap();
        board.asked_whether_left += 1;
        Ok(board.left)
    }
}

fn upload_time(upload: BatchId) -> Instant {
    let mut millis = [0; 8];
    millis[2..].copy_from_slice(&upload.as_bytes()[..6]);
    Instant::from_millis(i64::from_be_bytes(millis))
}

/// The real curve, with keys of its own.
#[derive(Debug)]
pub(crate) struct Oracle {
    keys: Vec<(SecretKey, SecretKey)>,
    pub(crate) live: Mutex<usize>,
    pub(crate) down: Mutex<bool>,
    pub(crate) charged: Mutex<BTreeMap<BudgetClass, u64>>,
}

impl Oracle {
    pub(crate) fn new() -> Arc<Self> {
        let mut random = Entropy::seeded(9);
        let mut key = || SecretKey::generate(&mut random);
        Arc::new(Self {
            keys: vec![(key(), key()), (key(), key())],
            live: Mutex::new(1),
            down: Mutex::default(),
            charged: Mutex::default(),
        })
    }

    pub(crate) fn element(&self, epoch: usize, key_use: KeyUse, subject: &Subject) -> Element {
        let (index, binding) = &self.keys[epoch - 1];
        let key = if key_use == KeyUse::Index { index } else { binding };
        let mut random = Entropy::seeded(3);
        let (blinding, blinded) = blind(subject, &mut random).unwrap();
        let blinded = [blinded];
        let (evaluated, proof) = evaluate(key, &blinded, &mut random).unwrap();
        let elements = verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof);
        elements.unwrap().remove(0)
    }
}

#[async_trait]
impl Pseudonymiser for Oracle {
    async fn evaluate(
        &self,
        subjects: &[Subject],
        key_use: KeyUse,
        class: BudgetClass,
    ) -> Result<Vec<Vec<EpochElement>>, PseudonymError> {
        if *self.down.lock().unwrap() {
            return Err(ClientError::Unreachable.into());
        }
        *self.charged.lock().unwrap().entry(class).or_default() += subjects.len() as u64;
        let live = *self.live.lock().unwrap();
        let of = |subject| {
            let epochs = 1..=live;
            epochs
                .map(|epoch| EpochElement {
                    epoch: Epoch(epoch as u32),
                    element: self.element(epoch, key_use, subject),
                })
                .collect()
        };
        Ok(subjects.iter().map(of).collect())
    }
}

/// Everything around one synchroniser, which can be dropped and made again.
pub(crate) struct Town {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) book: Arc<Book>,
    pub(crate) switchboard: Arc<Switchboard>,
    pub(crate) oracle: Arc<Oracle>,
    pub(crate) agreement: SharedAgreement,
    pub(crate) sync: Synchroniser,
}

impl Town {
    pub(crate) fn new(agreement: Agreement) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = clock();
        let (book, oracle) = (Book::new("som"), Oracle::new());
        let switchboard = Switchboard::new(&clock);
        let agreement = SharedAgreement::fixed(agreement, Arc::clone(&clock) as Arc<_>);
        let sync = synchroniser(folder.path(), &clock, &book, &switchboard, &oracle, &agreement);
        Self { folder, clock, book, switchboard, oracle, agreement, sync }
    }

    /// As after a kill: nothing is left but the database.
    pub(crate) fn restart(&mut self) {
        self.sync = self.another();
        // A run that was dropped may just be asking for the lead; a process that is killed asks for nothing any more.
        while !self.sync.leadership.lock().unwrap().is_leader().unwrap() {
            std::thread::yield_now();
        }
    }

    /// Another process on the same database.
    pub(crate) fn another(&self) -> Synchroniser {
        synchroniser(
            self.folder.path(),
            &self.clock,
            &self.book,
            &self.switchboard,
            &self.oracle,
            &self.agreement,
        )
    }

    pub(crate) async fn run(&self, options: &SyncOptions) -> Result<SyncReport, SyncError> {
        self.sync.run_once(options, &|_| {}).await
    }

    /// Runs, with time passing, until the outbox is empty.
    pub(crate) async fn settle(&self) {
        self.settle_by(std::time::Duration::from_hours(1)).await;
    }

    /// The same with so much time between runs.
    pub(crate) async fn settle_by(&self, step: std::time::Duration) {
        for _ in 0..40 {
            self.run(&SyncOptions::default()).await.unwrap();
            if self.sync.status().await.unwrap().waiting == 0 {
                return;
            }
            self.clock.advance(step);
        }
        panic!("the outbox does not become empty: {:?}", self.sync.status().await);
    }

    /// Whom the index knows, of these subjects.
    pub(crate) fn known(&self, subjects: &[&str]) -> BTreeSet<String> {
        let board = self.switchboard.0.lock().unwrap();
        let mut known = BTreeSet::new();
        for subject in subjects {
            let subject = format!("nl.bsn:{subject}");
            let element = self.oracle.element(1, KeyUse::Index, &Subject::parse(&subject).unwrap());
            if board.live.contains_key(&element.to_bytes()) {
                known.insert(subject);
            }
        }
        assert_eq!(known.len(), board.live.len(), "the index knows nobody else");
        known
    }
}

fn synchroniser(
    folder: &Path,
    clock: &Arc<ManualClock>,
    book: &Arc<Book>,
    switchboard: &Arc<Switchboard>,
    oracle: &Arc<Oracle>,
    agreement: &SharedAgreement,
) -> Synchroniser {
    let source: Arc<dyn Source> = Arc::clone(book) as Arc<_>;
    Synchroniser::new(SyncParts {
        holder: holder(),
        agreement: agreement.clone(),
        store: Arc::new(store_in(folder)),
        sources: BTreeMap::from([(source.name().clone(), source)]),
        vault: vault(),
        index: Arc::clone(switchboard) as Arc<_>,
        pseudonymiser: Arc::clone(oracle) as Arc<_>,
        clock: Arc::clone(clock) as Arc<_>,
        reconcile_every: None,
    })
}

pub(crate) fn vault() -> Vault {
    Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::os())
}
