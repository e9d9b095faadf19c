//! Signing in and choosing for whom: what a person sees of the provider. The address of a sign-in cannot be guessed; pages
//! that a person uses come with a later version and bind it to the browser too.

use actix_web::web::{Data, Json, Path};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::{Instant, MandateId};
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::mandate::MandateKind;
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Body, Refusal};

use super::authorize::redirect_to;
use super::state::{ChosenMandate, Interaction as UnderWay};
use super::wire::OfferedMandate;
use super::{
    Authenticated, Authentication, Choice, Choices, Chosen, Interaction, Offered, Provider, ProviderError,
};

/// What is asked of the person.
pub(super) async fn show(provider: Data<Provider>, id: Path<String>) -> Result<Json<Interaction>, Refusal> {
    let under_way = provider.under_way(&id)?;
    Ok(Json(Interaction {
        client: under_way.request.client.clone(),
        representation: kind_of(under_way.request.representation),
        signed_in: under_way.account.is_some(),
    }))
}

/// Signs in. After five mistakes the sign-in is over.
pub(super) async fn authenticate(
    provider: Data<Provider>,
    id: Path<String>,
    body: Body<Authentication>,
) -> Result<Json<Authenticated>, Refusal> {
    let now = provider.now();
    let known = provider.account(&body.0.username);
    // Compared in any case, so that nobody learns by the time it takes which names there are.
    let secret = known.map_or("", |account| account.secret.as_str());
    let right = same(secret, &body.0.secret) && known.is_some();
    let mut state = provider.state();
    let under_way = state.interaction(&id, now).ok_or_else(over)?;
    if !right {
        under_way.failures += 1;
        if under_way.failures >= MOST_FAILURES {
            state.end(&id);
        }
        return Err(Refusal::new(ProblemCode::Denied, "The name or the secret is wrong. Try again."));
    }
    // Somebody else at the same sign-in starts again: nothing of the first person is left.
    under_way.account = Some((body.0.username.clone(), now));
    let next = if under_way.request.representation.is_some() { Choices::Mandate } else { Choices::Own };
    Ok(Json(Authenticated { next }))
}

/// The people for whom the person can act, under an active mandate of the kind that is asked for.
pub(super) async fn offer(provider: Data<Provider>, id: Path<String>) -> Result<Json<Offered>, Refusal> {
    let (account, _, kind) = provider.signed_in(&id)?;
    let Some(kind) = kind else { return Ok(Json(Offered::default())) };
    let mandates = provider.offered(&account).await?;
    let offered = mandates.into_iter().filter(|one| one.kind == kind);
    let mandates = offered
        .filter_map(|one| {
            let name = provider.account(&one.account)?.given_name.clone();
            Some(OfferedMandate { mandate: one.mandate, name, kind: one.kind })
        })
        .collect();
    Ok(Json(Offered { mandates }))
}

/// Ends the sign-in: the browser goes back with a code.
pub(super) async fn choose(
    provider: Data<Provider>,
    id: Path<String>,
    body: Body<Choice>,
) -> Result<Json<Chosen>, Refusal> {
    let (account, under_way, kind) = provider.signed_in(&id)?;
    let chosen = match body.0 {
        Choice { mandate: Some(mandate), own: false } => {
            Some(provider.chosen(&account, mandate, kind).await?)
        }
        Choice { mandate: None, own: true } => None,
        _ => {
            let detail = "Choose one: a mandate, or yourself.";
            return Err(Refusal::new(ProblemCode::Invalid, detail)
                .field("/mandate", "expected either this, or `self` with true"));
        }
    };
    let code = provider.opaque();
    if !provider.state().finish(&id, code.clone(), chosen, provider.now()) {
        return Err(over());
    }
    let request = &under_way.request;
    let answer = [("code", code.as_str())];
    let redirect_to = redirect_to(&request.redirect_uri, &answer, request.state.as_deref(), &provider.issuer);
    Ok(Json(Chosen { redirect_to }))
}

impl Provider {
    fn under_way(&self, id: &str) -> Result<UnderWay, Refusal> {
        self.state().interaction(id, self.now()).cloned().ok_or_else(over)
    }

    fn signed_in(&self, id: &str) -> Result<(String, UnderWay, Option<MandateKind>), Refusal> {
        let under_way = self.under_way(id)?;
        let Some((account, _)): Option<(String, Instant)> = under_way.account.clone() else {
            return Err(Refusal::new(ProblemCode::Denied, "Nobody signed in. Sign in first."));
        };
        let kind = kind_of(under_way.request.representation);
        Ok((account, under_way, kind))
    }

    /// The mandates under which this person can act now, according to the chain's register.
    pub(super) async fn offered(&self, account: &str) -> Result<Vec<ChosenMandate>, Refusal> {
        let account = self.account(account).ok_or_else(over)?;
        self.register.active_of(account).await.map_err(|error| unavailable(&error))
    }

    /// The mandate, if it is this person's and active now.
    async fn chosen(
        &self,
        account: &str,
        mandate: MandateId,
        kind: Option<MandateKind>,
    ) -> Result<ChosenMandate, Refusal> {
        let refused = || {
            let detail = "This is not a mandate under which you can act here now. Choose another.";
            Refusal::new(ProblemCode::Denied, detail)
        };
        let kind = kind.ok_or_else(refused)?;
        let mandates = self.offered(account).await?;
        mandates.into_iter().find(|one| one.mandate == mandate && one.kind == kind).ok_or_else(refused)
    }
}

fn kind_of(scope: Option<RepresentationScope>) -> Option<MandateKind> {
    scope.map(RepresentationScope::mandate_kind)
}

/// Takes as long for every pair.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (digest(&SHA256, one.as_bytes()), digest(&SHA256, other.as_bytes()));
    verify_slices_are_equal(one.as_ref(), other.as_ref()).is_ok()
}

fn over() -> Refusal {
    Refusal::new(
        ProblemCode::NotFound,
        "There is no such sign-in, or it is over. Begin again where you came from.",
    )
}

pub(super) fn unavailable(_: &ProviderError) -> Refusal {
    let detail = "The chain's register of mandates does not answer now. Try again.";
    Refusal::new(ProblemCode::Unavailable, detail)
}

const MOST_FAILURES: u32 = 5;
