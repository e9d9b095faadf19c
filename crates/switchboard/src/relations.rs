//! Relations: two persons who belong together, by a registrar's word, for family match (docs/match.md).

mod declare;
mod end;

use actix_web::web::{self, ServiceConfig};
use kw_agreement::Agreement;
use kw_domain::{Oin, SubjectReference};
use kw_ledger::AccessRecord;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;
use kw_store::switchboard::matches::StoredRelation;
use kw_store::{Abort, Act};

pub(crate) use declare::__path_declare_relation;
pub(crate) use end::__path_end_relation;

use crate::app::{App, recorded};

/// The routes under `/v1` of the service listener.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/v1/relations").route(web::post().to(declare::declare_relation)))
        .service(web::resource("/v1/relations/{id}/_end").route(web::post().to(end::end_relation)));
}

fn is_registrar(agreement: &Agreement, party: Oin) -> bool {
    agreement.matching().registrars.contains(&party)
}

fn not_registrar() -> Refusal {
    let detail = "The agreement does not let your organisation declare that persons belong together.";
    Refusal::new(ProblemCode::Denied, detail)
}

/// Two fresh references.
fn references(app: &App) -> [SubjectReference; 2] {
    [app.reference(), app.reference()]
}

/// One record for each of the two: neither tells who the other is.
fn act_about_both<E: From<Refusal>>(
    record: &AccessRecord,
    relation: &StoredRelation,
    references: [SubjectReference; 2],
) -> Result<Act, Abort<E>> {
    let [first, second] = references.map(|reference| {
        let mut record = record.clone();
        record.subject = Some(reference);
        record
    });
    let act = crate::app::act(&first)?.link(relation.one, references[0]);
    let text = recorded(&second).map_err(|refusal| Abort::Refused(refusal.into()))?;
    Ok(act.and_about(text, relation.other, references[1]))
}
