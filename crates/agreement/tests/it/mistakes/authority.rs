//! Mistakes in what the agreement says about authority.

use kw_agreement::{Agreement, AgreementError};

use crate::authority;

/// The complaints about the chain with every section, after `change`.
fn errors_after(change: impl FnOnce(&mut toml::Table)) -> Vec<AgreementError> {
    let mut whole: toml::Table = toml::from_str(&authority::text()).unwrap();
    change(&mut whole);
    let text = toml::to_string(&whole).unwrap();
    Agreement::parse(&text).map_or_else(|errors| errors.as_slice().to_vec(), |_| Vec::new())
}

/// The value at a path of keys and list positions.
fn place<'a>(table: &'a mut toml::Table, path: &str) -> &'a mut toml::Value {
    let mut steps = path.split('/');
    let mut value = &mut table[steps.next().unwrap()];
    for step in steps {
        value = match step.parse::<usize>() {
            Ok(index) => &mut value[index],
            Err(_) => {
                value.as_table_mut().unwrap().entry(step).or_insert_with(|| toml::Value::Boolean(false))
            }
        };
    }
    value
}

/// Each row: where, the TOML value that is put there, the path of the complaint, and a piece of its reason.
fn assert_found(rows: &[(&str, &str, &str, &str)]) {
    for (at, value, path, reason) in rows {
        let wrapped: toml::Table = toml::from_str(&format!("value = {value}")).unwrap();
        let found = errors_after(|whole| *place(whole, at) = wrapped["value"].clone());
        let [error] = &found[..] else { panic!("{at} = {value}: {found:#?}") };
        assert_eq!(error.path, *path, "{error}");
        assert!(error.reason.contains(reason), "{error}");
        assert!(!error.next_step.is_empty() && error.line > 1, "{error}");
    }
}

#[test]
fn about_suppliers_and_what_is_delegated_to_them() {
    for (taken, who) in
        [("00000099000000001000", "the operator of the switchboard"), ("00000099000000012000", "a partner")]
    {
        let found = errors_after(|whole| {
            *place(whole, "suppliers/0/oin") = taken.into();
            *place(whole, "partners/0/delegations/0/supplier") = taken.into();
        });
        let [error] = &found[..] else { panic!("{found:#?}") };
        assert_eq!(error.path, "suppliers[0].oin");
        assert!(error.reason.contains(who), "{error}");
    }
    let frame = "partners[0].delegations[0]";
    assert_found(&[
        (
            "partners/0/delegations/0/supplier",
            "\"00000099000000039000\"",
            &format!("{frame}.supplier"),
            "no such supplier",
        ),
        ("partners/0/delegations/0/scopes", "[]", &format!("{frame}.scopes"), "delegates nothing"),
        (
            "partners/0/delegations/0/scopes",
            "[\"answer\", \"answer\"]",
            &format!("{frame}.scopes[1]"),
            "twice",
        ),
        ("partners/0/delegations/0/scopes", "[\"own\"]", &format!("{frame}.scopes[0]"), "none of"),
        ("partners/0/delegations/0/max_term", "\"P9Y\"", &format!("{frame}.max_term"), "out of bounds"),
        ("auditors/0/oin", "\"00000099000000031000\"", "auditors[0].oin", "a supplier"),
        ("auditors/0/role", "\"boss\"", "auditors[0].role", "none of"),
    ]);
}

#[test]
fn about_operators() {
    let first = "\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"";
    assert_found(&[
        ("operators/1/key", first, "operators[1]", "approve twice"),
        ("operators/1/name", "\"jansen\"", "operators[1]", "this name already"),
        ("operators/1/name", "\"De Vries\"", "operators[1].name", "lower-case"),
        (
            "operators/1/key",
            "\"Y6_5srX3bANEN1ymshHa0XjdtDYzQ2RqSiqFg4t4Cdk\"",
            "operators[1].key",
            "a service must not",
        ),
    ]);
    let found = errors_after(|whole| _ = whole["operators"].as_array_mut().unwrap().pop());
    assert!(found.len() == 1 && found[0].reason.contains("one operator alone"), "{found:#?}");
    let found = errors_after(|whole| {
        *place(whole, "chain/environment") = "production".into();
        whole.remove("operators");
    });
    assert!(found.iter().any(|error| error.reason.contains("names its operators")), "{found:#?}");
}

#[test]
fn about_review_alarms_consent_and_policy() {
    assert_found(&[
        ("review/reviewers", "[\"passer-by\"]", "review.reviewers[0]", "no such role"),
        ("review/emergency_within", "\"P11D\"", "review", "no later than"),
        ("review/motivated_within", "\"P1Y\"", "review.motivated_within", "length of time"),
        ("alarms/most_misses_percent", "101", "alarms.most_misses_percent", "out of bounds"),
        ("alarms/least_questions", "101", "alarms", "never be looked at"),
        ("alarms/window", "\"P2D\"", "alarms.window", "out of bounds"),
        ("alarms/colour", "1", "alarms.colour", "no such field"),
        ("consent/answer_valid", "\"P2D\"", "consent.answer_valid", "out of bounds"),
        ("consent/professionals", "[\"passer-by\"]", "consent.professionals[0]", "no such role"),
        ("consent/registrars", "[\"00000099000000099000\"]", "consent.registrars[0]", "no such partner"),
        ("match/coordinators", "[\"00000099000000099000\"]", "match.coordinators[0]", "no such partner"),
        ("match/contact_within", "61", "match.contact_within", "out of bounds"),
        ("match/colour", "1", "match.colour", "no such field"),
        ("feedback/take_up_within", "0", "feedback.take_up_within", "out of bounds"),
        ("policy/rego", "\"\"", "policy.rego", "64 KiB"),
        ("policy/rego", "1", "policy.rego", "expected a text"),
    ]);
    let found = errors_after(|whole| *place(whole, "consent/registrars") = toml::Value::Array(Vec::new()));
    let paths: Vec<_> = found.iter().map(|error| error.path.as_str()).collect();
    assert_eq!(paths.len(), 2, "{found:#?}");
    assert!(paths.contains(&"categories.youth-health.consent"), "{paths:?}");
    assert!(paths.contains(&"categories.school-attendance.consent"), "{paths:?}");
    let found = errors_after(|whole| *place(whole, "policy/rego") = "#".repeat(64 * 1024 + 1).into());
    assert!(found.iter().any(|error| error.path == "policy.rego"), "{found:#?}");
}

#[test]
fn about_representation() {
    let kind = "representation.kinds.parental-authority";
    let at = "representation/kinds/parental-authority";
    let row = |field: &str| (format!("{at}/{field}"), format!("{kind}.{field}"));
    let rows = [
        (row("registrars"), "[]", "", "without a registrar"),
        (row("registrars"), "[\"00000099000000099000\"]", "[0]", "no such partner"),
        (row("categories"), "[]", "", "no category"),
        (row("categories"), "[\"police\"]", "[0]", "no such category"),
        (row("acts"), "[\"sell\"]", "[0]", "none of"),
        (row("acts"), "[]", "", "without acts"),
        (row("max_term"), "\"P31Y\"", "", "out of bounds"),
        (row("ages"), "[]", "", "without ages"),
        (row("ages"), "[{ name = \"Any\", from = 0 }]", "[0].name", "lower-case"),
        (row("ages"), "[{ name = \"any\", from = 12, below = 12 }]", "[0]", "ends after"),
        (row("ages"), "[{ name = \"a\", from = 0 }, { name = \"b\", from = 12 }]", "[1]", "overlap"),
        (
            row("ages"),
            "[{ name = \"a\", from = 0, below = 5 }, { name = \"a\", from = 5 }]",
            "[1]",
            "this name",
        ),
        (
            row("ages"),
            "[{ name = \"a\", from = 0, confirmed_by = [\"represented\", \"represented\"] }]",
            "[0].confirmed_by[1]",
            "twice",
        ),
    ];
    for ((place, path), value, rest, reason) in &rows {
        assert_found(&[(place, value, &format!("{path}{rest}"), reason)]);
    }
    let found = errors_after(|whole| {
        let kinds = place(whole, "representation/kinds").as_table_mut().unwrap();
        let parents = kinds.remove("parental-authority").unwrap();
        kinds.insert("parental-autority".to_owned(), parents);
    });
    let [error] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(error.path, "representation.kinds.parental-autority");
    assert_eq!(error.next_step, "did you mean parental-authority?");
    assert_found(&[
        (
            "representation/provider/oin",
            "\"00000099000000099000\"",
            "representation.provider.oin",
            "no such partner",
        ),
        (
            "representation/provider/issuer",
            "\"http://digid.example\"",
            "representation.provider.issuer",
            "https",
        ),
        (
            "representation/provider/assurance_levels",
            "[]",
            "representation.provider.assurance_levels",
            "no statement",
        ),
        (
            "representation/provider/assurance_levels",
            "[\"high\"]",
            "representation.provider.assurance_levels[0]",
            "URI of a level",
        ),
    ]);
    let found = errors_after(|whole| _ = whole["representation"].as_table_mut().unwrap().remove("kinds"));
    let [error] = &found[..] else { panic!("{found:#?}") };
    assert_eq!(error.path, "purposes.coordinate-help.representation");
}

#[test]
fn about_identity_providers_and_contacts() {
    let provider = "partners[0].identity_provider";
    let at = |field: &str| (format!("partners/0/identity_provider/{field}"), format!("{provider}.{field}"));
    for ((place, path), value, rest, reason) in [
        (at("issuer"), "\"http://login.example\"", "", "https"),
        (at("issuer"), "\"https://login.example?a=1\"", "", "https"),
        (at("jwks_uri"), "\"http://10.0.0.1/jwks\"", "", "https"),
        (at("roles"), "{}", "", "nobody may ask"),
        (at("roles"), "{ X = \"passer-by\" }", ".X", "no such role"),
        (at("max_age"), "\"P2D\"", "", "out of bounds"),
        (at("role_claim"), "\"my roles\"", "", "a claim has a name"),
        (at("audience"), "\"\"", "", "one line"),
    ] {
        assert_found(&[(&place, value, &format!("{path}{rest}"), reason)]);
    }
    assert_found(&[
        ("partners/0/contacts/0/role", "\"boss\"", "partners[0].contacts[0].role", "none of"),
        (
            "partners/0/authorisation_endpoint",
            "\"https://a.example/\"",
            "partners[0].authorisation_endpoint",
            "endpoint",
        ),
        ("purposes/coordinate-help/denials", "\"loud\"", "purposes.coordinate-help.denials", "none of"),
        ("categories/youth-health/consent", "\"maybe\"", "categories.youth-health.consent", "none of"),
        (
            "categories/youth-care-plan/match",
            "{ legal_basis = \"Jeugdwet\", family = false }",
            "match",
            "no category has that",
        ),
    ]);
    let found = errors_after(|whole| {
        place(whole, "categories/youth-care-plan/match").as_table_mut().unwrap().remove("legal_basis");
    });
    assert!(
        found.iter().any(|error| error.path == "categories.youth-care-plan.match.legal_basis"),
        "{found:#?}"
    );
    assert_found(&[(
        "console/identity_provider/roles",
        "{ X = \"youth-doctor\" }",
        "console.identity_provider.roles.X",
        "no such role",
    )]);
    let found = errors_after(|whole| {
        *place(whole, "chain/environment") = "production".into();
    });
    assert!(found.iter().any(|error| error.path == "console.identity_provider.issuer"), "{found:#?}");
    assert!(found.iter().any(|error| error.path == format!("{provider}.issuer")), "{found:#?}");
}
