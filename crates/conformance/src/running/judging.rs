//! Is this the refusal that it should be?

use kw_protocol::problem::{Problem, ProblemCode};

use super::{Adapter, Answered, Unsent};
use crate::catalogue::REFUSALS_TELL_NOTHING;
use crate::report::{Findings, Seen, failed, not_tried, passed};

/// Refusals, kept to be looked through, with what was sent.
#[derive(Default)]
pub(super) struct Refusals {
    bodies: Vec<Vec<u8>>,
    sent: Vec<String>,
}

impl Refusals {
    /// What was sent and must not come back.
    pub(super) fn sent(&mut self, secret: String) {
        self.sent.push(secret);
    }

    /// A refusal with one of these codes, in the form of the chain.
    pub(super) fn expect(&mut self, answer: Result<Answered, Unsent>, codes: &[ProblemCode]) -> Seen {
        let answered = match answer {
            Ok(answered) => answered,
            Err(error) => return failed(format!("no answer: {error}")),
        };
        self.bodies.push(answered.body.clone());
        if (200..300).contains(&answered.status) {
            return failed(format!("it was answered with {}", answered.status));
        }
        if answered.media_type != "application/problem+json" {
            return failed(format!("{} came without problem details", answered.status));
        }
        let Ok(problem) = serde_json::from_slice::<Problem>(&answered.body) else {
            return failed(format!("{} came with problem details that cannot be read", answered.status));
        };
        // Another party's words may be anything: only a code of ours is shown.
        let code = ProblemCode::from_code(problem.code());
        let name = code.map_or("an unknown problem", ProblemCode::code);
        match code {
            Some(code) if codes.contains(&code) && code.status() == answered.status => {
                passed(format!("{} {name}", answered.status))
            }
            _ => failed(format!("{} {name}", answered.status)),
        }
    }

    /// Looks through them.
    pub(super) fn judge(&self, adapter: &dyn Adapter, findings: &mut Findings) {
        let personal = adapter.personal();
        let told = self.bodies.iter().any(|body| {
            let text = String::from_utf8_lossy(body);
            personal
                .iter()
                .chain(&self.sent)
                .any(|secret| !secret.is_empty() && text.contains(secret.as_str()))
        });
        let seen = match self.bodies.len() {
            0 => not_tried("there was no refusal"),
            _ if told => failed("a refusal repeats what was sent, or names the person"),
            some => passed(format!("{some} refusals")),
        };
        findings.note(&REFUSALS_TELL_NOTHING, seen);
    }
}
