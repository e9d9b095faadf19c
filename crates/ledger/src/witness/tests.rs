use super::*;
use crate::note::{KeyName, SigningKey};
use crate::tree::{Frontier, leaf_hash};

/// The example of C2SP tlog-witness, whose keys are not given.
const C2SP: &str = "old 20852014\n\
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
    5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
    /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
    \n\
    example.com/behind-the-sofa\n\
    20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
    \n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";

fn key() -> SigningKey {
    SigningKey::from_seed("example.com/log", &[1; 32]).unwrap()
}

fn root(leaves: u8) -> Hash {
    let mut tree = Frontier::new();
    (0..leaves).for_each(|leaf| tree.push(leaf_hash(&[leaf])));
    tree.root()
}

fn request(old: u64, proof: Vec<Hash>, size: u8) -> AddCheckpoint {
    let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: size.into(), root: root(size) };
    AddCheckpoint { old, proof, note: checkpoint.sign(&key()).unwrap().note().clone() }
}

/// From two leaves to three: the third.
fn grown() -> AddCheckpoint {
    request(2, vec![leaf_hash(&[2])], 3)
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let request = AddCheckpoint::parse(C2SP).unwrap();
    assert_eq!((request.old, request.proof.len()), (20_852_014, 4));
    assert_eq!(request.origin(), "example.com/behind-the-sofa");
    assert_eq!(request.note.signatures().len(), 2);
    assert_eq!(request.to_string(), C2SP);
}

#[test]
fn a_malformed_request_is_refused() {
    let body = grown().to_string();
    for (body, error) in [
        (String::new(), AddCheckpointError::OldSize),
        (body.replace("old 2", "old 02"), AddCheckpointError::OldSize),
        (body.replace("old 2", "old  2"), AddCheckpointError::OldSize),
        (body.replace("old 2", "old 2 "), AddCheckpointError::OldSize),
        (body.replace("old 2\n", ""), AddCheckpointError::OldSize),
        (body.replacen("=\n\n", "\n\n", 1), AddCheckpointError::Proof),
        (body.replacen("=\n\n", "=\nx\n\n", 1), AddCheckpointError::Proof),
        ("old 2\n".to_owned(), AddCheckpointError::Proof),
        ("old 2\n\n".to_owned(), CheckpointError::Note(NoteError::Unsigned).into()),
        (body.replace("\n3\n", "\n03\n"), CheckpointError::Size.into()),
        ("x".repeat(MAX_REQUEST_LENGTH + 1), AddCheckpointError::TooLarge),
    ] {
        assert_eq!(AddCheckpoint::parse(&body), Err(error), "{body}");
    }
    let long = AddCheckpoint { proof: vec![Hash([1; 32]); 64], ..grown() };
    assert_eq!(AddCheckpoint::parse(&long.to_string()), Err(AddCheckpointError::Proof));
    let longest = AddCheckpoint { proof: vec![Hash([1; 32]); 63], ..grown() };
    assert_eq!(AddCheckpoint::parse(&longest.to_string()), Ok(longest));
}

#[test]
fn what_extends_the_last_seen_may_be_cosigned() {
    let log = key();
    assert_eq!(grown().examine(log.verifier(), Some((2, root(2)))).unwrap().checkpoint().size, 3);
    assert!(request(0, vec![], 3).examine(log.verifier(), None).is_ok(), "the first time");
    assert!(request(3, vec![], 3).examine(log.verifier(), Some((3, root(3)))).is_ok(), "the same again");
    assert!(request(0, vec![], 0).examine(log.verifier(), None).is_ok(), "a log without entries");
}

#[test]
fn a_witness_refuses_with_the_status_of_the_specification() {
    let log = key();
    let log = log.verifier();
    let stranger = SigningKey::from_seed("example.com/log", &[2; 32]).unwrap();
    assert_eq!(grown().examine(stranger.verifier(), None), Err(WitnessRefusal::NotSigned));

    let mut forged = grown();
    forged.note.add(request(0, vec![], 2).note.signatures()[0].clone()).unwrap();
    assert_eq!(forged.examine(log, None), Err(WitnessRefusal::NotSigned));

    assert_eq!(request(4, vec![], 3).examine(log, Some((4, root(4)))), Err(WitnessRefusal::OlderThanOld));
    assert_eq!(grown().examine(log, None), Err(WitnessRefusal::SeenOther { size: 0 }));
    assert_eq!(grown().examine(log, Some((5, root(5)))), Err(WitnessRefusal::SeenOther { size: 5 }));
    assert_eq!(request(3, vec![], 3).examine(log, Some((3, root(4)))), Err(WitnessRefusal::Fork { size: 3 }));
    assert_eq!(grown().examine(log, Some((2, root(4)))), Err(WitnessRefusal::Inconsistent));
    assert_eq!(request(2, vec![], 3).examine(log, Some((2, root(2)))), Err(WitnessRefusal::Inconsistent));
    assert_eq!(request(0, vec![root(1)], 3).examine(log, None), Err(WitnessRefusal::Inconsistent));
}

#[test]
fn a_size_line_is_read_back() {
    assert_eq!(parse_size_line(&size_line(20_852_014)), Some(20_852_014));
    for body in ["", "7", "07\n", "7\n\n", " 7\n", "7\r\n"] {
        assert_eq!(parse_size_line(body), None, "{body:?}");
    }
}

#[test]
fn the_origin_is_that_of_the_checkpoint() {
    assert_eq!(KeyName::parse(grown().origin()).unwrap(), *key().verifier().name());
}
