//! `/v1/canaries`: the partner's own people see to its canaries.

use std::sync::Arc;

use actix_web::web::{Json, Path};
use kw_domain::CanaryId;
use kw_protocol::local::canaries::{
    AskCanaries, Canaries as Listed, CanariesAsked, CanariesImported, CanaryFile, ImportCanaries, MakeCanary,
    RetireCanary,
};
use kw_protocol::problem::{Problem, ProblemCode};
use kw_runtime::{Body, Refusal};

use crate::app::{App, Own};
use crate::canaries::{Canaries, CanaryError};

/// All canaries, and whether one is missing.
#[utoipa::path(
    get, path = "/v1/canaries", operation_id = "listCanaries", tag = "local", security(("token" = [])),
    responses(
        (status = 200, description = "Oldest first; which subject one is, is not said.", body = Listed),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this partner keeps none", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(own: Own) -> Result<Json<Listed>, Refusal> {
    kept(&own.0)?.list().await.map(Json).map_err(|error| refused(&error))
}

/// Makes one more. It is registered at the next sync of its source.
#[utoipa::path(
    post, path = "/v1/canaries", operation_id = "makeCanary", tag = "local", security(("token" = [])),
    request_body = MakeCanary,
    responses(
        (status = 200, description = "All canaries as they are now.", body = Listed),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this partner keeps none", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn make(own: Own, body: Body<MakeCanary>) -> Result<Json<Listed>, Refusal> {
    let canaries = kept(&own.0)?;
    if !canaries.categories().contains(&body.0.category) {
        let refusal =
            Refusal::new(ProblemCode::Invalid, "Name a category in which this partner keeps canaries.");
        return Err(refusal.field("/category", "expected one of the configured categories"));
    }
    canaries.make(&body.0.category).await.map_err(|error| refused(&error))?;
    canaries.list().await.map(Json).map_err(|error| refused(&error))
}

/// Asks for canaries now, within the day's budget.
#[utoipa::path(
    post, path = "/v1/canaries/_ask", operation_id = "askCanaries", tag = "local", security(("token" = [])),
    request_body = AskCanaries,
    responses(
        (status = 200, description = "What came of each question.", body = CanariesAsked),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this partner keeps none, or not this one", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ask(own: Own, body: Body<AskCanaries>) -> Result<Json<CanariesAsked>, Refusal> {
    kept(&own.0)?.ask_now(&body.0.ids).await.map(Json).map_err(|error| refused(&error))
}

/// Gives what another partner can ask for.
#[utoipa::path(
    post, path = "/v1/canaries/_export", operation_id = "exportCanaries", tag = "local", security(("token" = [])),
    responses(
        (status = 200, description = "The own canaries that the switchboard has. Whoever runs the index must not see them.", body = CanaryFile),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this partner keeps none", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(own: Own) -> Result<Json<CanaryFile>, Refusal> {
    kept(&own.0)?.export().await.map(Json).map_err(|error| refused(&error))
}

/// Takes over what another partner exported.
#[utoipa::path(
    post, path = "/v1/canaries/_import", operation_id = "importCanaries", tag = "local", security(("token" = [])),
    request_body = ImportCanaries,
    responses(
        (status = 200, description = "How many are new.", body = CanariesImported),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`: this partner keeps none", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn import(own: Own, body: Body<ImportCanaries>) -> Result<Json<CanariesImported>, Refusal> {
    let canaries = kept(&own.0)?;
    let ImportCanaries { file, register_as } = body.0;
    let refusal = Refusal::new(ProblemCode::Invalid, "These canaries cannot be taken over.");
    let mistakes = canaries.check(&file, register_as.as_ref());
    mistakes.into_iter().fold(refusal, |refusal, one| refusal.field(one.pointer, one.detail)).if_any()?;
    canaries.import(&file, register_as.as_ref()).await.map(Json).map_err(|error| refused(&error))
}

/// Lets one end before its time. Its pointer is withdrawn at the next sync of its source.
#[utoipa::path(
    post, path = "/v1/canaries/{id}/_retire", operation_id = "retireCanary", tag = "local", security(("token" = [])),
    request_body = RetireCanary,
    params(("id" = String, Path, description = "The canary")),
    responses(
        (status = 200, description = "All canaries as they are now.", body = Listed),
        (status = 400, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "`token-refused`: no or another token", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not-found`", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`conflict`: other partners were told of it", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "`unavailable`", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn retire(
    own: Own,
    id: Path<String>,
    body: Body<RetireCanary>,
) -> Result<Json<Listed>, Refusal> {
    let canaries = kept(&own.0)?;
    let id =
        CanaryId::parse(&id).map_err(|_| Refusal::new(ProblemCode::NotFound, "There is no such canary."))?;
    canaries.retire(id, body.0.anyway).await.map_err(|error| refused(&error))?;
    canaries.list().await.map(Json).map_err(|error| refused(&error))
}

fn kept(app: &App) -> Result<&Arc<Canaries>, Refusal> {
    app.canaries.as_ref().ok_or_else(|| {
        Refusal::new(
            ProblemCode::NotFound,
            "This partner keeps no canaries: add [canaries] to its configuration.",
        )
    })
}

/// What becomes of a request when canaries cannot be seen to.
pub(crate) fn refused(error: &CanaryError) -> Refusal {
    match error {
        CanaryError::Unknown(_) => Refusal::new(ProblemCode::NotFound, "There is no such canary."),
        CanaryError::Exported => Refusal::new(
            ProblemCode::Conflict,
            "Other partners were told of this canary and will miss it. Tell them, and send this again with `anyway`.",
        ),
        CanaryError::Read(_) | CanaryError::Write(_) => {
            Refusal::new(ProblemCode::Unavailable, "The partner's database cannot be used now. Try again.")
        }
        CanaryError::Sealed => Refusal::fault("a sealed subject of a canary does not open"),
    }
}
