//! The published vectors, made with the public interface alone.

use std::error::Error;

use kw_domain::{BirthDate, Oin, Subject};
use kw_pseudonym::{
    Binding, BirthDateComparison, BirthDateProofs, BlindedElement, Blinding, Delta, Element,
    EvaluatedElement, IndexKey, Proof, RowKey, SecretKey, TagKey, blind, evaluate, verify_and_unblind,
};
use rand_core::{CryptoRng, RngCore};
use serde_json::{Value, json};

const SUBJECTS: [&str; 6] = [
    "nl.bsn:999990342",
    "nl.bsn:000000024",
    "nl.rsin:003214345",
    "nl.rsin:999990342",
    "nl.kvk:27124701",
    "case:zaken.demo:Z-2026/17",
];
const HOLDERS: [&str; 2] = ["00000099000000001000", "00000099000000002000"];
const DATES: [&str; 3] = ["19840503", "19840500", "19840000"];
const GRANT: &str =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InNhbXBsZSJ9.eyJqdGkiOiJzYW1wbGUtZ3JhbnQifQ.c2FtcGxlLXNpZ25hdHVyZQ";
const OTHER_GRANT: &str =
    "eyJhbGciOiJFUzI1NiIsInR5cCI6InNhbXBsZSJ9.eyJqdGkiOiJvdGhlci1ncmFudCJ9.c2FtcGxlLXNpZ25hdHVyZQ";

/// Encodings that must be refused wherever an element is read: the identity, then from RFC 9496 appendix A.2 two field
/// elements that are not reduced, a negative one, two that are no points, one with negative xy and one with y = 0.
const REFUSED_ELEMENTS: [&str; 8] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
    "4eac077a713c57b4f4397629a4145982c661f48044dd3f96427d40b147d9742f",
    "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

/// Numbers that no key and no re-keying factor may be: zero, the order of the group, and the largest 256-bit number.
const REFUSED_KEYS: [&str; 3] = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
];

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The whole document.
pub(crate) fn vectors() -> Outcome<Value> {
    let keys = Keys::fixed()?;
    let subjects = SUBJECTS.iter().map(|text| subject(&keys, text)).collect::<Outcome<Vec<Value>>>()?;
    Ok(json!({
        "specification": "docs/pseudonym.md",
        "encoding": "lower hex, except 'text', 'holder', 'date', 'held', 'given' and 'grant'",
        "keys": keys.document(),
        "grant": GRANT,
        "otherGrant": OTHER_GRANT,
        "subjects": subjects,
        "batch": batch(&keys)?,
        "birthDateComparisons": comparisons(&keys)?,
        "sealed": sealed(&keys.row),
        "digests": digests(&keys.row),
        "refusedElements": REFUSED_ELEMENTS,
        "refusedKeys": REFUSED_KEYS,
    }))
}

struct Keys {
    index: SecretKey,
    next_index: SecretKey,
    binding: SecretKey,
    switchboard: IndexKey,
    next_switchboard: IndexKey,
    tag: TagKey,
    row: RowKey,
}

impl Keys {
    fn fixed() -> Outcome<Self> {
        Ok(Self {
            index: SecretKey::from_bytes(&scalar("k_p index 1"))?,
            next_index: SecretKey::from_bytes(&scalar("k_p index 2"))?,
            binding: SecretKey::from_bytes(&scalar("k_p binding 1"))?,
            switchboard: IndexKey::from_bytes(&scalar("k_s 1"))?,
            next_switchboard: IndexKey::from_bytes(&scalar("k_s 2"))?,
            tag: TagKey::from_bytes(&scalar("k_tag")),
            row: RowKey::from_bytes(&scalar("k_row")),
        })
    }

    fn document(&self) -> Value {
        let pair = |key: &SecretKey| json!({ "secret": hex(&*key.to_bytes()), "public": hex(&key.public().to_bytes()) });
        json!({
            "pseudonymiserIndex": pair(&self.index),
            "pseudonymiserIndexNext": pair(&self.next_index),
            "pseudonymiserBinding": pair(&self.binding),
            "switchboard": hex(&*self.switchboard.to_bytes()),
            "switchboardNext": hex(&*self.next_switchboard.to_bytes()),
            "tag": hex(&*self.tag.to_bytes()),
            "row": hex(&*self.row.to_bytes()),
            "deltaPseudonymiserIndex": hex(&*Delta::between_keys(&self.index, &self.next_index).to_bytes()),
            "deltaSwitchboard":
                hex(&*Delta::between_index_keys(&self.switchboard, &self.next_switchboard).to_bytes()),
        })
    }
}

/// One subject through the whole chain.
fn subject(keys: &Keys, text: &str) -> Outcome<Value> {
    let subject = Subject::parse(text)?;
    let (_, point) = blind(&subject, &mut Script::of(&[one()]))?;
    let (index, n_index) = evaluation(&keys.index, &subject, &format!("index {text}"))?;
    let (binding, n_binding) = evaluation(&keys.binding, &subject, &format!("binding {text}"))?;
    let t = keys.switchboard.index_element(&n_index);
    let next_k_p = Delta::between_keys(&keys.index, &keys.next_index);
    let next_k_s = Delta::between_index_keys(&keys.switchboard, &keys.next_switchboard);
    let rekeyed = next_k_s.apply(&t);
    let bindings =
        HOLDERS.iter().map(|holder| holder_binding(&n_binding, holder)).collect::<Outcome<Vec<Value>>>()?;
    Ok(json!({
        "text": text,
        "canonical": hex(&subject.canonical()),
        "hashToGroup": hex(&point.to_bytes()),
        "index": index,
        "binding": binding,
        "indexElement": hex(&t.to_bytes()),
        "tagGeneration1": hex(&keys.tag.tag(1, &t).0),
        "rekeyedSwitchboard": hex(&rekeyed.to_bytes()),
        "tagGeneration2": hex(&keys.tag.tag(2, &rekeyed).0),
        "rekeyedPseudonymiser": hex(&next_k_p.apply(&t).to_bytes()),
        "rekeyedBoth": hex(&next_k_p.apply(&rekeyed).to_bytes()),
        "bindings": bindings,
    }))
}

/// Blinding, evaluation and proof for one element.
fn evaluation(key: &SecretKey, subject: &Subject, label: &str) -> Outcome<(Value, Element)> {
    let (factor, random) = (scalar(&format!("blind {label}")), scalar(&format!("proof {label}")));
    let (blinding, blinded) = blind(subject, &mut Script::of(&[factor]))?;
    let blinded = [blinded];
    let (evaluated, proof) = evaluate(key, &blinded, &mut Script::of(&[random]))?;
    let elements = verify_and_unblind(&key.public(), &[blinding], &blinded, &evaluated, &proof)?;
    let element = elements.into_iter().next().ok_or("one element went in")?;
    let document = json!({
        "blind": hex(&factor),
        "blinded": hex(&blinded[0].to_bytes()),
        "evaluated": hex(&evaluated[0].to_bytes()),
        "proofRandom": hex(&random),
        "proof": proof_parts(&proof),
        "element": hex(&element.to_bytes()),
    });
    Ok((document, element))
}

/// All subjects in one batch with one proof.
fn batch(keys: &Keys) -> Outcome<Value> {
    let blinds = SUBJECTS.map(|text| scalar(&format!("batch {text}")));
    let random = scalar("proof batch");
    let mut blindings: Vec<Blinding> = Vec::new();
    let mut blinded: Vec<BlindedElement> = Vec::new();
    for (text, factor) in SUBJECTS.iter().zip(blinds) {
        let (blinding, element) = blind(&Subject::parse(text)?, &mut Script::of(&[factor]))?;
        blindings.push(blinding);
        blinded.push(element);
    }
    let (evaluated, proof) = evaluate(&keys.index, &blinded, &mut Script::of(&[random]))?;
    let elements = verify_and_unblind(&keys.index.public(), &blindings, &blinded, &evaluated, &proof)?;
    Ok(json!({
        "blinds": blinds.map(|factor| hex(&factor)),
        "blinded": blinded.iter().map(|e| hex(&BlindedElement::to_bytes(e))).collect::<Vec<_>>(),
        "evaluated": evaluated.iter().map(|e| hex(&EvaluatedElement::to_bytes(e))).collect::<Vec<_>>(),
        "proofRandom": hex(&random),
        "proof": proof_parts(&proof),
        "elements": elements.iter().map(|e| hex(&Element::to_bytes(e))).collect::<Vec<_>>(),
    }))
}

/// What one holder can check.
fn holder_binding(n_binding: &Element, holder: &str) -> Outcome<Value> {
    let binding = Binding::derive(n_binding, Oin::parse(holder)?);
    let dates = DATES
        .iter()
        .map(|text| {
            let proofs = binding.birth_date_proofs(GRANT, &BirthDate::parse(text)?);
            let text_of = |proof: Option<[u8; 32]>| proof.map(|proof| hex(&proof));
            Ok(json!({
                "date": text,
                "day": text_of(proofs.day),
                "month": text_of(proofs.month),
                "year": text_of(proofs.year),
            }))
        })
        .collect::<Outcome<Vec<Value>>>()?;
    Ok(json!({
        "holder": holder,
        "binding": hex(&*binding.to_bytes()),
        "subjectProof": hex(&binding.subject_proof(GRANT)),
        "otherGrantSubjectProof": hex(&binding.subject_proof(OTHER_GRANT)),
        "birthDateProofs": dates,
    }))
}

/// What comparing gives for every pair of precisions, for equal and for differing dates.
fn comparisons(keys: &Keys) -> Outcome<Vec<Value>> {
    let subject = Subject::parse(SUBJECTS[0])?;
    let (_, n_binding) = evaluation(&keys.binding, &subject, "comparisons")?;
    let binding = Binding::derive(&n_binding, Oin::parse(HOLDERS[0])?);
    let dates = [None, Some("19840000"), Some("19840500"), Some("19840503")];
    let others = [Some("19840504"), Some("19840600"), Some("19840603"), Some("19850000"), Some("19850503")];
    let mut table = Vec::new();
    for held in dates {
        for given in dates.into_iter().chain(others) {
            let parse = |text: Option<&str>| text.map(BirthDate::parse).transpose();
            let proofs = match parse(given)? {
                Some(date) => binding.birth_date_proofs(GRANT, &date),
                None => BirthDateProofs { day: None, month: None, year: None },
            };
            let outcome = match binding.compare_birth_date(GRANT, parse(held)?.as_ref(), &proofs) {
                BirthDateComparison::Same(precision) => format!("same {precision:?}").to_lowercase(),
                BirthDateComparison::Different => "different".to_owned(),
                BirthDateComparison::Unknown => "unknown".to_owned(),
            };
            table.push(json!({ "held": held, "given": given, "outcome": outcome }));
        }
    }
    Ok(table)
}

fn sealed(key: &RowKey) -> Vec<Value> {
    let cases: [(&[u8], &[u8], [u8; 12]); 3] = [
        (b"subjects.element/0190a6e2", &[0x5a; 32], [1; 12]),
        (b"pointers.handle/0190a6e3", b"0123456789abcdef", [2; 12]),
        (b"", b"", [3; 12]),
    ];
    cases
        .into_iter()
        .map(|(context, plain, nonce)| {
            json!({
                "context": hex(context),
                "plain": hex(plain),
                "nonce": hex(&nonce),
                "sealed": hex(&key.seal(context, plain, nonce)),
            })
        })
        .collect()
}

fn digests(key: &RowKey) -> Vec<Value> {
    let cases: [&[&[u8]]; 4] = [&[], &[b""], &[b"ab", b"c"], &[b"a", b"bc"]];
    cases
        .into_iter()
        .map(|parts| {
            json!({
                "parts": parts.iter().map(|part| hex(part)).collect::<Vec<_>>(),
                "digest": hex(&key.digest(parts)),
            })
        })
        .collect()
}

fn proof_parts(proof: &Proof) -> [String; 2] {
    proof.to_parts().map(|part| hex(&part))
}

/// A number below 2²⁵², so below the order of the group, that looks like any other.
fn scalar(label: &str) -> [u8; 32] {
    let mut bytes = blake3::derive_key("ketenwijzer 2026 published vectors", label.as_bytes());
    bytes[31] &= 0x0f;
    bytes
}

fn one() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
}

fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]).collect()
}

/// Randomness that yields given scalars, then zeros: a scalar is drawn from 64 bytes, modulo the order of the group.
struct Script(Vec<u8>);

impl Script {
    fn of(scalars: &[[u8; 32]]) -> Self {
        let mut bytes: Vec<u8> = scalars.iter().flat_map(|s| s.iter().copied().chain([0; 32])).collect();
        bytes.reverse();
        Self(bytes)
    }
}

impl RngCore for Script {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill_with(|| self.0.pop().unwrap_or_default());
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Script {}
