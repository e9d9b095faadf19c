use super::*;

/// The example of the Go package `sumdb/note`, which C2SP signed-note describes.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

/// The example of C2SP signed-note, whose key is not given.
const C2SP_NOTE: &str = "Ognuno sta solo sul cuor della terra\n\
    trafitto da un raggio di sole:\n\
    \n\
    ed è subito sera.\n\
    \n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

#[test]
fn the_example_of_go_verifies() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    let note = Note::parse(GO_NOTE).unwrap();
    assert_eq!(note.verify(&key), Ok(Some(Verified { time: None })));
    assert_eq!(key.to_string(), GO_KEY);
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let note = Note::parse(C2SP_NOTE).unwrap();
    assert!(note.text().ends_with("\n\ned è subito sera.\n"));
    assert_eq!(note.signatures()[0].name.as_str(), "quasimodo.example/salvatore");
    assert_eq!(note.signatures()[0].key_id, [0x36, 0x7b, 0xa0, 0x4b]);
    assert_eq!(note.to_string(), C2SP_NOTE);
}

#[test]
fn a_changed_text_makes_the_note_worthless() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    let note = Note::parse(&GO_NOTE.replace("answer", "Answer")).unwrap();
    assert_eq!(note.verify(&key), Err(NoteError::BadSignature));
}

#[test]
fn an_unknown_key_is_passed_over_even_if_it_shares_name_or_identifier() {
    let key = VerifierKey::parse(GO_KEY).unwrap();
    let namesake = SigningKey::from_seed("PeterNeumann", &[1; 32]).unwrap();
    let note = Note::parse(GO_NOTE).unwrap();
    assert_eq!(note.verify(namesake.verifier()), Ok(None));
    let renamed = Note::parse(&GO_NOTE.replace("— Peter", "— Paul")).unwrap();
    assert_eq!(renamed.verify(&key), Ok(None));
}

#[test]
fn a_good_and_a_bad_signature_of_one_key_are_a_bad_note() {
    let key = SigningKey::from_seed("example.com/log", &[1; 32]).unwrap();
    let good = key.sign("text\n".to_owned()).unwrap().to_string();
    let other = key.sign("other\n".to_owned()).unwrap().to_string();
    let both = good + other.strip_prefix("other\n\n").unwrap();
    assert_eq!(Note::parse(&both).unwrap().verify(key.verifier()), Err(NoteError::BadSignature));
}

#[test]
fn a_later_signature_of_the_same_key_replaces_the_earlier() {
    let key = SigningKey::from_seed("example.com/log", &[1; 32]).unwrap();
    let other = SigningKey::from_seed("example.com/other", &[1; 32]).unwrap();
    let mut note = key.sign("text\n".to_owned()).unwrap();
    let line = other.sign("text\n".to_owned()).unwrap().signatures()[0].clone();
    note.add(line.clone()).unwrap();
    note.add(line).unwrap();
    assert_eq!(note.signatures().len(), 2);
    assert_eq!(note.verify(other.verifier()), Ok(Some(Verified { time: None })));
}

#[test]
fn a_malformed_note_is_refused() {
    let line = "— a x08go/ZJ\n";
    for (note, error) in [
        (String::new(), NoteError::Unsigned),
        ("text\n".to_owned(), NoteError::Unsigned),
        (format!("text\n{line}"), NoteError::Unsigned),
        (format!("\n{line}"), NoteError::Unsigned),
        ("text\n\n".to_owned(), NoteError::Unsigned),
        (format!("te\rxt\n\n{line}"), NoteError::Text),
        (format!("te\0xt\n\n{line}"), NoteError::Text),
        (format!("text\n\n{}", line.trim_end()), NoteError::SignatureLine),
        (format!("text\n\n{line}x"), NoteError::SignatureLine),
        (format!("text\n\n{line}x\n"), NoteError::SignatureLine),
        ("text\n\n- a x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n—a x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a  x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a x08go/ZJ \n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a x08go/ZJ\r\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a x08goA==\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a+b x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n—  x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        ("text\n\n— a\u{a0}b x08go/ZJ\n".to_owned(), NoteError::SignatureLine),
        (format!("text\n\n{}", line.repeat(MAX_SIGNATURES + 1)), NoteError::TooLarge),
        (format!("{}\n\n{line}", "x".repeat(MAX_NOTE_LENGTH)), NoteError::TooLarge),
    ] {
        assert_eq!(Note::parse(&note), Err(error), "{note:?}");
    }
    assert!(Note::parse(&format!("text\n\n{}", line.repeat(MAX_SIGNATURES))).is_ok());
}

#[test]
fn a_text_that_would_be_read_differently_is_not_signed() {
    let key = SigningKey::from_seed("example.com/log", &[1; 32]).unwrap();
    for text in ["", "text", "te\txt\n"] {
        assert_eq!(key.sign(text.to_owned()), Err(NoteError::Text));
    }
}

#[test]
fn a_malformed_verifier_key_is_refused() {
    for (text, error) in [
        ("", VerifierKeyError::Form),
        ("PeterNeumann+c74f20a3", VerifierKeyError::Form),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", VerifierKeyError::Form),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T", VerifierKeyError::Form),
        ("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n", VerifierKeyError::Form),
        ("PeterNeumann+c74f20a3+", VerifierKeyError::Form),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", VerifierKeyError::Id),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyNameError.into()),
        ("+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyNameError.into()),
        ("PeterNeumann+c74f20a3+BRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", VerifierKeyError::Kind),
    ] {
        assert_eq!(VerifierKey::parse(text), Err(error), "{text}");
    }
}

#[test]
fn the_debug_form_of_a_key_has_no_secret() {
    let key = SigningKey::from_seed("example.com/log", &[0xab; 32]).unwrap();
    assert_eq!(format!("{key:?}"), format!("SigningKey({})", key.verifier()));
}
