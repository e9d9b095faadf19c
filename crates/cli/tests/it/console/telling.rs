//! One access as a story, whatever came of it; and what is said when a log is silent or somebody changed one.

use std::time::Duration;

use kw_ledger::{Canonical, Leaf, LeafKind, Salt};
use kw_testbed::Visitor;

use super::{Bed, between, fact, until_checked};
use crate::town::until;

/// Known to the school and the youth care provider, and not to the municipality.
const PERSON: &str = "999975134";

/// The address of the story of the question of this case, as an auditor comes to it.
async fn story(bed: &Bed, anna: &mut Visitor, case: &str) -> String {
    let asked = [("log", "switchboard"), ("case", case), ("event", "query-answered")];
    let found = bed.send(anna, "/log", "/log", &asked).await.text;
    let record = format!("/log/switchboard/{}", between(&found, "href=\"/log/switchboard/", "\""));
    let record = bed.see(anna, &record).await.text;
    format!("/stories/{}", between(&record, "href=\"/stories/", "\""))
}

fn run(bed: &Bed, words: &[&str], codes: &[i32]) -> serde_json::Value {
    let mut told = serde_json::Value::Null;
    tokio::task::block_in_place(|| {
        until(words[0], || {
            let ran = bed.town.run_with_input("municipality", words, &format!("{PERSON}\n"));
            told = serde_json::from_str(&ran.stdout).unwrap_or_default();
            codes.contains(&ran.code).then_some(()).ok_or_else(|| format!("{ran:?}"))
        });
    });
    told
}

fn ask(bed: &Bed, case: &str, more: &[&str], codes: &[i32]) {
    let who = ["--role", "municipal-consultant", "--actor", "j.jansen", "--case", case];
    let words = ["dossier", "--bsn", "-"].iter().chain(&who).chain(more).copied().collect::<Vec<_>>();
    run(bed, &words, codes);
}

fn contains(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {page}");
    }
}

/// The municipality gives itself another reason for its question, and a leaf to it.
fn forge(bed: &Bed) {
    let config = "partners/municipality/partner.toml";
    let one = "WHERE record LIKE '%query-asked%' AND record LIKE '%kind vermist%' ORDER BY idx DESC LIMIT 1";
    let read = |column: &str| bed.town.sql(config, &format!("SELECT {column} FROM ledger_entries {one}"));
    let (index, salt, record) = (read("idx"), read("hex(salt)"), read("record"));
    let salt: Vec<u8> =
        (0..salt.len()).step_by(2).map(|at| u8::from_str_radix(&salt[at..at + 2], 16).unwrap()).collect();
    let record = record.replace("kind vermist", "aangifte nr. 7");
    let canonical = Canonical::from_stored(record.clone());
    let leaf = Leaf::commit(LeafKind::Access, &Salt(salt.try_into().unwrap()), &canonical).hash;
    let hex = |bytes: &[u8]| bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let forged = format!(
        "UPDATE ledger_entries SET record = CAST(X'{}' AS TEXT), leaf = X'{}' WHERE idx = {index}; SELECT changes();",
        hex(record.as_bytes()),
        hex(&leaf)
    );
    assert_eq!(bed.town.sql(config, &forged), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_story_is_told_whole_whatever_came_of_the_access_and_what_is_wrong_with_it_is_said() {
    let Some(mut bed) = Bed::start().await else { return };
    let help = ["--purpose", "coordinate-help"];
    let need = [&help[..], &["--basis", "emergency", "--reason", "kind vermist"]].concat();
    ask(&bed, "Z-1", &need, &[0, 1]);
    let refused = ["--purpose", "enforce-attendance", "--basis", "motivated", "--reason", "verzuim"];
    ask(&bed, "Z-2", &refused, &[2, 3, 4, 5]);
    let mut anna = bed.visitor("anna").await;

    // In need, with its holders, and with a verdict once there is one.
    let emergency = story(&bed, &mut anna, "Z-1").await;
    let told = until_checked(&bed, &mut anna, &emergency).await;
    contains(
        &told,
        &[
            "Noodgeval",
            "kind vermist",
            "De houder antwoordde",
            "De aanvrager stelde een dossier samen",
            "Er staat nog geen oordeel in het logboek",
            "Geen enkele is fout",
            "Het verhaal in het kort",
            "(geleverd)",
        ],
    );
    let who = ["--actor", "r.viewer", "--role", "quality-officer"];
    let list = run(&bed, &[&["reviews", "list"], &who[..]].concat(), &[0]);
    // Ids begin with their time: the newest question of the case.
    let reviews = list["reviews"].as_array().unwrap().iter().filter(|one| one["case"] == "Z-1");
    let review = reviews.filter_map(|one| one["id"].as_str()).max().unwrap_or_else(|| panic!("{list}"));
    let review = review.to_owned();
    let verdict =
        [&["reviews", "verdict"], &who[..], &[review.as_str(), "justified", "--note", "terecht gezocht"]];
    run(&bed, &verdict.concat(), &[0]);
    let told = until_checked(&bed, &mut anna, &emergency).await;
    contains(&told, &["De vraag was terecht", "terecht gezocht", "r.viewer"]);
    assert!(!told.contains("Er staat nog geen oordeel"), "{told}");

    // Refused: nobody was asked, and why stands there in words.
    let path = story(&bed, &mut anna, "Z-2").await;
    let told = until_checked(&bed, &mut anna, &path).await;
    contains(&told, &["De functie mag dit niet voor dit doel", "Geweigerd"]);
    assert!(!told.contains("De houder antwoordde"), "{told}");

    // A holder that does not answer is named on top, and the rest is told.
    tokio::task::block_in_place(|| bed.town.stop("youth-care"));
    let told = bed.see(&mut anna, &emergency).await.text;
    contains(
        &told,
        &[
            "Deze logboeken konden niet worden gelezen",
            "<li>Jeugdzorg Demostad</li>",
            "Het schakelpunt antwoordde",
        ],
    );
    assert!(told.find("konden niet worden gelezen") < told.find("Het schakelpunt antwoordde"), "{told}");
    assert!(!told.contains("Geen enkele is fout"), "{told}");

    // Somebody changes a record in the database of a holder.
    let spoil = "UPDATE ledger_entries SET record = replace(record, 'emergency', 'motivated') \
                 WHERE record LIKE '%pull-answered%'; SELECT changes();";
    let config = "partners/school/partner.toml";
    let changed = tokio::task::block_in_place(|| bed.town.sql(config, spoil));
    assert_ne!(changed, "0");
    let told = bed.see(&mut anna, &emergency).await.text;
    contains(
        &told,
        &[
            "Let op: hier klopt iets niet",
            "role=\"alert\"",
            "iemand heeft dit veranderd",
            "<strong>Klopt niet</strong>",
        ],
    );
    assert!(told.find("hier klopt iets niet") < told.find("Het schakelpunt antwoordde"), "{told}");

    // Without the switchboard the others are still asked, and it is the switchboard that is named.
    tokio::task::block_in_place(|| bed.town.stop("switchboard"));
    let told = bed.see(&mut anna, &emergency).await.text;
    contains(
        &told,
        &[
            "<li>Schakelpunt Demoregio</li>",
            "Deze logboeken konden niet worden gelezen",
            "De aanvrager stelde een vraag",
        ],
    );
    tokio::task::block_in_place(|| bed.town.start_central("switchboard"));

    // A keeper who forges record and leaf together: the text opens its leaf, and the log that was signed has another one.
    tokio::task::block_in_place(|| forge(&bed));
    let mut told = String::new();
    for _ in 0..30 {
        told = bed.see(&mut anna, &emergency).await.text;
        // Unless its own service found out before, and does nothing more: then it is silent, after a moment.
        let is_said = told.contains("<strong>Klopt niet</strong>: De regel staat in de log");
        if is_said || told.contains("<li>Gemeente Demostad</li>") {
            told.clear();
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert!(told.is_empty(), "{told}");
    // In a file for another system it is said as well.
    let asked = [("log", "00000099000000012000"), ("format", "nen7513")];
    let made = bed.send(&mut anna, "/exports", "/exports", &asked).await.text;
    contains(&made, &["niet alles klopt of niet alles is gecontroleerd", "role=\"alert\""]);
    assert!(fact(&made, "Vastleggingen die niet kloppen") > 0, "{made}");
}
