use super::*;
use crate::checkpoint::Checkpoint;
use crate::cosignature::CosigningKey;
use crate::note::SigningKey;
use crate::tree::{Frontier, leaf_hash};

/// The example of C2SP tlog-proof, with signatures in the place of those that it leaves out.
const C2SP: &str = "c2sp.org/tlog-proof@v1\n\
    index 73894\n\
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\
    EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n\
    RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n\
    AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\
    \n\
    example.com/fancylog\n\
    109482\n\
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\
    \n\
    — example.com/fancylog hI2DJwAA\n\
    — witness1.example mJIrIgAA\n";

fn log() -> SigningKey {
    SigningKey::from_seed("example.com/log", &[1; 32]).unwrap()
}

fn witness() -> CosigningKey {
    CosigningKey::from_seed("example.com/witness", &[2; 32]).unwrap()
}

/// The last of three leaves, witnessed.
fn proof() -> TlogProof {
    let mut tree = Frontier::new();
    (0..2).for_each(|leaf| tree.push(leaf_hash(&[leaf])));
    let sibling = tree.root();
    tree.push(leaf_hash(&[2]));
    let checkpoint = Checkpoint { origin: "example.com/log".to_owned(), size: 3, root: tree.root() };
    let mut signed = checkpoint.sign(&log()).unwrap();
    let line = witness().cosign(&signed, 1_800_000_000);
    signed.add_cosignature(line, witness().verifier()).unwrap();
    TlogProof { extra: None, index: 2, proof: vec![sibling], checkpoint: signed.note().clone() }
}

fn policy(quorum: usize) -> Policy {
    let witness = ("w".to_owned(), witness().verifier().clone());
    Policy::threshold(vec![log().verifier().clone()], vec![witness], quorum).unwrap()
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let proof = TlogProof::parse(C2SP).unwrap();
    assert_eq!((proof.index, proof.proof.len(), proof.extra.as_ref()), (73_894, 5, None));
    assert_eq!(proof.to_string(), C2SP);
    let with_extra = C2SP.replace("\nindex", "\nextra YWdlLXYxLjIuMQ==\nindex");
    let proof = TlogProof::parse(&with_extra).unwrap();
    assert_eq!(proof.extra.as_deref(), Some(&b"age-v1.2.1"[..]));
    assert_eq!(proof.to_string(), with_extra);
}

#[test]
fn a_proof_shows_its_entry_and_no_other() {
    let read = TlogProof::parse(&proof().to_string()).unwrap();
    assert_eq!(read.verify(&leaf_hash(&[2]), &policy(1)).unwrap().checkpoint().size, 3);
    assert_eq!(read.verify(&leaf_hash(&[3]), &policy(1)), Err(ProofError::Root.into()));
    let elsewhere = TlogProof { index: 1, ..proof() };
    assert!(elsewhere.verify(&leaf_hash(&[2]), &policy(1)).is_err());
    let outside = TlogProof { index: 3, ..proof() };
    assert_eq!(outside.verify(&leaf_hash(&[2]), &policy(1)), Err(ProofError::OutsideTree.into()));
}

#[test]
fn a_proof_without_the_quorum_is_refused() {
    let unwitnessed = proof().checkpoint.to_string();
    let unwitnessed = unwitnessed.split_once("— example.com/witness").unwrap().0;
    let unwitnessed = TlogProof { checkpoint: Note::parse(unwitnessed).unwrap(), ..proof() };
    assert_eq!(unwitnessed.verify(&leaf_hash(&[2]), &policy(1)), Err(PolicyRefusal::Quorum.into()));
    assert!(unwitnessed.verify(&leaf_hash(&[2]), &policy(0)).is_ok());
}

#[test]
fn a_malformed_proof_is_refused() {
    let text = proof().to_string();
    for (text, error) in [
        (String::new(), TlogProofError::Header),
        (text.replace("@v1\n", "@v2\n"), TlogProofError::Header),
        (format!("\n{text}"), TlogProofError::Header),
        (text.replace("index 2", "extra x\nindex 2"), TlogProofError::Extra),
        (text.replace("index 2", "extra YQ\nindex 2"), TlogProofError::Extra),
        (text.replace("index 2", "extra YQ==\nextra YQ==\nindex 2"), TlogProofError::Index),
        (text.replace("index 2", "index 02"), TlogProofError::Index),
        (text.replace("index 2\n", ""), TlogProofError::Index),
        (text.replacen("=\n\n", "=\n", 1), TlogProofError::Proof),
        (text.replacen("=\n\n", "\n\n", 1), TlogProofError::Proof),
        (text.trim_end().to_owned(), NoteError::SignatureLine.into()),
        (format!("{text}\n"), NoteError::Unsigned.into()),
        (text.split_once("— ").unwrap().0.to_owned(), NoteError::Unsigned.into()),
        ("x".repeat(MAX_FILE_LENGTH + 1), TlogProofError::TooLarge),
    ] {
        assert_eq!(TlogProof::parse(&text), Err(error), "{text}");
    }
}
