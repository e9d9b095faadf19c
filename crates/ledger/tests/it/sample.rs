//! Records to look at.

use kw_domain::{
    ActorId, CaseReference, Category, ChainName, GrantId, Instant, Oin, Purpose, Role, SubjectReference,
    TransactionId,
};
use kw_ledger::{
    AccessRecord, ErasedRange, Event, GrantedAccess, GrantedAct, Outcome, PredecessorLog, RecordedActor,
    RecordedKey, RecordedRelation,
};

pub(crate) fn oin(number: u32) -> Oin {
    Oin::parse(&format!("00000099000000{number:03}000")).unwrap()
}

pub(crate) fn requester() -> Oin {
    oin(1)
}

pub(crate) fn switchboard() -> Oin {
    oin(99)
}

pub(crate) fn holder() -> Oin {
    oin(2)
}

pub(crate) fn moment() -> Instant {
    Instant::parse("2026-11-21T09:30:00.123Z").unwrap()
}

pub(crate) fn transaction(number: u8) -> TransactionId {
    TransactionId::new(moment(), [number; 10])
}

/// A record with nothing but what every record has: the service's own act.
pub(crate) fn sparse(event: Event) -> AccessRecord {
    let policy = "ab".repeat(32);
    AccessRecord::new(
        event,
        moment(),
        ChainName::parse("youth").unwrap(),
        switchboard(),
        switchboard(),
        policy,
    )
}

/// A record with every field.
pub(crate) fn full(event: Event) -> AccessRecord {
    let category = Category::parse("youth-care").unwrap();
    let grant = |number, category: Category, outcome: &str| GrantedAccess {
        act: GrantedAct::Pull,
        category,
        grant: GrantId::new(moment(), [number; 10]),
        holder: holder(),
        outcome: Some(outcome.into()),
        transaction: transaction(number),
    };
    AccessRecord {
        actor: Some(RecordedActor {
            assurance: "proven".into(),
            id: ActorId::parse("a.jansen").unwrap(),
            role: Role::parse("youth-doctor").unwrap(),
        }),
        case: Some(CaseReference::parse("Z-1").unwrap()),
        categories: vec![category.clone(), Category::parse("school").unwrap()],
        count: Some(2),
        erased: Some(ErasedRange { before: moment(), class: "access".into(), first: 3, last: 9 }),
        grants: vec![
            grant(11, category, "delivered"),
            grant(12, Category::parse("school").unwrap(), "timed-out"),
        ],
        holders: vec![holder(), oin(3)],
        keys: vec![RecordedKey::new("grant", "1-abc", b"point")],
        legal_basis: Some("Jeugdwet art. 7.1.4.1".into()),
        on_behalf_of: Some(oin(4)),
        party: requester(),
        predecessor: Some(PredecessorLog { origin: "youth/old".into(), root: "00".repeat(32), size: 9 }),
        processing_activity: Some("https://register.example/activities/1".into()),
        purpose: Some(Purpose::parse("coordinate-help").unwrap()),
        relation: Some(RecordedRelation { basis: "motivated".into(), reason: Some("a new report".into()) }),
        representation: Some("mandate-1".into()),
        search: Some(r#"{"event":"query-answered"}"#.into()),
        subject: Some(SubjectReference::new(moment(), [7; 10])),
        subjects: Some("cd".repeat(32)),
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        transaction: Some(transaction(1)),
        ..sparse(event)
    }
}

/// The shapes that make a difference to somebody who reads a record.
pub(crate) fn variants(event: Event) -> Vec<AccessRecord> {
    let batch = AccessRecord { subject: None, ..full(event) };
    let broken = AccessRecord { result: Outcome::Error, ..full(event).denied("source-unavailable") };
    let nothing = AccessRecord { count: Some(0), grants: Vec::new(), ..full(event) };
    vec![sparse(event), full(event), full(event).denied("role-not-allowed"), broken, batch, nothing]
}
