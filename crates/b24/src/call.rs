//! A call: configured, then awaited.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::batch::reference;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::Error;
use crate::room::corridor::{Options, Outbound};
use crate::room::decode::{BatchResult, Keyed, Success, Time};
use crate::room::learn;
use crate::rt::BoxFuture;
use crate::value::Tree;

/// Which REST API a method is called by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `/rest/`: forms and loose types.
    V2,
    /// `/rest/api/`: typed JSON.
    V3,
}

/// A call of one method. Nothing is sent until it is awaited; dropping the future cancels it.
///
/// Mistakes in the arguments are kept and come out of the `.await`, so that the chain needs no `?`.
///
/// ```no_run
/// # use b24::Client;
/// # async fn run(b24: Client) -> Result<(), b24::Error> {
/// #[derive(serde::Deserialize)]
/// struct Deal { id: i64, title: String }
///
/// let deal: Deal = b24.v2()
///     .call("crm.item.get").param("entityTypeId", 2).param("id", 5)
///     .key("item")
///     .typed().await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Call<T = Value> {
    client: Client,
    version: Version,
    method: String,
    params: Result<Tree, Error>,
    key: Option<String>,
    effect: Option<Effect>,
    options: Options,
    result: PhantomData<fn() -> T>,
}

/// An answer with what stands beside the result.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply<T> {
    /// The result, or the part of it that [`Call::key`] names.
    pub result: T,
    /// How many rows there are in all, where the method counts (v2 lists).
    pub total: Option<u64>,
    /// The `start` of the next page, where there is one (v2 lists).
    pub next: Option<u64>,
    /// The portal's clock and what the call cost.
    pub time: Option<Time>,
    /// The id under which the request went out.
    pub request_id: String,
    /// What the portal did with the [`Call::idempotency_key`].
    pub replay: Replay,
}

/// What a portal does with an `Idempotency-Key`. Builds before 26.0 ignore the header, and only an answer tells: a key
/// protects a repetition on a portal that has echoed one, and on no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Replay {
    /// No key was sent, or the portal did not echo it: the same call would run again.
    #[default]
    Unheeded,
    /// The portal ran the call and keeps its answer under the key for 24 hours.
    Kept,
    /// The portal answered from what it keeps under the key, and ran nothing.
    Replayed,
}

impl Replay {
    pub(crate) fn read(headers: &http::HeaderMap) -> Self {
        let replayed = headers
            .get("idempotent-replayed")
            .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"));
        if replayed {
            Self::Replayed
        } else if headers.contains_key("idempotency-key") {
            Self::Kept
        } else {
            Self::Unheeded
        }
    }
}

/// What a call consists of, for a batch to take it in.
pub(crate) struct Parts {
    pub(crate) client: Client,
    pub(crate) version: Version,
    pub(crate) method: String,
    pub(crate) params: Tree,
    pub(crate) key: Option<String>,
    pub(crate) effect: Effect,
    pub(crate) options: Options,
}

impl<T> Call<T> {
    pub(crate) fn new(client: Client, version: Version, method: String) -> Self {
        Self {
            client,
            version,
            method,
            params: Ok(Tree::map()),
            key: None,
            effect: None,
            options: Options::default(),
            result: PhantomData,
        }
    }

    /// Sets one parameter: anything that serialises. A later one of the same name replaces it.
    pub fn param(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        self.params = self.params.and_then(|mut params| {
            let value = Tree::from_serialize(&value).map_err(|error| {
                Error::usage(format!("parameter {name} cannot be sent: {error}"))
            })?;
            params.set(name, value);
            Ok(params)
        });
        self
    }

    /// Merges a struct or map of parameters; a list stands for the positional parameters of legacy `task.*` methods.
    pub fn params(mut self, all: impl Serialize) -> Self {
        self.params = self.params.and_then(|mut params| {
            let all = Tree::from_serialize(&all)
                .map_err(|error| Error::usage(format!("the parameters cannot be sent: {error}")))?;
            match all {
                Tree::Map(pairs) => {
                    for (name, value) in pairs {
                        params.set(name, value);
                    }
                    Ok(params)
                }
                Tree::List(_) if params.is_empty_container() => Ok(all),
                Tree::Null => Ok(params),
                _ => Err(Error::usage("parameters are a struct, a map or a list")),
            }
        });
        self
    }

    /// Reads only this key of the result: `"item"`, `"tasks"`, or a path such as `"result.item"`.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Reads the result as `U`.
    pub fn typed<U>(self) -> Call<U> {
        Call {
            client: self.client,
            version: self.version,
            method: self.method,
            params: self.params,
            key: self.key,
            effect: self.effect,
            options: self.options,
            result: PhantomData,
        }
    }

    /// How long one attempt may take. Default: the client's, 90 s.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How long the call may take with all waits and repetitions. Default: the client's, 10 minutes.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Says that running the call twice does no harm, so that it is sent again when its answer is lost; or,
    /// with `false`, that it does.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.effect = Some(if idempotent {
            Effect::of(&self.method).min(Effect::IdempotentWrite)
        } else {
            Effect::Write
        });
        self
    }

    /// The id that goes out as `bx24_request_id`. Default: a new UUIDv7 for each call.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.options.request_id = Some(id.into());
        self
    }

    /// The `Idempotency-Key` of a v3 write: 1 to 255 printable ASCII characters. A portal that knows the header
    /// answers a repetition within 24 hours from its record (documentation, "REST 3.0"); [`Reply::replay`] tells
    /// whether this one does.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        let key = key.into();
        if self.version == Version::V2 {
            self.params = self
                .params
                .and(Err(Error::usage("Idempotency-Key is for REST v3 only")));
        } else if key.is_empty()
            || key.len() > 255
            || !key.bytes().all(|b| (0x20..0x7f).contains(&b))
        {
            self.params = self.params.and(Err(Error::usage(
                "an Idempotency-Key is 1 to 255 printable ASCII characters",
            )));
        }
        self.options.idempotency_key = Some(key);
        self
    }

    /// What the call does to the portal, as the client will treat it.
    pub fn effect(&self) -> Effect {
        self.effect.unwrap_or_else(|| Effect::of(&self.method))
    }

    pub(crate) fn into_parts(self) -> Result<Parts, Error> {
        let effect = self.effect();
        let params = self
            .params
            .map_err(|error| error.with_method(self.method.clone()))?;
        check_method(&self.method)?;
        Ok(Parts {
            client: self.client,
            version: self.version,
            method: self.method,
            params,
            key: self.key,
            effect,
            options: self.options,
        })
    }
}

impl<T: DeserializeOwned> Call<T> {
    /// Sends the call and returns the result with what stands beside it.
    ///
    /// # Errors
    /// See [`Kind`](crate::Kind).
    pub async fn reply(self) -> Result<Reply<T>, Error> {
        let parts = self.into_parts()?;
        reference::refuse(&parts.params)
            .map_err(|error| error.with_method(parts.method.clone()))?;
        parts.send().await
    }
}

impl Parts {
    pub(crate) async fn send<T: DeserializeOwned>(self) -> Result<Reply<T>, Error> {
        let body = serde_json::to_vec(&self.params)
            .map_err(|error| Error::usage(error.to_string()).with_method(self.method.clone()))?;
        // What a batch spends, and tells, is that of its commands.
        let by_hand = self.version == Version::V2 && self.method.eq_ignore_ascii_case("batch");
        let commands = by_hand.then(|| learn::commands(&self.params));
        let commands = commands.unwrap_or_default();
        let outbound = Outbound {
            version: self.version,
            charges: match commands.as_slice() {
                [] => vec![self.method.clone()],
                commands => learn::charges(commands.iter().map(|(_, method)| method.as_str())),
            },
            method: self.method.into(),
            body: Bytes::from(body),
            effect: self.effect,
            options: self.options,
        };
        let inbound = self.client.walk(&outbound).await?;
        if !commands.is_empty()
            && let Ok(answers) = BatchResult::parse(&inbound.success.result)
        {
            let commands = commands.iter().map(|(key, method)| (&**key, &**method));
            self.client.inner().learn_batch(commands, &answers);
        }
        let Success {
            result,
            total,
            next,
            time,
        } = inbound.success;
        let result = read(&result, self.key.as_deref()).map_err(|error| {
            // The portal did its part: only the reading failed.
            error
                .with_method(outbound.method.clone())
                .with_portal(self.client.portal())
                .with_request_id(&inbound.request_id)
                .with_may_have_run(self.effect != Effect::Read)
        })?;
        Ok(Reply {
            result,
            total,
            next,
            time,
            request_id: inbound.request_id,
            replay: inbound.replay,
        })
    }
}

impl<T: DeserializeOwned + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.reply().await.map(|reply| reply.result) })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("version", &self.version)
            .field("method", &self.method)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// A method ends up in a path and in the command of a batch, where other characters would mean something else.
pub(crate) fn check_method(method: &str) -> Result<(), Error> {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if method.is_empty() || !method.bytes().all(known) {
        return Err(Error::usage(format!("{method:?} is no method name")));
    }
    Ok(())
}

/// Reads a result, or the part of it that `key` names, as `T`.
pub(crate) fn read<T: DeserializeOwned>(result: &[u8], key: Option<&str>) -> Result<T, Error> {
    let text = std::str::from_utf8(result).map_err(|_| Error::answer("it is not UTF-8"))?;
    let part = match key {
        Some(key) => part(text, key)?,
        None => text,
    };
    serde_json::from_str(part).map_err(|plain| {
        // The second reading only finds out where the first one stumbled.
        let mut deserializer = serde_json::Deserializer::from_str(part);
        let found = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err();
        let place = found
            .map(|error| error.path().to_string())
            .filter(|path| path != ".");
        match place {
            Some(place) => Error::answer(format!("{place}: {plain}")),
            None => Error::answer(plain.to_string()),
        }
    })
}

fn part<'a>(text: &'a str, key: &str) -> Result<&'a str, Error> {
    let mut part = text;
    for step in key.split('.') {
        let keys: Keyed<'a, &'a RawValue> = serde_json::from_str(part).unwrap_or_default();
        let Some(found) = keys.get(step) else {
            let names: Vec<_> = keys
                .0
                .iter()
                .take(12)
                .map(|(name, _)| name.as_ref())
                .collect();
            return Err(Error::answer(if part.trim() == "[]" {
                format!("nothing was found: no key \"{step}\" in an empty list")
            } else if names.is_empty() {
                format!("no key \"{step}\" in it, it is {}", shorten(part))
            } else {
                format!("no key \"{step}\" in it, only: {}", names.join(", "))
            }));
        };
        part = found.get();
    }
    Ok(part)
}

fn shorten(text: &str) -> &str {
    text.char_indices()
        .nth(40)
        .map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_key_is_found_or_the_others_are_named() {
        assert_eq!(
            read::<i64>(br#"{"item":{"id":5}}"#, Some("item.id")).unwrap(),
            5
        );
        let error = read::<Value>(br#"{"items":[]}"#, Some("item")).unwrap_err();
        assert_eq!(error.kind(), Kind::Answer);
        assert!(
            error
                .to_string()
                .contains("no key \"item\" in it, only: items"),
            "{error}"
        );
        assert!(
            read::<Value>(b"true", Some("item"))
                .unwrap_err()
                .to_string()
                .contains("it is true")
        );
    }

    #[test]
    fn a_wrong_type_names_its_place() {
        #[derive(Debug, serde::Deserialize)]
        struct Deal {
            #[expect(dead_code, reason = "only the reading is tested")]
            id: i64,
        }
        let error = read::<Vec<Deal>>(br#"[{"id":1},{"id":"x"}]"#, None).unwrap_err();
        assert!(error.to_string().contains("[1].id"), "{error}");
    }
}
