//! What a person chose, over a whole chain of processes: laid down, delivered under, taken back, and objected to.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_client::{Context, Entropy, HolderClient, PseudonymiserClient, SwitchboardClient};
use kw_domain::{Subject, SystemClock};
use kw_partner::PartnerConfig;
use kw_protocol::SecretBytes32;
use kw_protocol::evaluation::BudgetClass;
use kw_protocol::pointer::SubjectElement;
use kw_protocol::pull::{EpochProof, Pull};
use kw_protocol::query::{DisclosedHolder, Query};
use kw_pseudonym::Binding;
use kw_transport::Tls;
use serde_json::{Value, json};

use crate::program::{Demo, Ran, run_with_input};

/// Known to the school and the youth care provider.
const PERSON: &str = "999975134";
const YOUTH_CARE: &str = "youth-care-plan";

struct Town {
    kept: PathBuf,
    _demo: Demo,
    _folder: tempfile::TempDir,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("kept");
        let town = Self { _demo: Demo::start(&kept), kept, _folder: folder };
        let file = town.kept.join("agreement.toml");
        let mut draft = AgreementDraft::parse(&fs::read_to_string(&file).unwrap()).unwrap();
        let registrar = draft.partners.iter().find(|partner| partner.kind == "municipality").unwrap();
        draft.consent.registrars = vec![registrar.oin.clone()];
        draft.categories.get_mut(YOUTH_CARE).unwrap().consent = Some("opt-in".to_owned());
        let next = file.with_extension("next");
        fs::write(&next, draft.to_toml().unwrap()).unwrap();
        fs::rename(next, file).unwrap();
        let until = Instant::now() + Duration::from_secs(30);
        while !town.care().is_empty() {
            assert!(Instant::now() < until, "the agreement is not taken in");
            std::thread::sleep(Duration::from_millis(500));
        }
        // The slowest service has read it by then: files are looked at every ten seconds.
        std::thread::sleep(Duration::from_secs(12));
        town
    }

    fn config(&self, partner: &str) -> String {
        self.kept.join("partners").join(partner).join("partner.toml").to_str().unwrap().to_owned()
    }

    fn tell(&self, words: &[&str], partner: &str) -> Ran {
        let config = self.config(partner);
        run_with_input(words.iter().chain(&["--config", &config, "--json"]), PERSON)
    }

    /// What becomes of the youth care plan in a dossier that the municipality asks for: its status, if it is disclosed.
    fn care(&self) -> Vec<String> {
        let asked = [
            "dossier",
            "--bsn",
            "-",
            "--purpose",
            "coordinate-help",
            "--role",
            "municipal-consultant",
            "--actor",
            "j.jansen",
            "--case",
            "Z-17",
            "--basis",
            "motivated",
            "--reason=signals from school",
        ];
        let dossier = self.tell(&asked, "municipality").json();
        let sections = dossier["sections"].as_array().unwrap();
        let statuses = |category: &str| {
            let mine = sections.iter().filter(|section| section["category"] == category);
            mine.map(|section| section["status"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            statuses("school-attendance"),
            ["delivered"],
            "what the law asks for is there all the time"
        );
        statuses(YOUTH_CARE)
    }

    fn choose(&self, words: &[&str]) -> String {
        let record = ["consents", "record", "--bsn", "-", "--evidence", "form-17"];
        let recorded = self.tell(&[&record, words].concat(), "municipality").expect(0).json();
        recorded["id"].as_str().unwrap().to_owned()
    }

    fn take_back(&self, id: &str) {
        self.tell(&["consents", "withdraw", "--bsn", "-", id], "municipality").expect(0);
    }
}

/// The municipality as its own software: it keeps grants for a while before it uses them.
struct Hoarder {
    agreement: Arc<Agreement>,
    tls: Tls,
    context: Context,
}

impl Hoarder {
    fn new(town: &Town) -> Self {
        let config = PartnerConfig::load(town.config("municipality").as_ref()).unwrap();
        let agreement = Agreement::parse(&fs::read_to_string(&config.agreement).unwrap()).unwrap();
        Self {
            agreement: Arc::new(agreement),
            tls: Tls::load(&config.tls).unwrap(),
            context: Context::new(Arc::new(SystemClock), Entropy::system()),
        }
    }

    /// Grants for the youth care plan, each with what is pulled under it.
    async fn grants(&self, count: usize) -> Vec<(DisclosedHolder, Pull)> {
        let pseudonymiser =
            PseudonymiserClient::new(&self.tls, Arc::clone(&self.agreement), self.context.clone()).unwrap();
        let switchboard = SwitchboardClient::new(&self.tls, &self.agreement, self.context.clone()).unwrap();
        let subject = Subject::parse(&format!("nl.bsn:{PERSON}")).unwrap();
        let known = pseudonymiser.pseudonyms(&subject, BudgetClass::Query).await.unwrap();
        let (index, binding) = (known.index.last().unwrap(), known.binding.last().unwrap());
        let mut question = json!({
            "purpose": "coordinate-help", "case": "Z-18", "categories": [YOUTH_CARE],
            "actor": { "id": "j.jansen", "role": "municipal-consultant" },
            "relation": { "basis": "motivated", "reason": "signals from school" },
        });
        question["subject"] = serde_json::to_value(SubjectElement {
            element: SecretBytes32(index.element.to_bytes()),
            epoch: index.epoch,
        })
        .unwrap();
        let question: Query = serde_json::from_value(question).unwrap();
        let mut grants = Vec::new();
        for _ in 0..count {
            let answer = switchboard.query(&question, self.context.transaction()).await.unwrap();
            let disclosed = answer.holders.into_iter().next().unwrap();
            let proof = Binding::derive(&binding.element, disclosed.holder).subject_proof(&disclosed.grant);
            let pull = Pull {
                grant: disclosed.grant.clone(),
                actor: question.actor.clone(),
                actor_salt: disclosed.actor_salt,
                subject_proofs: vec![EpochProof { epoch: binding.epoch.0, proof: SecretBytes32(proof) }],
                birth_date_proofs: Vec::new(),
            };
            grants.push((disclosed, pull));
        }
        grants
    }

    /// Whether a document comes.
    async fn pull(&self, (disclosed, pull): &(DisclosedHolder, Pull)) -> bool {
        let holder = self.agreement.partner(disclosed.holder).unwrap();
        let patience = Duration::from_secs(5);
        let holder = HolderClient::new(&self.tls, holder, self.context.clone(), patience).unwrap();
        holder.pull(pull, disclosed.transaction).await.unwrap().document.is_some()
    }
}

#[test]
fn a_choice_opens_and_closes_what_a_dossier_shows() {
    let town = Town::new();
    assert!(town.care().is_empty(), "nobody consented");
    let given = town.choose(&["given", "--category", YOUTH_CARE]);
    assert_eq!(town.care(), ["delivered"]);
    let refused =
        town.choose(&["refused", "--requester-kind", "municipality", "--holder-kind", "youth-care"]);
    assert!(town.care().is_empty(), "an objection wins a tie");
    town.take_back(&refused);
    assert_eq!(town.care(), ["delivered"]);

    // Whoever kept grants from before the person took it back gets nothing for them.
    let hoarder = Hoarder::new(&town);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let grants = runtime.block_on(hoarder.grants(12));
    assert!(runtime.block_on(hoarder.pull(&grants[0])), "the grants are good");
    town.take_back(&given);
    let taken_back = Instant::now();
    let mut waited = None;
    for grant in &grants[1..] {
        if !runtime.block_on(hoarder.pull(grant)) {
            waited = Some(taken_back.elapsed());
            break;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
    let waited = waited.expect("the holder still delivers");
    eprintln!("refused at the pull {} ms after it was taken back", waited.as_millis());
    assert!(town.care().is_empty());

    let listed = town.tell(&["consents", "list", "--bsn", "-"], "municipality").expect(0).json();
    let ended: Vec<_> =
        listed["consents"].as_array().unwrap().iter().map(|one| one["withdrawnAt"].is_string()).collect();
    assert_eq!(ended, [true, true], "the person can look back");
    let school = town.tell(&["consents", "list", "--bsn", "-"], "school");
    assert_eq!(school.expect(5).stdout, "", "who is no registrar sees nothing");
}

#[test]
fn a_person_objects_to_a_registration_and_its_holder_decides() {
    let town = Town::new();
    let agreement = fs::read_to_string(town.kept.join("agreement.toml")).unwrap();
    let draft = AgreementDraft::parse(&agreement).unwrap();
    let school = &draft.partners.iter().find(|partner| partner.kind == "school").unwrap().oin;
    let submit = [
        "objections",
        "submit",
        "--bsn",
        "-",
        "--holder",
        school,
        "--category",
        "school-attendance",
        "--reason",
        "not-necessary",
    ];
    let sent = town.tell(&submit, "municipality").expect(0).json();
    assert_eq!(sent["state"], "received");
    let waiting = town.tell(&["objections", "list"], "school").expect(0).json();
    let waiting = &waiting["objections"][0];
    assert_eq!((&waiting["id"], waiting["pointers"].as_array().unwrap().len()), (&sent["id"], 1));
    let id = sent["id"].as_str().unwrap();
    let decide = [
        "objections",
        "decide",
        id,
        "--upheld",
        "--reasons",
        "It is not needed any more.",
        "--actor",
        "m.bakker",
        "--role",
        "care-coordinator",
    ];
    let decided = town.tell(&decide, "school").expect(0).json();
    assert_eq!(decided["state"], "upheld");
    let asked = [
        "query",
        "--bsn",
        "-",
        "--purpose",
        "coordinate-help",
        "--role",
        "municipal-consultant",
        "--actor",
        "j",
        "--case",
        "Z-1",
        "--basis",
        "motivated",
        "--reason=signals",
    ];
    let found = town.tell(&asked, "municipality").expect(0).json();
    let holders = found["holders"].as_array().map(|all| all.iter().map(Value::to_string).collect::<Vec<_>>());
    assert!(!holders.unwrap_or_default().join(" ").contains(school), "the school is not found any more");
    let twice = town.tell(&decide, "school");
    twice.expect(5);
}
