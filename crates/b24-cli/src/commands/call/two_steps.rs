//! Large files to the disk: the portal gives an address, and the file goes there as it is read.

use std::path::PathBuf;

use anyhow::Result;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use crate::connection::{Connection, cause, http};
use crate::failure::{Failure, Kind};
use crate::parameters::{self, Tree};
use crate::session::Session;

/// Files up to this size go inside the call: one request, and once more a third of it in memory.
const INSIDE: u64 = 5_000_000;

/// Methods that give an address when they get no content.
const METHODS: &[&str] = &["disk.folder.uploadfile", "disk.storage.uploadfile"];

/// A file that goes to an address of its own.
#[derive(Debug)]
pub(super) struct Large {
    pub(super) path: PathBuf,
    pub(super) name: String,
    pub(super) length: u64,
}

impl Large {
    /// Takes `fileContent@FILE` out of the arguments, if the method can do without and the file is large.
    pub(super) fn take(method: &str, arguments: &mut Vec<String>) -> Option<Self> {
        if !METHODS.contains(&method.to_lowercase().as_str()) {
            return None;
        }
        let at = arguments.iter().position(|argument| {
            parameters::upload(argument)
                .is_some_and(|(to, file)| to.eq_ignore_ascii_case("fileContent") && file != "-")
        })?;
        let (_, file) = parameters::upload(&arguments[at])?;
        let path = PathBuf::from(file);
        // What cannot be read is told by whoever reads it.
        let facts = path.metadata().ok().filter(std::fs::Metadata::is_file)?;
        let length = Some(facts.len()).filter(|length| *length > INSIDE)?;
        let name = parameters::file_name(file);
        arguments.remove(at);
        Some(Self { path, name, length })
    }

    /// Names the file on the portal, unless the caller has.
    pub(super) fn name_it(&self, params: &mut Tree) {
        let mut data = params.get("data").cloned().unwrap_or_else(Tree::empty);
        if data.get("NAME").is_none() {
            data.set("NAME", self.name.as_str().into());
            params.set("data", data);
        }
    }

    /// What stands for the file where calls are compared.
    pub(super) fn mark(&self) -> Tree {
        Tree::List(vec![self.name.as_str().into(), self.length.into()])
    }

    /// Sends the file to the address; the answer is the result of the call.
    pub(super) async fn send(
        &self,
        address: &RawValue,
        session: &Session,
        connection: &Connection,
    ) -> Result<String, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Address {
            field: String,
            upload_url: String,
        }
        let address: Address = serde_json::from_str(address.get()).map_err(|_| {
            Failure::new(Kind::Answer, "the portal gave no address for the file")
                .state("the file was not sent")
        })?;
        let url = self.checked(&address.upload_url, connection)?;
        let file = tokio::fs::File::open(&self.path).await.map_err(|error| {
            Failure::local(format!("{}: {error}", self.path.display()))
                .state("the file was not sent")
        })?;
        let body = reqwest::Body::wrap_stream(tokio_util::io::ReaderStream::new(file));
        let part = Part::stream_with_length(body, self.length).file_name(self.name.clone());
        let form = Form::new().part(address.field, part);
        let sent = http(&session.global, connection)?
            .post(url)
            .multipart(form)
            .send();
        let answer = tokio::select! {
            answer = sent => answer,
            reason = session.stop.requested() => return Err(self.lost(&Failure::stopped(reason, "the upload").message)),
        };
        let answer = answer.map_err(|error| {
            if error.is_connect() || error.is_builder() {
                Failure::new(
                    Kind::Temporary,
                    format!("the file could not be sent: {}", cause(&error)),
                )
                .state("nothing changed; it is safe to repeat")
            } else {
                self.lost(&cause(&error))
            }
        })?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .map_err(|error| self.lost(&cause(&error)))?;
        self.read(status.as_u16(), &text)
    }

    fn read(&self, status: u16, text: &str) -> Result<String, Failure> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            result: Option<&'a RawValue>,
            error: Option<String>,
            error_description: Option<String>,
        }
        let answer: Option<Answer<'_>> = serde_json::from_str(text).ok();
        match answer {
            Some(Answer {
                result: Some(result),
                error: None,
                ..
            }) => Ok(format!("{{\"result\":{}}}", result.get())),
            Some(Answer {
                error: Some(code),
                error_description,
                ..
            }) if status < 500 => {
                let mut failure = Failure::new(
                    Kind::Refused,
                    format!("{} was refused ({code:?}, HTTP {status})", self.name),
                )
                .state("nothing changed");
                failure.portal = error_description.filter(|words| !words.is_empty());
                failure.code = Some(code);
                failure.status = Some(status);
                Err(failure)
            }
            _ => Err(self.lost(&format!("HTTP {status}"))),
        }
    }

    /// The file goes to the portal that gave the address, and nowhere else.
    fn checked(&self, address: &str, connection: &Connection) -> Result<Url, Failure> {
        let wrong = |why: String| Failure::new(Kind::Answer, why).state("the file was not sent");
        let base = connection.base();
        let base = Url::parse(&base).map_err(|error| wrong(error.to_string()))?;
        let url = base
            .join(address)
            .map_err(|error| wrong(format!("the address for the file cannot be read: {error}")))?;
        if url.origin() != base.origin() {
            return Err(wrong(format!(
                "the portal wants {} sent to {}, which is another host",
                self.name,
                url.host_str().unwrap_or("nowhere")
            )));
        }
        Ok(url)
    }

    fn lost(&self, why: &str) -> Failure {
        Failure::new(
            Kind::Unknown,
            format!("the answer to the upload of {} was lost ({why}); it may be there", self.name),
        )
        .state("unknown; it was not sent again")
        .hint("look first: b24 call disk.folder.getchildren id=FOLDER, or disk.storage.getchildren id=STORAGE")
    }
}
