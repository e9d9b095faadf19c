use super::*;
use crate::checkpoint::Checkpoint;
use crate::cosignature::CosigningKey;
use crate::note::{SigningKey, VerifierKeyError};
use crate::tree::Hash;

fn log(seed: u8) -> SigningKey {
    SigningKey::from_seed("example.com/log", &[seed; 32]).unwrap()
}

fn witness(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("example.com/w{seed}"), &[seed; 32]).unwrap()
}

fn cosigned(by: &[u8]) -> SignedCheckpoint {
    let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: 5, root: Hash([5; 32]) };
    let mut signed = checkpoint.sign(&log(100)).unwrap();
    for seed in by {
        let line = witness(*seed).cosign(&signed, 1_800_000_000);
        signed.add_cosignature(line, witness(*seed).verifier()).unwrap();
    }
    signed
}

/// The policy of the specification's example, with keys.
fn example() -> String {
    let key = |seed| witness(seed).verifier().clone();
    format!(
        "log {}\n\n\
         witness X1 {}\nwitness X2 {}\nwitness X3 {}\ngroup X-witnesses 2 X1 X2 X3\n\n\
         witness Y1 {}\nwitness Y2 {}\nwitness Y3 {}\ngroup Y-witnesses any Y1 Y2 Y3\n\n\
         group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
        log(100).verifier(),
        key(1),
        key(2),
        key(3),
        key(4),
        key(5),
        key(6),
    )
}

#[test]
fn the_example_of_the_specification_decides_as_it_says() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    assert_eq!((policy.logs().count(), policy.witnesses().count()), (1, 6));
    for by in [&[1, 2, 4][..], &[3, 6, 2], &[1, 2, 3, 4, 5, 6], &[9, 1, 3, 5]] {
        assert!(policy.check(cosigned(by).note()).is_ok(), "{by:?}");
    }
    for by in [&[][..], &[1, 2, 3], &[1, 4, 5, 6], &[7, 8, 9]] {
        assert_eq!(policy.check(cosigned(by).note()), Err(PolicyRefusal::Quorum), "{by:?}");
    }
}

#[test]
fn a_policy_is_read_back_from_its_file() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    let file = policy.to_file();
    assert_eq!(Policy::parse(&file), Ok(policy));
    let key = log(100).verifier().to_string();
    let loose = format!("  # a comment\n\t \n log \t{key}  https://example.com/log \n#\nquorum none");
    assert_eq!(Policy::parse(loose.as_bytes()).unwrap_err().fault, PolicyFault::Unfinished);
    let policy = Policy::parse(format!("{loose}\n").as_bytes()).unwrap();
    assert_eq!(policy.to_file(), format!("log {key} https://example.com/log\nquorum none\n").into_bytes());
}

#[test]
fn names_and_comments_may_be_any_octets_above_ascii() {
    let key = witness(1).verifier().to_string();
    let file = [b"# caf\xe9\nwitness \xe2\x84\xaa ", key.as_bytes(), b"\nquorum \xe2\x84\xaa\n"].concat();
    assert!(Policy::parse(&file).is_ok());
    let other = [b"witness \xe2\x84\xaa ", key.as_bytes(), b"\nquorum K\n"].concat();
    assert_eq!(Policy::parse(&other), Err(PolicyError { line: 2, fault: PolicyFault::UnknownName }));
}

#[test]
fn a_quorum_of_so_many_is_a_policy() {
    let witnesses = (1..=3).map(|seed| (format!("w{seed}"), witness(seed).verifier().clone()));
    let of =
        |quorum| Policy::threshold(vec![log(100).verifier().clone()], witnesses.clone().collect(), quorum);
    let policy = of(2).unwrap();
    assert!(policy.check(cosigned(&[1, 3]).note()).is_ok());
    assert_eq!(policy.check(cosigned(&[2]).note()), Err(PolicyRefusal::Quorum));
    assert_eq!(Policy::parse(&policy.to_file()), Ok(policy));
    assert!(of(0).unwrap().check(cosigned(&[]).note()).is_ok());
    assert_eq!(of(4).unwrap_err().fault, PolicyFault::Threshold);
    let unnamed = Policy::threshold(vec![], vec![("a b".to_owned(), witness(1).verifier().clone())], 1);
    assert_eq!(unnamed.unwrap_err().fault, PolicyFault::Line);
}

#[test]
fn a_checkpoint_of_another_log_is_refused() {
    let policy = Policy::threshold(vec![log(101).verifier().clone()], vec![], 0).unwrap();
    let refused = PolicyRefusal::Checkpoint(CheckpointError::Note(NoteError::NotSigned));
    assert_eq!(policy.check(cosigned(&[]).note()), Err(refused));
    let empty = Policy::parse(b"quorum none\n").unwrap();
    assert_eq!(empty.check(cosigned(&[]).note()), Err(refused));
    assert_eq!(empty.check_quorum(&cosigned(&[])), Ok(()));
    let both = vec![log(101).verifier().clone(), log(100).verifier().clone()];
    assert!(Policy::threshold(both, vec![], 0).unwrap().check(cosigned(&[]).note()).is_ok());
}

#[test]
fn a_false_cosignature_of_a_known_witness_makes_the_checkpoint_worthless() {
    let policy = Policy::parse(example().as_bytes()).unwrap();
    let mut note = cosigned(&[1, 2, 4]).note().clone();
    let mut line = witness(3).cosign(&cosigned(&[]), 1_800_000_000);
    line.bytes[20] ^= 1;
    note.add(line).unwrap();
    assert_eq!(policy.check(&note), Err(PolicyRefusal::BadCosignature));
}

#[test]
fn a_malformed_policy_is_refused_with_its_line() {
    let (log, other_log) = (log(100).verifier().to_string(), log(101).verifier().to_string());
    let (one, two) = (witness(1).verifier().to_string(), witness(2).verifier().to_string());
    let base = format!("witness a {one}\nwitness b {two}\n");
    for (file, line, fault) in [
        (String::new(), 1, PolicyFault::Quorum),
        ("quorum none\nquorum none\n".to_owned(), 2, PolicyFault::Quorum),
        ("quorum none\r\n".to_owned(), 1, PolicyFault::Character),
        ("quorum none\x7f\n".to_owned(), 1, PolicyFault::Character),
        ("quorum a\n".to_owned(), 1, PolicyFault::UnknownName),
        ("quorum\n".to_owned(), 1, PolicyFault::Line),
        ("quorum none none\n".to_owned(), 1, PolicyFault::Line),
        ("Quorum none\n".to_owned(), 1, PolicyFault::Line),
        (format!("log {log} x y\n"), 1, PolicyFault::Line),
        (format!("log {log}\nlog {other_log}\nlog {log}\n"), 3, PolicyFault::DuplicateKey),
        (format!("log {one}\n"), 1, PolicyFault::KeyKind),
        (format!("witness a {log}\n"), 1, PolicyFault::KeyKind),
        ("log x\n".to_owned(), 1, PolicyFault::Key(VerifierKeyError::Form)),
        (format!("witness {one}\n"), 1, PolicyFault::Line),
        (format!("witness none {one}\n"), 1, PolicyFault::NameTaken),
        (format!("witness a {one}\nwitness a {two}\n"), 2, PolicyFault::NameTaken),
        (format!("witness a {one}\nwitness b {one}\n"), 2, PolicyFault::DuplicateKey),
        (format!("{base}group a any b\n"), 3, PolicyFault::NameTaken),
        (format!("{base}group none any b\n"), 3, PolicyFault::NameTaken),
        (format!("{base}group g any\n"), 3, PolicyFault::Line),
        (format!("{base}group g any c\n"), 3, PolicyFault::UnknownName),
        (format!("{base}group g any g\n"), 3, PolicyFault::UnknownName),
        (format!("{base}group g any none\n"), 3, PolicyFault::UnknownName),
        (format!("{base}group g any a a\n"), 3, PolicyFault::MemberTwice),
        (format!("{base}group g any a\ngroup h any a\n"), 4, PolicyFault::MemberTwice),
        (format!("{base}group g 0 a\n"), 3, PolicyFault::Threshold),
        (format!("{base}group g 3 a b\n"), 3, PolicyFault::Threshold),
        (format!("{base}group g 01 a b\n"), 3, PolicyFault::Threshold),
        (format!("{base}group g most a b\n"), 3, PolicyFault::Threshold),
        (format!("{base}group g any a b\nquorum g"), 4, PolicyFault::Unfinished),
    ] {
        assert_eq!(Policy::parse(file.as_bytes()), Err(PolicyError { line, fault }), "{file}");
    }
}

#[test]
fn a_policy_has_bounds() {
    let lines = (0..=255).map(|seed| format!("witness w{seed} {}\n", witness(seed).verifier()));
    let many = lines.collect::<Vec<_>>().concat();
    assert!(Policy::parse(format!("{many}quorum w7\n").as_bytes()).is_ok());
    let one_more = SigningKey::from_seed("x", &[1; 32]).unwrap();
    let one_more =
        VerifierKey::new("x", crate::note::SignatureKind::Cosignature, one_more.verifier().key().map(|b| !b));
    let file = format!("{many}witness more {}\nquorum none\n", one_more.unwrap());
    assert_eq!(Policy::parse(file.as_bytes()), Err(PolicyError { line: 257, fault: PolicyFault::TooLarge }));
    let long = [vec![b'#'; MAX_FILE_LENGTH], b"\nquorum none\n".to_vec()].concat();
    assert_eq!(Policy::parse(&long), Err(PolicyError { line: 0, fault: PolicyFault::TooLarge }));
}
