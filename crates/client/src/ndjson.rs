//! Newline-delimited JSON in and out of a stream.

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt as _};
use reqwest::{Body, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

use crate::ClientError;

/// A body that writes each item on a line of its own, as they come.
pub(crate) fn body<T>(items: impl Stream<Item = T> + Send + 'static) -> Body
where
    T: Serialize + Send + 'static,
{
    Body::wrap_stream(items.ready_chunks(LINES_PER_CHUNK).map(|items| {
        let mut chunk = Vec::new();
        for item in &items {
            serde_json::to_writer(&mut chunk, item)?;
            chunk.push(b'\n');
        }
        Ok::<_, serde_json::Error>(Bytes::from(chunk))
    }))
}

/// The items of an answer, as they come. Ends after the first error, which may be that nothing came for `patience`.
pub(crate) fn items<T>(
    response: Response,
    patience: Duration,
) -> impl Stream<Item = Result<T, ClientError>> + Send
where
    T: DeserializeOwned + Send + 'static,
{
    let reader = Reader { response, buffer: BytesMut::new(), patience, ended: false };
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.line().await {
            Ok(Some(line)) => match serde_json::from_slice(&line) {
                Ok(item) => Some((Ok(item), Some(reader))),
                Err(_) => Some((Err(ClientError::Malformed("a line is not the expected JSON")), None)),
            },
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
}

struct Reader {
    response: Response,
    buffer: BytesMut,
    patience: Duration,
    ended: bool,
}

impl Reader {
    async fn line(&mut self) -> Result<Option<Bytes>, ClientError> {
        let mut searched = 0;
        loop {
            if let Some(length) = self.buffer[searched..].iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(searched + length).freeze();
                self.buffer.advance(1);
                if line.iter().all(u8::is_ascii_whitespace) {
                    searched = 0;
                    continue;
                }
                return Ok(Some(line));
            }
            searched = self.buffer.len();
            if self.ended {
                let complete = self.buffer.iter().all(u8::is_ascii_whitespace);
                return if complete {
                    Ok(None)
                } else {
                    Err(ClientError::Malformed("the last line is cut off"))
                };
            }
            if searched > MAX_LINE {
                return Err(ClientError::Malformed("a line is larger than its bound"));
            }
            match tokio::time::timeout(self.patience, self.response.chunk()).await {
                Ok(Ok(Some(chunk))) => self.buffer.extend_from_slice(&chunk),
                Ok(Ok(None)) => self.ended = true,
                Ok(Err(error)) => return Err(ClientError::from_transport(&error)),
                Err(_) => return Err(ClientError::TimedOut),
            }
        }
    }
}

const LINES_PER_CHUNK: usize = 64;
const MAX_LINE: usize = 16 * 1024;
