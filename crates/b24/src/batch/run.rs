//! Sending the requests of a batch and giving each command its outcome.

use std::sync::Arc;

use futures_util::StreamExt;

use super::outcome::{Answer, Outcome, Outcomes};
use super::plan::{Chunk, plan};
use super::reference::references;
use super::{Batch, Command, wire};
use crate::call::Version;
use crate::client::Client;
use crate::effect::Effect;
use crate::error::{Error, Kind, Reason};
use crate::observe::{BeforeSend, Permit};
use crate::room::corridor::{Inbound, Options, Outbound};
use crate::room::decode::{BatchResult, Keyed};
use crate::room::learn::charges;
use crate::room::retry;
use crate::rt;
use serde_json::value::RawValue;

/// Requests of one batch that may be under way together.
const TOGETHER: usize = 4;

pub(super) async fn run(batch: Batch) -> Result<Outcomes, Error> {
    let Batch {
        client,
        version,
        id,
        commands,
        halt,
        options,
        before_send,
        mistake,
        ..
    } = batch;
    if let Some(error) = mistake {
        return Err(error);
    }
    let chunks = plan(&commands, version, id)?;
    let refers = commands
        .iter()
        .any(|command| !references(&command.call.params).is_empty());
    let halt = halt.unwrap_or(refers);
    let sender = Sender {
        client,
        version,
        halt,
        options,
        before_send,
        commands: &commands,
    };
    // What cannot be put into a request is a mistake of the caller: found before anything is sent.
    for chunk in &chunks {
        if let Chunk::Batch(indexes) = chunk {
            sender.body(indexes)?;
        }
    }
    let mut outcomes: Vec<Outcome> = commands.iter().map(|_| Outcome::Skipped).collect();
    if halt {
        for chunk in &chunks {
            let part = sender.send(chunk).await;
            let failed = part
                .iter()
                .any(|(_, outcome)| !matches!(outcome, Outcome::Ok(_)));
            for (index, outcome) in part {
                outcomes[index] = outcome;
            }
            if failed {
                break;
            }
        }
    } else {
        let mut parts = futures_util::stream::iter(0..chunks.len())
            .map(|at| sender.send(&chunks[at]))
            .buffer_unordered(TOGETHER);
        while let Some(part) = parts.next().await {
            for (index, outcome) in part {
                outcomes[index] = outcome;
            }
        }
    }
    drop(sender);
    let (names, methods) = commands
        .into_iter()
        .map(|Command { name, call }| (name, (call.method, call.effect)))
        .unzip();
    Ok(Outcomes {
        batch: id,
        names,
        methods,
        each: outcomes,
    })
}

struct Sender<'a> {
    client: Client,
    version: Version,
    halt: bool,
    options: Options,
    before_send: Option<Arc<dyn BeforeSend>>,
    commands: &'a [Command],
}

type Part = Vec<(usize, Outcome)>;

impl Sender<'_> {
    async fn send(&self, chunk: &Chunk) -> Part {
        match (chunk, self.version) {
            (Chunk::Single(index), _) => vec![(*index, self.single(*index).await)],
            (Chunk::Batch(indexes), Version::V2) => self.v2(indexes).await,
            (Chunk::Batch(indexes), Version::V3) => self.v3(indexes).await,
        }
    }

    fn body(&self, indexes: &[usize]) -> Result<bytes::Bytes, Error> {
        let commands: Vec<_> = indexes
            .iter()
            .map(|index| (*index, &self.commands[*index]))
            .collect();
        wire::body(&commands, self.version, self.halt)
    }

    fn outbound(&self, indexes: &[usize]) -> Result<Outbound, Error> {
        let calls = || indexes.iter().map(|index| &self.commands[*index].call);
        Ok(Outbound {
            version: self.version,
            method: "batch".into(),
            body: self.body(indexes)?,
            effect: Effect::strongest(calls().map(|call| call.effect)),
            charges: charges(calls().map(|call| call.method.as_str())),
            options: Options {
                permit: self.permit(indexes),
                ..self.options.clone()
            },
        })
    }

    fn permit(&self, indexes: &[usize]) -> Option<Permit> {
        self.before_send.as_ref().map(|ask| Permit {
            ask: Arc::clone(ask),
            commands: indexes.to_vec(),
        })
    }

    async fn single(&self, index: usize) -> Outcome {
        let call = &self.commands[index].call;
        let body = match serde_json::to_vec(&call.params) {
            Ok(body) => body.into(),
            Err(error) => return Outcome::Err(Error::usage(error.to_string())),
        };
        let outbound = Outbound {
            version: self.version,
            method: call.method.clone().into(),
            body,
            effect: call.effect,
            charges: vec![call.method.clone()],
            options: Options {
                permit: self.permit(&[index]),
                ..merge(&self.options, &call.options)
            },
        };
        match self.client.walk(&outbound).await {
            Ok(Inbound { success, .. }) => Outcome::Ok(Answer {
                result: success.result,
                total: success.total,
                next: success.next,
                time: success.time,
            }),
            Err(error) if error.may_have_run() => Outcome::Unknown(error),
            Err(error) => Outcome::Err(error),
        }
    }

    /// One v2 request, and again for the commands that the operating limit refused: those did not run.
    async fn v2(&self, indexes: &[usize]) -> Part {
        let begun = rt::now();
        let deadline = self
            .options
            .deadline
            .unwrap_or(self.client.inner().deadline);
        let mut part = Part::new();
        let mut rest = indexes.to_vec();
        loop {
            let mut answered = match self.outbound(&rest) {
                Ok(mut outbound) => {
                    outbound.options.deadline = Some(deadline.saturating_sub(begun.elapsed()));
                    match self.client.walk(&outbound).await {
                        Ok(inbound) => self.read_v2(&rest, &inbound),
                        Err(error) => self.lost(&rest, &error),
                    }
                }
                Err(error) => self.lost(&rest, &error),
            };
            let again = self.refused_for_operating(&answered);
            if again.is_empty() || begun.elapsed() >= deadline {
                part.append(&mut answered);
                return part;
            }
            answered.retain(|(index, _)| !again.contains(index));
            part.append(&mut answered);
            rest = again;
        }
    }

    /// The commands to send again, in order: refused for operating time, and with halt those skipped after one.
    fn refused_for_operating(&self, part: &Part) -> Vec<usize> {
        let refused = |outcome: &Outcome| match outcome {
            Outcome::Err(error) => match error.reason() {
                Reason::Api(api) => retry::is_operating_limit(api),
                _ => false,
            },
            _ => false,
        };
        if !part.iter().any(|(_, outcome)| refused(outcome)) {
            return Vec::new();
        }
        let again: Vec<usize> = part
            .iter()
            .filter(|(_, outcome)| refused(outcome) || matches!(outcome, Outcome::Skipped))
            .map(|(index, _)| *index)
            .collect();
        // A command that needs the result of one that has run cannot be sent without it.
        let whole = again.iter().all(|index| {
            references(&self.commands[*index].call.params)
                .iter()
                .all(|reference| again.contains(&reference.index))
        });
        if whole { again } else { Vec::new() }
    }

    fn read_v2(&self, indexes: &[usize], inbound: &Inbound) -> Part {
        let result = &inbound.success.result;
        let answers = match BatchResult::parse(result) {
            Ok(answers) => answers,
            Err(reason) => {
                let error = Error::new(Kind::Answer, reason)
                    .with_method("batch")
                    .with_request_id(&inbound.request_id);
                return self.lost(indexes, &error);
            }
        };
        let keys: Vec<String> = (0..indexes.len()).map(wire::key).collect();
        let methods = indexes
            .iter()
            .map(|index| self.commands[*index].call.method.as_str());
        let commands = keys.iter().map(String::as_str).zip(methods);
        self.client.inner().learn_batch(commands, &answers);
        let mut halted = false;
        let mut part = Part::new();
        for (key, index) in keys.iter().zip(indexes) {
            let outcome = if let Some(error) = answers.error(key) {
                halted = self.halt;
                Outcome::Err(
                    self.describe(Error::api(error), *index)
                        .with_request_id(&inbound.request_id),
                )
            } else if let Some(raw) = answers.result.get(key) {
                Outcome::Ok(Answer {
                    result: result.slice_ref(raw.get().as_bytes()),
                    total: count(&answers.result_total, key),
                    next: count(&answers.result_next, key),
                    time: answers.time(key),
                })
            } else if halted {
                Outcome::Skipped
            } else {
                let error = Error::answer("the batch's answer has no place for the command")
                    .with_request_id(&inbound.request_id);
                self.without_answer(*index, &error)
            };
            part.push((*index, outcome));
        }
        part
    }

    async fn v3(&self, indexes: &[usize]) -> Part {
        let sent = match self.outbound(indexes) {
            Ok(outbound) => self.client.walk(&outbound).await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(inbound) => self.read_v3(indexes, &inbound),
            // Before any command ran.
            Err(error) if error.status() == Some(401) => self.lost(indexes, &error),
            Err(error) if matches!(error.reason(), Reason::Api(_)) => {
                self.one_by_one(indexes, &error).await
            }
            Err(error) => self.lost(indexes, &error),
        }
    }

    /// After a failed v3 batch. The portal names no command: reads can be asked one by one, writes before the failing
    /// one have run.
    async fn one_by_one(&self, indexes: &[usize], error: &Error) -> Part {
        let mut halted = false;
        let mut part = Part::new();
        for index in indexes {
            let call = &self.commands[*index].call;
            let outcome = match call.effect {
                Effect::Read if halted => Outcome::Skipped,
                Effect::Read if references(&call.params).is_empty() => self.single(*index).await,
                Effect::Read => Outcome::Err(self.describe(error.copy(), *index)),
                _ => Outcome::Unknown(
                    self.describe(error.copy(), *index)
                        .with_kind(Kind::Unknown)
                        .with_may_have_run(true),
                ),
            };
            halted |= self.halt && matches!(outcome, Outcome::Err(_));
            part.push((*index, outcome));
        }
        part
    }

    fn read_v3(&self, indexes: &[usize], inbound: &Inbound) -> Part {
        let result = &inbound.success.result;
        let answers: Keyed<'_, &RawValue> = match serde_json::from_slice(result) {
            Ok(answers) => answers,
            Err(error) => {
                return self.lost(
                    indexes,
                    &Error::answer(error.to_string()).with_request_id(&inbound.request_id),
                );
            }
        };
        let read = |(position, index): (usize, &usize)| {
            let outcome = if let Some(raw) = answers.get(&position.to_string()) {
                Outcome::Ok(Answer {
                    result: result.slice_ref(raw.get().as_bytes()),
                    total: None,
                    next: None,
                    time: None,
                })
            } else {
                let error = Error::answer("the batch's answer has no place for the command")
                    .with_request_id(&inbound.request_id);
                self.without_answer(*index, &error)
            };
            (*index, outcome)
        };
        indexes.iter().enumerate().map(read).collect()
    }

    /// The outcomes when the request as a whole failed.
    fn lost(&self, indexes: &[usize], error: &Error) -> Part {
        indexes
            .iter()
            .map(|index| (*index, self.without_answer(*index, error)))
            .collect()
    }

    fn without_answer(&self, index: usize, error: &Error) -> Outcome {
        let write = self.commands[index].call.effect != Effect::Read;
        let error = self.describe(error.copy(), index);
        if write && (error.may_have_run() || error.kind() == Kind::Answer) {
            Outcome::Unknown(error.with_kind(Kind::Unknown).with_may_have_run(true))
        } else {
            let kind = if error.kind() == Kind::Unknown {
                Kind::Temporary
            } else {
                error.kind()
            };
            Outcome::Err(error.with_kind(kind).with_may_have_run(false))
        }
    }

    fn describe(&self, error: Error, index: usize) -> Error {
        error
            .with_method(self.commands[index].call.method.clone())
            .with_portal(self.client.portal())
    }
}

fn merge(batch: &Options, call: &Options) -> Options {
    Options {
        timeout: call.timeout.or(batch.timeout),
        deadline: call.deadline.or(batch.deadline),
        request_id: call.request_id.clone(),
        idempotency_key: call.idempotency_key.clone(),
        permit: None,
        reserved: 0.0,
        as_is: None,
    }
}

fn count(map: &Keyed<'_, &RawValue>, key: &str) -> Option<u64> {
    map.get(key)?.get().trim_matches('"').parse().ok()
}
