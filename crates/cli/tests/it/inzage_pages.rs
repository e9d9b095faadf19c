//! Inzage over HTTP, with every service of the chain a process of its own and the demonstration's provider of statements: what people
//! see and do for themselves, what they may for somebody else, and what is refused.

mod mandates;
mod represented;

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use kw_agreement::Agreement;
use kw_agreement::draft::AgreementDraft;
use kw_demo::provider::{Account, Audience, Client, NewMandate, ProviderConfig, Running, serve};
use kw_domain::{Bsn, Clock as _, Instant, MandateId, SystemClock};
use kw_identity::SigningKey;
use kw_protocol::mandate::{MandateAct, MandateKind};
use kw_testbed::{Seen, Visitor, between, free_port};
use kw_transport::Tls;
use kw_transport::authority::Authority;
use serde_json::json;

use crate::program::Service;
use crate::town::Town;

/// Born on 20 July 2011; known to the school and the youth care provider, and to nobody else.
const PERSON: &str = "999975134";
const BORN: &str = "2011-07-20";
/// In no source of the demonstration.
const FRIEND: &str = "999999321";
const SCHOOL: &str = "00000099000000012000";
/// Partners of the demonstration that play other parts here: the provider, and inzage.
const PROVIDER: &str = "00000099000000014000";
const OWN: &str = "00000099000000015000";

struct Bed {
    town: Town,
    provider: Running,
    address: String,
    roots: PathBuf,
    _inzage: Service,
}

impl Bed {
    fn start() -> Self {
        let mut town = Town::new();
        let provider_at = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let issuer = format!("https://{provider_at}");
        let file = town.kept().join("agreement.toml");
        let text = format!("{}\n{}", fs::read_to_string(&file).unwrap(), addition(&issuer));
        fs::write(&file, text).unwrap();
        town.agree(agreed);
        town.configure("addiction-care", |config| {
            config.remove("sources");
        });
        town.start_centre();
        for partner in ["municipality", "school", "youth-care", "addiction-care"] {
            town.start(partner);
        }

        let agreement = Arc::new(Agreement::parse(&fs::read_to_string(&file).unwrap()).unwrap());
        let authority = Authority::open(&town.kept().join("pki")).unwrap();
        let roots = authority.files_of("health-service").trust_anchors;
        let key = SigningKey::generate().unwrap();
        let address = format!("http://127.0.0.1:{}", free_port().unwrap());
        let account = |name: &str, given: &str, number: &str, born: Option<&str>| Account {
            name: name.to_owned(),
            secret: format!("secret of {name}"),
            bsn: Bsn::parse(number).unwrap(),
            given_name: given.to_owned(),
            birth_date: born.map(str::to_owned),
            assurance: None,
        };
        let provider = serve(ProviderConfig {
            listen: provider_at,
            issuer,
            tls: Tls::load(&authority.files_of("health-service").tls_files()).unwrap(),
            agreement,
            // Whoever chooses a name chooses what others read.
            accounts: vec![
                account("sanne", "Sanne<script>alert(1)</script>", PERSON, Some(BORN)),
                account("riet", "Riet", FRIEND, None),
            ],
            clients: vec![Client {
                id: "inzage".to_owned(),
                redirect_uris: vec![format!("{address}/sign-in/callback")],
                key: key.public_jwk(),
                audience: Audience::Portal,
            }],
            transactions: town.folder().join("statements.jsonl"),
            clock: Arc::new(SystemClock),
        })
        .unwrap();
        let inzage = start_inzage(&town, &address, &roots, &key);
        Self { town, provider, address, roots, _inzage: inzage }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// A browser in which somebody signed in, for themselves or under a mandate.
    async fn browser(&self, name: &str, mandate: Option<MandateId>) -> Visitor {
        let mut browser = Visitor::trusting(std::slice::from_ref(&self.roots));
        let start = if mandate.is_some() { "/sign-in?as=onbehalfof" } else { "/" };
        let seen = self.sign_in(&mut browser, start, name, mandate).await;
        assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
        browser
    }

    async fn sign_in(
        &self,
        browser: &mut Visitor,
        start: &str,
        name: &str,
        mandate: Option<MandateId>,
    ) -> Seen {
        let seen = browser.get(&self.at(start)).await;
        let page = browser.follow(seen).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text);
        let secret = format!("secret of {name}");
        let form = [("_token", page.token()), ("username", name.to_owned()), ("secret", secret)];
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let seen = browser.post(page.url.as_str(), &form).await;
        let mut page = browser.follow(seen).await;
        if let Some(mandate) = mandate {
            let (token, mandate) = (page.token(), mandate.to_string());
            let choice = format!("{}/choice", page.url);
            let seen = browser.post(&choice, &[("_token", &token), ("for", &mandate)]).await;
            page = browser.follow(seen).await;
        }
        page
    }

    async fn page(&self, browser: &mut Visitor, path: &str) -> Seen {
        let seen = browser.get(&self.at(path)).await;
        assert_eq!(seen.status.as_u16(), 200, "{path}: {}", seen.text);
        no_word_of_others(&seen);
        seen
    }

    /// Sends a form of the page, and goes where it leads.
    async fn send(&self, browser: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Seen {
        let start = browser.get(&self.at("/")).await;
        let token = start.token();
        let form: Vec<(&str, &str)> =
            [("_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let seen = browser.post(&self.at(path), &form).await;
        let seen = browser.follow(seen).await;
        no_word_of_others(&seen);
        seen
    }

    /// Whom the municipality's question about the person discloses.
    fn found_by_municipality(&self) -> Vec<String> {
        let own = ["query", "--bsn", "-", "--purpose", "coordinate-help", "--role", "municipal-consultant"];
        let more =
            ["--actor", "j.jansen", "--case", "Z-17", "--basis", "motivated", "--reason=signals from school"];
        let arguments: Vec<&str> = own.into_iter().chain(more).collect();
        let told = self.town.run_with_input("municipality", &arguments, PERSON).expect(0).json();
        let holders = told["holders"].as_array().unwrap().iter();
        holders.map(|held| held["category"].as_str().unwrap().to_owned()).collect()
    }
}

/// What others wrote stands in a page as text.
fn no_word_of_others(seen: &Seen) {
    for bad in ["<script>", "<b>", "<img"] {
        assert!(!seen.text.contains(bad), "{} has {bad}: {}", seen.url, seen.text);
    }
}

fn start_inzage(town: &Town, address: &str, roots: &PathBuf, key: &SigningKey) -> Service {
    let folder = town.folder().join("inzage");
    fs::create_dir(&folder).unwrap();
    kw_runtime::config::create_secret(&folder.join("provider.der"), &key.to_pkcs8().unwrap()).unwrap();
    let partner: toml::Table =
        toml::from_str(&fs::read_to_string(town.config("addiction-care")).unwrap()).unwrap();
    let place = town.config("addiction-care").parent().unwrap().to_owned();
    let config = json!({
        "agreement": town.kept().join("agreement.toml"),
        "own": OWN,
        "client_id": "inzage",
        "reference_key": "references.key",
        "partner": {
            "address": partner["local"]["listen"],
            "token_file": place.join(partner["local"]["token_file"].as_str().unwrap()),
        },
        "server": { "listen": address.trim_start_matches("http://"), "admin": format!("127.0.0.1:{}", free_port().unwrap()) },
        "log": { "file": "log.jsonl", "format": "json", "level": "debug" },
        "web": { "address": address, "memory": "pages-memory" },
        "sign_in": { "client_key": "provider.der", "roots": [roots] },
    });
    let file = folder.join("inzage.toml");
    fs::write(&file, toml::to_string(&config).unwrap()).unwrap();
    Service::start("inzage", &file)
}

fn agreed(draft: &mut AgreementDraft) {
    let own = draft.partner_mut(OWN).unwrap();
    "Inzage Demoregio".clone_into(&mut own.name);
    own.registers.clear();
    own.budgets = kw_demo::portal::budgets();
    draft.partner_mut(PROVIDER).unwrap().registers.clear();
    draft.subject_access.partners.push(OWN.to_owned());
    draft.subject_access.purpose = Some("own-insight".to_owned());
    draft.consent.registrars.push(OWN.to_owned());
    draft.categories.get_mut("youth-care-plan").unwrap().consent = Some("opt-in".to_owned());
}

fn addition(issuer: &str) -> String {
    format!(
        r#"
[roles.citizen]
title = {{ nl = "Burger", en = "Citizen" }}
kinds = ["addiction-care"]

[purposes.own-insight]
title = {{ nl = "Uw eigen gegevens inzien", en = "See your own data" }}
legal_basis = "AVG, art. 15"
processing_activity = "https://register.demostad.example/verwerkingen/inzage"
relation_bases = ["listed"]
representation = true

[purposes.own-insight.roles]
citizen = ["youth-care-plan", "school-attendance", "municipal-support"]

[representation.provider]
oin = "{PROVIDER}"
issuer = "{issuer}"
assurance_levels = ["https://loa.example/substantial"]

[representation.kinds.voluntary]
registrars = ["{PROVIDER}", "{OWN}"]
categories = ["youth-care-plan", "school-attendance"]
acts = ["feedback", "object", "view"]
max_term = "P5Y"
ages = [
    {{ name = "from-12", from = 12, below = 16, confirmed_by = ["represented"] }},
    {{ name = "from-16", from = 16, confirmed_by = ["represented"] }},
]
"#
    )
}

async fn patiently<T, E: std::fmt::Debug>(what: impl AsyncFn() -> Result<T, E>) -> T {
    // The services have just started, and wait until their logs confirm each other.
    let mut last = None;
    for _ in 0..60 {
        match what().await {
            Ok(done) => return done,
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("{last:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_see_choose_and_correct_for_themselves_and_somebody_else_as_far_as_their_mandate_goes() {
    let mut bed = Bed::start();
    let until = Instant::from_millis(SystemClock.now().as_millis() + 86_400_000);
    let mandate = NewMandate {
        representative: "riet".into(),
        represented: "sanne".into(),
        kind: MandateKind::Voluntary,
        band: "from-12".into(),
        categories: vec!["school-attendance".parse().unwrap()],
        acts: vec![MandateAct::View],
        valid_until: until,
        confirmed_by: None,
    };
    let mandate = patiently(async || bed.provider.register_mandate(&mandate).await).await.mandate;
    assert_eq!(
        bed.found_by_municipality(),
        ["school-attendance"],
        "without consent there is no plan to find"
    );

    let mut sanne = bed.browser("sanne", None).await;
    own_data(&bed, &mut sanne).await;
    consent_and_objection(&bed, &mut sanne).await;
    corrections(&bed, &mut sanne).await;
    represented::as_far_as_the_mandate_goes(&mut bed, mandate).await;
    mandates::asked_for_confirmed_and_taken_back(&bed, &mut sanne).await;
    everything(&bed, &mut sanne).await;
    a_party_is_down(&mut bed, &mut sanne).await;

    let log = fs::read_to_string(bed.town.folder().join("inzage/log.jsonl")).unwrap();
    for hidden in [PERSON, FRIEND, BORN, "Sanne", "secret of"] {
        assert!(!log.contains(hidden), "{hidden} is in the log");
    }
}

async fn own_data(bed: &Bed, sanne: &mut Visitor) {
    // Nothing is shown, kept or asked before the person says so, with a form of this session.
    let seen = sanne.get(&bed.at("/holders")).await;
    assert_eq!(seen.header("location"), "/");
    let forged = sanne.post(&bed.at("/collect"), &[("_token", "another")]).await;
    assert_eq!(forged.status.as_u16(), 403);
    let wrong = bed.send(sanne, "/collect", &[("born", "yesterday")]).await;
    assert!(
        wrong.text.contains("id=\"problems\"") && wrong.text.contains("Vul een geboortedatum in"),
        "{}",
        wrong.text
    );

    let seen = bed.send(sanne, "/collect", &[("born", BORN)]).await;
    assert!(seen.text.contains("Opgehaald op") && seen.text.contains("2 registraties"), "{}", seen.text);
    let holders = bed.page(sanne, "/holders").await;
    for word in ["Scholengroep De Linde", "Schoolverzuim", "Jeugdzorg Demostad"] {
        assert!(holders.text.contains(word), "{word}: {}", holders.text);
    }
    assert!(!holders.text.contains("Gemeente Demostad"));
    // The purpose of this agreement leaves two kinds of data out: nothing looks complete that is not.
    let (list, not_asked) = holders.text.split_once("Deze lijst is niet compleet").unwrap();
    let (_, asked) = list.split_once("deze soorten gegevens nagevraagd").unwrap();
    for (kind, is_asked) in [
        ("Plan jeugdhulp", true),
        ("Schoolverzuim", true),
        ("Ondersteuning door de gemeente", true),
        ("Jeugdgezondheid", false),
        ("Verslavingszorg", false),
    ] {
        assert_eq!((asked.contains(kind), not_asked.contains(kind)), (is_asked, !is_asked), "{kind}");
    }
    let accesses = bed.page(sanne, "/accesses").await;
    for word in
        ["Gemeente Demostad", "Hulp op elkaar afstemmen", "De organisatie gaf een reden op", "role=\"img\""]
    {
        assert!(accesses.text.contains(word), "{word}: {}", accesses.text);
    }
    assert!(!accesses.text.contains("niet compleet"), "{}", accesses.text);
    let english = sanne.get(&bed.at("/language/en?next=/accesses")).await;
    let english = sanne.follow(english).await;
    assert!(english.text.contains("Coordinate help") && english.text.contains("Who looked at my data"));
    let dutch = sanne.get(&bed.at("/language/nl?next=/")).await;
    sanne.follow(dutch).await;
}

async fn consent_and_objection(bed: &Bed, sanne: &mut Visitor) {
    let grid = bed.page(sanne, "/choices").await;
    for word in ["Alleen met uw toestemming", "De wet beslist", "Mag dit niet krijgen", "U koos nog niets"] {
        assert!(grid.text.contains(word), "{word}: {}", grid.text);
    }
    let asked = sanne.get(&bed.at("/choices/new?category=youth-care-plan&requester=kind:municipality")).await;
    assert_eq!(asked.header("location"), "/choices/new", "what was wanted is in no address");
    let asked = sanne.follow(asked).await;
    assert!(asked.text.contains("value=\"kind:municipality\" selected"), "{}", asked.text);
    // It stays wanted in another language, and nothing is chosen that nobody chose.
    let english = sanne.get(&bed.at("/language/en?next=/choices/new")).await;
    let english = sanne.follow(english).await;
    assert!(english.text.contains("value=\"kind:municipality\" selected"), "{}", english.text);
    assert!(english.text.contains("<option value=\"\" selected>Make a choice"), "{}", english.text);
    let dutch = sanne.get(&bed.at("/language/nl?next=/")).await;
    sanne.follow(dutch).await;
    let blanket = bed.send(sanne, "/choices", &[("verdict", "given")]).await;
    assert_eq!(blanket.text.matches("id=\"holder-problem\"").count(), 1, "{}", blanket.text);
    let refused =
        bed.send(sanne, "/choices", &[("verdict", "perhaps"), ("category", "school-attendance")]).await;
    assert!(
        refused.text.contains("Kies ja of nee") && refused.text.contains("Kies iets uit de lijst"),
        "{}",
        refused.text
    );
    let choice = [
        ("verdict", "given"),
        ("holder", "all"),
        ("category", "youth-care-plan"),
        ("requester", "kind:municipality"),
    ];
    let given = bed.send(sanne, "/choices", &choice).await;
    for word in ["Uw keuze is vastgelegd", "U gaf toestemming", "U geeft toestemming"] {
        assert!(given.text.contains(word), "{word}: {}", given.text);
    }
    assert_eq!(bed.found_by_municipality().len(), 2, "what was chosen counts at once");
    let path = between(&given.text, "action=\"/choices/", "\"").unwrap().to_owned();
    let withdrawn = bed.send(sanne, &format!("/choices/{path}"), &[]).await;
    assert!(withdrawn.text.contains("Uw keuze is ingetrokken"), "{}", withdrawn.text);
    assert_eq!(bed.found_by_municipality(), ["school-attendance"]);

    let registration = format!("{SCHOOL}:school-attendance");
    let objection = [("registration", registration.as_str()), ("reason", "incorrect")];
    let objected = bed.send(sanne, "/objections", &objection).await;
    assert!(
        objected.text.contains("Uw bezwaar is verstuurd") && objected.text.contains("moet nog beslissen")
    );
    let waiting = bed.town.run("school", &["objections", "list"]).expect(0).json();
    let id = waiting["objections"][0]["id"].as_str().unwrap().to_owned();
    let decide =
        ["objections", "decide", &id, "--rejected", "--reasons", "<script>alert(2)</script> <b>nee</b>"];
    let by = ["--actor", "m.bakker", "--role", "care-coordinator"];
    bed.town.run("school", &decide.into_iter().chain(by).collect::<Vec<_>>()).expect(0);
    bed.send(sanne, "/collect", &[("born", BORN)]).await;
    let decided = bed.page(sanne, "/choices").await;
    assert!(
        decided.text.contains("Afgewezen") && decided.text.contains("&#60;script&#62;alert(2)"),
        "{}",
        decided.text
    );
}

async fn corrections(bed: &Bed, sanne: &mut Visitor) {
    let nothing =
        sanne.get(&bed.at("/corrections/new?holder=00000099000000013000&category=municipal-support")).await;
    let nothing = sanne.follow(nothing).await;
    assert_eq!(nothing.status.as_u16(), 404, "nobody has what is not theirs corrected");
    let path = format!("/corrections/new?holder={SCHOOL}&category=school-attendance");
    let form = sanne.get(&bed.at(&path)).await;
    let form = sanne.follow(form).await;
    assert!(
        form.text.contains("Persoon › Achternaam") && form.text.contains("value=\"/school/class\""),
        "{}",
        form.text
    );
    let own = [
        ("holder", SCHOOL),
        ("category", "school-attendance"),
        ("field", "/school/class"),
        ("proposed", "<b>3A</b>"),
    ];
    let refused = bed.send(sanne, "/corrections", &own).await;
    assert!(
        refused.text.contains("Vink dit aan") && refused.text.contains("e-mailadres in"),
        "{}",
        refused.text
    );
    let contact = [("name", "Sanne <img>"), ("email", "sanne@example.nl"), ("sure", "yes")];
    let whole: Vec<_> = own.into_iter().chain(contact).collect();
    let sent = bed.send(sanne, "/corrections", &whole).await;
    assert!(
        sent.text.contains("Uw verzoek is verstuurd") && sent.text.contains("Ontvangen"),
        "{}",
        sent.text
    );
    let path = between(&sent.text, "href=\"/corrections/", "\"").unwrap().to_owned();
    let one = bed.page(sanne, &format!("/corrections/{path}")).await;
    assert!(one.text.contains("&#60;b&#62;3A"), "{}", one.text);
    assert!(one.text.contains("School › Klas"), "{}", one.text);
    // The same again is the one that is open; anything else is another request.
    let again = bed.send(sanne, "/corrections", &whole).await;
    assert_eq!(again.url.path(), format!("/corrections/{path}"), "{}", again.text);
    assert!(again.text.contains("U heeft dit al gevraagd"), "{}", again.text);
    assert_eq!(bed.page(sanne, "/corrections").await.text.matches("href=\"/corrections/").count(), 1);
    let withdrawn = bed.send(sanne, &format!("/corrections/{path}/withdraw"), &[]).await;
    assert!(withdrawn.text.contains("Uw verzoek is ingetrokken"), "{}", withdrawn.text);
    let other: Vec<_> = own[..2]
        .iter()
        .copied()
        .chain([("field", "/"), ("explanation", "Ik zit op een andere school")])
        .chain(contact)
        .collect();
    let sent = bed.send(sanne, "/corrections", &other).await;
    assert!(sent.text.contains("Uw verzoek is verstuurd"), "{}", sent.text);
}

/// What the others know is there; who does not answer is named, with what is missing and what to do, on every page and in the file.
async fn a_party_is_down(bed: &mut Bed, sanne: &mut Visitor) {
    bed.town.stop("school");
    let start = bed.send(sanne, "/collect", &[("born", BORN)]).await;
    assert!(start.text.contains("Niet alles is opgehaald"), "{}", start.text);
    for path in ["/accesses", "/print"] {
        let page = bed.page(sanne, path).await;
        for word in [
            "Dit overzicht is niet compleet",
            "Wat zij met de gegevens deden, staat er daarom misschien niet allemaal bij",
            "Probeer het later opnieuw",
            "Gemeente Demostad",
        ] {
            assert!(page.text.contains(word), "{path}, {word}: {}", page.text);
        }
        let (_, alert) = page.text.split_once("Dit overzicht is niet compleet").unwrap();
        let (alert, _) = alert.split_once("</div>").unwrap();
        assert!(
            alert.contains("<strong>Scholengroep De Linde</strong>: was niet bereikbaar"),
            "{path}: {alert}"
        );
        assert!(!alert.contains("Jeugdzorg"), "{path}: {alert}");
    }
    for path in ["/holders", "/choices", "/mandates", "/corrections"] {
        let page = bed.page(sanne, path).await;
        assert!(!page.text.contains("Dit is er nu niet"), "{path}: {}", page.text);
    }
    let file = sanne.get(&bed.at("/download.json")).await;
    let told: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(told["accesses"]["complete"], false);
    let parties = told["accesses"]["parties"].as_array().unwrap();
    let silent: Vec<_> = parties.iter().filter(|one| one["status"] != "answered").collect();
    assert!(matches!(silent.as_slice(), [one] if one["party"]["oin"] == SCHOOL), "{silent:?}");
    assert_eq!(told["holders"].as_array().map(Vec::len), Some(2), "the index knows as before");
}

async fn everything(bed: &Bed, sanne: &mut Visitor) {
    let paper = bed.page(sanne, "/print").await;
    for word in [
        "Scholengroep De Linde",
        "Afgewezen",
        "Vrijwillige machtiging",
        "Uw verzoeken",
        "Deze lijst is niet compleet",
        "Hulp op elkaar afstemmen",
    ] {
        assert!(paper.text.contains(word), "{word}: {}", paper.text);
    }
    let file = sanne.get(&bed.at("/download.json")).await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"inzage.json\"");
    assert_eq!(file.header("cache-control"), "no-store");
    let told: serde_json::Value = serde_json::from_str(&file.text).unwrap();
    assert_eq!(told["holders"].as_array().unwrap().len(), 2);
    assert_eq!(told["kinds"]["asked"].as_array().unwrap().len(), 3, "{}", told["kinds"]);
    assert_eq!(told["kinds"]["outsidePurpose"], json!(["addiction-care", "youth-health"]));
    assert_eq!(told["accesses"]["complete"], true, "{}", told["accesses"]["parties"]);
    assert!(told["mandates"]["given"].as_array().is_some_and(|given| given.len() >= 2));
    assert_eq!(told["correctionRequests"].as_array().unwrap().len(), 2);
    assert!(!file.text.contains(PERSON) && !file.text.contains(FRIEND) && !file.text.contains(BORN));

    let gone = sanne.get(&bed.at("/nothing/here")).await;
    assert_eq!(gone.status.as_u16(), 404);
    assert!(sanne.get(&bed.at("/sign-in?as=represented")).await.status.is_client_error());
}
