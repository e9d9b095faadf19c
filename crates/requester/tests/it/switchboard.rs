//! A switchboard that discloses what it is told to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{
    Category, ChainName, Clock as _, GrantId, Handle, Instant, Oin, QueryId, SystemClock, TransactionId,
};
use kw_protocol::grant::{Confirmation, GRANT_TYPE, GrantClaims, GrantHeader, GrantProperties};
use kw_protocol::problem::{Problem, ProblemCode, TYPE_BASE};
use kw_protocol::query::{DisclosedHolder, Query, QueryAnswer, Receipt};
use kw_protocol::{Bytes16, Bytes32};

/// What is done to the claims before they are signed.
pub(crate) type Tamper = fn(&mut GrantClaims);

#[derive(Clone)]
pub(crate) struct Switchboard {
    pub(crate) oin: Oin,
    pub(crate) chain: ChainName,
    pub(crate) requester: Oin,
    pub(crate) certificate: [u8; 32],
    pub(crate) policy: Arc<Mutex<String>>,
    pub(crate) disclosed: Arc<Mutex<Vec<(Oin, Category)>>>,
    pub(crate) refuses: Arc<Mutex<Option<ProblemCode>>>,
    pub(crate) newest_epoch: Arc<Mutex<u32>>,
    pub(crate) tampers: Arc<Mutex<Option<Tamper>>>,
    pub(crate) delay: Arc<Mutex<Duration>>,
    pub(crate) asked: Arc<Mutex<Vec<(Query, String)>>>,
}

impl Switchboard {
    pub(crate) fn routes(&self, config: &mut web::ServiceConfig) {
        let state = self.clone();
        let handler = move |http: HttpRequest, query: web::Json<Query>| {
            let state = state.clone();
            async move {
                let delay = *state.delay.lock().unwrap();
                actix_web::rt::time::sleep(delay).await;
                state.answer(&http, query.into_inner())
            }
        };
        config.route("/v1/queries", web::post().to(handler));
    }

    fn answer(&self, http: &HttpRequest, query: Query) -> HttpResponse {
        let transaction = http.headers().get("fsc-transaction-id").unwrap().to_str().unwrap().to_owned();
        let epoch = query.subject.epoch.0;
        let purpose = query.purpose.clone();
        let basis = query.relation.basis;
        self.asked.lock().unwrap().push((query, transaction));
        if epoch > *self.newest_epoch.lock().unwrap() {
            return problem(ProblemCode::EpochUnknown);
        }
        if let Some(code) = *self.refuses.lock().unwrap() {
            return problem(code);
        }
        let now = SystemClock.now();
        let policy = self.policy.lock().unwrap().clone();
        let disclosed = self.disclosed.lock().unwrap().clone();
        let holders = disclosed.iter().enumerate().map(|(place, (holder, category))| {
            let mut claims = GrantClaims {
                aud: *holder,
                cnf: Confirmation { x5t_s256: Bytes32(self.certificate) },
                exp: now.as_seconds() + 120,
                gid: self.chain.clone(),
                iat: now.as_seconds(),
                iss: self.oin,
                jti: GrantId::new(now, [place as u8; 10]),
                log: None,
                nbf: now.as_seconds(),
                prp: GrantProperties {
                    actor_hash: Bytes32([1; 32]),
                    cat: vec![category.clone()],
                    hdl: Handle::from_bytes([place as u8; 16]),
                    legal_basis: "law".to_owned(),
                    policy: policy.clone(),
                    purpose: purpose.clone(),
                    relation: basis,
                    representation: None,
                    supplier: None,
                },
                sub: self.requester,
                txn: TransactionId::new(now, [place as u8; 10]),
            };
            let transaction = claims.txn;
            if let Some(tamper) = *self.tampers.lock().unwrap() {
                tamper(&mut claims);
            }
            DisclosedHolder {
                holder: *holder,
                category: category.clone(),
                transaction,
                grant: signed(&claims),
                actor_salt: Bytes16([place as u8; 16]),
                expires_at: Instant::from_millis(claims.exp * 1_000),
            }
        });
        HttpResponse::Ok().json(QueryAnswer {
            id: QueryId::new(now, [9; 10]),
            decided_at: now,
            policy: policy.clone(),
            categories: disclosed.iter().map(|(_, category)| category.clone()).collect(),
            holders: holders.collect(),
            receipt: Receipt { origin: "log".to_owned(), index: 7, salt: Bytes32([2; 32]), record: None },
        })
    }
}

/// The requester does not check the signature, so any will do.
fn signed(claims: &GrantClaims) -> String {
    let header = GrantHeader { alg: "ES256".to_owned(), kid: "1".to_owned(), typ: GRANT_TYPE.to_owned() };
    let part = |json: Vec<u8>| URL_SAFE_NO_PAD.encode(json);
    let header = part(serde_json::to_vec(&header).unwrap());
    let claims = part(serde_json::to_vec(claims).unwrap());
    format!("{header}.{claims}.{}", part(vec![0; 64]))
}

pub(crate) fn problem(code: ProblemCode) -> HttpResponse {
    let body = Problem {
        kind: format!("{TYPE_BASE}{}", code.code()),
        title: code.title().to_owned(),
        status: code.status(),
        detail: "Said by a test.".to_owned(),
        retryable: code.retryable(),
        trace_id: None,
        errors: Vec::new(),
    };
    HttpResponse::build(StatusCode::from_u16(code.status()).unwrap())
        .content_type("application/problem+json")
        .body(serde_json::to_string(&body).unwrap())
}
