//! One upload, made before it is measured.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kw_domain::{BatchId, Clock as _, SystemClock};
use kw_testbed::element_of;
use rand_core::{OsRng, RngCore as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::arguments::Upload;
use super::load::Found;
use super::wire;

const LINES_PER_CHUNK: usize = 200;

/// The same lines as [`super::load::run`] prints.
pub(super) async fn run(plan: Upload) -> anyhow::Result<()> {
    let chunks = made(&plan)?;
    let door = wire::Door::of(&plan.target)?;
    let (mut from, mut to) = tokio::io::split(door.open(&plan.target).await?);
    let mut random = [0; 10];
    OsRng.fill_bytes(&mut random);
    let upload = BatchId::new(SystemClock.now(), random);
    let head = format!(
        "POST /v1/pointers/_bulk HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-ndjson\r\n\
         upload-id: {upload}\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    println!("go");
    let began = Instant::now();
    let sending = tokio::spawn(async move {
        to.write_all(head.as_bytes()).await?;
        for chunk in chunks {
            to.write_all(&chunk).await?;
        }
        to.write_all(b"0\r\n\r\n").await?;
        to.flush().await?;
        // Kept, because closing one half ends the stream.
        anyhow::Ok(to)
    });
    let (mut created, mut other, mut tail, mut all) = (0_u64, 0_u64, Vec::new(), String::new());
    let mut buffer = vec![0; 1 << 18];
    loop {
        let length = from.read(&mut buffer).await?;
        ensure!(length > 0, "the server ended the answer early: {all}");
        tail.extend_from_slice(&buffer[..length]);
        let ended = tail.ends_with(b"0\r\n\r\n");
        let whole = if ended {
            tail.len()
        } else {
            tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
        };
        for line in tail[..whole].split(|byte| *byte == b'\n') {
            if line.starts_with(b"{\"line\"") {
                if line.windows(9).any(|part| part == b"\"created\"") { created += 1 } else { other += 1 }
            } else if all.len() < 2_000 && line.starts_with(b"{") {
                all.push_str(&String::from_utf8_lossy(line));
            }
        }
        tail.drain(..whole);
        if ended {
            break;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    drop(sending.await??);
    println!("end");
    let each = seconds * 1e6 / (created.max(1) as f64);
    println!(
        "{}",
        serde_json::to_string(&Found { good: created, bad: other, seconds, p50_us: each, p99_us: each })?
    );
    Ok(())
}

/// Every chunk of the body, ready to send.
fn made(plan: &Upload) -> anyhow::Result<Vec<Vec<u8>>> {
    let (before, rest) = plan.template.split_once("@element@").context("the template has no @element@")?;
    let (between, after) = rest.split_once("@handle@").context("the template has no @handle@")?;
    let numbers: Vec<u64> = (plan.first..plan.first + plan.count).collect();
    let mut chunks = Vec::with_capacity(numbers.len() / LINES_PER_CHUNK + 1);
    for part in numbers.chunks(LINES_PER_CHUNK) {
        let mut lines = String::with_capacity(part.len() * 300);
        for number in part {
            let mut handle = [0; 16];
            OsRng.fill_bytes(&mut handle);
            lines.push_str(before);
            URL_SAFE_NO_PAD.encode_string(element_of(*number)?.to_bytes(), &mut lines);
            lines.push_str(between);
            URL_SAFE_NO_PAD.encode_string(handle, &mut lines);
            lines.push_str(after);
            lines.push('\n');
        }
        chunks.push(format!("{:x}\r\n{lines}\r\n", lines.len()).into_bytes());
    }
    Ok(chunks)
}
