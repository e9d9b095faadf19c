//! What the types of a report do not say: bounds, and what goes with what. The same for whoever sends one and whoever
//! receives it, so that a person hears of all mistakes before anything leaves.

use serde_json::Value;

use super::{
    FeedbackContact, FeedbackOutcome, FeedbackReport, FeedbackSide, FeedbackStatus, LONGEST_POINTER,
    LONGEST_REFERENCE, LONGEST_TEXT, LONGEST_VALUE, MOST_ATTACHED_BYTES, MOST_ATTACHMENTS, MOST_ATTRIBUTES,
    NewAnnotation, NewAttachment,
};

/// The media types of attachments.
pub const ATTACHMENT_TYPES: [&str; 3] = ["application/pdf", "image/jpeg", "image/png"];

/// Where something is wrong, as a JSON pointer into what was given, and what was expected. Neither holds a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub pointer: String,
    /// What was expected there.
    pub expected: String,
}

/// Mistakes as they are found below one place.
struct Finding<'a> {
    below: String,
    found: &'a mut Vec<Mistake>,
}

impl Finding<'_> {
    fn say(&mut self, place: &str, expected: impl Into<String>) {
        let pointer = format!("{}{place}", self.below);
        self.found.push(Mistake { pointer, expected: expected.into() });
    }

    fn text(&mut self, place: &str, text: Option<&str>, most: usize) {
        let Some(text) = text else { return };
        let is_bounded = (1..=most).contains(&text.chars().count()) && !text.trim().is_empty();
        if !is_bounded || text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
            self.say(place, format!("expected 1 to {most} printable characters"));
        }
    }
}

impl FeedbackReport {
    /// All that is wrong with it, without looking into its attachments.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let mut found = Vec::new();
        let mut finding = Finding { below: String::new(), found: &mut found };
        finding.text("/reference", self.reference.as_deref(), LONGEST_REFERENCE);
        finding.text("/explanation", self.explanation.as_deref(), LONGEST_TEXT);
        for (place, met) in [
            ("/doubt/strongSuspicion", self.doubt.strong_suspicion),
            ("/doubt/ownKnowledge", self.doubt.own_knowledge),
            ("/doubt/knowsDefinition", self.doubt.knows_definition),
        ] {
            if !met {
                finding.say(place, "expected true: only a reasonable doubt is reported");
            }
        }
        if !(1..=MOST_ATTRIBUTES).contains(&self.attributes.len()) {
            finding.say("/attributes", format!("expected 1 to {MOST_ATTRIBUTES} values"));
        }
        for (number, attribute) in self.attributes.iter().enumerate().take(MOST_ATTRIBUTES) {
            if !is_pointer(&attribute.pointer) {
                let expected = format!("expected a JSON pointer of at most {LONGEST_POINTER} bytes");
                finding.say(&format!("/attributes/{number}/pointer"), expected);
            }
            let same =
                self.attributes.iter().take(number).any(|earlier| earlier.pointer == attribute.pointer);
            if same {
                finding.say(&format!("/attributes/{number}/pointer"), "expected each value once");
            }
            if attribute.doubted.is_none() && attribute.proposed.is_none() {
                finding.say(&format!("/attributes/{number}"), "expected doubted, proposed, or both");
            }
            for (name, value) in [("doubted", &attribute.doubted), ("proposed", &attribute.proposed)] {
                if value.as_ref().is_some_and(|value| size_of(value) > LONGEST_VALUE) {
                    let expected = format!("expected at most {LONGEST_VALUE} bytes of JSON");
                    finding.say(&format!("/attributes/{number}/{name}"), expected);
                }
            }
        }
        contact("/contact", &self.contact, &mut found);
        attachments(&self.attachments, &mut found);
        found
    }
}

impl NewAnnotation {
    /// All that is wrong with it for this side, where the report stands at `now`. What may follow what, and who may set it, is
    /// among it.
    pub fn mistakes(&self, now: FeedbackStatus, side: FeedbackSide) -> Vec<Mistake> {
        use FeedbackStatus as S;
        let mut found = Vec::new();
        let mut finding = Finding { below: String::new(), found: &mut found };
        finding.text("/note", self.note.as_deref(), LONGEST_TEXT);
        if *self == Self::default() {
            finding.say("", "expected at least one field");
        }
        if let Some(next) = self.status {
            if !now.next().contains(&next) {
                let own = now.next().iter().filter(|status| status.set_by() == side);
                let allowed: Vec<_> = own.map(|status| status.code()).collect();
                let allowed = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                finding.say("/status", format!("expected what may follow {}: {allowed}", now.code()));
            } else if next.set_by() != side {
                finding.say("/status", "expected a status that this side sets");
            }
        }
        let outcome_belongs = self.status == Some(S::Settled);
        if outcome_belongs != self.outcome.is_some() {
            finding.say("/outcome", "expected with settled, and with nothing else");
        }
        let needs_reasons =
            matches!(self.outcome, Some(FeedbackOutcome::PartlyUpheld | FeedbackOutcome::Rejected))
                || self.status == Some(S::InsufficientInformation);
        if needs_reasons && self.note.is_none() {
            finding.say("/note", "expected the reasons: the reporter is told why");
        }
        if self.planned_for.is_some() != (self.status == Some(S::Planned)) {
            finding.say("/plannedFor", "expected with planned, and with nothing else");
        }
        let names_handler = matches!(self.status, Some(S::WrongHolder | S::Reported));
        if self.handler.is_some() != names_handler {
            finding.say("/handler", "expected with wrong-holder or reported, and with nothing else");
        }
        if let Some(given) = &self.contact {
            contact("/contact", given, &mut found);
        }
        found
    }

    /// Whether the state of the report is what is in the way, rather than the form of the annotation.
    pub fn is_out_of_turn(&self, now: FeedbackStatus) -> bool {
        self.status.is_some_and(|next| !now.next().contains(&next))
    }
}

/// Whether a text is a JSON pointer (RFC 6901) to something below the root, of bounded length.
pub fn is_pointer(text: &str) -> bool {
    let mut escapes = text.split('~').skip(1);
    text.starts_with('/')
        && text.len() <= LONGEST_POINTER
        && !text.chars().any(char::is_control)
        && escapes.all(|rest| rest.starts_with(['0', '1']))
}

fn contact(below: &str, contact: &FeedbackContact, found: &mut Vec<Mistake>) {
    let mut finding = Finding { below: below.to_owned(), found };
    finding.text("/name", Some(&contact.name), 100);
    finding.text("/department", contact.department.as_deref(), 100);
    let is_address = contact.email.len() <= 254
        && !contact.email.chars().any(|letter| letter.is_whitespace() || letter.is_control())
        && contact.email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.contains('@') && host.trim_matches('.').contains('.')
        });
    if !is_address {
        finding.say("/email", "expected an e-mail address of at most 254 characters");
    }
    let is_number = |phone: &str| {
        (8..=20).contains(&phone.len())
            && phone.chars().all(|letter| letter.is_ascii_digit() || "+- ()".contains(letter))
    };
    if contact.phone.as_deref().is_some_and(|phone| !is_number(phone)) {
        finding.say("/phone", "expected 8 to 20 digits, +, -, spaces and parentheses");
    }
}

fn attachments(attachments: &[NewAttachment], found: &mut Vec<Mistake>) {
    let mut finding = Finding { below: "/attachments".to_owned(), found };
    if attachments.len() > MOST_ATTACHMENTS {
        finding.say("", format!("expected at most {MOST_ATTACHMENTS} files"));
    }
    let all: usize = attachments.iter().map(|one| one.content.len() / 4 * 3).sum();
    // Padding may make up two bytes of each.
    if all > MOST_ATTACHED_BYTES + 2 * MOST_ATTACHMENTS {
        finding.say("", "expected at most 20 MiB together");
    }
    for (number, one) in attachments.iter().enumerate().take(MOST_ATTACHMENTS) {
        let name_place = format!("/{number}/name");
        finding.text(&name_place, Some(&one.name), 100);
        if one.name.contains(['/', '\\', '"', '\n', '\t']) || one.name.starts_with('.') {
            finding.say(&name_place, "expected a name without a path");
        }
        if !ATTACHMENT_TYPES.contains(&one.media_type.as_str()) {
            finding.say(&format!("/{number}/mediaType"), "expected application/pdf, image/jpeg or image/png");
        } else if !fits(&one.name, &one.media_type) {
            finding.say(&name_place, "expected a name that ends as its type does, or without an extension");
        }
        finding.text(&format!("/{number}/description"), one.description.as_deref(), 500);
        if one.content.is_empty() {
            finding.say(&format!("/{number}/content"), "expected the file in base64");
        }
    }
}

/// Whether what a name ends in says the same as the type: whoever saves the file opens it by its name.
fn fits(name: &str, media_type: &str) -> bool {
    let Some((_, extension)) = name.rsplit_once('.') else { return true };
    let endings: &[&str] = match media_type {
        "application/pdf" => &["pdf"],
        "image/jpeg" => &["jpeg", "jpg"],
        "image/png" => &["png"],
        _ => &[],
    };
    endings.iter().any(|ending| extension.eq_ignore_ascii_case(ending))
}

fn size_of(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use super::super::{DoubtedAttribute, ReasonableDoubt};
    use super::*;
    use kw_domain::{FeedbackId, Instant, Oin};
    use serde_json::json;

    fn report() -> FeedbackReport {
        FeedbackReport {
            id: FeedbackId::new(Instant::from_millis(0), [1; 10]),
            kind: super::super::FeedbackKind::Report,
            reference: Some("Z-17".into()),
            attributes: vec![DoubtedAttribute {
                pointer: "/name".into(),
                doubted: Some(json!("a")),
                proposed: None,
            }],
            observed_at: None,
            explanation: Some("seen at home".into()),
            doubt: ReasonableDoubt { strong_suspicion: true, own_knowledge: true, knows_definition: true },
            contact: FeedbackContact {
                name: "J. Jansen".into(),
                email: "j@example.nl".into(),
                phone: Some("+31 20 1234567".into()),
                department: None,
            },
            attachments: Vec::new(),
            sent_on_by: None,
        }
    }

    #[test]
    fn a_good_report_has_no_mistakes_and_a_bad_one_hears_of_all_of_them_at_once() {
        assert_eq!(report().mistakes(), []);
        let mut bad = report();
        bad.reference = Some("thirteen char".into());
        bad.doubt.own_knowledge = false;
        bad.attributes[0].pointer = "name~2".into();
        bad.attributes[0].doubted = None;
        bad.contact.email = "nobody".into();
        bad.contact.phone = Some("call me".into());
        bad.attachments = vec![NewAttachment {
            name: "../x".into(),
            media_type: "text/html".into(),
            description: None,
            content: String::new(),
        }];
        let places: Vec<_> = bad.mistakes().into_iter().map(|mistake| mistake.pointer).collect();
        let expected = [
            "/reference",
            "/doubt/ownKnowledge",
            "/attributes/0/pointer",
            "/attributes/0",
            "/contact/email",
            "/contact/phone",
            "/attachments/0/name",
            "/attachments/0/mediaType",
            "/attachments/0/content",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_name_ends_as_its_type_does() {
        for (name, media_type, is_good) in [
            ("letter.pdf", "application/pdf", true),
            ("letter", "application/pdf", true),
            ("PHOTO.JPG", "image/jpeg", true),
            ("letter.exe", "application/pdf", false),
            ("letter.pdf.exe", "application/pdf", false),
            ("photo.jpg", "image/png", false),
        ] {
            let mut report = report();
            report.attachments = vec![NewAttachment {
                name: name.into(),
                media_type: media_type.into(),
                description: None,
                content: "JVBERi0=".into(),
            }];
            assert_eq!(report.mistakes().is_empty(), is_good, "{name} as {media_type}");
        }
    }

    #[test]
    fn a_side_is_offered_what_it_may_set() {
        let settled = NewAnnotation {
            status: Some(FeedbackStatus::Settled),
            outcome: Some(FeedbackOutcome::Upheld),
            ..NewAnnotation::default()
        };
        let found = settled.mistakes(FeedbackStatus::Reported, FeedbackSide::Holder);
        assert!(
            found[0].expected.contains("in-progress") && !found[0].expected.contains("withdrawn"),
            "{found:?}"
        );
    }

    #[test]
    fn pointers_are_those_of_rfc_6901_below_the_root() {
        for good in ["/a", "/a/0", "/a~1b/~0", "/", "/a//b"] {
            assert!(is_pointer(good), "{good}");
        }
        for bad in ["", "a", "/a~", "/a~2", "/a~10~", "/\u{7}"] {
            assert!(!is_pointer(bad), "{bad}");
        }
    }

    #[test]
    fn what_goes_with_a_status_is_demanded_and_nothing_else_is_taken() {
        use FeedbackStatus as S;
        let status = |status| NewAnnotation { status: Some(status), ..NewAnnotation::default() };
        let places = |annotation: &NewAnnotation, now, side| {
            let found = annotation.mistakes(now, side).into_iter().map(|mistake| mistake.pointer);
            found.collect::<Vec<_>>()
        };
        let holder = FeedbackSide::Holder;
        assert_eq!(places(&status(S::InProgress), S::Reported, holder), [""; 0]);
        assert_eq!(places(&status(S::Settled), S::InProgress, holder), ["/outcome"]);
        assert_eq!(places(&status(S::Planned), S::InProgress, holder), ["/plannedFor"]);
        assert_eq!(places(&status(S::WrongHolder), S::Reported, holder), ["/handler"]);
        assert_eq!(places(&status(S::InsufficientInformation), S::Reported, holder), ["/note"]);
        assert_eq!(places(&status(S::InProgress), S::Reported, FeedbackSide::Reporter), ["/status"]);
        assert_eq!(places(&status(S::Withdrawn), S::Planned, FeedbackSide::Reporter), ["/status"]);
        assert_eq!(places(&NewAnnotation::default(), S::Settled, holder), [""]);
        let rejected = NewAnnotation { outcome: Some(FeedbackOutcome::Rejected), ..status(S::Settled) };
        assert_eq!(places(&rejected, S::InProgress, holder), ["/note"]);
        let note = NewAnnotation {
            note: Some("n".into()),
            handler: Some(Oin::parse("00000099000000011000").unwrap()),
            ..NewAnnotation::default()
        };
        assert_eq!(places(&note, S::Settled, FeedbackSide::Reporter), ["/handler"]);
    }
}
