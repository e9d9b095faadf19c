//! Made-up people: names from lists, numbers from a range that is never issued, the same ones at every run.
//!
//! Among them are those that the promises are about: one whom everybody knows, one whom the partner that is down knows,
//! two who are easily mixed up, one with a partial birth date. One more number belongs to nobody at all.

mod names;

use std::collections::BTreeSet;
use std::fmt;

use chrono::Datelike as _;
use kw_domain::{Bsn, Clock as _, SystemClock};

use names::{FAMILY_NAMES, GIVEN_NAMES, STREETS, TOWNS};

/// The partners that have files on people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// Addiction care.
    Addiction,
    /// The health service.
    Health,
    /// The municipality.
    Municipality,
    /// The school.
    School,
    /// Youth care.
    YouthCare,
}

/// A made-up person. `Debug` shows nothing of them, as with real ones.
#[derive(Clone)]
pub struct Person {
    /// A test number.
    pub bsn: Bsn,
    /// Given name.
    pub given_name: &'static str,
    /// Family name.
    pub family_name: &'static str,
    /// `YYYY-MM-DD`, with `00` for what is unknown.
    pub birth_date: String,
    /// Street and number.
    pub street: String,
    /// Postal code.
    pub postcode: String,
    /// Where they live.
    pub town: &'static str,
    /// A number on which nobody is called.
    pub phone: String,
    /// Who has a file on them.
    pub holders: BTreeSet<Holder>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({:?})", self.bsn)
    }
}

/// Everybody in the demonstration.
#[derive(Debug, Clone)]
pub struct People {
    /// All of them; the ones below first.
    pub all: Vec<Person>,
    /// A number that nobody has a file on.
    pub unknown: Bsn,
    /// Those who act for another, and for whom: they are not counted among all of them.
    pub family: Family,
}

/// A mother with young twins; a girl of thirteen; a boy of sixteen or seventeen and his grandmother.
#[derive(Debug, Clone)]
pub struct Family {
    /// Has parental authority over the twins. No partner has a file on her.
    pub mother: Person,
    /// Is eight.
    pub daughter: Person,
    /// Her twin: nothing but the number tells the two apart.
    pub son: Person,
    /// At her age nobody acts for her, under whichever mandate.
    pub girl: Person,
    /// Gave his grandmother a mandate.
    pub boy: Person,
    /// No partner has a file on her.
    pub grandmother: Person,
}

impl Family {
    /// All of them.
    pub fn all(&self) -> [&Person; 6] {
        [&self.mother, &self.daughter, &self.son, &self.girl, &self.boy, &self.grandmother]
    }
}

impl People {
    /// Makes `count` people, at least as many as there are stories about ([`People::FEWEST`]).
    pub fn make(count: usize) -> Self {
        let mut draw = Draw(SEED);
        let mut numbers = Numbers::new();
        let mut all = special(&mut draw, &mut numbers);
        let unknown = numbers.next(&mut draw);
        while all.len() < count.max(Self::FEWEST) {
            let bsn = numbers.next(&mut draw);
            all.push(anybody(bsn, &mut draw));
        }
        let family = family(&mut draw, &mut numbers);
        Self { all, unknown, family }
    }

    /// The one whom all running partners know.
    pub fn main(&self) -> &Person {
        &self.all[0]
    }

    /// The one whom the partner that is down knows.
    pub fn second(&self) -> &Person {
        &self.all[1]
    }

    /// Two of the same name, born a day apart, at the same partners.
    pub fn look_alikes(&self) -> (&Person, &Person) {
        (&self.all[2], &self.all[3])
    }

    /// The one of whose birth the day is unknown.
    pub fn partial(&self) -> &Person {
        &self.all[4]
    }

    /// Those about whom there is something to see, and what. Their numbers are test numbers, as everybody's here.
    pub fn with_a_story(&self) -> Vec<(&Person, &'static str)> {
        let (one, other) = self.look_alikes();
        let family = &self.family;
        vec![
            (self.main(), "four partners know her, and some disagree"),
            (self.second(), "a partner that is down knows him"),
            (one, "is easily mixed up with the next"),
            (other, "is easily mixed up with the one before"),
            (self.partial(), "the day of birth is unknown"),
            (&family.mother, "acts for Lotte and Sem; no partner has a file on her"),
            (&family.daughter, "objected at the school"),
            (&family.son, "her twin: only the number tells them apart"),
            (&family.girl, "at thirteen nobody acts for her"),
            (&family.boy, "lets nobody have his health data; Riet acts for him"),
            (&family.grandmother, "acts for Daan; no partner has a file on her"),
        ]
    }

    /// Those on whom a holder has a file.
    pub fn known_to(&self, holder: Holder) -> impl Iterator<Item = &Person> {
        let everybody = self.all.iter().chain(self.family.all());
        everybody.filter(move |person| person.holders.contains(&holder))
    }

    /// As many as have a story.
    pub const FEWEST: usize = 5;
    /// A few hundred.
    pub const USUAL: usize = 300;
}

fn special(draw: &mut Draw, numbers: &mut Numbers) -> Vec<Person> {
    use Holder::{Addiction, Health, Municipality, School, YouthCare};
    let mut person =
        |bsn: Option<&str>, names: (&'static str, &'static str), birth_date: &str, holders: &[Holder]| {
            let bsn = bsn.and_then(|text| numbers.take(text)).unwrap_or_else(|| numbers.next(draw));
            let mut person = anybody(bsn, draw);
            (person.given_name, person.family_name) = names;
            birth_date.clone_into(&mut person.birth_date);
            person.holders = holders.iter().copied().collect();
            person
        };
    vec![
        // The one whom the README asks about.
        person(
            Some("999990342"),
            ("Sanne", "de Vries"),
            "2011-03-04",
            &[YouthCare, School, Municipality, Health],
        ),
        person(None, ("Bram", "Smit"), "2009-11-23", &[Municipality, Addiction]),
        person(None, ("Noor", "Jansen"), "2012-06-14", &[YouthCare, School, Municipality]),
        person(None, ("Noor", "Jansen"), "2012-06-15", &[YouthCare, School, Municipality]),
        person(None, ("Amir", "Haddad"), "2010-05-00", &[YouthCare, School, Health]),
    ]
}

/// Their ages hold whenever they are made.
fn family(draw: &mut Draw, numbers: &mut Numbers) -> Family {
    let year = SystemClock.now().date().year();
    let town = TOWNS[0];
    let mut person = |names: (&'static str, &'static str), born: String, holders: &[Holder]| {
        let mut person = anybody(numbers.next(draw), draw);
        (person.given_name, person.family_name, person.birth_date) = (names.0, names.1, born);
        person.town = town;
        person.holders = holders.iter().copied().collect();
        person
    };
    Family {
        mother: person(("Eva", "Bakker"), format!("{}-02-11", year - 38), &[]),
        daughter: person(
            ("Lotte", "Bakker"),
            format!("{}-01-05", year - 8),
            &[Holder::YouthCare, Holder::School],
        ),
        boy: person(("Daan", "Visser"), format!("{}-01-02", year - 17), &[Holder::School, Holder::Health]),
        grandmother: person(("Riet", "Visser"), format!("{}-09-30", year - 74), &[]),
        son: person(("Sem", "Bakker"), format!("{}-01-05", year - 8), &[Holder::YouthCare, Holder::School]),
        girl: person(("Tess", "Visser"), format!("{}-01-03", year - 13), &[Holder::School]),
    }
}

fn anybody(bsn: Bsn, draw: &mut Draw) -> Person {
    // Addiction care holds something on the second person only, so that its being down touches nobody else.
    let mut holders = BTreeSet::new();
    for (holder, of_ten) in
        [(Holder::School, 8), (Holder::Health, 5), (Holder::Municipality, 4), (Holder::YouthCare, 3)]
    {
        if draw.below(10) < of_ten {
            holders.insert(holder);
        }
    }
    if holders.is_empty() {
        holders.insert(Holder::School);
    }
    Person {
        bsn,
        given_name: draw.one_of(GIVEN_NAMES),
        family_name: draw.one_of(FAMILY_NAMES),
        birth_date: format!("{}-{:02}-{:02}", 2008 + draw.below(12), 1 + draw.below(12), 1 + draw.below(28)),
        street: format!("{} {}", draw.one_of(STREETS), 1 + draw.below(180)),
        postcode: format!("{} {}{}", 1000 + draw.below(9000), draw.letter(), draw.letter()),
        town: draw.one_of(TOWNS),
        // 097 is for machines: nobody is called by it.
        phone: format!("0970 {:03} {:04}", draw.below(1000), draw.below(10_000)),
        holders,
    }
}

/// Numbers that begin with 9999 and pass the 11-proef, each once.
struct Numbers(BTreeSet<String>);

impl Numbers {
    fn new() -> Self {
        Self(BTreeSet::new())
    }

    fn take(&mut self, text: &str) -> Option<Bsn> {
        let bsn = Bsn::parse(text).ok()?;
        self.0.insert(text.to_owned()).then_some(bsn)
    }

    fn next(&mut self, draw: &mut Draw) -> Bsn {
        loop {
            // One in eleven passes.
            if let Some(bsn) = self.take(&format!("9999{:05}", draw.below(100_000))) {
                return bsn;
            }
        }
    }
}

/// SplitMix64: the same sequence on every machine. Nothing secret comes from it.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.below(list.len() as u64) as usize]
    }

    fn letter(&mut self) -> char {
        char::from(b'A' + self.below(26) as u8)
    }
}

const SEED: u64 = 20_260_401;

#[cfg(test)]
mod tests {
    use kw_domain::{BirthDate, DatePrecision};

    use super::*;

    #[test]
    fn everybody_has_a_test_number_of_their_own() {
        let people = People::make(People::USUAL);
        let numbers: BTreeSet<&str> = people.all.iter().map(|person| person.bsn.expose()).collect();
        assert_eq!(numbers.len(), People::USUAL);
        assert!(people.all.iter().all(|person| person.bsn.is_test_number()));
        assert!(people.unknown.is_test_number() && !numbers.contains(people.unknown.expose()));
    }

    #[test]
    fn every_birth_date_is_one() {
        for person in People::make(People::USUAL).all {
            assert!(BirthDate::parse(&person.birth_date).is_ok());
        }
    }

    #[test]
    fn the_same_people_are_made_at_every_run() {
        let numbers = |people: People| people.all.iter().map(|person| person.bsn.clone()).collect::<Vec<_>>();
        assert_eq!(numbers(People::make(40)), numbers(People::make(40)));
    }

    #[test]
    fn the_two_who_are_mixed_up_share_a_name_and_nearly_a_birth_date() {
        let people = People::make(0);
        let (one, other) = people.look_alikes();
        assert_ne!(one.bsn, other.bsn);
        assert_eq!((one.given_name, one.family_name), (other.given_name, other.family_name));
        assert_ne!(one.birth_date, other.birth_date);
        assert_eq!(one.birth_date[..8], other.birth_date[..8]);
        assert_eq!(one.holders, other.holders);
    }

    #[test]
    fn the_stories_have_their_people() {
        let people = People::make(People::USUAL);
        assert_eq!(people.main().holders.len(), 4);
        assert!(!people.main().holders.contains(&Holder::Addiction));
        let down: Vec<_> = people.known_to(Holder::Addiction).map(|person| person.bsn.clone()).collect();
        assert_eq!(down, [people.second().bsn.clone()]);
        let partial = BirthDate::parse(&people.partial().birth_date).unwrap();
        assert_eq!(partial.precision(), DatePrecision::Month);
    }
}
