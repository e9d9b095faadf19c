//! What must not be found: computed from the keys of the chain, as nobody in it can who has only some of them.

use std::path::Path;

use kw_agreement::Agreement;
use kw_demo::people::People;
use kw_demo::search::Needles;
use kw_domain::{Bsn, Subject};
use kw_pseudonym::{Binding, Element, IndexKey, SecretKey, TagKey, blind, evaluate, verify_and_unblind};
use kw_runtime::Entropy;
use kw_runtime::key_file::{KeyFile, KeyKind};

/// Everything about the people of the demonstration, whom its partners know and by what.
pub(super) struct Secrets {
    pub(super) needles: Needles,
    /// N_index, per person.
    index: Vec<Element>,
    /// The bindings, per person and holder.
    bindings: Vec<[u8; 32]>,
}

impl Secrets {
    pub(super) fn of(kept: &Path, people: usize) -> Self {
        let people = People::make(people);
        let mut needles = Needles::default();
        people.all.iter().for_each(|person| {
            needles.person(person);
        });
        needles.number(&people.unknown);
        let subjects: Vec<Subject> =
            people.all.iter().map(|person| &person.bsn).chain([&people.unknown]).map(subject).collect();
        let agreement = agreement(kept);
        let key = |kind| {
            let keys = KeyFile::read_all(&kept.join("pseudonymiser/keys"), agreement.chain()).unwrap();
            let file = keys.iter().find(|file| file.kind == kind).unwrap();
            SecretKey::from_bytes(&file.secret32().unwrap()).unwrap()
        };
        let index = elements(&key(KeyKind::PseudonymiserIndex), &subjects);
        let of_bindings = elements(&key(KeyKind::PseudonymiserBinding), &subjects);
        let bindings: Vec<[u8; 32]> = of_bindings
            .iter()
            .flat_map(|element| {
                agreement.partners().map(|partner| *Binding::derive(element, partner.oin).to_bytes())
            })
            .collect();
        for element in index.iter().chain(&of_bindings) {
            needles.element(&element.to_bytes());
        }
        for binding in &bindings {
            needles.binding(binding);
        }
        let mut secrets = Self { needles, index, bindings };
        secrets.take_index_keys(kept);
        secrets
    }

    /// T = k_s·N_index under every k_s that is there now.
    pub(super) fn take_index_keys(&mut self, kept: &Path) {
        for key in index_keys(kept) {
            for element in &self.index {
                self.needles.element(&key.index_element(element).to_bytes());
            }
        }
    }

    /// The tags of everybody under the keys that are there now: what the index has instead.
    pub(super) fn tags(&self, kept: &Path) -> Needles {
        let keys = KeyFile::read_all(&kept.join("switchboard/keys"), agreement(kept).chain()).unwrap();
        let tag = keys.iter().find(|file| file.kind == KeyKind::SwitchboardTag).unwrap();
        let tag = TagKey::from_bytes(&tag.secret32().unwrap());
        let mut tags = Needles::default();
        for key in index_keys(kept) {
            for element in &self.index {
                for generation in 1..=3 {
                    tags.element(&tag.tag(generation, &key.index_element(element)).0);
                }
            }
        }
        tags
    }

    /// One of the elements.
    pub(super) fn element(&self) -> [u8; 32] {
        self.index[0].to_bytes()
    }

    /// One of the bindings.
    pub(super) fn binding(&self) -> [u8; 32] {
        self.bindings[0]
    }
}

fn agreement(kept: &Path) -> Agreement {
    Agreement::parse(&std::fs::read_to_string(kept.join("agreement.toml")).unwrap()).unwrap()
}

fn index_keys(kept: &Path) -> Vec<IndexKey> {
    let keys = KeyFile::read_all(&kept.join("switchboard/keys"), agreement(kept).chain()).unwrap();
    let files = keys.iter().filter(|file| file.kind == KeyKind::SwitchboardIndex);
    files.map(|file| IndexKey::from_bytes(&file.secret32().unwrap()).unwrap()).collect()
}

fn subject(bsn: &Bsn) -> Subject {
    Subject::parse(&format!("nl.bsn:{}", bsn.expose())).unwrap()
}

fn elements(key: &SecretKey, subjects: &[Subject]) -> Vec<Element> {
    let rng = &mut Entropy::os();
    let (blindings, blinded): (Vec<_>, Vec<_>) =
        subjects.iter().map(|subject| blind(subject, rng).unwrap()).unzip();
    let (evaluated, proof) = evaluate(key, &blinded, rng).unwrap();
    verify_and_unblind(&key.public(), &blindings, &blinded, &evaluated, &proof).unwrap()
}
