//! An authorisation in memory, and the row it is kept in: what names a person is sealed.

use std::fmt;

use kw_adapter::Vault;
use kw_domain::{AuthorisationId, BirthDate, DatePrecision, Instant, MandateId, Oin, Subject, TransactionId};
use kw_protocol::authorisation::{FailureCode, RepresentationScope, Scope};
use kw_store::partner::StoredAuthorisation;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

use crate::rules::phase::Phase;

/// One authorisation.
#[derive(Clone)]
pub(crate) struct Authorisation {
    pub(crate) id: AuthorisationId,
    pub(crate) client: Oin,
    pub(crate) phase: Phase,
    pub(crate) opens: Option<[u8; 32]>,
    pub(crate) opened: Option<[u8; 32]>,
    pub(crate) browser: Option<[u8; 32]>,
    pub(crate) certificate: [u8; 32],
    pub(crate) created_at: Instant,
    pub(crate) expires_at: Instant,
    pub(crate) facts: Facts,
    pub(crate) persons: Persons,
}

/// What names no person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Facts {
    pub(crate) redirect_uri: String,
    pub(crate) scope: String,
    pub(crate) challenge: String,
    pub(crate) transaction: TransactionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) assurance: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mandate: Option<MandateId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

/// What names persons, or opens something for them.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Persons {
    /// The client's state.
    #[serde(default)]
    pub(crate) state: String,
    /// `YYYYMMDD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    /// What was sent to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    /// What proves that the code is ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acting: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acting_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) legal_name: Option<String>,
}

impl Persons {
    pub(crate) fn new(state: &str, birth_date: Option<&BirthDate>) -> Self {
        let birth_date = birth_date.and_then(|date| {
            [DatePrecision::Day, DatePrecision::Month, DatePrecision::Year]
                .into_iter()
                .find_map(|precision| date.digits_at(precision))
        });
        let mut persons = Self::default();
        state.clone_into(&mut persons.state);
        persons.birth_date = birth_date;
        persons
    }

    pub(crate) fn birth_date(&self) -> Option<BirthDate> {
        self.birth_date.as_deref().and_then(|text| BirthDate::parse(text).ok())
    }

    /// Who signed in.
    pub(crate) fn acting(&self) -> Option<Subject> {
        self.acting.as_deref().and_then(|text| Subject::parse(text).ok())
    }

    /// Whom it is about: the represented person, or the one who signed in.
    pub(crate) fn about(&self) -> Option<Subject> {
        self.legal.as_deref().map_or_else(|| self.acting(), |text| Subject::parse(text).ok())
    }

    pub(crate) fn are(&mut self, acting: &Subject, legal: Option<&Subject>) {
        let text = |subject: &Subject| String::from_utf8_lossy(&subject.canonical()).into_owned();
        self.acting = Some(text(acting));
        self.legal = legal.map(text);
    }
}

impl Drop for Persons {
    fn drop(&mut self) {
        self.state.zeroize();
        let Self { birth_date, nonce, verifier, acting, legal, acting_name, legal_name, .. } = self;
        for text in [birth_date, nonce, verifier, acting, legal, acting_name, legal_name] {
            text.zeroize();
        }
    }
}

impl fmt::Debug for Authorisation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorisation")
            .field("id", &self.id)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

/// The row cannot be read: another key, or damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stored authorisation cannot be read")]
pub(crate) struct Unreadable;

impl Authorisation {
    /// The row, with what names persons sealed, or left out where it is not needed any more.
    pub(crate) fn to_row(&self, vault: &Vault) -> StoredAuthorisation {
        // A failed one still has to be led back to its client, with the client's state.
        let is_sealed = self.phase.needs_persons() || self.phase == Phase::Failed;
        let sealed = is_sealed.then(|| {
            let plain = Zeroizing::new(serde_json::to_vec(&self.persons).unwrap_or_default());
            vault.seal_authorisation(self.id, &plain)
        });
        StoredAuthorisation {
            id: self.id,
            client: self.client,
            phase: self.phase.number(),
            opens: self.opens,
            opened: self.opened,
            browser: self.browser,
            certificate: self.certificate,
            created_at: self.created_at,
            expires_at: self.expires_at,
            facts: serde_json::to_string(&self.facts).unwrap_or_default(),
            sealed,
        }
    }

    pub(crate) fn from_row(row: StoredAuthorisation, vault: &Vault) -> Result<Self, Unreadable> {
        let persons = match &row.sealed {
            None => Persons::default(),
            Some(sealed) => {
                let plain = vault.open_authorisation(row.id, sealed).map_err(|_| Unreadable)?;
                serde_json::from_slice(&plain).map_err(|_| Unreadable)?
            }
        };
        Ok(Self {
            id: row.id,
            client: row.client,
            phase: Phase::from_number(row.phase).ok_or(Unreadable)?,
            opens: row.opens,
            opened: row.opened,
            browser: row.browser,
            certificate: row.certificate,
            created_at: row.created_at,
            expires_at: row.expires_at,
            facts: serde_json::from_str(&row.facts).map_err(|_| Unreadable)?,
            persons,
        })
    }

    /// The same one step further: `None` where that step does not follow. What opened the last one opens nothing any more.
    pub(crate) fn moved(&self, next: Phase, now: Instant) -> Option<Self> {
        let mut moved = self.phase.may_become(next).then(|| self.clone())?;
        moved.phase = next;
        moved.opens = None;
        moved.expires_at = now.plus(next.lasts());
        if !next.needs_persons() {
            moved.persons = Persons::new(&self.persons.state, None);
        }
        Some(moved)
    }

    pub(crate) fn is_live(&self, phase: Phase, now: Instant) -> bool {
        self.phase == phase && now < self.expires_at
    }

    pub(crate) fn scope(&self) -> Result<Scope, Unreadable> {
        Scope::parse(&self.facts.scope).map_err(|_| Unreadable)
    }

    pub(crate) fn failure(&self) -> Option<FailureCode> {
        self.facts.failure.as_deref().and_then(FailureCode::parse)
    }

    /// As it stands in records: `<kind>:<mandate id>`.
    pub(crate) fn representation(&self) -> Option<String> {
        let kind = self.scope().ok()?.representation.map(RepresentationScope::mandate_kind)?.as_str();
        let mandate = self.facts.mandate.map(|mandate| format!("{kind}:{mandate}"));
        Some(mandate.unwrap_or_else(|| kind.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use kw_pseudonym::RowKey;
    use kw_runtime::Entropy;

    use super::*;

    fn vault() -> Vault {
        Vault::new(RowKey::from_bytes(&[7; 32]), Entropy::os())
    }

    fn authorisation() -> Authorisation {
        let now = Instant::from_millis(1_795_000_000_000);
        let mut persons = Persons::new("the-state", BirthDate::parse("20150600").ok().as_ref());
        let subject = |number: &str| Subject::parse(&format!("nl.bsn:{number}")).unwrap();
        persons.are(&subject("999990342"), Some(&subject("999994086")));
        Authorisation {
            id: AuthorisationId::new(now, [1; 10]),
            client: Oin::parse("00000099000000011000").unwrap(),
            phase: Phase::Asking,
            opens: Some([1; 32]),
            opened: None,
            browser: Some([2; 32]),
            certificate: [3; 32],
            created_at: now,
            expires_at: now,
            facts: Facts {
                redirect_uri: "https://pgo.example/back".to_owned(),
                scope: "youth-care-plan onbehalfofchild".to_owned(),
                challenge: String::new(),
                transaction: TransactionId::new(now, [2; 10]),
                assurance: None,
                mandate: Some(MandateId::new(now, [3; 10])),
                failure: None,
            },
            persons,
        }
    }

    #[test]
    fn a_row_reads_back_and_shows_no_person() {
        let row = authorisation().to_row(&vault());
        let shown = format!("{row:?} {} {:?}", row.facts, row.sealed);
        for value in ["999990342", "999994086", "201506", "the-state"] {
            assert!(!shown.contains(value), "{value}");
        }
        let read = Authorisation::from_row(row, &vault()).unwrap();
        assert_eq!(read.persons.about(), Subject::parse("nl.bsn:999994086").ok());
        assert_eq!(read.persons.acting(), Subject::parse("nl.bsn:999990342").ok());
        assert_eq!(read.persons.birth_date(), BirthDate::parse("20150600").ok());
        assert!(!format!("{read:?}").contains("999"));
    }

    #[test]
    fn at_the_end_the_row_knows_nobody_any_more() {
        let now = Instant::from_millis(1_795_000_000_000);
        let refused = authorisation().moved(Phase::Refused, now).unwrap();
        let row = refused.to_row(&vault());
        assert_eq!((row.sealed, row.opens), (None, None));
    }

    #[test]
    fn a_failed_one_keeps_the_clients_state_and_nobodys_number() {
        let now = Instant::from_millis(1_795_000_000_000);
        let stating = Authorisation { phase: Phase::Stating, ..authorisation() };
        let failed = stating.moved(Phase::Failed, now).unwrap();
        let read = Authorisation::from_row(failed.to_row(&vault()), &vault()).unwrap();
        assert_eq!(read.persons.state, "the-state");
        assert_eq!(
            (read.persons.acting(), read.persons.about(), read.persons.birth_date()),
            (None, None, None)
        );
    }

    #[test]
    fn a_row_of_one_authorisation_does_not_open_in_another() {
        let mut row = authorisation().to_row(&vault());
        row.id = AuthorisationId::from_bytes([9; 16]);
        assert_eq!(Authorisation::from_row(row, &vault()).unwrap_err(), Unreadable);
    }

    #[test]
    fn records_name_the_kind_and_the_mandate() {
        let named = authorisation().representation().unwrap();
        assert!(named.starts_with("parental-authority:0"), "{named}");
    }
}
