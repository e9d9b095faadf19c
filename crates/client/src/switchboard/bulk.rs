//! Registering in bulk: a stream of lines up, a stream of results down, over one exchange.

use std::time::Duration;

use futures_util::Stream;
use kw_domain::BatchId;
use kw_protocol::pointer::{BulkResult, RegisterPointer};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};

use super::SwitchboardClient;
use crate::{ClientError, ndjson};

impl SwitchboardClient {
    /// Registers pointers as they come from `pointers`, and gives a result for each as the switchboard commits it.
    ///
    /// `offset` is how many lines of this upload came before: 0 at first, what
    /// [`upload_progress`](Self::upload_progress) says when it is taken up again. Results of lines are committed before
    /// they are given; after an error, ask for the progress and go on from there. Lines and results run at the same time,
    /// so read the results while `pointers` is still producing.
    pub async fn register_bulk<S>(
        &self,
        upload: BatchId,
        offset: u64,
        pointers: S,
    ) -> Result<impl Stream<Item = Result<BulkResult, ClientError>> + Send + use<S>, ClientError>
    where
        S: Stream<Item = RegisterPointer> + Send + 'static,
    {
        let request = self
            .post(&["pointers", "_bulk"])
            .timeout(UPLOAD)
            .header(CONTENT_TYPE, HeaderValue::from_static(NDJSON))
            .header(ACCEPT, HeaderValue::from_static(NDJSON))
            .header("upload-id", upload.to_string())
            .header("upload-offset", offset)
            .body(ndjson::body(pointers));
        let response = self.service.send(request, self.service.context().transaction()).await?;
        if !crate::http::has_type(response.headers(), NDJSON) {
            return Err(ClientError::Malformed("it is not application/x-ndjson"));
        }
        Ok(ndjson::items(response, PATIENCE))
    }
}

const NDJSON: &str = "application/x-ndjson";
/// A whole upload; a larger one is taken up again where it was cut off.
const UPLOAD: Duration = Duration::from_hours(4);
/// How long a result may take to come, a batch's commit included.
const PATIENCE: Duration = Duration::from_mins(1);
