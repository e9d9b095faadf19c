//! A software supplier runs a partner's process under its own certificate, as docs/delegation.md says, until the mandate ends.

use kw_agreement::draft::{DelegationDraft, SupplierDraft};

use crate::program::run;
use crate::town::{Town, until};

const SUPPLIER: &str = "00000099000000221000";
const SCHOOL: &str = "00000099000000012000";
const REFUSED: i32 = 5;

#[test]
fn a_supplier_works_for_a_partner_under_a_mandate_that_two_gave_and_one_ends() {
    let mut town = Town::new();
    town.agree(|agreement| {
        agreement.suppliers.push(SupplierDraft {
            oin: SUPPLIER.to_owned(),
            name: "Suite Demosoft".to_owned(),
            contact: "ketens@demosoft.example".to_owned(),
        });
        agreement.partner_mut(SCHOOL).unwrap().delegations.push(DelegationDraft {
            supplier: SUPPLIER.to_owned(),
            scopes: ["answer", "query", "register"].map(str::to_owned).to_vec(),
            max_term: "P1Y".to_owned(),
        });
    });
    let pki = town.kept().join("pki");
    let issue = ["pki", "issue", "--name", "suite", "--oin", SUPPLIER, "--host", "localhost", "--directory"];
    run(issue.into_iter().chain([pki.to_str().unwrap()])).expect(0);
    town.start_centre();
    for partner in ["school", "municipality", "health-service", "youth-care"] {
        town.start(partner);
    }
    town.sync("school", &[]);

    let until_when = "2027-03-01T00:00:00Z";
    let asked = delegations(
        &town,
        "a.jansen",
        &["request", "--supplier", SUPPLIER, "--scopes", "query,register", "--until", until_when],
    );
    let id = asked.expect(0).json()["id"].as_str().unwrap().to_owned();
    delegations(&town, "a.jansen", &["approve", &id]).expect(0);
    delegations(&town, "A.Jansen", &["approve", &id]).expect(REFUSED);
    delegations(&town, "b.devries", &["approve", &id]).expect(0);

    // The same folder with the same keys and log; another certificate.
    town.stop("school");
    town.configure("school", |config| {
        config.insert("acts_for".to_owned(), SCHOOL.into());
        let tls = config["tls"].as_table_mut().unwrap();
        for (setting, file) in [("certificate", "suite.pem"), ("key", "suite.key")] {
            tls.insert(setting.to_owned(), pki.join(file).to_str().unwrap().into());
        }
    });
    town.start("school");
    town.sync("school", &["--full", "--reconcile"]);
    let healthy = town.run("school", &["doctor"]);
    assert!(healthy.stdout.contains("works for"), "{healthy:?}");
    healthy.expect(0);
    until("a question of the supplier", || {
        let ran = query(&town);
        if ran.code == 0 { Ok(()) } else { Err(format!("{ran:?}")) }
    });

    delegations(&town, "b.devries", &["end", &id]).expect(0);
    let ran = query(&town);
    assert_eq!(ran.code, REFUSED, "{ran:?}");
    assert!(ran.stderr.contains("delegation-refused") || ran.stderr.contains("mandate"), "{ran:?}");
}

fn delegations(town: &Town, actor: &str, words: &[&str]) -> crate::program::Ran {
    let who = ["--actor", actor, "--role", "administrator"];
    let arguments: Vec<&str> = ["delegations"].into_iter().chain(words.iter().copied()).chain(who).collect();
    town.run("school", &arguments)
}

fn query(town: &Town) -> crate::program::Ran {
    let asked = ["query", "--bsn", "-", "--purpose", "coordinate-help", "--role", "care-coordinator"];
    let who = ["--actor", "m.visser", "--case", "Z-1", "--basis", "motivated", "--reason", "signals"];
    let arguments: Vec<&str> = asked.into_iter().chain(who).collect();
    town.run_with_input("school", &arguments, "999990342")
}
