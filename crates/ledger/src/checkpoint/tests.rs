use super::*;
use crate::cosignature::CosigningKey;

/// The example of C2SP tlog-checkpoint and tlog-cosignature, whose keys are not given.
const C2SP: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

fn checkpoint() -> Checkpoint {
    Checkpoint { origin: "example.com/log".to_owned(), size: 5, root: Hash([5; 32]) }
}

fn log() -> SigningKey {
    SigningKey::from_seed("example.com/log", &[1; 32]).unwrap()
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let note = Note::parse(C2SP).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(checkpoint.body(), note.text());
    assert_eq!(note.to_string(), C2SP);
}

#[test]
fn a_signed_checkpoint_is_believed_by_whoever_knows_the_key() {
    let signed = checkpoint().sign(&log()).unwrap();
    let read = SignedCheckpoint::parse(&signed.to_string(), log().verifier()).unwrap();
    assert_eq!(read, signed);
    assert_eq!(read.checkpoint(), &checkpoint());
    let stranger = SigningKey::from_seed("example.com/log", &[2; 32]).unwrap();
    let refused = SignedCheckpoint::parse(&signed.to_string(), stranger.verifier());
    assert_eq!(refused, Err(NoteError::NotSigned.into()));
}

#[test]
fn a_log_vouches_for_itself_only() {
    let other = SigningKey::from_seed("example.com/other", &[1; 32]).unwrap();
    assert_eq!(checkpoint().sign(&other), Err(CheckpointError::OtherLog));
    let note = other.sign(checkpoint().body()).unwrap();
    assert_eq!(SignedCheckpoint::verify(note, other.verifier()), Err(CheckpointError::OtherLog));
}

#[test]
fn a_malformed_checkpoint_is_refused() {
    let root = Hash([5; 32]).to_string();
    for (body, error) in [
        (format!("log\n5\n{root}"), CheckpointError::Lines),
        ("log\n5\n".to_owned(), CheckpointError::Lines),
        (format!("log\n5\n{root}\nextension\n"), CheckpointError::Lines),
        (format!("log\n5\n{root}\n\n"), CheckpointError::Lines),
        (format!("\n5\n{root}\n"), CheckpointError::Origin),
        (format!("my log\n5\n{root}\n"), CheckpointError::Origin),
        (format!("log\n05\n{root}\n"), CheckpointError::Size),
        (format!("log\n-5\n{root}\n"), CheckpointError::Size),
        (format!("log\n18446744073709551616\n{root}\n"), CheckpointError::Size),
        (format!("log\n5\n{}\n", &root[1..]), CheckpointError::Root),
        (format!("log\n5\n{root} \n"), CheckpointError::Root),
        (format!("log\n0\n{root}\n"), CheckpointError::Root),
    ] {
        assert_eq!(Checkpoint::parse(&body), Err(error), "{body:?}");
    }
    assert!(Checkpoint::parse(&format!("log\n0\n{}\n", empty_root())).is_ok());
}

#[test]
fn cosignatures_are_collected_once_they_fit() {
    let witness = CosigningKey::from_seed("example.com/witness", &[3; 32]).unwrap();
    let stranger = CosigningKey::from_seed("example.com/stranger", &[4; 32]).unwrap();
    let mut signed = checkpoint().sign(&log()).unwrap();
    let grown = Checkpoint { size: 6, ..checkpoint() }.sign(&log()).unwrap();

    let of_another = witness.cosign(&grown, 1_800_000_000);
    assert_eq!(signed.add_cosignature(of_another, witness.verifier()), Err(NoteError::BadSignature));
    let line = witness.cosign(&signed, 1_800_000_000);
    assert_eq!(signed.add_cosignature(line.clone(), stranger.verifier()), Err(NoteError::NotSigned));
    assert!(signed.cosigned_by([witness.verifier()]).is_empty());

    signed.add_cosignature(line, witness.verifier()).unwrap();
    let read = SignedCheckpoint::parse(&signed.to_string(), log().verifier()).unwrap();
    assert_eq!(read.cosigned_by([stranger.verifier(), witness.verifier()]), [witness.verifier()]);
}
