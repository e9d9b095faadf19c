//! Which records: one option for each field of the filter.

use clap::Args;
use kw_domain::{ActorId, CaseReference, Category, Instant, Oin, Purpose, Role, TransactionId};
use kw_ledger::search::{AccessFilter, Basis, LegalBasis, TraceId};
use kw_ledger::{Event, Outcome, Verdict};
use serde::de::DeserializeOwned;

/// What a record has to say to be shown; every option that is given.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// From this moment on (2026-11-21T09:30:00Z).
    #[arg(long, value_name = "MOMENT")]
    from: Option<Instant>,
    /// Before this moment.
    #[arg(long, value_name = "MOMENT")]
    until: Option<Instant>,
    /// The organisation that acted, or for which it acted.
    #[arg(long, value_name = "OIN")]
    party: Option<Oin>,
    /// Somebody who was involved as holder.
    #[arg(long, value_name = "OIN")]
    holder: Option<Oin>,
    /// The organisation whose service made the record.
    #[arg(long, value_name = "OIN")]
    service: Option<Oin>,
    /// The person behind the act.
    #[arg(long, value_name = "PERSON")]
    actor: Option<ActorId>,
    /// What that person was to their organisation.
    #[arg(long, value_name = "ROLE")]
    role: Option<Role>,
    /// Why.
    #[arg(long, value_name = "PURPOSE")]
    purpose: Option<Purpose>,
    /// About this kind of data.
    #[arg(long, value_name = "CATEGORY")]
    category: Option<Category>,
    /// For this case.
    #[arg(long, value_name = "CASE")]
    case: Option<CaseReference>,
    /// On what ground: listed, motivated or emergency.
    #[arg(long, value_name = "BASIS", value_parser = word::<Basis>)]
    basis: Option<Basis>,
    /// The law, as the agreement words it.
    #[arg(long, value_name = "TEXT")]
    legal_basis: Option<LegalBasis>,
    /// What happened: a code of docs/logging.md, `query-answered` for one.
    #[arg(long, value_name = "EVENT", value_parser = word::<Event>)]
    event: Option<Event>,
    /// How it ended: success, refused or error.
    #[arg(long, value_name = "RESULT", value_parser = word::<Outcome>)]
    result: Option<Outcome>,
    /// What was decided: allowed or denied.
    #[arg(long, value_name = "VERDICT", value_parser = word::<Verdict>)]
    verdict: Option<Verdict>,
    /// The exchange, or a pull that was granted in it.
    #[arg(long, value_name = "ID")]
    transaction: Option<TransactionId>,
    /// The trace: 32 hexadecimal digits.
    #[arg(long, value_name = "ID")]
    trace: Option<TraceId>,
}

impl Options {
    pub(super) fn into_filter(self) -> AccessFilter {
        AccessFilter {
            actor: self.actor,
            basis: self.basis,
            case: self.case,
            category: self.category,
            event: self.event,
            from: self.from,
            holder: self.holder,
            legal_basis: self.legal_basis,
            party: self.party,
            purpose: self.purpose,
            result: self.result,
            role: self.role,
            service: self.service,
            trace: self.trace,
            transaction: self.transaction,
            until: self.until,
            verdict: self.verdict,
        }
    }
}

/// A word as it stands in records.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, &'static str> {
    serde_json::from_value(text.into()).map_err(|_| "no such word: see docs/audit.md")
}
