//! What is made of the API, for a person.

use kw_adapter::description::{CategoryDescription, Concern, FieldRole, RoleDescription};
use kw_domain::Category;

use crate::config::{CategoryRequests, Gone, Paging};

pub(crate) fn category(
    category: &Category,
    rules: &CategoryRequests,
    tells_changes: bool,
) -> CategoryDescription {
    let configured = |role, place: &str| RoleDescription::new(role, place, "configured");
    let optional = |role, place: Option<&str>, without: &str| match place {
        Some(place) => configured(role, place),
        None => RoleDescription::absent(role, without),
    };
    let gone = rules.gone.as_ref().map(|(Gone::At(at) | Gone::Is { at, .. })| at.as_str());
    CategoryDescription {
        origins: vec![format!("list of {category}"), format!("fetch of {category}")],
        roles: vec![
            configured(FieldRole::Key, &rules.record),
            configured(FieldRole::Subject, &rules.person),
            optional(
                FieldRole::BirthDate,
                rules.birth_date.as_deref(),
                "none: pulls are not checked against a birth date",
            ),
            optional(
                FieldRole::ChangedAt,
                rules.changed_at.as_deref(),
                "none: the moment at which a reading began counts",
            ),
            optional(FieldRole::Gone, gone, "none: what is not in the list any more is gone"),
            optional(FieldRole::AsOf, rules.as_of.as_deref(), "none: the moment of the answer"),
            optional(FieldRole::UnderInvestigation, rules.under_investigation.as_deref(), "none"),
        ],
        fields: rules.columns.as_ref().map(kw_adapter::mapping::Columns::describe).unwrap_or_default(),
        rows: None,
        tells_changes: Some(tells_changes),
        concerns: concerns(rules, tells_changes),
    }
}

fn concerns(rules: &CategoryRequests, tells_changes: bool) -> Vec<Concern> {
    let mut concerns = Vec::new();
    if matches!(rules.paging, Paging::Page { .. } | Paging::Offset) && rules.total.is_none() {
        concerns.push(Concern::new(
            "pages by number shift when an item is removed while they are read, and one item is passed over",
            "use paging by link or cursor if the API has it, or say with `total` where it tells how many items there are",
        ));
    }
    if !tells_changes {
        concerns.push(Concern::new(
            "everything comes again at each sync",
            "put {since} in `list` if the API can tell what changed",
        ));
    }
    concerns
}
