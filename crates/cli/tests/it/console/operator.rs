//! What the switchboard's operator API says, and does not say.

use crate::town::Town;

/// Everything in the index by which somebody could be found.
fn of_persons(town: &Town) -> Vec<String> {
    let list = |statement: &str| -> Vec<String> {
        town.sql("switchboard/switchboard.toml", statement).lines().map(str::to_lowercase).collect()
    };
    let mut found = Vec::new();
    for statement in [
        "SELECT hex(id) FROM subjects",
        "SELECT hex(id) FROM pointers",
        "SELECT hex(tag_even) FROM subjects WHERE tag_even IS NOT NULL",
        "SELECT hex(tag_odd) FROM subjects WHERE tag_odd IS NOT NULL",
        "SELECT hex(reference) FROM subject_links",
    ] {
        found.extend(list(statement));
    }
    assert!(found.len() > 20, "{found:?}");
    found
}

/// As hexadecimal, as a UUID, or in the words of the question.
pub(super) fn no_trace_of_anybody(town: &Town, text: &str) {
    let text = text.to_lowercase();
    for id in of_persons(town) {
        let uuid = (id.len() == 32)
            .then(|| format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]));
        let is_there = text.contains(&id) || uuid.is_some_and(|uuid| text.contains(&uuid));
        assert!(!is_there, "{id}: {text}");
    }
    for word in ["999990342", "2026-0042", "j.jansen", "2011-03-04"] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

pub(super) async fn the_api_says_nothing_about_anybody(town: &Town) {
    let config = std::fs::read_to_string(town.kept().join("switchboard/switchboard.toml")).unwrap();
    let config: toml::Table = toml::from_str(&config).unwrap();
    let admin = config["server"]["admin"].as_str().unwrap();
    let client = kw_testbed::Visitor::new().client();
    for path in ["/v1/operator/state", "/v1/operator/agreement", "/metrics"] {
        let answer = client.get(format!("http://{admin}{path}")).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        let text = answer.text().await.unwrap();
        no_trace_of_anybody(town, &text);
        if path == "/v1/operator/state" {
            let state: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert!(state["partners"].as_array().unwrap().len() >= 5, "{text}");
            let seen = |name: &str| {
                let partners = state["partners"].as_array().unwrap();
                partners.iter().find(|one| one["oin"] == name).unwrap()["certificate"].clone()
            };
            assert!(seen("00000099000000013000")["expiresAt"].is_string(), "{text}");
            assert!(state["log"]["publishedSize"].as_u64().unwrap() > 0, "{text}");
            let used = |one: &serde_json::Value| one["quota"][2]["used"].as_u64().unwrap();
            assert!(state["partners"].as_array().unwrap().iter().map(used).sum::<u64>() > 0, "{text}");
            assert_eq!(state["generations"][0]["phase"], "live", "{text}");
        }
    }
    // Not for the chain: the service listener does not have it.
    let own: toml::Table =
        toml::from_str(&std::fs::read_to_string(town.kept().join("agreement.toml")).unwrap()).unwrap();
    assert!(!own["switchboard"]["endpoint"].as_str().unwrap().contains(admin));
}
