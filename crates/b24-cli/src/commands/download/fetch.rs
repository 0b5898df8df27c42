//! Bytes of a file, in order and complete.

use std::io;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Response, StatusCode};
use serde_json::Value;

use super::source::Source;
use crate::connection::{Connection, cause, http};
use crate::failure::{Failure, Kind};
use crate::formats::Output;
use crate::printer::Progress;
use crate::session::Session;

/// Waits before attempts that brought nothing new.
const PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(4),
    Duration::from_secs(10),
];
const REDIRECTS: usize = 5;
/// Of an answer that is no file, so much is read to say what it is.
const WORDS: usize = 64 * 1024;

/// Why an attempt ended.
enum End {
    /// Another attempt may do better.
    Cut(String),
    /// None will.
    Failed(Box<Failure>),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

/// Fetches the whole file; tells its length and how often the line was cut.
pub(super) async fn fetch(
    source: &Source,
    output: &mut Output,
    session: &Session,
    connection: &Connection,
) -> Result<(u64, u32), Failure> {
    let mut download = Download {
        source,
        output,
        session,
        connection,
        http: http(&session.global, connection)?,
        have: 0,
        total: source.size,
        tag: None,
    };
    // What an earlier run left may be of another file.
    download.begin_anew()?;
    let (mut idle, mut cuts) = (0, 0);
    loop {
        let before = download.have;
        let attempt = tokio::select! {
            attempt = download.attempt() => attempt,
            reason = session.stop.requested() => return Err(Failure::stopped(reason, "the download")),
        };
        let why = match attempt {
            Ok(()) => break,
            Err(End::Failed(failure)) => return Err(*failure),
            Err(End::Cut(why)) => why,
        };
        cuts += 1;
        idle = if download.have > before { 0 } else { idle + 1 };
        let Some(pause) = PAUSES.get(idle) else {
            return Err(download.given_up(&why));
        };
        tokio::select! {
            () = tokio::time::sleep(*pause) => {}
            reason = session.stop.requested() => return Err(Failure::stopped(reason, "the download")),
        }
    }
    let have = download.have;
    output
        .complete()
        .map_err(|error| Failure::local(output.failure(&error)))?;
    Ok((have, cuts))
}

struct Download<'a> {
    source: &'a Source,
    output: &'a mut Output,
    session: &'a Session,
    connection: &'a Connection,
    http: reqwest::Client,
    /// Bytes that are written.
    have: u64,
    total: Option<u64>,
    /// What tells this version of the file from another.
    tag: Option<HeaderValue>,
}

impl Download<'_> {
    async fn attempt(&mut self) -> Result<(), End> {
        let mut answer = self.ask().await?;
        let status = answer.status();
        if status == StatusCode::RANGE_NOT_SATISFIABLE {
            self.begin_anew()?;
            return Err(End::Cut("the file has changed on the portal".to_owned()));
        }
        if !status.is_success() || is_page(&answer) {
            return Err(self.no_file(answer).await);
        }
        if status == StatusCode::PARTIAL_CONTENT && begins_at(answer.headers()) == Some(self.have) {
            // Goes on behind what there is.
        } else {
            self.begin_anew()?;
            self.tag = tag(answer.headers());
            self.take_length(&answer)?;
        }
        loop {
            match answer.chunk().await {
                Ok(Some(bytes)) => {
                    self.write(&bytes)?;
                    self.progress();
                }
                Ok(None) => break,
                Err(error) => return Err(End::Cut(cause(&error))),
            }
        }
        match self.total {
            Some(total) if self.have < total => Err(End::Cut(format!(
                "the answer ended after {} of {total} bytes",
                self.have
            ))),
            Some(total) if self.have > total => Err(self.other_size(self.have, total).into()),
            _ => Ok(()),
        }
    }

    /// Sends the request, and follows where it leads.
    async fn ask(&self) -> Result<Response, End> {
        let mut url = self.source.url.clone();
        for _ in 0..=REDIRECTS {
            let mut request = self
                .http
                .get(url.clone())
                .header(header::ACCEPT, "*/*")
                .header(header::ACCEPT_LANGUAGE, "en")
                .header(header::REFERER, format!("{}/", self.connection.base()));
            if let (Some(tag), true) = (&self.tag, self.have > 0) {
                request = request
                    .header(header::RANGE, format!("bytes={}-", self.have))
                    .header(header::IF_RANGE, tag);
            }
            let answer = request
                .send()
                .await
                .map_err(|error| End::Cut(cause(&error)))?;
            if !answer.status().is_redirection() {
                return Ok(answer);
            }
            let to = answer.headers().get(header::LOCATION);
            let to = to.and_then(|to| url.join(to.to_str().ok()?).ok());
            url = match to {
                Some(to) if to.scheme() == url.scheme() || to.scheme() == "https" => to,
                _ => {
                    return Err(self
                        .answer("redirects to no address that can be followed")
                        .into());
                }
            };
        }
        Err(self.answer("redirects in a circle").into())
    }

    /// The length that the portal tells has to be the one it told before.
    fn take_length(&mut self, answer: &Response) -> Result<(), Failure> {
        let told = answer.headers().get(header::CONTENT_LENGTH);
        let told: Option<u64> = told.and_then(|told| told.to_str().ok()?.parse().ok());
        match (self.source.size, told) {
            (Some(size), Some(told)) if size != told => Err(self.other_size(told, size)),
            (size, told) => {
                self.total = size.or(told);
                Ok(())
            }
        }
    }

    fn begin_anew(&mut self) -> Result<(), Failure> {
        if self.have > 0 && self.output.part().is_none() {
            return Err(Failure::new(
                Kind::Temporary,
                format!("the download was cut off after {} bytes", self.have),
            )
            .state(format!("{} has a part of the file", self.output.name()))
            .hint("-o FILE begins anew by itself"));
        }
        self.output
            .cut(0)
            .map_err(|error| Failure::local(self.output.failure(&error)))?;
        self.have = 0;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), End> {
        let written = self.output.write(bytes);
        self.have += bytes.len() as u64;
        written.map_err(|error| {
            let closed = error.kind() == io::ErrorKind::BrokenPipe;
            let failure = Failure::local(self.output.failure(&error));
            let failure = if closed {
                failure
            } else {
                failure.hint("free space, or -o elsewhere")
            };
            End::from(failure.state(format!("{} is untouched", self.output.name())))
        })
    }

    fn progress(&self) {
        self.session.printer.progress(&Progress {
            what: "kB".to_owned(),
            done: self.have / 1_000,
            before: 0,
            total: self.total.map(|total| total / 1_000),
            binds: None,
        });
    }

    /// An answer that is no file: the portal's own error, or a page.
    async fn no_file(&self, mut answer: Response) -> End {
        let status = answer.status();
        let mut body = Vec::new();
        while body.len() < WORDS
            && let Ok(Some(bytes)) = answer.chunk().await
        {
            body.extend_from_slice(&bytes);
        }
        let words: Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = words["error"].as_str();
        if status.is_server_error() && code.is_none_or(|code| code == "QUERY_LIMIT_EXCEEDED") {
            return End::Cut(format!("HTTP {}", status.as_u16()));
        }
        let Some(code) = code else {
            return self
                .answer(&format!("answered with no file (HTTP {})", status.as_u16()))
                .into();
        };
        let kind = match status {
            StatusCode::UNAUTHORIZED => Kind::Auth,
            _ => Kind::Refused,
        };
        let mut failure = Failure::new(
            kind,
            format!("the file was refused ({code}, HTTP {})", status.as_u16()),
        )
        .state("nothing changed")
        .hint("addresses of files grow old: take a new one, or disk:ID or ENTITY:ID:FIELD");
        failure.code = Some(code.to_owned());
        failure.status = Some(status.as_u16());
        failure.portal = words["error_description"]
            .as_str()
            .filter(|words| !words.is_empty())
            .map(|words| b24::redact::text(words).into_owned());
        failure.into()
    }

    fn answer(&self, what: &str) -> Failure {
        Failure::new(Kind::Answer, format!("{} {what}", self.connection.host))
            .state("nothing was written")
            .hint("a file of a field wants the address urlMachine, of the disk DOWNLOAD_URL")
    }

    fn other_size(&self, came: u64, size: u64) -> Failure {
        Failure::new(
            Kind::Answer,
            format!("{} has {size} bytes, and {came} come", self.source.name),
        )
        .state(format!("{} is untouched", self.output.name()))
    }

    fn given_up(&self, why: &str) -> Failure {
        Failure::new(
            Kind::Temporary,
            format!("{} could not be fetched: {why}", self.source.name),
        )
        .state(format!(
            "{} is untouched; reading is safe to repeat",
            self.output.name()
        ))
    }
}

/// A page for a person where a file should be: a log-in, or a proxy.
fn is_page(answer: &Response) -> bool {
    let headers = answer.headers();
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/html") && !headers.contains_key(header::CONTENT_DISPOSITION)
}

/// What stands for this version of the file. A weak tag does not promise the same bytes.
fn tag(headers: &HeaderMap) -> Option<HeaderValue> {
    let strong = headers
        .get(header::ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    strong
        .or_else(|| headers.get(header::LAST_MODIFIED))
        .cloned()
}

/// Where a part of a file begins: `Content-Range: bytes 200-999/1000`.
fn begins_at(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    range
        .strip_prefix("bytes ")?
        .split('-')
        .next()?
        .parse()
        .ok()
}
