use super::{envelope, macros};
use crate::access::Admitted;
use crate::faults::Fault;
use crate::http::HttpAnswer;
use crate::links::Links;
use crate::php::{Key, Php, PhpArray, form, json};
use crate::play::{Answer, Refusal, Version};
use crate::refusals;
use crate::run::{Known, Played, Running, Timing};
use crate::shared::Shared;

/// Commands after so many are refused.
const LENGTH: usize = 50;

/// The five maps of the answer.
#[derive(Debug, Default)]
pub(super) struct Maps {
    pub(super) result: Vec<(Key, Answer)>,
    pub(super) error: PhpArray,
    pub(super) total: PhpArray,
    pub(super) next: PhpArray,
    pub(super) time: PhpArray,
}

/// Runs the commands in their order and answers 200, whatever became of them.
pub(super) async fn answer(
    portal: &Shared,
    who: &Admitted,
    links: &Links,
    params: &PhpArray,
    fault: Option<&Fault>,
) -> HttpAnswer {
    let began = portal.clock.now();
    let commands = params.get_ci("cmd").and_then(Php::as_array);
    let halt = params.get_ci("halt").is_some_and(Php::truthy);
    let payer = if portal.settings.batch_counted_apart {
        "webhook batches"
    } else {
        &who.entity
    };
    let running = Running {
        portal,
        version: Version::V2,
        who,
        payer: Some(payer),
        links,
    };

    let mut maps = Maps::default();
    for (place, (key, command)) in commands.into_iter().flat_map(PhpArray::iter).enumerate() {
        // What is not text vanishes without a trace, but takes one of the fifty places.
        let Some(command) = command.as_str() else {
            continue;
        };
        let outcome = match inner_error(fault, place) {
            Some(refusal) => Err(refusal),
            None if place >= LENGTH => Err(refusals::batch_length()),
            None => run(&running, command, &maps).await,
        };
        let failed = outcome.is_err();
        maps.add(key.clone(), outcome);
        if failed && halt {
            break;
        }
    }
    let time = Timing::new(portal, None, "batch", began);
    let rows = maps.result.iter().map(|(_, answer)| answer.rows()).sum();
    HttpAnswer::json(200, maps.envelope(&time)).rows(rows)
}

/// One command: `method` or `method?query`.
async fn run(running: &Running<'_>, command: &str, maps: &Maps) -> Result<Played, Refusal> {
    let command = command
        .split_once('#')
        .map_or(command, |(before, _)| before);
    let (name, query) = command.split_once('?').unwrap_or((command, ""));
    if matches!(name, "batch" | "download" | "upload") {
        return Err(refusals::batch_method());
    }
    let method = Known::find(running.portal, running.version, name)
        .ok_or_else(refusals::method_not_found)?;
    // Batched, this refusal has no text.
    running.check_scope(method).map_err(|refusal| Refusal {
        text: String::new(),
        ..refusal
    })?;
    running.check_operating(method)?;
    running.struck(name)?;
    let mut params = macros::resolve(form::parse(query.as_bytes()), maps);
    for credential in [
        "auth",
        "access_token",
        "auth_connector",
        "aplogin",
        "ap",
        "state",
    ] {
        params.remove(&credential.into());
    }
    let played = running.play(method, params).await?;
    match envelope::error_within(&played.reply) {
        None => Ok(played),
        Some(error) => Err(refusal_in(error)),
    }
}

/// The refusal that a method's own array describes.
fn refusal_in(error: &Php) -> Refusal {
    let text = |key| {
        error
            .get(key)
            .map(|value| value.to_text().into_owned())
            .unwrap_or_default()
    };
    let mut refusal = Refusal::new(text("error"), text("error_description"));
    for (key, value) in error.as_array().into_iter().flat_map(PhpArray::iter) {
        if !matches!(&*key.text(), "error" | "error_description") {
            refusal = refusal.extra(&key.text(), value.clone());
        }
    }
    refusal
}

fn inner_error(fault: Option<&Fault>, place: usize) -> Option<Refusal> {
    match fault {
        Some(Fault::InnerError {
            command,
            code,
            text,
        }) if *command == place => Some(Refusal::new(code, text)),
        _ => None,
    }
}

impl Maps {
    fn add(&mut self, key: Key, outcome: Result<Played, Refusal>) {
        match outcome {
            Ok(Played { reply, time }) => {
                for (map, number) in [(&mut self.total, reply.total), (&mut self.next, reply.next)]
                {
                    if let Some(number) = number {
                        map.insert(key.clone(), number.into());
                    }
                }
                self.time.insert(key.clone(), time.to_php());
                self.result.push((key, reply.answer));
            }
            Err(refusal) => self.error.insert(key, envelope::error(&refusal)),
        }
    }

    fn envelope(&self, time: &Timing) -> Vec<u8> {
        let size: usize = self
            .result
            .iter()
            .map(|(_, answer)| answer.size_hint())
            .sum();
        let mut out = Vec::with_capacity(size + 512 + 300 * self.result.len());
        out.extend_from_slice(b"{\"result\":{\"result\":");
        let is_list = self
            .result
            .iter()
            .zip(0..)
            .all(|((key, _), place)| *key == Key::Int(place));
        let entries = self.result.iter().map(|(key, answer)| (key, answer));
        json::write_entries(entries, is_list, Answer::write_json, &mut out);
        let maps = [
            ("error", &self.error),
            ("total", &self.total),
            ("next", &self.next),
            ("time", &self.time),
        ];
        for (name, map) in maps {
            out.extend_from_slice(b",\"result_");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            json::write_array(map, &mut out);
        }
        out.push(b'}');
        envelope::finish(out, time)
    }
}
