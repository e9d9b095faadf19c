//! "No access" and "nothing found" are one answer: in shape, and as far as a rank test can tell, in time.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use kw_protocol::consent::ConsentChoice;
use kw_testbed::{Chain, Member, PostgresServer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::consents::{Town, chain, transaction};

/// Questions of each kind.
const SAMPLES: usize = 320;
/// |z| of a rank test above this is no chance any more (p < 0.001, two-sided).
const TOLD_APART: f64 = 3.29;
/// Medians differ by less than this share of the spread between the quartiles. By chance alone 0.07 of it is usual.
const SMALL_SHARE: f64 = 0.3;
/// What differs does so every time; chance does not.
const ROUNDS: usize = 3;

/// Why a question finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nobody has heard of the person.
    Unknown,
    /// The person is in the index, with nothing for this asker.
    NothingForAsker,
    /// Somebody holds something, and the person did not consent.
    Silent,
    /// Somebody holds something, and the person objected in so many words.
    Refused,
    /// Somebody holds something and discloses it.
    Disclosed,
}

const ALIKE: [Kind; 4] = [Kind::Unknown, Kind::NothingForAsker, Kind::Silent, Kind::Refused];

impl Kind {
    /// Its own people, of whom each is asked about once in each round.
    fn person(self, round: usize, sample: usize) -> u64 {
        1_000_000 * (self as u64 + 1) + 10_000 * round as u64 + sample as u64
    }
}

async fn prepare(town: &Town, round: usize) {
    let (school, care) = (town.school.switchboard().unwrap(), town.care.switchboard().unwrap());
    for sample in 0..SAMPLES {
        let own = town.school.registration(Kind::NothingForAsker.person(round, sample)).unwrap();
        school.register(&own, &town.school.key()).await.unwrap();
        for kind in [Kind::Silent, Kind::Refused, Kind::Disclosed] {
            let registration = town.care.registration(kind.person(round, sample)).unwrap();
            care.register(&registration, &town.care.key()).await.unwrap();
        }
        for (kind, verdict) in
            [(Kind::Refused, ConsentChoice::Refused), (Kind::Disclosed, ConsentChoice::Given)]
        {
            town.choose(kind.person(round, sample), verdict, |_| ()).await.unwrap();
        }
    }
}

/// What is left of an answer when every value is replaced by its kind and length.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            // The record in the receipt is JSON in a text.
            Ok(record @ Value::Object(_)) => json!({ "length": text.len(), "record": shape(&record) }),
            _ => json!(text.len()),
        },
        // An index in the log grows with every answer.
        Value::Number(_) => json!("number"),
        other => other.clone(),
    }
}

/// One question: how long it took, and the shape of its answer with that of its headers.
async fn ask(member: &Member, http: &reqwest::Client, person: u64) -> (Duration, Value) {
    let query = member.question(person).unwrap();
    let request = http
        .post(member.url("/v1/queries"))
        .header("fsc-transaction-id", transaction().to_string())
        .json(&query)
        .build()
        .unwrap();
    let before = Instant::now();
    let answer = http.execute(request).await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let body = answer.bytes().await.unwrap();
    let took = before.elapsed();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let headers: Value = headers
        .iter()
        .filter(|(name, _)| name.as_str() != "content-length")
        .map(|(name, value)| (name.to_string(), json!(value.len())))
        .collect();
    (took, json!({ "status": status, "headers": headers, "body": shape(&body) }))
}

/// z of the Mann-Whitney U test: how surely one sample tends to be larger than the other.
fn rank_test(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|value| (*value, true)).collect();
    all.extend(other.iter().map(|value| (*value, false)));
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranks =
        all.iter().enumerate().filter(|(_, (_, of_one))| *of_one).map(|(place, _)| place as f64 + 1.0);
    let (n, m) = (one.len() as f64, other.len() as f64);
    let u = ranks.sum::<f64>() - n * (n + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// In an order that depends on nothing but `seed`. What one answer leaves behind for the next one (memory that is warm, a timer
/// that runs) then falls to all alike; in turns, the same kind would always come after the one that discloses.
fn shuffled(mut kinds: Vec<Kind>, seed: usize) -> Vec<Kind> {
    kinds.sort_by_cached_key(|kind| <[u8; 32]>::from(Sha256::digest(format!("{seed} {kind:?}"))));
    kinds
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * share).round() as usize]
}

/// The largest |z| and the largest difference of medians, as a share of the spread, between answers that should be alike; and
/// |z| between two of them, of which one takes half the spread longer.
async fn measure(town: &Town, round: usize) -> (f64, f64, f64) {
    prepare(town, round).await;
    let http = town.school.http();
    for warming_up in 0..60 {
        ask(&town.school, &http, Kind::Unknown.person(9, round * 100 + warming_up)).await;
    }
    let mut times = vec![Vec::new(); 5];
    let mut shapes = BTreeSet::new();
    for sample in 0..SAMPLES {
        let order = shuffled([ALIKE.as_slice(), &[Kind::Disclosed]].concat(), round * SAMPLES + sample);
        for kind in order {
            let (took, seen) = ask(&town.school, &http, kind.person(round, sample)).await;
            times[kind as usize].push(took.as_secs_f64() * 1e6);
            if kind == Kind::Disclosed {
                assert_eq!(seen["body"]["holders"].as_array().unwrap().len(), 1);
            } else {
                shapes.insert(seen.to_string());
            }
        }
    }
    assert_eq!(shapes.len(), 1, "the answers differ in shape: {shapes:#?}");
    let (mut apart, mut share) = (0.0_f64, 0.0_f64);
    for (place, one) in ALIKE.into_iter().enumerate() {
        let values = &times[one as usize];
        let (low, median, high) = (quantile(values, 0.25), quantile(values, 0.5), quantile(values, 0.75));
        eprintln!("{one:?}: median {median:.0} µs, quartiles {low:.0} and {high:.0} µs");
        for other in &ALIKE[place + 1..] {
            let others = &times[*other as usize];
            let z = rank_test(values, others);
            let difference = (median - quantile(others, 0.5)).abs();
            let spread = (high - low).max(quantile(others, 0.75) - quantile(others, 0.25));
            eprintln!(
                "  against {other:?}: z {z:+.2}, medians {difference:.0} µs apart, spread {spread:.0} µs"
            );
            apart = apart.max(z.abs());
            share = share.max(difference / spread);
        }
    }
    let disclosed = &times[Kind::Disclosed as usize];
    eprintln!("Disclosed: median {:.0} µs", quantile(disclosed, 0.5));
    // The test does see what is there: half the spread more would be told apart.
    let (values, later) = (&times[0], (quantile(&times[0], 0.75) - quantile(&times[0], 0.25)) / 2.0);
    let shifted: Vec<f64> = times[1].iter().map(|value| value + later).collect();
    (apart, share, rank_test(values, &shifted).abs())
}

async fn nobody_can_tell_why_nothing_was_found(chain: Chain) {
    let town = Town::new(chain);
    let mut seen = Vec::new();
    for round in 0..ROUNDS {
        let (apart, share, control) = measure(&town, round).await;
        eprintln!(
            "round {round}: |z| ≤ {apart:.2}, medians ≤ {share:.2} of the spread apart; control |z| {control:.2}"
        );
        if apart < TOLD_APART && share < SMALL_SHARE {
            assert!(control > TOLD_APART, "the test sees nothing at all");
            return;
        }
        seen.push((apart, share));
    }
    panic!("the answers can be told apart by their time: {seen:?}");
}

#[tokio::test]
async fn nobody_can_tell_why_nothing_was_found_on_sqlite() {
    nobody_can_tell_why_nothing_was_found(chain("opt-in")).await;
}

#[tokio::test]
async fn nobody_can_tell_why_nothing_was_found_on_postgresql() {
    let server = PostgresServer::shared().unwrap();
    nobody_can_tell_why_nothing_was_found(chain("opt-in").postgres(&server).unwrap()).await;
}
