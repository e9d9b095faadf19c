//! The register of mandates, through the provider that registers in it; and what a holder's log says was given.

use kw_agreement::Agreement;
use kw_domain::{Clock as _, SystemClock};
use kw_ledger::{Event, Outcome};
use serde_json::{Value, json};

use crate::audit_records::{entries, record_of};
use crate::browser::Stage;

/// Of a kind, for somebody of an age that the kind may not be for: a registrar is believed about ages.
pub(crate) struct Mandate {
    pub(crate) of: (&'static str, &'static str),
    pub(crate) kind: &'static str,
    pub(crate) band: &'static str,
}

impl Mandate {
    /// Registers it; its name.
    pub(crate) async fn give(&self, stage: &Stage) -> String {
        let (representative, represented) = self.of;
        let until = SystemClock.now().plus(std::time::Duration::from_hours(24 * 30)).to_string();
        let mandate = json!({
            "representative": representative, "represented": represented, "kind": self.kind, "band": self.band,
            "categories": ["school-attendance", "youth-care-plan"], "acts": ["view"], "validUntil": until,
        });
        let told = tell(stage, "/test/mandates", &mandate).await;
        assert_eq!(told["status"], "active", "{told}");
        told["mandate"].as_str().unwrap().to_owned()
    }
}

/// Takes a mandate back.
pub(crate) async fn withdraw(stage: &Stage, mandate: &str) {
    let told = tell(stage, &format!("/test/mandates/{mandate}/withdrawal"), &json!({})).await;
    assert_eq!(told["status"], "withdrawn", "{told}");
}

async fn tell(stage: &Stage, path: &str, what: &Value) -> Value {
    let agreement = std::fs::read_to_string(stage.kept().join("agreement.toml")).unwrap();
    let agreement = Agreement::parse(&agreement).unwrap();
    let issuer = &agreement.representation().provider.as_ref().unwrap().issuer;
    let request = stage.visitor().client().post(format!("{issuer}{path}"));
    let request = request.header("content-type", "application/json").body(what.to_string());
    serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap()
}

/// How often a holder gave something to the personal environment, by its own log.
pub(crate) fn given_by(stage: &Stage, holder: &str) -> usize {
    let (_, entries) = entries(&stage.kept().join(format!("partners/{holder}/partner.toml")));
    let records = entries.iter().filter_map(record_of);
    records.filter(|one| one.event == Event::CollectionAnswered && one.result == Outcome::Success).count()
}
