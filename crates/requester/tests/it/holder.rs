//! A holder that behaves as it is told to, after checking the subject proof for real.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{BirthDate, Category, Clock as _, Oin, SourceName, SystemClock};
use kw_protocol::grant::GrantClaims;
use kw_protocol::problem::ProblemCode;
use kw_protocol::pull::{ComparedPrecision, Provenance, Pull, Pulled};
use kw_pseudonym::{Binding, BirthDateComparison, BirthDateProofs};
use serde_json::Value;

use crate::switchboard::problem;

#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    Deliver(Value),
    Nothing,
    Refuse(ProblemCode),
    Hang(Duration),
    Garbage,
    AsAnother(Oin),
    OtherCategory(Category),
    Uncompared(Value),
}

#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) oin: Oin,
    pub(crate) behaviour: Arc<Mutex<Behaviour>>,
    /// Whom its records are about, as it can know: one binding.
    pub(crate) binding: Arc<Binding>,
    pub(crate) epoch: u32,
    pub(crate) birth_date: BirthDate,
    /// The `Fsc-Transaction-Id` and `traceparent` of each pull.
    pub(crate) pulls: Arc<Mutex<Vec<(String, String)>>>,
    /// How many pulls are under way in the whole chain, and how many were at most.
    pub(crate) load: Arc<Mutex<(usize, usize)>>,
}

impl Holder {
    pub(crate) fn routes(&self, config: &mut web::ServiceConfig) {
        let state = self.clone();
        let handler = move |http: HttpRequest, pull: web::Json<Pull>| {
            let state = state.clone();
            async move {
                {
                    let (now, most) = &mut *state.load.lock().unwrap();
                    *now += 1;
                    *most = (*most).max(*now);
                }
                let answer = state.answer(&http, &pull).await;
                state.load.lock().unwrap().0 -= 1;
                answer
            }
        };
        config.route("/v1/pulls", web::post().to(handler));
    }

    async fn answer(&self, http: &HttpRequest, pull: &Pull) -> HttpResponse {
        let header = |name| http.headers().get(name).unwrap().to_str().unwrap().to_owned();
        self.pulls.lock().unwrap().push((header("fsc-transaction-id"), header("traceparent")));
        let claims = pull.grant.split('.').nth(1).unwrap();
        let claims: GrantClaims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();

        let proven = pull.subject_proofs.iter().any(|proof| {
            proof.epoch == self.epoch && self.binding.verify_subject(&pull.grant, &proof.proof.0)
        });
        if !proven {
            return problem(ProblemCode::SubjectMismatch);
        }
        let compared = match self.compare(pull) {
            None => None,
            Some(BirthDateComparison::Same(kw_domain::DatePrecision::Month)) => {
                Some(ComparedPrecision::Month)
            }
            Some(BirthDateComparison::Same(_)) => Some(ComparedPrecision::Day),
            Some(BirthDateComparison::Different) => return problem(ProblemCode::BirthDateMismatch),
            Some(BirthDateComparison::Unknown) => return problem(ProblemCode::BirthDateUnknown),
        };

        let behaviour = self.behaviour.lock().unwrap().clone();
        let mut pulled = Pulled {
            holder: self.oin,
            category: claims.prp.cat[0].clone(),
            transaction: claims.txn,
            document: None,
            provenance: Provenance {
                source: SourceName::parse("files").unwrap(),
                as_of: SystemClock.now(),
                under_investigation: Vec::new(),
            },
            birth_date_compared: compared,
        };
        match behaviour {
            Behaviour::Deliver(document) => pulled.document = Some(document),
            Behaviour::Uncompared(document) => {
                pulled.document = Some(document);
                pulled.birth_date_compared = None;
            }
            Behaviour::Nothing => {}
            Behaviour::Refuse(code) => return problem(code),
            Behaviour::Hang(duration) => actix_web::rt::time::sleep(duration).await,
            Behaviour::Garbage => return HttpResponse::Ok().content_type("application/json").body("{]"),
            Behaviour::AsAnother(oin) => pulled.holder = oin,
            Behaviour::OtherCategory(category) => pulled.category = category,
        }
        HttpResponse::Ok().json(pulled)
    }

    fn compare(&self, pull: &Pull) -> Option<BirthDateComparison> {
        let given = pull.birth_date_proofs.iter().find(|proofs| proofs.epoch == self.epoch)?;
        let proof = |one: &Option<kw_protocol::SecretBytes32>| one.as_ref().map(|proof| proof.0);
        let proofs =
            BirthDateProofs { day: proof(&given.day), month: proof(&given.month), year: proof(&given.year) };
        Some(self.binding.compare_birth_date(&pull.grant, Some(&self.birth_date), &proofs))
    }
}
