use super::*;
use crate::checkpoint::Checkpoint;
use crate::note::{NoteError, SigningKey, Verified};
use crate::tree::Hash;

fn signed() -> SignedCheckpoint {
    let log = SigningKey::from_seed("example.com/behind-the-sofa", &[1; 32]).unwrap();
    let root = Hash::parse("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").unwrap();
    let origin = "example.com/behind-the-sofa".to_owned();
    Checkpoint { origin, size: 20_852_163, root }.sign(&log).unwrap()
}

#[test]
fn the_message_is_that_of_the_specification() {
    let expected = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(message(1_679_315_147, signed().note().text()), expected);
    // The time in the specification's example of a signature line.
    let line = NoteSignature::parse(
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==",
    );
    assert_eq!(split(&line.unwrap().bytes).unwrap().0, 1_679_315_147);
}

#[test]
fn a_cosignature_says_when_and_of_what() {
    let witness = CosigningKey::from_seed("witness.example.com/w1", &[2; 32]).unwrap();
    let line = witness.cosign(&signed(), 1_679_315_147);
    assert_eq!(line.bytes.len(), 8 + 64);
    let mut note = signed().note().clone();
    note.add(line.clone()).unwrap();
    assert_eq!(note.verify(witness.verifier()), Ok(Some(Verified { time: Some(1_679_315_147) })));

    for place in 0..line.bytes.len() {
        let mut changed = line.clone();
        changed.bytes[place] ^= 1;
        note.add(changed).unwrap();
        assert_eq!(note.verify(witness.verifier()), Err(NoteError::BadSignature), "byte {place}");
    }
}

#[test]
fn a_log_key_does_not_cosign_nor_a_witness_key_sign() {
    let witness = CosigningKey::from_seed("example.com/behind-the-sofa", &[1; 32]).unwrap();
    assert_eq!(signed().note().verify(witness.verifier()), Ok(None), "same name, same seed, other kind");
}

#[test]
fn a_time_beyond_the_largest_is_none() {
    assert_eq!(split(&[0x7f, 255, 255, 255, 255, 255, 255, 255, 1]), Some((MAX_TIME, &[1][..])));
    assert_eq!(split(&[0x80, 0, 0, 0, 0, 0, 0, 0, 1]), None);
    assert_eq!(split(&[0; 7]), None);
}
