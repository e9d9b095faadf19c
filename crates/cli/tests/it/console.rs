//! `console serve` over a chain that runs: what auditors and operators see, and what neither does.

mod operator;
mod telling;

use std::fs;
use std::path::Path;
use std::time::Duration;

use kw_agreement::draft::{AgreementDraft, ConsoleDraft, IdentityProviderDraft, OperatorDraft};
use kw_testbed::{Seen, SignInServer, Visitor, free_port};
use serde_json::json;

use crate::program::{Service, run};
use crate::town::{Town, until};

/// A chain with a console beside it.
struct Bed {
    town: Town,
    address: String,
    _console: Service,
    _provider: SignInServer,
}

const ASKED: [&str; 10] = [
    "--bsn",
    "-",
    "--purpose",
    "coordinate-help",
    "--role",
    "municipal-consultant",
    "--actor",
    "j.jansen",
    "--birth-date",
    "2011-03-04",
];
const PAGES_OF_AUDITORS: [&str; 11] = [
    "/log",
    "/log/switchboard/1",
    "/stories",
    "/stories/019a2b3c-4d5e-7f60-8123-456789abcdef",
    "/reconciliation",
    "/anomalies",
    "/resolve",
    "/resolve/switchboard",
    "/exports",
    "/exports/file",
    "/reports/2026-11",
];

impl Bed {
    /// `None`, with the reason told, when the provider cannot be had.
    async fn start() -> Option<Self> {
        let (port, tools) = (free_port().unwrap(), Path::new(env!("CARGO_TARGET_TMPDIR")));
        let address = format!("http://127.0.0.1:{port}");
        let clients = json!([{
            "client_id": "console",
            "redirect_uris": [format!("{address}/sign-in/callback")],
            "token_endpoint_auth_method": "none",
        }]);
        let accounts = json!({
            "anna": { "name": "Anna <i>Kijker</i>", "roles": ["toezicht"] },
            "bea": { "name": "Bea", "roles": ["toezicht"] },
            "otto": { "name": "Otto", "roles": ["beheer"] },
            "olga": { "name": "Olga", "roles": ["beheer"] },
        });
        let started = tokio::task::spawn_blocking(move || SignInServer::start(tools, &clients, &accounts));
        let provider = match started.await.unwrap() {
            Ok(provider) => provider,
            Err(reason) => {
                kw_testbed::not_checked(format_args!("no OpenID provider of others: {reason}"));
                return None;
            }
        };
        let issuer = provider.issuer().to_owned();
        let started = tokio::task::spawn_blocking(move || {
            let town = chain(&issuer);
            let console = console(&town, port);
            (town, console)
        });
        let (town, console) = started.await.unwrap();
        Some(Self { town, address, _console: console, _provider: provider })
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// Somebody who signed in.
    async fn visitor(&self, account: &str) -> Visitor {
        let mut visitor = Visitor::new();
        let seen = visitor.sign_in(&self.at("/"), account).await;
        assert_eq!((seen.status.as_u16(), seen.url.path()), (200, "/"), "{}", seen.text);
        visitor
    }

    async fn see(&self, visitor: &mut Visitor, path: &str) -> Seen {
        let seen = visitor.get(&self.at(path)).await;
        assert_eq!(seen.status.as_u16(), 200, "{path}: {}", seen.text);
        assert!(seen.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert!(!seen.text.contains("[console-") && !seen.text.contains(">["), "{path}: {}", seen.text);
        seen
    }

    /// Sends a form from the page at `from`, and goes where it leads.
    async fn send(&self, visitor: &mut Visitor, from: &str, to: &str, fields: &[(&str, &str)]) -> Seen {
        let token = self.see(visitor, from).await.token();
        let form: Vec<(&str, &str)> =
            [("_token", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let seen = visitor.post(&self.at(to), &form).await;
        visitor.follow(seen).await
    }

    fn ask(&self, more: &[&str]) {
        tokio::task::block_in_place(|| {
            let arguments: Vec<&str> =
                ["dossier"].into_iter().chain(ASKED).chain(more.iter().copied()).collect();
            until("the dossier", || {
                let ran = self.town.run_with_input("municipality", &arguments, "999990342\n");
                (ran.code <= 1).then_some(()).ok_or_else(|| format!("{ran:?}"))
            });
        });
    }
}

/// The demonstration's chain with a provider for the console and two operators, and three of its partners running.
fn chain(issuer: &str) -> Town {
    let mut town = Town::new();
    let operators = ["eerste", "tweede", "derde"].map(|name| {
        let file = town.kept().join(format!("{name}.key"));
        let made = run(["keys", "operator", file.to_str().unwrap(), "--json"]).expect(0).json();
        OperatorDraft { name: name.to_owned(), key: made["publicKey"].as_str().unwrap().to_owned() }
    });
    town.agree(|draft| {
        draft.operators = operators.to_vec();
        draft.console = Some(Box::new(ConsoleDraft {
            identity_provider: IdentityProviderDraft {
                issuer: issuer.to_owned(),
                jwks_uri: format!("{issuer}/jwks"),
                audience: "console".to_owned(),
                roles: [("toezicht", "auditor"), ("beheer", "operator")]
                    .map(|(word, role)| (word.to_owned(), role.to_owned()))
                    .into(),
                ..IdentityProviderDraft::default()
            },
        }));
    });
    short_certificate(&town);
    town.start_centre();
    for partner in ["municipality", "school", "youth-care"] {
        town.start(partner);
    }
    town
}

/// The school's runs out in ten days.
fn short_certificate(town: &Town) {
    let pki = town.kept().join("pki");
    let place = ["pki", "issue", "--directory", pki.to_str().unwrap(), "--name", "short", "--days", "10"];
    let whom = ["--oin", "00000099000000012000", "--host", "localhost", "--host", "127.0.0.1"];
    run(place.into_iter().chain(whom)).expect(0);
    town.configure("school", |config| {
        let tls = config["tls"].as_table_mut().unwrap();
        for (field, file) in [("certificate", "short.pem"), ("key", "short.key")] {
            tls.insert(field.to_owned(), pki.join(file).to_str().unwrap().into());
        }
    });
}

fn console(town: &Town, port: u16) -> Service {
    let kept = town.kept();
    let pki = kept.join("pki");
    let issue =
        ["pki", "issue", "--directory", pki.to_str().unwrap(), "--name", "overseer", "--host", "localhost"];
    run(issue.into_iter().chain(["--oin", "00000099000000003000"])).expect(0);
    let switchboard: toml::Table =
        toml::from_str(&fs::read_to_string(kept.join("switchboard/switchboard.toml")).unwrap()).unwrap();
    let admin = switchboard["server"]["admin"].as_str().unwrap();
    let config = format!(
        "agreement = 'agreement.toml'\n[server]\nlisten = '127.0.0.1:{port}'\n\
         [web]\naddress = 'http://127.0.0.1:{port}'\nmemory = 'console-memory'\n\
         [auditor]\ncertificate = 'pki/overseer.pem'\nkey = 'pki/overseer.key'\ntrust_anchors = 'pki/ca.pem'\n\
         revocation_lists = ['pki/crl.pem']\n[operator]\naddress = 'http://{admin}'\nsilent_seconds = {SILENT_SECONDS}\n"
    );
    let file = kept.join("console.toml");
    fs::write(&file, config).unwrap();
    Service::start("console", &file)
}

/// The first text that stands between these two.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    kw_testbed::between(text, before, after).unwrap_or_else(|| panic!("{before} … {after}: {text}"))
}

/// The number that stands on a page beside this label.
fn fact(page: &str, label: &str) -> u64 {
    let after = between(page, &format!(">{label}</dt>"), "</dd>");
    let number = after.rsplit('>').next().unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("{label}: {number:?}: {page}"))
}

/// Longer than a process waits for signals in one request.
const SILENT_SECONDS: u64 = 45;
const REASON: &str = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_auditor_finds_an_access_and_reads_it_as_one_story_with_its_proofs() {
    let Some(bed) = Bed::start().await else { return };
    bed.ask(&["--case", "2026-0042", "--basis", "motivated", "--reason", REASON]);
    let mut anna = bed.visitor("anna").await;
    let front = bed.see(&mut anna, "/").await.text;
    assert!(front.contains("Voor toezichthouders") && !front.contains("Voor beheerders"), "{front}");
    assert!(!front.contains("<i>Kijker"), "{front}");

    // What is wrong comes back, with everything else that was filled in.
    let wrong = [("log", "switchboard"), ("from", "gisteren"), ("case", "2026-0042")];
    let seen = bed.send(&mut anna, "/log", "/log", &wrong).await;
    assert!(
        seen.text.contains("Vul een dag in") && seen.text.contains("value=\"2026-0042\""),
        "{}",
        seen.text
    );

    let asked = [("log", "switchboard"), ("case", "2026-0042"), ("event", "query-answered")];
    let found = bed.send(&mut anna, "/log", "/log", &asked).await;
    assert_eq!(found.status.as_u16(), 200, "{}", found.text);
    for text in
        ["Gevonden: 1", "j.jansen", "Het schakelpunt antwoordde", "<svg", "Dezelfde cijfers als tabel"]
    {
        assert!(found.text.contains(text), "{text}: {}", found.text);
    }
    assert!(!found.url.as_str().contains("2026-0042"), "nothing personal in an address");

    let path = format!("/log/switchboard/{}", between(&found.text, "href=\"/log/switchboard/", "\""));
    until_checked(&bed, &mut anna, &path).await;
    let record = bed.see(&mut anna, &path).await.text;
    assert!(!record.contains("<script>alert") && !record.contains("<img src=x"), "{record}");
    assert!(record.contains("&#60;script&#62;"), "{record}");
    assert_eq!(record.matches("<strong>Klopt</strong>").count(), 4, "{record}");

    let story_path = format!("/stories/{}", between(&record, "href=\"/stories/", "\""));
    let story = until_checked(&bed, &mut anna, &story_path).await;
    for text in [
        "De aanvrager stelde een vraag",
        "Het schakelpunt antwoordde",
        "De houder antwoordde",
        "De aanvrager stelde een dossier samen",
    ] {
        assert!(story.contains(text), "{text}: {story}");
    }
    assert_eq!(story.matches(">Alles klopt<").count(), 6, "{story}");
    // A holder that is not there is said, and then nothing is called complete.
    assert!(story.contains("<li>GGD Demoregio</li>") && !story.contains("Geen enkele is fout"), "{story}");
    assert!(!story.contains("<strong>Klopt niet</strong>"), "{story}");
    assert!(!story.contains("<script>alert"), "{story}");
    let order = ["stelde een vraag", "schakelpunt antwoordde", "houder antwoordde", "dossier samen"];
    let places: Vec<usize> = order.iter().map(|text| story.find(text).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");

    // An id that nobody knows is a story without steps, and what is no id is said.
    let nothing = bed.see(&mut anna, "/stories/019a2b3c-4d5e-7f60-8123-456789abcdef").await.text;
    assert!(nothing.contains("Geen enkele log weet"), "{nothing}");
    let wrong = bed.send(&mut anna, "/stories", "/stories", &[("transaction", "x")]).await.text;
    assert!(wrong.contains("geen geldig kenmerk"), "{wrong}");

    let month = kw_domain::DutchTime::at(kw_domain::Clock::now(&kw_domain::SystemClock)).month();
    let anomalies = bed.send(&mut anna, "/anomalies", "/anomalies", &[("month", &month)]).await.text;
    assert!(
        anomalies.contains(&format!("href=\"{path}\"")),
        "what deserves a look is one step away: {anomalies}"
    );
    assert!(anomalies.contains("Vraag met een eigen reden") && anomalies.contains("j.jansen"), "{anomalies}");
    let report = bed.see(&mut anna, &format!("/reports/{month}")).await.text;
    assert!(report.contains("data-kw-print") && !report.contains("j.jansen"), "{report}");
    let compared = bed.send(&mut anna, "/reconciliation", "/reconciliation", &[]).await.text;
    assert!(
        compared.contains("Uitkomst") && compared.contains("Deze logs waren niet te lezen"),
        "{compared}"
    );

    let made = [("log", "switchboard"), ("format", "nen7513")];
    let made = bed.send(&mut anna, "/exports", "/exports", &made).await.text;
    assert!(made.contains("Alles klopt"), "{made}");
    let file = anna.get(&bed.at("/exports/file")).await;
    assert!(file.header("content-disposition").contains("switchboard-nen7513.jsonl"));
    let entry = |line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["loggegevens"]["regel"].as_u64().unwrap()
    };
    let entries: Vec<u64> = file.text.lines().map(entry).collect();
    assert!(entries.len() > 1, "{}", file.text);
    let size = entries.iter().max().unwrap() + 1;
    for label in
        ["Regels die de houder van het logboek ondertekende", "Regels die genoeg getuigen meeondertekenden"]
    {
        assert!(fact(&made, label) >= size, "{label}, of {size}: {made}");
    }

    // No page of an operator opens for an auditor.
    for path in ["/state", "/agreement"] {
        assert_eq!(anna.get(&bed.at(path)).await.status.as_u16(), 403, "{path}");
    }

    an_entry_opens_by_its_own_address(&bed, &path).await;
    two_persons_resolve(&bed, &mut anna, &path, &record).await;
}

/// Pasted into another browser: after the sign-in it is there, without a search.
async fn an_entry_opens_by_its_own_address(bed: &Bed, path: &str) {
    let mut bea = Visitor::new();
    let seen = bea.sign_in(&bed.at(path), "bea").await;
    assert_eq!((seen.status.as_u16(), seen.url.path()), (200, path), "{}", seen.text);
    assert!(seen.text.contains("j.jansen") && seen.text.contains("2026-0042"), "{}", seen.text);
    // What is read like this is in the log, with who read it and which entry.
    let index: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
    let read = [("log", "switchboard"), ("event", "access-log-searched"), ("actor", "bea")];
    let found = bed.send(&mut bea, "/log", "/log", &read).await.text;
    let own = format!("/log/switchboard/{}", between(&found, "href=\"/log/switchboard/", "\""));
    let told = bed.see(&mut bea, &own).await.text;
    assert!(told.contains(&format!("&#34;before&#34;:{}", index + 1)), "{told}");
    for nothing in ["/log/switchboard/999999", "/log/switchboard/x", "/log/elsewhere/1"] {
        assert_eq!(bea.get(&bed.at(nothing)).await.status.as_u16(), 404, "{nothing}");
    }
}

/// A new entry is in a checkpoint that witnesses cosigned within seconds.
async fn until_checked(bed: &Bed, anna: &mut Visitor, path: &str) -> String {
    for _ in 0..60 {
        let seen = bed.see(anna, path).await.text;
        if !seen.contains("Niet gecontroleerd") {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{}", bed.see(anna, path).await.text);
}

/// One asks, another agrees, and nobody does both: over one certificate, each with an ID token of their own.
async fn two_persons_resolve(bed: &Bed, anna: &mut Visitor, path: &str, record: &str) {
    let reference = between(record, "name=\"reference\" value=\"", "\"");
    let index = path.rsplit('/').next().unwrap();
    let asked = [("log", "switchboard"), ("index", index), ("reference", reference), ("reason", "klacht 7")];
    let mine = bed.send(anna, path, "/resolve", &asked).await;
    assert_eq!(mine.url.path(), "/resolve/switchboard", "{}", mine.text);
    assert!(
        mine.text.contains("Wacht op een tweede persoon") && mine.text.contains("klacht 7"),
        "{}",
        mine.text
    );
    assert!(!mine.text.contains("/approvals"), "nobody agrees with themselves: {}", mine.text);

    let mut bea = bed.visitor("bea").await;
    let open = bed.see(&mut bea, "/resolve").await.text;
    let approve = format!("/resolve/switchboard/{}", between(&open, "action=\"/resolve/switchboard/", "\""));
    let own = bed.send(anna, "/resolve", &approve, &[]).await;
    assert_eq!(own.status.as_u16(), 403, "{}", own.text);
    let agreed = bed.send(&mut bea, "/resolve", &approve, &[]).await.text;
    assert!(agreed.contains("Te gebruiken bij het zoeken"), "{agreed}");

    let id = approve.split('/').nth(3).unwrap();
    let asked = [("log", "switchboard"), ("resolution", id), ("event", "query-answered")];
    let found = bed.send(anna, "/log", "/log", &asked).await.text;
    assert!(found.contains("j.jansen"), "{found}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_sees_the_chain_and_nobody_in_it() {
    let Some(bed) = Bed::start().await else { return };
    bed.ask(&["--case", "2026-0042"]);
    let mut otto = bed.visitor("otto").await;
    let front = bed.see(&mut otto, "/").await.text;
    assert!(front.contains("Voor beheerders") && !front.contains("Voor toezichthouders"), "{front}");
    let state = bed.see(&mut otto, "/state").await.text;
    for text in ["Gemeente Demostad", "Doet mee", "Laatst gezien", "Getuigen", "In gebruik", "<svg"] {
        assert!(state.contains(text), "{text}: {state}");
    }
    // The school's certificate runs out within the month, and one of the witnesses was never there.
    for text in [
        "Het certificaat van Scholengroep De Linde verloopt op",
        "Getuige Verslavingszorg Demostad heeft nog nooit meeondertekend",
        "Verslavingszorg Demostad liet nog niets horen sinds het schakelpunt draait",
    ] {
        let place = state.find(text).unwrap_or_else(|| panic!("{text}: {state}"));
        assert!(place < state.find("<table").unwrap(), "what is wrong stands on top: {state}");
    }
    for text in ["Het certificaat van Gemeente Demostad verloopt", "Getuige Gemeente Demostad"] {
        assert!(!state.contains(text), "{text}: {state}");
    }
    operator::no_trace_of_anybody(&bed.town, &state);
    for path in PAGES_OF_AUDITORS {
        let seen = otto.get(&bed.at(path)).await;
        assert_eq!(seen.status.as_u16(), 403, "{path}: {}", seen.text);
        operator::no_trace_of_anybody(&bed.town, &seen.text);
    }
    let token = bed.see(&mut otto, "/").await.token();
    for path in [
        "/log",
        "/log/older",
        "/stories",
        "/reconciliation",
        "/anomalies",
        "/resolve",
        "/exports",
        "/reports",
    ] {
        let seen = otto.post(&bed.at(path), &[("_token", &token)]).await;
        assert_eq!(seen.status.as_u16(), 403, "{path}: {}", seen.text);
    }
    operator::the_api_says_nothing_about_anybody(&bed.town).await;
    two_operators_approve(&bed, &mut otto).await;
    who_stops_is_seen(bed, &mut otto).await;
}

/// A partner whose process is gone does not look as one that works, and those that work do.
async fn who_stops_is_seen(mut bed: Bed, otto: &mut Visitor) {
    let silent = "Jeugdzorg Demostad laat al";
    let before = bed.see(otto, "/state").await.text;
    assert!(!before.contains(silent), "{before}");
    let row = |page: &str, name: &str| {
        let rows = page.split("<tr").find(|row| row.contains(&format!(">{name}<br>"))).map(str::to_owned);
        rows.unwrap_or_else(|| panic!("{name}: {page}"))
    };
    assert!(row(&before, "Jeugdzorg Demostad").contains("Doet mee"));
    tokio::task::block_in_place(|| bed.town.stop("youth-care"));
    let began = std::time::Instant::now();
    let seen = loop {
        let seen = bed.see(otto, "/state").await.text;
        if seen.contains(silent) {
            break seen;
        }
        assert!(began.elapsed() < Duration::from_secs(2 * SILENT_SECONDS), "{seen}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    };
    assert!(seen.find(silent).unwrap() < seen.find("<table").unwrap(), "it stands on top: {seen}");
    assert!(row(&seen, "Jeugdzorg Demostad").contains("<strong>Laat niets horen</strong>"), "{seen}");
    let working = row(&seen, "Gemeente Demostad");
    assert!(working.contains("Doet mee") && working.contains("geleden"), "{working}");
    assert!(!seen.contains("Gemeente Demostad laat al"), "{seen}");
}

/// A wider agreement comes into force with two approvals, not with one twice.
async fn two_operators_approve(bed: &Bed, otto: &mut Visitor) {
    let kept = bed.town.kept();
    let file = kept.join("agreement.toml");
    let current = fs::read_to_string(&file).unwrap();
    fs::write(kept.join("current.toml"), &current).unwrap();
    let mut draft = AgreementDraft::parse(&current).unwrap();
    draft.chain.version = "2027.1".into();
    draft.subject_access.staff_names = !draft.subject_access.staff_names;
    draft.chain.lease_term = "P60D".into();
    let next = draft.to_toml().unwrap();
    fs::write(kept.join("next.toml"), &next).unwrap();

    // However long it is, up to what an agreement may be.
    let long = format!("{next}{}", "# een toelichting, regel na regel\n".repeat(20_000));
    assert!((64 * 1024..1024 * 1024).contains(&long.len()));
    let before = bed.send(otto, "/agreement", "/agreement/next", &[("next", &long)]).await.text;
    assert!(before.contains("2027.1") && before.contains("Ruimer"), "{before}");
    assert!(before.contains("Er wacht niets."), "looking changes nothing: {before}");
    let over = format!("{next}{}", "# een toelichting, regel na regel\n".repeat(40_000));
    let refused = bed.send(otto, "/agreement", "/agreement/next", &[("next", &over)]).await.text;
    assert!(refused.contains("Deze tekst is te lang"), "{}", &refused[..2_000]);
    let token = bed.see(otto, "/agreement").await.token();
    for path in ["/agreement/next", "/agreement/approvals"] {
        let form = [("_token", token.as_str()), ("next", &"x".repeat(5 * 1024 * 1024))];
        let seen = otto.post(&bed.at(path), &form).await;
        assert_eq!(seen.status.as_u16(), 413, "{path}");
        assert!(seen.text.contains("Dit is te groot"), "{path}: {}", seen.text);
    }

    fs::write(&file, &next).unwrap();
    let waiting = bed.see(otto, "/agreement").await.text;
    assert!(
        waiting.contains("nog 2 goedkeuringen") && waiting.contains("Pointers of a silent partner"),
        "{waiting}"
    );
    let approval = |name: &str| {
        let path = |file: &str| kept.join(file).to_str().unwrap().to_owned();
        let (next, current, key) = (path("next.toml"), path("current.toml"), path(&format!("{name}.key")));
        let _ = fs::remove_file(kept.join("next.toml.approvals"));
        run(["agreement", "approve", &next, "--current", &current, "--as", name, "--key", &key]).expect(0);
        fs::read_to_string(kept.join("next.toml.approvals")).unwrap()
    };
    let led = otto.get(&bed.at("/agreement/next")).await;
    assert_eq!((led.status.as_u16(), led.header("location")), (303, "/agreement"));
    let wrong = bed.send(otto, "/agreement", "/agreement/approvals", &[("approval", "x")]).await.text;
    assert!(wrong.contains("geen goedkeuring"), "{wrong}");
    let one =
        bed.send(otto, "/agreement", "/agreement/approvals", &[("approval", &approval("eerste"))]).await.text;
    assert!(one.contains("nog één goedkeuring") && one.contains("eerste"), "{one}");
    let twice =
        bed.send(otto, "/agreement", "/agreement/approvals", &[("approval", &approval("eerste"))]).await.text;
    assert!(twice.contains("heeft al goedgekeurd"), "{twice}");
    let forged = approval("tweede").replace("operator tweede", "operator derde");
    let forged = bed.send(otto, "/agreement", "/agreement/approvals", &[("approval", &forged)]).await.text;
    assert!(forged.contains("geen goedkeuring"), "{forged}");
    let mut olga = bed.visitor("olga").await;
    let two = bed
        .send(&mut olga, "/agreement", "/agreement/approvals", &[("approval", &approval("tweede"))])
        .await
        .text;
    assert!(two.contains("Er wacht niets.") && two.contains("2027.1"), "{two}");
    assert!(two.contains("eerste, tweede"), "{two}");
    versions_are_told(bed, &mut olga, (&current, &next), &waiting).await;
}

/// What waited, what is in force and what was: each with its text, who approved it and when, and what it changed.
async fn versions_are_told(bed: &Bed, olga: &mut Visitor, (current, next): (&str, &str), waiting: &str) {
    assert!(
        waiting.contains("href=\"/agreement/versions/next\"") && waiting.contains("Wacht op goedkeuring")
    );
    assert_eq!(olga.get(&bed.at("/agreement/versions/next")).await.status.as_u16(), 404, "nothing waits");
    // The log says it within seconds.
    let mut list = String::new();
    for _ in 0..60 {
        list = bed.see(olga, "/agreement").await.text;
        if list.contains("\">2027.1</a>") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let places: Vec<&str> = list.split("href=\"/agreement/versions/").skip(1).collect();
    let place = |at: usize| places[at].split('"').next().unwrap();
    // The first is of the demonstration itself, before this test agreed on another.
    assert_eq!(places.len(), 3, "{list}");
    assert!(places[0].contains("2027.1") && places[0].contains("Geldt nu"), "{list}");
    assert!(places[0].contains("eerste, op") && places[0].contains("tweede, op"), "{list}");
    assert!(places[1].contains("Gold eerder") && places[1].contains("Dat hoefde niemand"), "{list}");
    let newest = bed.see(olga, &format!("/agreement/versions/{}", place(0))).await.text;
    let escaped = |text: &str| {
        text.replace('"', "&#34;").replace('\'', "&#39;").replace('<', "&#60;").replace('>', "&#62;")
    };
    let line = |text: &str, start: &str| {
        escaped(text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}")))
    };
    for text in ["Ruimer", "Pointers of a silent partner", &line(next, "lease_term"), &line(next, "version")]
    {
        assert!(newest.contains(text), "{text}: {newest}");
    }
    let before = bed.see(olga, &format!("/agreement/versions/{}", place(1))).await.text;
    for text in ["Gold eerder", "Vergeleken met", &line(current, "lease_term")] {
        assert!(before.contains(text), "{text}: {before}");
    }
    let first = bed.see(olga, &format!("/agreement/versions/{}", place(2))).await.text;
    assert!(first.contains("Dit is de eerste versie in het logboek"), "{first}");
    for wrong in ["/agreement/versions/0x", "/agreement/versions/..%2Fnext", "/agreement/versions/999999"] {
        assert_eq!(olga.get(&bed.at(wrong)).await.status.as_u16(), 404, "{wrong}");
    }
}
