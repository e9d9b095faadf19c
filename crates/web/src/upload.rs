//! Forms with files (multipart/form-data, RFC 7578): bounded, and in memory for the length of the request only.

use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use futures_util::{StreamExt as _, stream};
use kw_protocol::problem::ProblemCode;
use multer::Multipart;
use tokio::sync::{Semaphore, SemaphorePermit};
use zeroize::Zeroizing;

use crate::{Failure, Form, SignedIn};

/// A form that may have files. A form without any may also come as other forms do.
pub struct Upload<D: 'static> {
    /// Its fields, and who sent it.
    pub form: Form<D>,
    files: Vec<(String, File)>,
    too_large: bool,
    _room: Option<SemaphorePermit<'static>>,
}

/// A file that somebody chose. No `Debug`.
pub struct File {
    /// What it is called, without a path.
    pub name: String,
    /// What is in it. What the browser says that it is does not count.
    pub content: Vec<u8>,
}

impl<D> Upload<D> {
    /// Whether more was sent than is read. Then no file is here, and the fields that stood before the first one are.
    pub fn too_large(&self) -> bool {
        self.too_large
    }

    /// The files of a field; none when nothing was chosen.
    pub fn files(&self, field: &str) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |(given, _)| given == field).map(|(_, file)| file)
    }
}

impl<D> fmt::Debug for Upload<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload")
            .field("form", &self.form)
            .field("files", &self.files.len())
            .finish_non_exhaustive()
    }
}

impl<D: Default + Send + 'static> FromRequest for Upload<D> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let Some(boundary) = kind.and_then(|kind| multer::parse_boundary(kind).ok()) else {
            let form = Form::from_request(request, payload);
            return Box::pin(async {
                Ok(Self { form: form.await?, files: Vec::new(), too_large: false, _room: None })
            });
        };
        let by = SignedIn::from_request(request, payload);
        let payload = payload.take();
        Box::pin(async move {
            // Nothing is read from somebody who did not sign in, and not from everybody at once.
            let by: SignedIn<D> = by.await?;
            let (body, too_large, room) = {
                let _place = by.session.uploading()?;
                let room = ROOM.try_acquire().map_err(|_| Failure::unavailable())?;
                let body = tokio::time::timeout(PATIENCE, read(payload)).await;
                let (body, too_large) =
                    body.map_err(|_| Failure::Problem { code: ProblemCode::TooSlow })??;
                (body, too_large, room)
            };
            let (parts, is_whole) = parts(body, boundary).await.ok_or_else(Failure::invalid)?;
            if !is_whole && !too_large {
                return Err(Failure::invalid());
            }
            let (mut fields, mut files) = (Vec::new(), Vec::new());
            for part in parts {
                match part.file {
                    None => {
                        let text = String::from_utf8(part.content).map_err(|_| Failure::invalid())?;
                        fields.push((part.field, Zeroizing::new(text)));
                    }
                    // What a browser sends of a field in which nothing was chosen.
                    Some(name) if name.is_empty() && part.content.is_empty() => {}
                    Some(name) => files.push((part.field, File { name, content: part.content })),
                }
            }
            if too_large {
                files.clear();
            }
            Ok(Self { form: Form::sent(by, fields)?, files, too_large, _room: Some(room) })
        })
    }
}

/// The body, or the beginning of one that is too large. The rest of that is heard and forgotten, because a browser shows no answer
/// before it has sent all.
async fn read(mut payload: Payload) -> Result<(Vec<u8>, bool), Failure> {
    let (mut body, mut seen) = (Vec::new(), 0);
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_| Failure::invalid())?;
        seen += part.len();
        if seen <= LARGEST {
            body.extend_from_slice(&part);
        } else {
            body.truncate(BEGINNING);
            body.shrink_to_fit();
        }
        if seen > LONGEST {
            return Err(Failure::Problem { code: ProblemCode::TooLarge });
        }
    }
    Ok((body, seen > LARGEST))
}

/// One field, or one file of it.
struct Part {
    field: String,
    file: Option<String>,
    content: Vec<u8>,
}

/// The parts of a body, and whether it ended with the last of them. Nothing when it is no such form, or has more parts than a form
/// has.
async fn parts(body: Vec<u8>, boundary: String) -> Option<(Vec<Part>, bool)> {
    let body = stream::once(async move { Ok::<_, Infallible>(Bytes::from(body)) });
    let mut form = Multipart::new(body, boundary);
    let mut parts = Vec::new();
    loop {
        let field = match form.next_field().await {
            Ok(Some(field)) => field,
            Ok(None) => return Some((parts, true)),
            Err(error) => return is_cut(&error).then_some((parts, false)),
        };
        let name = field.name()?.to_owned();
        let file = field.file_name().map(file_name);
        match field.bytes().await {
            Ok(_) if parts.len() == MOST => return None,
            Ok(content) => parts.push(Part { field: name, file, content: content.into() }),
            Err(error) => return is_cut(&error).then_some((parts, false)),
        }
    }
}

fn is_cut(error: &multer::Error) -> bool {
    use multer::Error::{IncompleteFieldData, IncompleteHeaders, IncompleteStream};
    matches!(error, IncompleteFieldData { .. } | IncompleteHeaders | IncompleteStream)
}

/// Without a path. Browsers write a quotation mark as `%22` (HTML, multipart/form-data encoding algorithm).
fn file_name(given: &str) -> String {
    given.rsplit(['/', '\\']).next().unwrap_or_default().replace("%22", "\"")
}

/// Forms with files that are in memory at once.
static ROOM: Semaphore = Semaphore::const_new(4);
/// A body. What a feedback report takes in files, and its fields.
const LARGEST: usize = 21 * 1024 * 1024;
/// What is kept of one that is too large: the fields of any form.
const BEGINNING: usize = 64 * 1024;
/// After so many bytes nobody is listened to any more.
const LONGEST: usize = 4 * LARGEST;
const MOST: usize = 256;
const PATIENCE: Duration = Duration::from_mins(2);

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "----WebKitFormBoundaryAbC";

    fn body(parts: &[(&str, &str)]) -> Vec<u8> {
        let parts = parts.iter().map(|(head, content)| {
            format!("--{MARK}\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        });
        format!("{}--{MARK}--\r\n", parts.collect::<String>()).into_bytes()
    }

    async fn read(body: &[u8]) -> Option<(Vec<Part>, bool)> {
        parts(body.to_vec(), MARK.to_owned()).await
    }

    #[actix_web::test]
    async fn fields_and_files_are_what_the_browser_sent() {
        let sent = body(&[
            ("name=\"note\"", "regel een\r\nregel -- twee"),
            (
                "name=\"file\"; filename=\"C:/pad/brief %22a%22.pdf\"\r\nContent-Type: application/pdf",
                "%PDF-\r\n--x",
            ),
            ("name=\"file\"; filename=\"\"\r\nContent-Type: application/octet-stream", ""),
        ]);
        let (parts, is_whole) = read(&sent).await.unwrap();
        assert!(is_whole);
        let seen: Vec<_> =
            parts.iter().map(|part| (&*part.field, part.file.as_deref(), &*part.content)).collect();
        assert_eq!(
            seen,
            [
                ("note", None, &b"regel een\r\nregel -- twee"[..]),
                ("file", Some("brief \"a\".pdf"), b"%PDF-\r\n--x"),
                ("file", Some(""), b""),
            ]
        );
    }

    #[actix_web::test]
    async fn what_no_browser_writes_is_refused() {
        let good = body(&[("name=\"a\"", "b")]);
        assert!(read(&good).await.is_some());
        assert!(
            parts(good.clone(), "another".to_owned())
                .await
                .is_none_or(|(parts, is_whole)| parts.is_empty() && !is_whole)
        );
        for cut in 0..good.len() - 4 {
            let cut = read(&good[..cut]).await;
            assert!(cut.is_none_or(|(parts, is_whole)| parts.len() <= 1 && !is_whole));
        }
        assert!(read(&body(&[("filename=\"a\"", "b")])).await.is_none());
        let many: Vec<_> = (0..=MOST).map(|_| ("name=\"a\"", "b")).collect();
        assert!(read(&body(&many)).await.is_none());
        assert!(read(&body(&many[..MOST])).await.is_some());
    }
}
