//! Bulk registration: lines up and results down at the same time.

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::{StreamExt as _, stream};
use kw_client::ClientError;
use kw_domain::{BatchId, Instant};
use kw_protocol::pointer::{BulkOutcome, BulkResult, RegisterPointer};
use tokio::sync::mpsc;

use crate::repeating::pointer;
use crate::server::Service;

fn upload() -> BatchId {
    BatchId::new(Instant::from_millis(1), [1; 10])
}

/// Answers each line as soon as it is there, counting on from the offset.
fn answering() -> Service {
    Service::start(|config| {
        let answer = |http: HttpRequest, payload: web::Payload| async move {
            assert_eq!(http.headers().get("upload-id").unwrap(), &upload().to_string());
            let offset: u64 = http.headers().get("upload-offset").unwrap().to_str().unwrap().parse().unwrap();
            let results = payload.scan((offset, Vec::new()), |(line, rest), chunk| {
                rest.extend_from_slice(&chunk.unwrap());
                let mut answer = Vec::new();
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let one: Vec<u8> = rest.drain(..=end).collect();
                    let pointer: RegisterPointer = serde_json::from_slice(&one).unwrap();
                    let result = BulkResult {
                        line: *line,
                        outcome: BulkOutcome::Created,
                        id: None,
                        handle: Some(pointer.handle),
                        valid_until: None,
                        problem: None,
                        detail: None,
                    };
                    answer.extend(serde_json::to_vec(&result).unwrap());
                    answer.push(b'\n');
                    *line += 1;
                }
                std::future::ready(Some(Ok::<_, actix_web::Error>(web::Bytes::from(answer))))
            });
            HttpResponse::Ok().content_type("application/x-ndjson").streaming(Box::pin(results))
        };
        config.route("/v1/pointers/_bulk", web::post().to(answer));
    })
}

#[actix_web::test]
async fn a_result_comes_while_the_upload_is_still_going_on() {
    let service = answering();
    let (sender, receiver) = mpsc::channel(1);
    let lines =
        stream::unfold(receiver, |mut receiver| async { receiver.recv().await.map(|one| (one, receiver)) });
    sender.send(pointer(1)).await.unwrap();
    let results = service.switchboard().register_bulk(upload(), 40, lines).await.unwrap();
    let mut results = std::pin::pin!(results);
    for number in 1..4u8 {
        let result = results.next().await.unwrap().unwrap();
        assert_eq!((result.line, result.handle), (39 + u64::from(number), Some(pointer(number).handle)));
        sender.send(pointer(number + 1)).await.unwrap();
    }
    drop(sender);
    assert_eq!(results.next().await.unwrap().unwrap().line, 43);
    assert!(results.next().await.is_none());
}

#[actix_web::test]
async fn a_large_upload_has_a_result_for_every_line_in_order() {
    let service = answering();
    let lines = stream::iter((0..5_000u32).map(|number| pointer(number as u8)));
    let results = service.switchboard().register_bulk(upload(), 0, lines).await.unwrap();
    let lines: Vec<u64> = results.map(|result| result.unwrap().line).collect().await;
    assert_eq!(lines, (0..5_000).collect::<Vec<u64>>());
}

#[actix_web::test]
async fn an_answer_that_is_cut_off_is_an_error_after_the_results_before_it() {
    let service = Service::start(|config| {
        let answer = || async {
            let body = "{\"line\":0,\"outcome\":\"created\"}\n{\"line\":1,\"outco";
            HttpResponse::Ok().content_type("application/x-ndjson").body(body)
        };
        config.route("/v1/pointers/_bulk", web::post().to(answer));
    });
    let results = service.switchboard().register_bulk(upload(), 0, stream::empty()).await.unwrap();
    let results: Vec<_> = results.collect().await;
    assert_eq!(results.len(), 2);
    assert_eq!(results[0].as_ref().unwrap().line, 0);
    assert!(matches!(results[1], Err(ClientError::Malformed(_))));
}
