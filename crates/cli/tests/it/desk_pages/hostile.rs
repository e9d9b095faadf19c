//! A holder whose documents are made to harm whoever reads them.

use std::fs;

use serde_json::{Value, json};

use super::bed::{Bed, PERSON};
use crate::town::Town;

const SCRIPT: &str = "<script>alert(1)</script>";
const QUOTE: &str = "\" onmouseover=\"alert(2)";
const LINK: &str = "javascript:alert(3)";
const TURNED: &str = "jan\u{202e}nav\u{2066}x";

/// The school's own file, with harm in every field of its pupils.
fn harmed(town: &Town) {
    let file = town.kept().join("partners/school/source/leerlingen.json");
    let mut data: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    for pupil in data["leerlingen"].as_array_mut().unwrap() {
        pupil["person"]["givenName"] = json!(SCRIPT);
        pupil["person"]["familyName"] = json!(format!("{TURNED} {QUOTE}"));
        pupil["person"]["address"] = json!({ "street": LINK, "postcode": QUOTE, "city": SCRIPT });
        pupil["contact"] = json!({ "phone": SCRIPT, "name": LINK, "email": QUOTE });
        if pupil.to_string().contains(PERSON) {
            pupil["attendance"] = json!({ "schoolYear": "x".repeat(800_000) });
        }
        pupil["school"] = json!({ "name": format!("De Linde {SCRIPT}"), "class": QUOTE, SCRIPT: LINK, QUOTE: SCRIPT, TURNED: TURNED });
    }
    fs::write(&file, data.to_string()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hostile_holder_delivers_is_text_and_nothing_else() {
    let Some(bed) = Bed::changed(harmed).await else { return };
    let mut mira = bed.visitor("m.consulent").await;
    let page = bed.whole(&mut mira, PERSON, "Z-1").await;
    assert!(page.text.contains("De Linde &#60;script&#62;"), "{}", page.text);
    let place = page.text.split("href=\"").filter_map(|rest| rest.split('"').next());
    assert!(page.text.contains("Dit zijn niet alle gegevens"), "what is too large is cut, and that is said");
    assert!(page.text.len() < 150 * 1024, "{} bytes", page.text.len());
    let mut pages = vec![page.text.clone()];
    for path in place.filter(|path| path.contains("/report/")) {
        pages.push(mira.get(&bed.at(path)).await.text);
    }
    assert!(pages.len() > 5);
    for text in &pages {
        assert!(!text.contains("<script>alert"), "a script in the page");
        assert!(!text.contains("onmouseover=\"alert"), "an attribute in the page");
        assert!(!text.contains("=\"javascript:"), "a link that runs");
        assert!(!text.contains('\u{202e}') && !text.contains('\u{2066}'), "text that is turned around");
    }

    // A session has room for five.
    for number in 0..5 {
        assert_eq!(mira.get(page.url.as_str()).await.status.as_u16(), 200, "{number}");
        bed.ask(&mut mira, PERSON, "Z-2").await;
    }
    assert_eq!(mira.get(page.url.as_str()).await.status.as_u16(), 404);
}
