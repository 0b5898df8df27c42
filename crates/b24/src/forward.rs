//! Requests that somebody else's client wrote, sent under the limits of this one.

mod links;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::call::{Version, check_method};
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Kind, Reason};
use crate::observe::{BeforeSend, Permit};
use crate::room::as_is::{AsIs, Kept};
use crate::room::corridor::{Options, Outbound};
use crate::room::decode::{self, BatchResult};
use crate::room::learn::charges;
use crate::room::transport::ByteStream;
use crate::rt;

/// A request to send as it is: [`Client::forward`] makes it.
///
/// It takes the way of every call: operating time, the fair queue of the rate, the token of the moment, and the same
/// verdict on a failure. Its query and body are not read and not changed, but for the token of an application, which
/// goes into a JSON object; the answer is handed back as the portal wrote it.
#[must_use = "a request is sent by `send`"]
pub struct Forward {
    client: Client,
    version: Version,
    method: String,
    as_is: Arc<AsIs>,
    body: Bytes,
    effect: Effect,
    /// Of a batch: its commands, by key.
    commands: Vec<(String, String)>,
    deadline: Option<Duration>,
    permit: Option<Permit>,
    stand_in: Option<(String, String)>,
}

/// What the portal answered, whatever that is.
pub struct Forwarded {
    /// Status, headers and body. Headers of one connection and cookies are gone, and the length of what is no file.
    pub answer: http::Response<ForwardedBody>,
    /// How long the last attempt took, from its send to the last byte; of a file to its head.
    pub took: Duration,
    /// How often the request was sent.
    pub attempts: u32,
}

/// The body of a [`Forwarded`] answer.
pub enum ForwardedBody {
    /// Read to its end.
    Whole(Bytes),
    /// A file, which comes as it is read. Nothing watches its time.
    File(ByteStream),
}

impl Client {
    /// A request of somebody else's client. `method` is as it stands in the path, `crm.deal.list` or
    /// `crm.deal.list.json`; of the request count verb, query, headers and body. A client's own credentials among the
    /// headers are left out.
    ///
    /// ```no_run
    /// # async fn run(b24: b24::Client) -> Result<(), b24::Error> {
    /// let request = http::Request::get("/?select[]=ID").body(bytes::Bytes::new()).unwrap();
    /// let forwarded = b24.forward(b24::Version::V2, "crm.deal.list", request).send().await?;
    /// assert_eq!(forwarded.answer.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn forward(
        &self,
        version: Version,
        method: impl Into<String>,
        request: http::Request<Bytes>,
    ) -> Forward {
        let path = method.into();
        let method = method_of(version, &path);
        let (parts, body) = request.into_parts();
        Forward {
            client: self.clone(),
            version,
            effect: Effect::of(&method),
            method,
            as_is: Arc::new(AsIs::new(path, parts)),
            body,
            commands: Vec::new(),
            deadline: None,
            permit: None,
            stand_in: None,
        }
    }
}

impl Forward {
    /// What the call does to the portal, and so what may happen when its answer is lost. Default: as its name says.
    pub fn effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }

    /// The methods of a batch's commands, by key: it waits for the operating time of each, and what each has spent is read
    /// from the answer of a v2 batch.
    pub fn commands(mut self, commands: Vec<(String, String)>) -> Self {
        self.commands = commands;
        self
    }

    /// How long all of it may take with all waits and repetitions. Default: the client's.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Is asked right before each attempt leaves, and may forbid it; the positions are empty.
    pub fn before_send(mut self, ask: impl BeforeSend + 'static) -> Self {
        self.permit = Some(Permit {
            ask: Arc::new(ask),
            commands: Vec::new(),
        });
        self
    }

    /// What stands in the answer for the secret of this client, and for the address of the portal in links that hold the
    /// secret. Default: `***` for the secret.
    ///
    /// An answer without the secret is not touched; nor is a file, which is not read. A secret that the portal has
    /// encoded in another way than with percent signs that leave letters and digits alone is not found.
    pub fn stand_in(mut self, origin: impl Into<String>, secret: impl Into<String>) -> Self {
        self.stand_in = Some((origin.into(), secret.into()));
        self
    }

    /// Sends the request until the portal has answered it for good.
    ///
    /// A refusal by the portal is an answer, and so is the last of several pages that came instead of one.
    ///
    /// # Errors
    /// [`Kind::Unknown`] for a write whose answer is lost or unreadable; [`Kind::Temporary`] if a limit outlasts the
    /// deadline or the portal cannot be reached; [`Kind::Local`] if the send was forbidden; as any call otherwise.
    pub async fn send(self) -> Result<Forwarded, Error> {
        check_method(&self.as_is.path)?;
        let begun = rt::now();
        let deadline = self.deadline.unwrap_or(self.client.inner().deadline);
        loop {
            let outbound = self.outbound(deadline.saturating_sub(begun.elapsed()));
            let decode = if self.reads_result() {
                decode::as_is::whole
            } else {
                decode::as_is::ends
            };
            let walked = self.client.walk_reading(&outbound, decode).await;
            let kept = self.as_is.take();
            match (walked, kept) {
                (Ok(inbound), Some(kept)) => {
                    let refused = self.learn(&inbound.success.result);
                    // Commands that were refused did not run, and those that did only read.
                    let again = refused && self.effect == Effect::Read;
                    if !again || begun.elapsed() >= deadline {
                        return Ok(self.forwarded(kept));
                    }
                }
                (Err(error), Some(kept)) if is_answer(&error) => return Ok(self.forwarded(kept)),
                (Err(error), _) => return Err(error),
                (Ok(_), None) => return Err(Error::answer("it was not kept")),
            }
        }
    }

    fn outbound(&self, deadline: Duration) -> Outbound {
        let charges = match self.commands.as_slice() {
            [] => vec![self.method.clone()],
            commands => charges(commands.iter().map(|(_, method)| method.as_str())),
        };
        Outbound {
            version: self.version,
            method: self.method.clone().into(),
            body: self.body.clone(),
            effect: self.effect,
            charges,
            options: Options {
                deadline: Some(deadline),
                permit: self.permit.clone(),
                as_is: Some(Arc::clone(&self.as_is)),
                ..Options::default()
            },
        }
    }

    /// Whether something is learned from the result itself.
    fn reads_result(&self) -> bool {
        self.method == "app.info" || !self.commands.is_empty()
    }

    /// What an answer tells about limits. Whether it has commands that the operating limit refused.
    fn learn(&self, result: &Bytes) -> bool {
        let client = self.client.inner();
        client.learn_result(&self.method, result);
        if self.commands.is_empty() || self.version == Version::V3 {
            return false;
        }
        let commands = self.commands.iter();
        let commands = commands.map(|(key, method)| (key.as_str(), method.as_str()));
        BatchResult::parse(result).is_ok_and(|answers| client.learn_batch(commands, &answers))
    }

    fn forwarded(&self, kept: Kept) -> Forwarded {
        let Kept {
            ticket,
            mut head,
            body,
            file,
            took,
        } = kept;
        let (origin, secret) = self.client.inner().access.shows(&ticket);
        let (own_origin, stand_in) = match &self.stand_in {
            Some((origin, secret)) => (origin.as_str(), secret.as_str()),
            None => (origin, crate::redact::MASK),
        };
        let hidden = |bytes: &[u8]| links::holds(bytes, secret.as_bytes());
        let telling: Vec<_> = head
            .headers
            .iter()
            .filter(|(_, value)| hidden(value.as_bytes()))
            .map(|(name, _)| name.clone())
            .collect();
        for name in telling {
            head.headers.remove(name);
        }
        let body = match file {
            Some(stream) => ForwardedBody::File(stream),
            None => ForwardedBody::Whole(links::led(body, origin, secret, own_origin, stand_in)),
        };
        Forwarded {
            answer: http::Response::from_parts(head, body),
            took,
            attempts: self.as_is.attempts(),
        }
    }
}

/// Whether an error is only what the portal has answered, so that its own words can be handed on. What may have changed
/// something is not, whatever it says: a client that reads 502 sends it again.
fn is_answer(error: &Error) -> bool {
    let answered = matches!(
        error.reason(),
        Reason::Api(_) | Reason::Page { .. } | Reason::Unreadable { .. }
    );
    answered && error.kind() != Kind::Unknown
}

/// The method without the suffix that names a transport, in lower case as the portal looks it up first.
fn method_of(version: Version, path: &str) -> String {
    let mut method = path.to_ascii_lowercase();
    if version == Version::V2
        && let Some((name, "json" | "xml")) = path.rsplit_once('.')
    {
        method.truncate(name.len());
    }
    method
}

impl fmt::Debug for Forward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forward")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Forwarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forwarded")
            .field("status", &self.answer.status())
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ForwardedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(body) => write!(f, "Whole({} bytes)", body.len()),
            Self::File(_) => f.write_str("File"),
        }
    }
}
