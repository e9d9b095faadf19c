//! Every JSON body of the protocol: no text makes parsing panic, and parse → write → parse → write is stable.
#![no_main]

use kw_client::Jwks;
use kw_protocol::{dossier, evaluation, grant, local, pointer, problem, pull, query};
use kw_requester::DossierQuery;
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn stable<T: Serialize + DeserializeOwned>(json: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(json) {
        let written = serde_json::to_string(&value).expect("a body can be written");
        let again: T = serde_json::from_str(&written).expect("an own body is accepted");
        assert!(
            serde_json::to_string(&again).is_ok_and(|twice| twice == written),
            "a body changed on its way"
        );
    }
}

macro_rules! bodies {
    ($input:expr => $($body:ty),+ $(,)?) => {
        const BODIES: &[fn(&[u8])] = &[$(stable::<$body>),+];
        let Some((which, json)) = $input.split_first() else { return };
        BODIES[usize::from(*which) % BODIES.len()](json);
    };
}

fuzz_target!(|input: &[u8]| {
    if let Some(Ok(request)) = input.get(1..).map(serde_json::from_slice::<dossier::DossierRequest>)
        && let Err(mistakes) = DossierQuery::parse(&request)
    {
        assert!(!mistakes.is_empty(), "refused without a mistake");
    }
    // The first byte says which; new ones go to the end, so that the corpus keeps its meaning.
    bodies!(input =>
        pointer::RegisterPointer,
        query::Query,
        pull::Pull,
        dossier::DossierRequest,
        evaluation::EvaluationRequest,
        evaluation::EvaluationResponse,
        evaluation::PublicKeys,
        grant::GrantClaims,
        grant::GrantHeader,
        local::RegistrationRequest,
        local::WithdrawalRequest,
        local::SyncRequest,
        local::SyncReport,
        local::PartnerStatus,
        pointer::Registered,
        pointer::PointerPage,
        pointer::RenewPointer,
        pointer::SupersedePointer,
        pointer::WithdrawPointer,
        pointer::WithdrawMany,
        pointer::WithdrawnMany,
        pointer::BulkResult,
        pointer::UploadProgress,
        pointer::DigestRequest,
        pointer::DigestResponse,
        pointer::Lease,
        problem::Problem,
        pull::Pulled,
        query::QueryAnswer,
        dossier::Lookup,
        dossier::Dossier,
        Jwks,
    );
});
