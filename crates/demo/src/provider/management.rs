//! What tests and stories do with the provider, beside signing in: on this machine only, as the listener is.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use kw_domain::MandateId;
use kw_protocol::mandate::Side;
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Body, Refusal};

use super::{
    Account, NewMandate, Provider, ProviderError, RegisteredHere, Running, Statements, Taken, Withdrawal,
};

/// What was stated so far.
pub(super) async fn transactions(provider: Data<Provider>) -> Result<Json<Statements>, Refusal> {
    let statements = provider
        .transactions
        .all()
        .map_err(|_| Refusal::new(ProblemCode::Unavailable, "The file of statements cannot be read now."))?;
    Ok(Json(Statements { statements }))
}

/// Registers a mandate between two people with an account.
pub(super) async fn register(
    provider: Data<Provider>,
    body: Body<NewMandate>,
) -> Result<HttpResponse, Refusal> {
    let registered = provider.register_mandate(&body.0).await.map_err(|error| refused(&error))?;
    Ok(HttpResponse::Created().json(registered))
}

/// Takes a mandate back.
pub(super) async fn withdraw(
    provider: Data<Provider>,
    id: Path<MandateId>,
    body: Body<Withdrawal>,
) -> Result<Json<Taken>, Refusal> {
    let status = provider.withdraw_mandate(*id, body.0.side).await.map_err(|error| refused(&error))?;
    Ok(Json(status))
}

impl Provider {
    async fn register_mandate(&self, mandate: &NewMandate) -> Result<RegisteredHere, ProviderError> {
        let both = (self.named(&mandate.representative)?, self.named(&mandate.represented)?);
        self.register.register(both, mandate).await
    }

    async fn withdraw_mandate(&self, id: MandateId, side: Option<Side>) -> Result<Taken, ProviderError> {
        let (representative, represented) = self.register.sides(id).ok_or(ProviderError::NobodyOfThatName)?;
        let account = match side {
            Some(Side::Representative) => Some((Side::Representative, self.named(&representative)?)),
            Some(Side::Represented) => Some((Side::Represented, self.named(&represented)?)),
            None => None,
        };
        Ok(Taken { status: self.register.withdraw(id, account).await? })
    }

    fn named(&self, name: &str) -> Result<&Account, ProviderError> {
        self.account(name).ok_or(ProviderError::NobodyOfThatName)
    }
}

impl Running {
    /// Registers a mandate between two people with an account.
    pub async fn register_mandate(&self, mandate: &NewMandate) -> Result<RegisteredHere, ProviderError> {
        self.provider.register_mandate(mandate).await
    }

    /// Takes a mandate back, for one of its sides or for the provider itself.
    pub async fn withdraw_mandate(&self, id: MandateId, side: Option<Side>) -> Result<Taken, ProviderError> {
        self.provider.withdraw_mandate(id, side).await
    }
}

fn refused(error: &ProviderError) -> Refusal {
    match error {
        ProviderError::NobodyOfThatName => {
            Refusal::new(ProblemCode::NotFound, "Nobody of that name, or no such mandate, is here.")
        }
        ProviderError::Chain(error) => {
            let code = error.code().unwrap_or(ProblemCode::Unavailable);
            Refusal::new(code, "The chain's register did not take it.")
        }
        _ => Refusal::new(ProblemCode::Unavailable, "The chain does not answer now. Try again."),
    }
}
