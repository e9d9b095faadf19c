//! The story itself: what each person does, and what must come of it.

use chrono::Duration as Days;
use kw_domain::{Clock as _, Instant, Oin, SystemClock};
use serde_json::{Value, json};

use super::stage::{Stage, secret_of};
use super::{Documents, Refused, Step};
use crate::DemoError;
use crate::browser::{Answer, Browser, at};

/// What was seen so far.
pub(super) struct Story<'a> {
    stage: &'a Stage,
    steps: Vec<Step>,
    refusals: Vec<Refused>,
    /// Dossiers that were opened: whose browser, which dossier, who is in it.
    dossiers: Vec<(Browser, String, &'static str)>,
    /// Eva's mandates for Noor and Sem.
    noor: String,
    sem: String,
}

/// A collection on its way: at the holder, before the person said yes or no.
struct Underway {
    collection: String,
    /// `{status: asked | ended, …}`.
    view: Answer,
    /// Where the answer goes.
    consents: String,
    offered: usize,
    /// Where the browser was sent along the way.
    to_provider: String,
    started: Answer,
    asked: Answer,
}

impl<'a> Story<'a> {
    pub(super) fn new(stage: &'a Stage) -> Self {
        Self {
            stage,
            steps: Vec::new(),
            refusals: Vec::new(),
            dossiers: Vec::new(),
            noor: String::new(),
            sem: String::new(),
        }
    }

    pub(super) fn seen(self) -> (Vec<Step>, Vec<Refused>) {
        (self.steps, self.refusals)
    }

    fn step(
        &mut self,
        scenario: u8,
        number: &'static str,
        what: &'static str,
        held: bool,
        outcome: impl Into<String>,
    ) {
        self.steps.push(Step { scenario, number, what, outcome: outcome.into(), held });
    }

    /// One account, several dossiers: Eva collects for her daughter.
    pub(super) async fn scenario_1(&mut self) -> Result<(), DemoError> {
        self.noor = self.mandate("Eva", "Noor", "parental-authority", "under-12").await?;
        self.sem = self.mandate("Eva", "Sem", "parental-authority", "under-12").await?;
        let mut eva = self.sign_in("Eva").await?;
        let list = eva.get(&self.personal("/v1/represented-persons")).await?;
        let people = list.list("");
        self.step(
            1,
            "1",
            "Gebruiker geeft in PGO aan dat hij informatie voor een ander wil ophalen",
            list.status == 200,
            format!("signed in; the personal environment knows of {} people", people.len()),
        );
        let listed = people.iter().any(|one| one["label"] == "Noor" && one["mandate"] == self.noor.as_str());
        let born = self.stage.cast.noor.born.clone();
        let dossier = self.dossier(&mut eva, Some(&self.noor.clone()), &born, "Noor").await?;
        let bound = self.bind(&mut eva, &dossier).await?;
        // A second dossier in the same account, which this session never reaches.
        let sems =
            self.dossier(&mut eva, Some(&self.sem.clone()), &self.stage.cast.sem.born.clone(), "Sem").await?;
        self.step(1, "2", "Gebruiker selecteert de Vertegenwoordigde uit een lijst van alle Personen waarvan hij een machtiging heeft",
            listed && bound.status == 200, "Noor chosen; the session is bound to her dossier");

        let statements = self.statements().await?;
        let underway =
            self.until_consent(&mut eva, self.stage.youth_care, &["youth-care-plan"], "Noor").await?;
        let address = underway.started.text("/address");
        let year = &born[..4];
        self.step(
            1,
            "3",
            "De PGO stuurt een authorisation request naar de Autorisatieserver",
            underway.started.status == 201 && !address.contains(year),
            "pushed over mutual TLS with the birth date; the browser's address has neither date nor name",
        );
        self.step(
            1,
            "4",
            "Autorisatie stuurt de gebruiker naar DigiD met de indicatie \"vertegenwoordiging\"",
            underway.to_provider.starts_with(&self.stage.provider)
                && underway.to_provider.contains("onbehalfofchild"),
            "sent to the provider with scope onbehalfofchild",
        );
        self.through_provider(1, ["5", "6", "7", "8", "9"], &underway, statements).await?;
        self.consent_step(1, "10", &underway);
        let answer = self.give(&mut eva, &underway, "given").await?;
        let received = answer.text("/state") == "received";
        self.step(
            1,
            "11",
            "ZA gebruikt de BSN van Vertegenwoordigde uit de Authenticatieverklaring",
            received,
            "the holder found its own record by the number in the statement",
        );
        self.step(
            1,
            "12",
            "ZA wisselt via DVZA de informatie uit met de DVP",
            received,
            "collected with a token that is bound to the personal environment's certificate",
        );
        self.step(
            1,
            "13",
            "DVP ontvangt de informatie en stuurt deze naar de PGO van Vertegenwoordiger",
            received,
            format!("proofs fit the dossier's person; state {}", answer.text("/state")),
        );
        let wrong = self.confirm(&mut eva, &underway.collection, &sems).await?;
        let stored = self.confirm(&mut eva, &underway.collection, &dossier).await?;
        self.step(1, "14", "Vertegenwoordiger selecteert in PGO het dossier van de in stap 2 geselecteerde Vertegenwoordigde",
            wrong.status == 409 && stored.text("/state") == "stored",
            format!("choosing Sem's dossier: refused ({}); choosing Noor's: {}", wrong.status, stored.text("/state")));
        self.step(1, "14.1", "PGO weet om welke Vertegenwoordigde het gaat en zou automatisch het juiste dossier kunnen gebruiken",
            answer.text("/dossier") == dossier, "the right dossier was preselected");
        self.dossiers.push((eva, dossier, "Noor"));
        Ok(())
    }

    /// One dossier, several users: Riet collects in the environment of her grandson.
    pub(super) async fn scenario_2(&mut self) -> Result<(), DemoError> {
        self.mandate("Riet", "Daan", "voluntary", "from-16").await?;
        let mut daan = self.sign_in("Daan").await?;
        let born = self.stage.cast.daan.born.clone();
        let dossier = self.dossier(&mut daan, None, &born, "Daan").await?;
        self.bind(&mut daan, &dossier).await?;
        let limits =
            json!({ "view": false, "collect": true, "categories": ["school-attendance"], "until": soon() });
        let invited =
            daan.post(&self.personal(&format!("/v1/dossiers/{dossier}/invitations")), limits).await?;
        let mut riet = self.sign_in("Riet").await?;
        let code = json!({ "code": invited.text("/code") });
        let accepted = riet.post(&self.personal("/v1/invitations/acceptances"), code).await?;
        let bound = self.bind(&mut riet, &dossier).await?;
        self.step(
            2,
            "1",
            "Gebruiker (Vertegenwoordiger) logt in bij de PGO van Vertegenwoordigde",
            accepted.status == 201 && bound.status == 200,
            "Riet uses Daan's dossier: may collect school data, may not read",
        );
        let statements = self.statements().await?;
        let underway =
            self.until_consent(&mut riet, self.stage.school, &["school-attendance"], "Daan").await?;
        self.step(
            2,
            "2",
            "De PGO stuurt een authorisation request naar de Autorisatieserver",
            underway.started.status == 201,
            "pushed over mutual TLS with the birth date",
        );
        self.step(
            2,
            "3",
            "Autorisatie stuurt de gebruiker naar DigiD met de indicatie \"vertegenwoordiging\"",
            underway.to_provider.contains("onbehalfof") && !underway.to_provider.contains("onbehalfofchild"),
            "sent to the provider with scope onbehalfof",
        );
        self.through_provider(2, ["4", "5", "6", "7", "8"], &underway, statements).await?;
        self.consent_step(2, "9", &underway);
        let answer = self.give(&mut riet, &underway, "given").await?;
        let received = answer.text("/state") == "received";
        self.step(
            2,
            "10",
            "ZA gebruikt de BSN van Vertegenwoordigde uit de Authenticatieverklaring",
            received,
            "the holder found its own record by the number in the statement",
        );
        self.step(
            2,
            "11",
            "ZA wisselt via DVZA de informatie uit met de DVP",
            received,
            "collected with a token that is bound to the personal environment's certificate",
        );
        self.step(
            2,
            "12",
            "DVP ontvangt de informatie en stuurt deze naar de PGO van Vertegenwoordigde",
            received,
            format!("proofs fit the dossier's person; state {}", answer.text("/state")),
        );
        let stored = self.confirm(&mut riet, &underway.collection, &dossier).await?;
        let hers = riet.get(&self.personal(&format!("/v1/dossiers/{dossier}/documents"))).await?;
        let his = daan.get(&self.personal(&format!("/v1/dossiers/{dossier}/documents"))).await?;
        self.step(
            2,
            "13",
            "Informatie wordt opgeslagen in het (enige) dossier van de Vertegenwoordigde",
            stored.text("/state") == "stored" && hers.status == 403 && his.list("").len() == 1,
            format!("{}; Daan reads it, Riet does not ({})", stored.text("/state"), hers.status),
        );
        self.dossiers.push((daan, dossier, "Daan"));
        Ok(())
    }

    /// What must not come to anything.
    pub(super) async fn refusals(&mut self) -> Result<(), DemoError> {
        // Another birth date: Sem's dossier gets one that is a day off. His own was founded in scenario 1: destroy it first.
        let mut eva = self.sign_in("Eva").await?;
        let list = eva.get(&self.personal("/v1/represented-persons")).await?;
        let sems = list.list("").into_iter().find(|one| one["label"] == "Sem");
        let old = sems.and_then(|one| one["dossier"].as_str().map(str::to_owned)).unwrap_or_default();
        eva.call(reqwest::Method::DELETE, &self.personal(&format!("/v1/dossiers/{old}")), None).await?;
        let mut born = self.stage.cast.sem.born.clone();
        born.replace_range(8.., "06");
        let dossier = self.dossier(&mut eva, Some(&self.sem.clone()), &born, "Sem").await?;
        self.bind(&mut eva, &dossier).await?;
        let underway =
            self.until_consent(&mut eva, self.stage.youth_care, &["youth-care-plan"], "Sem").await?;
        let reason = underway.view.text("/reason");
        let back = self.leave(&mut eva, &underway).await?;
        self.refuse(
            "another birth date than the source has",
            reason == "birth-date-mismatch" && back.text("/state") == "refused",
            format!("at the holder: {reason}; the personal environment hears {}", back.text("/reason")),
        );

        // Another person: in a session of Noor's dossier, Eva chooses Sem at the provider. Born on the same day, of the same
        // mother, under a mandate that counts: nothing but the proofs tells them apart.
        let mut eva = self.sign_in("Eva").await?;
        let noors = self
            .dossiers
            .iter()
            .find(|(_, _, who)| *who == "Noor")
            .map(|(_, id, _)| id.clone())
            .unwrap_or_default();
        self.bind(&mut eva, &noors).await?;
        let elsewhere = self.bind(&mut eva, &dossier).await?;
        self.refuse(
            "another dossier in the same session",
            elsewhere.status == 409,
            format!("status {}", elsewhere.status),
        );
        let underway =
            self.until_consent(&mut eva, self.stage.youth_care, &["youth-care-plan"], "Sem").await?;
        let back = self.give(&mut eva, &underway, "given").await?;
        self.refuse(
            "another person's document for this dossier (a twin)",
            back.text("/state") == "refused" && back.text("/reason") == "subject-mismatch",
            format!("{}: {}", back.text("/state"), back.text("/reason")),
        );

        // Consent refused.
        let underway =
            self.until_consent(&mut eva, self.stage.youth_care, &["youth-care-plan"], "Noor").await?;
        let back = self.give(&mut eva, &underway, "refused").await?;
        self.refuse(
            "a collection without consent",
            back.text("/state") == "refused" && back.text("/reason") == "access-denied",
            format!("{}: {}", back.text("/state"), back.text("/reason")),
        );

        // Somebody else's dossier.
        let mut riet = self.sign_in("Riet").await?;
        let other = self.bind(&mut riet, &noors).await?;
        self.refuse(
            "the dossier of somebody else's account",
            other.status == 404,
            format!("status {}", other.status),
        );

        // The mandate is withdrawn between consent and collection.
        let underway =
            self.until_consent(&mut eva, self.stage.youth_care, &["youth-care-plan"], "Noor").await?;
        let decided = eva.post(&underway.consents, json!({ "decision": "given" })).await?;
        let taken =
            eva.post(&self.provider(&format!("/test/mandates/{}/withdrawal", self.noor)), json!({})).await?;
        let back = eva.get(&decided.text("/redirectTo")).await?;
        self.refuse(
            "a collection after the mandate was withdrawn",
            taken.text("/status") == "withdrawn" && back.text("/state") == "refused",
            format!("{}: {}", back.text("/state"), back.text("/reason")),
        );
        let mut again = self.sign_in("Eva").await?;
        let shut = self.bind(&mut again, &noors).await?;
        self.refuse(
            "the dossier after the mandate was withdrawn, in a new session",
            shut.status == 403,
            format!("status {}", shut.status),
        );
        Ok(())
    }

    /// Reads every document in the sessions that may, and looks who is in it.
    pub(super) async fn count(&mut self) -> Result<Documents, DemoError> {
        let mut counted = Documents::default();
        for (mut browser, dossier, who) in self.dossiers.clone() {
            // Eva's mandate for Noor is gone by now: it is given again, so that the dossier can be read.
            if who == "Noor" {
                self.mandate("Eva", "Noor", "parental-authority", "under-12").await?;
                browser = self.sign_in("Eva").await?;
                self.bind(&mut browser, &dossier).await?;
            }
            let list = browser.get(&self.personal(&format!("/v1/dossiers/{dossier}/documents"))).await?;
            for row in list.list("") {
                let id = row["id"].as_str().unwrap_or_default();
                let document = browser.get(&self.personal(&format!("/v1/documents/{id}"))).await?;
                counted.stored += 1;
                counted.in_a_wrong_dossier +=
                    u64::from(document.text("/content/document/person/givenName") != who);
            }
        }
        Ok(counted)
    }

    fn refuse(&mut self, tried: &'static str, held: bool, outcome: String) {
        self.refusals.push(Refused { tried, outcome, held });
    }

    fn personal(&self, path: &str) -> String {
        format!("{}{path}", self.stage.personal)
    }

    fn provider(&self, path: &str) -> String {
        format!("{}{path}", self.stage.provider)
    }

    /// A mandate in the switchboard's register, through the provider.
    async fn mandate(&self, by: &str, of: &str, kind: &str, band: &str) -> Result<String, DemoError> {
        let mut browser = Browser::open(&self.stage.roots, "registrar")?;
        let body = json!({
            "representative": by, "represented": of, "kind": kind, "band": band,
            "categories": ["school-attendance", "youth-care-plan"], "acts": ["view"], "validUntil": soon(),
        });
        let answer = browser.post(&self.provider("/test/mandates"), body).await?;
        if answer.text("/status") == "active" {
            return Ok(answer.text("/mandate"));
        }
        Err(DemoError::Story(format!(
            "a mandate was not registered: {} {}",
            answer.status,
            answer.text("/detail")
        )))
    }

    /// A new browser with a session at the personal environment.
    async fn sign_in(&self, name: &'static str) -> Result<Browser, DemoError> {
        let mut browser = Browser::open(&self.stage.roots, name)?;
        let started = browser.call(reqwest::Method::POST, &self.personal("/v1/sign-ins"), None).await?;
        let interaction = browser.get(&started.text("/address")).await?.onwards()?;
        authenticate(&mut browser, &interaction).await?;
        let chosen = browser.post(&format!("{interaction}/choice"), json!({ "self": true })).await?;
        let session = browser.get(&chosen.text("/redirectTo")).await?;
        if session.status != 200 {
            return Err(DemoError::Story(format!(
                "nobody was signed in: {} {}",
                session.status,
                session.text("/detail")
            )));
        }
        browser.keep_session(&self.stage.personal, session.text("/token"));
        Ok(browser)
    }

    async fn dossier(
        &self,
        browser: &mut Browser,
        mandate: Option<&str>,
        born: &str,
        label: &str,
    ) -> Result<String, DemoError> {
        let mut body = json!({ "label": label, "birthDate": born.replace('-', "") });
        if let Some(mandate) = mandate {
            body["mandate"] = json!(mandate);
        }
        let answer = browser.post(&self.personal("/v1/dossiers"), body).await?;
        if answer.status == 201 {
            return Ok(answer.text("/id"));
        }
        Err(DemoError::Story(format!(
            "a dossier was not opened: {} {}",
            answer.status,
            answer.text("/detail")
        )))
    }

    async fn bind(&self, browser: &mut Browser, dossier: &str) -> Result<Answer, DemoError> {
        let body = json!({ "dossier": dossier });
        browser.call(reqwest::Method::PUT, &self.personal("/v1/sessions/current/dossier"), Some(body)).await
    }

    /// From the personal environment to the holder's question.
    async fn until_consent(
        &self,
        browser: &mut Browser,
        holder: Oin,
        categories: &[&str],
        person: &str,
    ) -> Result<Underway, DemoError> {
        let body = json!({ "holder": holder, "categories": categories });
        let started = browser.post(&self.personal("/v1/collections"), body).await?;
        if started.status != 201 {
            return Err(DemoError::Story(format!(
                "no collection began: {} {}",
                started.status,
                started.text("/detail")
            )));
        }
        let address = started.text("/address");
        let to_provider = browser.get(&address).await?.onwards()?;
        let interaction = browser.get(&to_provider).await?.onwards()?;
        let asked = browser.get(&interaction).await?;
        authenticate(browser, &interaction).await?;
        let offered = browser.get(&format!("{interaction}/mandates")).await?.list("/mandates");
        let mandate = offered.iter().find(|one| one["name"] == person).map(|one| one["mandate"].clone());
        let choice = json!({ "mandate": mandate.unwrap_or(Value::Null) });
        let chosen = browser.post(&format!("{interaction}/choice"), choice).await?;
        let callback = chosen.text("/redirectTo");
        let consents = at(&callback, &browser.get(&callback).await?.onwards()?)?;
        let view = browser.get(&consents).await?;
        Ok(Underway {
            collection: started.text("/collection/id"),
            view,
            consents,
            offered: offered.len(),
            to_provider,
            started,
            asked,
        })
    }

    /// Decides, and goes back to the personal environment.
    async fn give(
        &self,
        browser: &mut Browser,
        underway: &Underway,
        decision: &str,
    ) -> Result<Answer, DemoError> {
        let decided = browser.post(&underway.consents, json!({ "decision": decision })).await?;
        if decided.status != 200 {
            return Err(DemoError::Story(format!(
                "a decision was not taken: {} {} {}",
                decided.status,
                decided.text("/detail"),
                underway.view.text("/reason")
            )));
        }
        browser.get(&decided.text("/redirectTo")).await
    }

    /// Goes back from an authorisation that ended without a question.
    async fn leave(&self, browser: &mut Browser, underway: &Underway) -> Result<Answer, DemoError> {
        browser.get(&underway.view.text("/redirectTo")).await
    }

    async fn confirm(
        &self,
        browser: &mut Browser,
        collection: &str,
        dossier: &str,
    ) -> Result<Answer, DemoError> {
        let path = self.personal(&format!("/v1/collections/{collection}/confirmations"));
        browser.post(&path, json!({ "dossier": dossier })).await
    }

    async fn statements(&self) -> Result<usize, DemoError> {
        let mut browser = Browser::open(&self.stage.roots, "registrar")?;
        Ok(browser.get(&self.provider("/transactions")).await?.list("/statements").len())
    }

    /// Steps 5 to 9 of scenario 1, 4 to 8 of scenario 2.
    async fn through_provider(
        &mut self,
        scenario: u8,
        numbers: [&'static str; 5],
        underway: &Underway,
        before: usize,
    ) -> Result<(), DemoError> {
        let [authenticates, forwarded, chooses, stated, registered] = numbers;
        let asks = underway.asked.text("/representation");
        self.step(
            scenario,
            authenticates,
            "Gebruiker authenticeert bij DigiD",
            underway.asked.status == 200,
            "signed in with a name and a secret",
        );
        self.step(
            scenario,
            forwarded,
            "Gebruiker wordt na authenticatie doorgestuurd naar de voorziening voor Machtigen",
            !asks.is_empty(),
            format!("asked for a mandate of kind {asks}"),
        );
        self.step(
            scenario,
            chooses,
            "Gebruiker selecteert de Vertegenwoordigde uit het machtigingsregister",
            underway.offered > 0,
            format!(
                "{} active mandates of that kind in the switchboard's register; one chosen",
                underway.offered
            ),
        );
        let status = underway.view.text("/status");
        self.step(
            scenario,
            stated,
            "DigiD levert een Authenticatieverklaring met BSN van Vertegenwoordigde en Vertegenwoordiger",
            status == "asked",
            "a signed ID token to the holder, over the back channel; the personal environment gets no number",
        );
        let after = self.statements().await?;
        self.step(
            scenario,
            registered,
            "DigiD registreert deze transactie",
            after == before + 1,
            format!("{after} statements on record, {before} before"),
        );
        Ok(())
    }

    fn consent_step(&mut self, scenario: u8, number: &'static str, underway: &Underway) {
        let view = &underway.view;
        let whole =
            ["/acting/name", "/represented/name", "/holder/name", "/recipient/name", "/categories/0/title"]
                .iter()
                .all(|pointer| !view.text(pointer).is_empty());
        let outcome = format!(
            "{} for {}: {} from {} to {}",
            view.text("/acting/name"),
            view.text("/represented/name"),
            view.text("/categories/0/title"),
            view.text("/holder/name"),
            view.text("/recipient/name")
        );
        self.step(
            scenario,
            number,
            "De autorisatieserver presenteert het toestemmingenscherm aan de PGO gebruiker",
            whole,
            outcome,
        );
    }
}

async fn authenticate(browser: &mut Browser, interaction: &str) -> Result<(), DemoError> {
    let body = json!({ "username": browser.name, "secret": secret_of(browser.name) });
    let answer = browser.post(&format!("{interaction}/authentication"), body).await?;
    if answer.status == 200 {
        return Ok(());
    }
    Err(DemoError::Story(format!("{} could not sign in: {}", browser.name, answer.status)))
}

/// A month from now.
fn soon() -> String {
    let days = Days::days(30).num_milliseconds();
    Instant::from_millis(SystemClock.now().as_millis() + days).to_string()
}
