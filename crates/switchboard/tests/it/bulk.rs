//! Uploads: streamed, resumed, refused line by line.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use kw_client::SwitchboardClient;
use kw_domain::{BatchId, Instant};
use kw_protocol::pointer::{BulkOutcome, BulkResult, RegisterPointer};
use kw_protocol::problem::ProblemCode;
use kw_testbed::{FaultProxy, Member};

use crate::child::chain;
use crate::log;

fn upload() -> BatchId {
    let mut random = [0; 10];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    BatchId::new(Instant::from_millis(1_795_000_000_000), random)
}

fn lines(member: &Member, numbers: std::ops::Range<u64>) -> Vec<RegisterPointer> {
    numbers.map(|number| member.registration(number).unwrap()).collect()
}

/// Everything that was answered, and whether the stream ended well.
async fn send(
    client: &SwitchboardClient,
    id: BatchId,
    offset: u64,
    lines: Vec<RegisterPointer>,
) -> (Vec<BulkResult>, Result<(), kw_client::ClientError>) {
    let results = match client.register_bulk(id, offset, stream::iter(lines)).await {
        Ok(results) => results,
        Err(error) => return (Vec::new(), Err(error)),
    };
    let mut results = std::pin::pin!(results);
    let mut answered = Vec::new();
    while let Some(result) = results.next().await {
        match result {
            Ok(result) => answered.push(result),
            Err(error) => return (answered, Err(error)),
        }
    }
    (answered, Ok(()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_lines_are_answered_one_for_one_in_order() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let id = upload();
    let given = lines(&school, 0..10_000);
    let handles: Vec<_> = given.iter().map(|line| line.handle).collect();
    let (answered, ended) = send(&client, id, 0, given).await;
    ended.unwrap();
    assert_eq!(answered.len(), 10_000);
    for ((at, result), handle) in (0..).zip(&answered).zip(handles) {
        assert_eq!((result.line, result.outcome, result.handle), (at, BulkOutcome::Created, Some(handle)));
    }
    assert_eq!(client.upload_progress(id).await.unwrap().committed_lines, 10_000);
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 10_000);
    let records = log::records(&index).await;
    let batches: Vec<_> =
        records.iter().filter_map(|record| record.subjects.as_ref().and(record.count)).collect();
    assert_eq!(batches, vec![1_000; 10], "one record for each batch");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_line_holds_up_no_other_and_a_repeated_one_is_the_same_pointer() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let client = school.switchboard().unwrap();
    let known = client.register(&school.registration(1).unwrap(), &school.key()).await.unwrap().pointer;
    let mut given = lines(&school, 0..6);
    given[2].category = "youth-health".parse().unwrap();
    given[4].subject.epoch = kw_domain::Epoch(7);
    // The same subject twice in one batch.
    given[5] = school.registration(3).unwrap();
    let (answered, ended) = send(&client, upload(), 0, given).await;
    ended.unwrap();
    let outcomes: Vec<_> = answered.iter().map(|result| result.outcome).collect();
    use BulkOutcome::{Created, Existing, Refused};
    assert_eq!(outcomes, [Created, Existing, Refused, Created, Refused, Existing]);
    assert_eq!((answered[1].id, answered[1].handle), (Some(known.id), known.handle));
    assert_eq!((answered[5].id, answered[5].handle), (answered[3].id, answered[3].handle));
    assert_eq!(answered[2].problem.as_deref(), Some("denied"));
    assert_eq!(answered[4].problem.as_deref(), Some("epoch-unknown"));
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_broke_off_goes_on_where_it_was_committed() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let direct = school.switchboard().unwrap();
    let proxy = FaultProxy::start(chain.address()).await.unwrap();
    let through = school.switchboard_at(&chain.draft(), proxy.address()).unwrap();
    let id = upload();
    let given = lines(&school, 0..6_000);
    // A line is some 170 bytes, so this is in the middle.
    proxy.cut_after(600_000);
    let (answered, ended) = send(&through, id, 0, given.clone()).await;
    ended.unwrap_err();
    assert!(answered.len() < 6_000);

    let committed = loop {
        // What had arrived may still be being committed.
        let before = direct.upload_progress(id).await.unwrap().committed_lines;
        tokio::time::sleep(Duration::from_millis(700)).await;
        if direct.upload_progress(id).await.unwrap().committed_lines == before {
            break before;
        }
    };
    assert!(committed >= answered.len() as u64, "what was answered is committed");
    assert!((1..6_000).contains(&committed), "{committed}");
    assert_eq!(committed % 1_000, 0, "whole batches only");

    for wrong in [0, committed - 1_000, committed + 1].into_iter().filter(|offset| *offset != committed) {
        let (none, refused) = send(&direct, id, wrong, lines(&school, 0..1)).await;
        assert_eq!((none.len(), refused.unwrap_err().code()), (0, Some(ProblemCode::Conflict)), "{wrong}");
    }
    let rest = given[committed as usize..].to_vec();
    let (answered, ended) = send(&direct, id, committed, rest).await;
    ended.unwrap();
    assert_eq!(answered.first().unwrap().line, committed);
    assert!(answered.iter().all(|result| result.outcome == BulkOutcome::Created), "nothing twice");
    let index = log::index(&chain).await;
    assert_eq!(index.read(|index| index.count_all_active()).await.unwrap(), 6_000);

    let again = send(&direct, upload(), 0, given).await.0;
    assert!(
        again.iter().all(|result| result.outcome == BulkOutcome::Existing),
        "a whole repetition makes nothing"
    );
}

#[tokio::test]
async fn a_line_that_is_no_json_is_refused_and_an_endless_one_ends_the_upload() {
    let chain = chain().start().unwrap();
    let school = chain.member("school").unwrap();
    let good = serde_json::to_string(&school.registration(1).unwrap()).unwrap();
    let send = async |body: String| {
        let request = school.http().post(school.url("/v1/pointers/_bulk"));
        let request =
            request.header("content-type", "application/x-ndjson").header("upload-id", upload().to_string());
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await)
    };
    let (status, text) = send(format!("{good}\n\n{{\"subject\":\"999990342\"}}\nnonsense\n")).await;
    let text = text.unwrap();
    assert_eq!((status, text.lines().count()), (200, 3), "{text}");
    assert!(
        !text.contains("999990342") && !text.contains("nonsense"),
        "no answer repeats its question: {text}"
    );
    assert_eq!(text.matches("\"outcome\":\"refused\"").count(), 2);

    let (status, text) = send("x".repeat(20_000)).await;
    assert_eq!(status, 200);
    assert!(text.is_err(), "the answer breaks off, so that nobody takes it for whole");

    let no_id =
        school.http().post(school.url("/v1/pointers/_bulk")).header("content-type", "application/x-ndjson");
    assert_eq!(no_id.body(good.clone()).send().await.unwrap().status(), 400);
    let json = school.http().post(school.url("/v1/pointers/_bulk")).header("upload-id", upload().to_string());
    let json = json.header("content-type", "application/json").body(good).send().await.unwrap();
    assert_eq!(json.status(), 415);
}
