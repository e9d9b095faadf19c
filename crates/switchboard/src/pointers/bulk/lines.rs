//! Lines out of a request body, with a bound on each.

use actix_web::web::{Bytes, Payload};
use futures_util::StreamExt as _;
use kw_protocol::problem::ProblemCode;
use kw_runtime::Refusal;

const LONGEST_LINE: usize = 16 * 1024;

/// The body, line by line. Empty lines do not count.
pub(super) struct Lines {
    payload: Payload,
    rest: Vec<u8>,
    ended: bool,
}

impl Lines {
    pub(super) fn new(payload: Payload) -> Self {
        Self { payload, rest: Vec::new(), ended: false }
    }

    /// Up to `most` lines; fewer at the end of the body only, so that batches do not depend on how the network cuts.
    pub(super) async fn next_batch(&mut self, most: usize) -> Result<Vec<Bytes>, Refusal> {
        let mut lines = Vec::with_capacity(most);
        loop {
            self.split(most, &mut lines)?;
            if lines.len() == most || self.ended {
                return Ok(lines);
            }
            let Ok(part) = tokio::time::timeout(super::PATIENCE, self.payload.next()).await else {
                return Err(broken_off());
            };
            match part {
                Some(Ok(part)) => self.rest.extend_from_slice(&part),
                Some(Err(_)) => return Err(broken_off()),
                None => {
                    self.ended = true;
                    if !self.rest.is_empty() {
                        self.rest.push(b'\n');
                    }
                }
            }
        }
    }

    fn split(&mut self, most: usize, lines: &mut Vec<Bytes>) -> Result<(), Refusal> {
        let mut start = 0;
        while lines.len() < most {
            let Some(length) = self.rest[start..].iter().position(|byte| *byte == b'\n') else { break };
            let line = self.rest[start..start + length].trim_ascii();
            if line.len() > LONGEST_LINE {
                return Err(too_long());
            }
            if !line.is_empty() {
                lines.push(Bytes::copy_from_slice(line));
            }
            start += length + 1;
        }
        self.rest.drain(..start);
        if lines.len() < most && self.rest.len() > LONGEST_LINE {
            return Err(too_long());
        }
        Ok(())
    }
}

fn broken_off() -> Refusal {
    let detail = "The body broke off. Ask for the progress of the upload and go on from there.";
    Refusal::new(ProblemCode::Invalid, detail)
}

fn too_long() -> Refusal {
    Refusal::new(ProblemCode::TooLarge, format!("A line may have at most {LONGEST_LINE} bytes."))
}
