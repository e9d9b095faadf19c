//! Who reads something about persons at the local API, where the question has no body: the header `Actor`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_protocol::problem::ProblemCode;
use kw_protocol::query::Actor;
use kw_runtime::Refusal;

use crate::app::App;

/// Who reads, if the caller says so. Programs of the partner's own read in nobody's name.
pub(crate) struct Reader(Option<Actor>);

impl Reader {
    /// The reader, who is somebody of this organisation.
    pub(crate) async fn admitted(self, app: &App) -> Result<Option<Actor>, Refusal> {
        if let Some(actor) = &self.0 {
            app.require_staff(actor).await?;
        }
        Ok(self.0)
    }
}

impl FromRequest for Reader {
    type Error = Refusal;
    type Future = Ready<Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given = request.headers().get("actor").map(|value| {
            let json = URL_SAFE_NO_PAD.decode(value.as_bytes()).ok();
            json.and_then(|json| serde_json::from_slice(&json).ok())
        });
        ready(match given {
            None => Ok(Self(None)),
            Some(Some(actor)) => Ok(Self(Some(actor))),
            Some(None) => Err(Refusal::new(ProblemCode::Invalid, "It is not clear who reads.")
                .field("Actor", "expected an actor as JSON in unpadded base64url")),
        })
    }
}
