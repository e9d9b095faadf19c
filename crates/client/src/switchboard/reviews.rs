//! Reviews of motivated and emergency questions.

use kw_domain::ReviewId;
use kw_protocol::review::{GiveVerdict, Review, ReviewPage, ReviewSearch};

use super::SwitchboardClient;
use crate::ClientError;
use crate::http::{PAGE, SMALL, json};

impl SwitchboardClient {
    /// One page of the own organisation's reviews. Never repeated: each reading leaves a record.
    pub async fn reviews(&self, search: &ReviewSearch) -> Result<ReviewPage, ClientError> {
        self.once(json(self.post(&["reviews", "_search"]), search)?, PAGE).await
    }

    /// Judges one of the own organisation's questions.
    pub async fn give_verdict(&self, id: ReviewId, verdict: &GiveVerdict) -> Result<Review, ClientError> {
        self.once(json(self.post(&["reviews", &id.to_string(), "verdict"]), verdict)?, SMALL).await
    }
}
