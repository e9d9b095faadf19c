//! `POST /v1/evaluations`: a partner has blinded subjects evaluated, to register, ask or refresh.

mod charge;

use actix_web::HttpResponse;
use actix_web::web::{self, Data};
use kw_agreement::Agreement;
use kw_domain::KeyUse;
use kw_protocol::evaluation::{
    BudgetClass, EpochEvaluation, EvaluationRequest, EvaluationResponse, MAX_BATCH,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_protocol::{Bytes32, SecretBytes32};
use kw_pseudonym::{BatchError, BlindedElement, evaluate};
use kw_runtime::{Body, Entropy, Refusal, Trace};

use crate::KeyRing;
use crate::app::App;
use crate::caller::Caller;

/// Evaluates blinded elements under every live key of one use.
///
/// The batch is charged to a budget of the caller, whole or not at all, and recorded before anything is evaluated.
#[utoipa::path(
    post,
    path = "/v1/evaluations",
    operation_id = "evaluate",
    tag = "evaluations",
    request_body = EvaluationRequest,
    responses(
        (status = 200, description = "The elements under every live key, oldest first.", body = EvaluationResponse),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`certificate-refused`", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`party-unknown`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "`too-large`", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "`unsupported-media-type`", body = Problem, content_type = "application/problem+json"),
        (
            status = 429,
            description = "`budget-exhausted`",
            body = Problem,
            content_type = "application/problem+json",
            headers(("Retry-After" = u64, description = "Seconds until the window that blocks has ended."))
        ),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn post(
    caller: Caller,
    trace: Trace,
    body: Body<EvaluationRequest>,
    app: Data<App>,
) -> Result<HttpResponse, Refusal> {
    let agreement = app.agreement.current();
    let batch = Batch::check(&body.0, &agreement).inspect_err(|_| app.count_refused("invalid"))?;
    if !app.keys.current().can_serve(&agreement) {
        let detail = "The agreement lists no key that this service holds. Try again later.";
        return Err(Refusal::new(ProblemCode::Unavailable, detail));
    }
    charge::charge(&app, &caller.0, &trace, &agreement, &batch).await?;
    app.count_evaluated(batch.class, batch.key_use, batch.elements.len() as u64);
    let work = {
        let (app, agreement) = (app.clone(), agreement);
        move || batch.evaluate(&app.keys.current(), &agreement, &mut app.entropy.clone())
    };
    Ok(HttpResponse::Ok().json(run(&app, body.0.elements.len(), work).await?))
}

/// A request whose every part was checked.
struct Batch {
    key_use: KeyUse,
    class: BudgetClass,
    elements: Vec<BlindedElement>,
}

impl Batch {
    /// All mistakes at once.
    fn check(request: &EvaluationRequest, agreement: &Agreement) -> Result<Self, Refusal> {
        let mut refusal = Refusal::new(ProblemCode::Invalid, "Correct the fields and send the batch again.");
        if request.chain != *agreement.chain() {
            refusal = refusal.field("/chain", "this pseudonymiser serves another chain");
        }
        if !(1..=MAX_BATCH).contains(&request.elements.len()) {
            return Err(refusal.field("/elements", format!("expected 1 to {MAX_BATCH} elements")));
        }
        let mut elements = Vec::with_capacity(request.elements.len());
        for (position, element) in request.elements.iter().enumerate() {
            match BlindedElement::from_bytes(&element.0) {
                Ok(element) => elements.push(element),
                Err(reason) => refusal = refusal.field(format!("/elements/{position}"), reason.to_string()),
            }
        }
        refusal.if_any()?;
        Ok(Self { key_use: request.key_use, class: request.class, elements })
    }

    fn evaluate(
        &self,
        keys: &KeyRing,
        agreement: &Agreement,
        entropy: &mut Entropy,
    ) -> Result<EvaluationResponse, BatchError> {
        let evaluations = keys.live(self.key_use, agreement).map(|(epoch, key)| {
            let (elements, proof) = evaluate(key, &self.elements, entropy)?;
            let elements = elements.iter().map(|element| SecretBytes32(element.to_bytes())).collect();
            Ok(EpochEvaluation { epoch, elements, proof: proof.to_parts().map(Bytes32) })
        });
        Ok(EvaluationResponse { evaluations: evaluations.collect::<Result<_, _>>()? })
    }
}

/// A batch of eight takes half a millisecond per key, which is no longer than others on this thread can wait; 256 take
/// ten, and go to another one.
async fn run(
    app: &App,
    elements: usize,
    work: impl FnOnce() -> Result<EvaluationResponse, BatchError> + Send + 'static,
) -> Result<EvaluationResponse, Refusal> {
    if elements <= INLINE {
        return work().map_err(not_evaluated);
    }
    let ending = || Refusal::fault("the process is ending");
    let _turn = app.large_batches.acquire().await.map_err(|_| ending())?;
    web::block(work).await.map_err(|_| ending())?.map_err(not_evaluated)
}

/// The size was checked at the door, so this is a fault of ours.
fn not_evaluated(error: BatchError) -> Refusal {
    Refusal::fault(match error {
        BatchError::Empty => "a batch without an element",
        BatchError::TooLarge => "a batch that is too large",
    })
}

const INLINE: usize = 8;
