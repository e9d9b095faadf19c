//! Signing in and choosing for whom, for programs: the address of a sign-in cannot be guessed, and one that a browser began
//! is not for them (`pages`).

use actix_web::web::{Data, Json, Path};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use kw_domain::MandateId;
use kw_protocol::authorisation::RepresentationScope;
use kw_protocol::mandate::MandateKind;
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Body, Refusal};

use super::state::{ChosenMandate, Interaction as UnderWay, Request};
use super::wire::OfferedMandate;
use super::{
    Authenticated, Authentication, Choice, Choices, Chosen, Interaction, Offered, Provider, ProviderError,
};
use crate::openid::redirect_to;

/// What is asked of the person.
pub(super) async fn show(provider: Data<Provider>, id: Path<String>) -> Result<Json<Interaction>, Refusal> {
    let under_way = provider.under_way(&id, None)?;
    Ok(Json(Interaction {
        client: under_way.request.question.client.clone(),
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
    match provider.authenticate(&id, None, &body.0.username, &body.0.secret) {
        Signing::Done(next) => Ok(Json(Authenticated { next })),
        Signing::Wrong | Signing::Ended => {
            Err(Refusal::new(ProblemCode::Denied, "The name or the secret is wrong. Try again."))
        }
        Signing::Over => Err(over()),
    }
}

/// The people for whom the person can act, under an active mandate of the kind that is asked for.
pub(super) async fn offer(provider: Data<Provider>, id: Path<String>) -> Result<Json<Offered>, Refusal> {
    let (account, under_way) = provider.signed_in(&id, None)?;
    Ok(Json(provider.people_for(&account, &under_way.request).await?))
}

/// Ends the sign-in: the browser goes back with a code.
pub(super) async fn choose(
    provider: Data<Provider>,
    id: Path<String>,
    body: Body<Choice>,
) -> Result<Json<Chosen>, Refusal> {
    Ok(Json(Chosen { redirect_to: provider.complete(&id, None, body.0).await? }))
}

/// What came of a name and a secret.
pub(super) enum Signing {
    /// Somebody signed in, and has this to choose.
    Done(Choices),
    /// One of them is wrong.
    Wrong,
    /// One of them is wrong, for the last time.
    Ended,
    /// There is no such sign-in.
    Over,
}

impl Provider {
    /// A sign-in that this browser began; one without a browser is a program's.
    pub(super) fn under_way(&self, id: &str, browser: Option<&str>) -> Result<UnderWay, Refusal> {
        let found = self.state().interaction(id, self.now()).cloned();
        found.filter(|one| is_of(one, browser)).ok_or_else(over)
    }

    /// After five mistakes the sign-in is over.
    pub(super) fn authenticate(
        &self,
        id: &str,
        browser: Option<&str>,
        username: &str,
        secret: &str,
    ) -> Signing {
        let (now, known) = (self.now(), self.account(username));
        // Compared in any case, so that nobody learns by the time it takes which names there are.
        let right = same(known.map_or("", |account| account.secret.as_str()), secret) && known.is_some();
        let mut state = self.state();
        let Some(under_way) = state.interaction(id, now).filter(|one| is_of(one, browser)) else {
            return Signing::Over;
        };
        if !right {
            under_way.failures += 1;
            if under_way.failures < MOST_FAILURES {
                return Signing::Wrong;
            }
            state.end(id);
            return Signing::Ended;
        }
        // Somebody else at the same sign-in starts again: nothing of the first person is left.
        under_way.account = Some((username.to_owned(), now));
        let asked = under_way.request.representation;
        Signing::Done(if asked.is_some() { Choices::Mandate } else { Choices::Own })
    }

    /// Ends a sign-in: where the browser goes, with a code.
    pub(super) async fn complete(
        &self,
        id: &str,
        browser: Option<&str>,
        choice: Choice,
    ) -> Result<String, Refusal> {
        let (account, under_way) = self.signed_in(id, browser)?;
        let request = &under_way.request;
        let chosen = match choice {
            Choice { mandate: Some(mandate), own: false } => {
                Some(self.chosen(&account, mandate, kind_of(request.representation)).await?)
            }
            Choice { mandate: None, own: true } => None,
            _ => {
                let detail = "Choose one: a mandate, or yourself.";
                return Err(Refusal::new(ProblemCode::Invalid, detail)
                    .field("/mandate", "expected either this, or `self` with true"));
            }
        };
        let code = self.opaque();
        if !self.state().finish(id, code.clone(), chosen, self.now()) {
            return Err(over());
        }
        let answer = [("code", code.as_str())];
        Ok(redirect_to(
            &request.question.redirect_uri,
            &answer,
            request.question.state.as_deref(),
            &self.issuer,
        ))
    }

    /// The people for whom somebody can act now, under a mandate of the kind that is asked for.
    pub(super) async fn people_for(&self, account: &str, request: &Request) -> Result<Offered, Refusal> {
        let Some(kind) = kind_of(request.representation) else { return Ok(Offered::default()) };
        let offered = self.offered(account).await?.into_iter().filter(|one| one.kind == kind);
        let mandates = offered.filter_map(|one| {
            let name = self.account(&one.account)?.given_name.clone();
            Some(OfferedMandate { mandate: one.mandate, name, kind: one.kind })
        });
        Ok(Offered { mandates: mandates.collect() })
    }

    fn signed_in(&self, id: &str, browser: Option<&str>) -> Result<(String, UnderWay), Refusal> {
        let under_way = self.under_way(id, browser)?;
        match &under_way.account {
            Some((account, _)) => Ok((account.clone(), under_way)),
            None => Err(Refusal::new(ProblemCode::Denied, "Nobody signed in. Sign in first.")),
        }
    }

    /// The mandates under which this person can act now, according to the chain's register.
    pub(super) async fn offered(&self, account: &str) -> Result<Vec<ChosenMandate>, Refusal> {
        let account = self.account(account).ok_or_else(over)?;
        self.register.active_of(account, &self.accounts).await.map_err(|error| unavailable(&error))
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

fn is_of(under_way: &UnderWay, browser: Option<&str>) -> bool {
    match (&under_way.browser, browser) {
        (Some(own), Some(given)) => same(own, given),
        (None, None) => true,
        _ => false,
    }
}

/// Takes as long for every pair.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (digest(&SHA256, one.as_bytes()), digest(&SHA256, other.as_bytes()));
    verify_slices_are_equal(one.as_ref(), other.as_ref()).is_ok()
}

pub(super) fn over() -> Refusal {
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
