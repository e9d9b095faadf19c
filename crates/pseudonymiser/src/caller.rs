//! Who may ask for evaluations: an active partner, and never the operator of the switchboard.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use kw_protocol::problem::ProblemCode;
use kw_runtime::{Evaluating, Party, Refusal};
use kw_transport::Peer;

use crate::app::App;
use crate::events::SwitchboardAsked;

/// A partner that may ask.
pub(crate) struct Caller(pub(crate) Party);

impl Caller {
    async fn of(request: &HttpRequest) -> Result<Self, Refusal> {
        let app = request
            .app_data::<Data<App>>()
            .ok_or_else(|| Refusal::fault("this application has no pseudonymiser"))?;
        // The agreement refuses the switchboard's operator as a partner. Who holds the index must not be able to fill it
        // in even when that rule is broken: it could compute the pseudonym of every person there is.
        if let Ok(peer) = Peer::of(request)
            && peer.oin == app.agreement.current().switchboard().oin
        {
            app.count_refused("switchboard");
            SwitchboardAsked { caller: peer.oin }.log();
            let detail = "The operator of the switchboard gets nothing from the pseudonymiser.";
            return Err(Refusal::new(ProblemCode::PartyUnknown, detail));
        }
        // What the evaluation is for decides the budget; whoever acts for a partner in either may have it evaluated, and the
        // switchboard, where the mandate is known, decides what can be done with it.
        let party = Evaluating::extract(request).await;
        party.map(|party| Self(party.0)).inspect_err(|_| app.count_refused("party"))
    }
}

impl FromRequest for Caller {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}
