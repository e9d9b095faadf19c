//! The files of a report: what they say they are, and what they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kw_domain::{AttachmentId, FeedbackId, Instant};
use kw_protocol::feedback::{AttachmentView, MOST_ATTACHED_BYTES, Mistake, NewAttachment};
use kw_store::partner::StoredAttachment;

use super::sealing;
use crate::Vault;

/// What the first bytes of each type are (PDF: ISO 32000 §7.5.2; JPEG: ITU-T T.81 §B.1.1.3; PNG: RFC 2083 §3.1).
const BEGINNINGS: [(&str, &[u8]); 3] = [
    ("application/pdf", b"%PDF-"),
    ("image/jpeg", &[0xff, 0xd8, 0xff]),
    ("image/png", &[0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n']),
];

/// The content of every file, or all that is wrong with them.
pub(super) fn decode(files: &[NewAttachment]) -> Result<Vec<Vec<u8>>, Vec<Mistake>> {
    let (mut contents, mut mistakes) = (Vec::with_capacity(files.len()), Vec::new());
    let mut all = 0;
    for (number, file) in files.iter().enumerate() {
        let mut say = |expected: &str| {
            let pointer = format!("/attachments/{number}/content");
            mistakes.push(Mistake { pointer, expected: expected.to_owned() });
        };
        match STANDARD.decode(&file.content) {
            Err(_) => say("expected base64 with padding (RFC 4648)"),
            Ok(content) => {
                all += content.len();
                if !is_of_type(&file.media_type, &content) {
                    say("expected content of the type that mediaType says");
                }
                contents.push(content);
            }
        }
    }
    if all > MOST_ATTACHED_BYTES {
        let expected = "expected at most 20 MiB together".to_owned();
        mistakes.push(Mistake { pointer: "/attachments".to_owned(), expected });
    }
    if mistakes.is_empty() { Ok(contents) } else { Err(mistakes) }
}

/// Seals files for their places in the database.
pub(super) fn seal(
    vault: &Vault,
    report: FeedbackId,
    files: &[NewAttachment],
    contents: &[Vec<u8>],
    now: Instant,
) -> Result<Vec<StoredAttachment>, serde_json::Error> {
    files
        .iter()
        .zip(contents)
        .map(|(file, content)| {
            let id: AttachmentId = vault.entropy().id(now);
            let view = AttachmentView {
                id,
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                description: file.description.clone(),
                size: content.len() as u64,
            };
            let facts = serde_json::to_vec(&view)?;
            Ok(StoredAttachment {
                id,
                facts_sealed: sealing::seal(vault, sealing::FACTS, report, id.as_bytes(), &facts),
                content_sealed: sealing::seal(vault, sealing::FILE, report, id.as_bytes(), content),
            })
        })
        .collect()
}

fn is_of_type(media_type: &str, content: &[u8]) -> bool {
    BEGINNINGS.iter().any(|(name, beginning)| *name == media_type && content.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(media_type: &str, content: &[u8]) -> NewAttachment {
        NewAttachment {
            name: "a".into(),
            media_type: media_type.into(),
            description: None,
            content: STANDARD.encode(content),
        }
    }

    #[test]
    fn a_file_is_what_its_first_bytes_say_and_nothing_else() {
        let files = [
            file("application/pdf", b"%PDF-1.7\n"),
            file("image/jpeg", &[0xff, 0xd8, 0xff, 0xe0]),
            file("image/png", b"\x89PNG\r\n\x1a\n\0"),
        ];
        assert_eq!(decode(&files).unwrap().len(), 3);
        for (media_type, content) in [
            ("application/pdf", &b"MZ\x90\0"[..]),
            ("application/pdf", b"<html>%PDF-"),
            ("image/png", b"%PDF-1.7"),
            ("image/svg+xml", b"<svg/>"),
        ] {
            let mistakes = decode(&[files[0].clone(), file(media_type, content)]).unwrap_err();
            assert_eq!(mistakes[0].pointer, "/attachments/1/content", "{media_type}");
        }
        let mut broken = files[0].clone();
        broken.content.push('!');
        assert_eq!(decode(&[broken]).unwrap_err().len(), 1);
    }

    #[test]
    fn files_of_more_than_20_mebibytes_together_are_refused() {
        let mut large = vec![0; MOST_ATTACHED_BYTES / 2 + 1];
        large[..5].copy_from_slice(b"%PDF-");
        let file = file("application/pdf", &large);
        assert_eq!(decode(std::slice::from_ref(&file)).unwrap().len(), 1);
        let mistakes = decode(&[file.clone(), file]).unwrap_err();
        assert_eq!(mistakes[0].pointer, "/attachments");
    }
}
