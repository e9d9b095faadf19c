//! About which kinds of data of the agreement a person's own question is, and about which it is not.

use kw_agreement::Agreement;
use kw_domain::Category;

use crate::app::Ground;
use crate::person::Person;

/// The agreement's kinds of data: each is in one of these, in the agreement's order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kinds {
    pub(crate) asked: Vec<Category>,
    /// The purpose has them; the mandate does not.
    pub(crate) outside_mandate: Vec<Category>,
    /// Nobody asks about them here.
    pub(crate) outside_purpose: Vec<Category>,
}

impl Kinds {
    pub(crate) fn of(agreement: &Agreement, ground: &Ground, person: &Person) -> Self {
        let allowed = agreement.purpose(&ground.purpose).and_then(|rules| rules.roles.get(&ground.role));
        let mut kinds = Self { asked: Vec::new(), outside_mandate: Vec::new(), outside_purpose: Vec::new() };
        for (category, _) in agreement.categories() {
            let within = if !allowed.is_some_and(|all| all.contains(category)) {
                &mut kinds.outside_purpose
            } else if person.covers(category) {
                &mut kinds.asked
            } else {
                &mut kinds.outside_mandate
            };
            within.push(category.clone());
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use kw_domain::{Purpose, Role};

    use super::*;

    #[test]
    fn each_kind_of_data_is_asked_about_or_named_as_one_that_is_not() {
        let text = include_str!("../../../../examples/chains/youth.toml");
        let agreement = Agreement::parse(text).unwrap();
        let ground = Ground {
            purpose: Purpose::parse("enforce-attendance").unwrap(),
            role: Role::parse("attendance-officer").unwrap(),
        };
        let words = |kinds: &[Category]| kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let own = Kinds::of(&agreement, &ground, &Person::themselves());
        let holder = Person::representing(&["school-attendance", "youth-health"], &["view"]);
        let for_other = Kinds::of(&agreement, &ground, &holder);
        let all =
            |kinds: &Kinds| [&kinds.asked, &kinds.outside_mandate, &kinds.outside_purpose].map(|k| words(k));
        let never = "addiction-care youth-care-plan youth-health";
        assert_eq!(all(&own), ["municipal-support school-attendance", "", never]);
        assert_eq!(all(&for_other), ["school-attendance", "municipal-support", never]);
    }
}
