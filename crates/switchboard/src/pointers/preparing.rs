//! What can be decided and computed about a registration before the writer is asked: off the commit path.

use kw_agreement::Agreement;
use kw_domain::{Handle, Instant, Oin, PointerId, SubjectId, SubjectReference};
use kw_protocol::pointer::{RegisterPointer, RegistrationReason};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Entropy, Refusal};
use kw_store::switchboard::{LiveTags, NewSubject, StoredPointer};

use crate::app::{Keyring, not_located};
use crate::index::{locate, seal_element, seal_pointer, source_key};

/// A registration that only needs the database.
#[derive(Clone)]
pub(super) struct Prepared {
    pub(super) subject: NewSubject,
    pub(super) pointer: StoredPointer,
    pub(super) handle: Handle,
    pub(super) reference: SubjectReference,
    /// By a migration or merge at the partner.
    pub(super) administrative: bool,
}

impl Prepared {
    pub(super) fn tags(&self) -> LiveTags {
        self.subject.tags
    }
}

/// Checks a registration against the agreement and makes its row.
pub(super) fn prepare(
    keyring: &Keyring,
    agreement: &Agreement,
    entropy: &Entropy,
    holder: Oin,
    now: Instant,
    given: &RegisterPointer,
) -> Result<Prepared, Refusal> {
    let valid_until = check(agreement, holder, now, given)?;
    let located = locate(&keyring.keys, &keyring.live, &given.subject).map_err(not_located)?;
    let row = &keyring.keys.row;
    let mut drawn = Drawn::new(entropy);
    let subject = SubjectId::new(now, drawn.take());
    let id = PointerId::new(now, drawn.take());
    let purposes: Vec<&str> = given.purposes.iter().map(kw_domain::Purpose::as_str).collect();
    Ok(Prepared {
        subject: NewSubject {
            id: subject,
            tags: located.tags,
            generation: located.generation,
            element: seal_element(row, subject, &located.element, drawn.take()),
        },
        pointer: StoredPointer {
            id,
            subject: Some(subject),
            holder,
            category: given.category.clone(),
            source_key: Some(source_key(row, holder, &given.source)),
            sealed: Some(seal_pointer(row, id, given.handle, &given.source, drawn.take())),
            purposes: (!purposes.is_empty()).then(|| purposes.join(" ")),
            state: kw_protocol::pointer::PointerState::Active,
            withdrawal: None,
            registered_at: now,
            valid_until,
            due_at: valid_until,
            destroy_by: given.destroy_by,
            superseded_by: None,
        },
        handle: given.handle,
        reference: SubjectReference::new(now, drawn.take()),
        administrative: given.reason == RegistrationReason::Administrative,
    })
}

/// The randomness of one registration, drawn at once: three identifiers of ten bytes, two nonces of twelve.
struct Drawn {
    bytes: [u8; 54],
    taken: usize,
}

impl Drawn {
    fn new(entropy: &Entropy) -> Self {
        Self { bytes: entropy.draw(), taken: 0 }
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut part = [0; N];
        part.copy_from_slice(&self.bytes[self.taken..self.taken + N]);
        self.taken += N;
        part
    }
}

fn check(
    agreement: &Agreement,
    holder: Oin,
    now: Instant,
    given: &RegisterPointer,
) -> Result<Instant, Refusal> {
    let Some(rules) =
        agreement.category(&given.category).filter(|_| agreement.may_register(holder, &given.category))
    else {
        return Err(Refusal::new(
            ProblemCode::Denied,
            "The agreement does not let you register this category.",
        )
        .field("/category", "expected a category that the agreement lists for your organisation"));
    };
    let mut refusal = Refusal::new(ProblemCode::Invalid, "The registration does not fit the agreement.");
    let cap = rules.max_validity.after(now);
    let valid_until = given.valid_until.unwrap_or(cap);
    if valid_until > cap || valid_until <= now {
        refusal = refusal.field("/validUntil", format!("expected a moment after now and not after {cap}"));
    }
    if let Some(by) = given.destroy_by {
        if by <= now {
            refusal = refusal.field("/destroyBy", "expected a moment after now");
        } else if by != by.start_of_month() {
            refusal = refusal
                .field("/destroyBy", "expected the first moment of a month: an exact day tells an age");
        }
    }
    for (at, purpose) in given.purposes.iter().enumerate() {
        if agreement.purpose(purpose).is_none() {
            refusal = refusal.field(format!("/purposes/{at}"), "expected a purpose of the agreement");
        }
    }
    refusal.if_any()?;
    // Nothing is findable beyond its destruction, whether or not the job has come by.
    Ok(given.destroy_by.map_or(valid_until, |by| by.min(valid_until)))
}
