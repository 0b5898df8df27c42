//! `b24 describe`

mod entity;
mod method;

use anyhow::Result;
use serde_json::{Value, json};

use crate::catalogue::{self, Version};
use crate::connection::{self, Files};
use crate::entity::{Api, Entity, Word};
use crate::exit::Exit;
use crate::failure::{Failure, closest};
use crate::session::Session;

/// What a method, an event or an entity consists of.
///
/// Methods and events are told from the documentation that the command carries. Of an entity the
/// portal's own fields are shown: its titles, its user fields, its choices.
#[derive(Debug, clap::Args)]
#[command(before_long_help = "\
Examples:
  b24 describe deals                   the portal's own fields
  b24 describe spa:Orders --json
  b24 describe crm.item.add            offline
  b24 describe onCrmDealUpdate
")]
pub(crate) struct Args {
    /// deals leads contacts …, spa:NAME or spa:ID, a method, or an event
    #[arg(value_name = "ENTITY|METHOD|EVENT")]
    word: String,
    /// Which version of the API
    #[arg(long, value_enum, value_name = "VERSION", default_value = "auto")]
    api: Api,
    /// Short for --api v3
    #[arg(long, conflicts_with = "api")]
    v3: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit> {
    let api = args.api.chosen(args.v3);
    let word = args.word.as_str();
    if let Some(event) = catalogue::find_event(word) {
        session
            .printer
            .report(&method::event_object(&event), method::event_text(&event))?;
        return Ok(Exit::Done);
    }
    if word.contains('.') && !word.contains(':') {
        return method(word, api, session).await;
    }
    let entity = match Word::read(word, api).map_err(|failure| unknown(word, failure))? {
        Word::Entity(entity) => *entity,
        process @ Word::SmartProcess(_) => {
            let connection = session.connection().await?;
            super::export::entity_of(process, api, session, connection).await?
        }
    };
    if !is_connected(session) {
        session.printer.note(
            "no portal is chosen, so its own fields are not shown: b24 auth login, or add --demo",
        );
        return offline(&entity, session);
    }
    let shown = entity::ask(&entity, session).await?;
    session.printer.report(&shown.object(), shown.text())?;
    Ok(Exit::Done)
}

async fn method(name: &str, api: Api, session: &Session) -> Result<Exit> {
    let wanted = match api {
        Api::Auto => None,
        _ => Some(api.version(name)),
    };
    let versions = [Version::V2, Version::V3].into_iter();
    let found: Vec<_> = versions
        .filter(|version| wanted.is_none_or(|wanted| wanted == *version))
        .filter_map(|version| catalogue::find_method(name, Some(version)))
        .collect();
    if found.is_empty() {
        return Err(no_method(name, wanted).into());
    }
    let own = own_fields(name, api, session).await;
    let mut objects: Vec<Value> = found.iter().map(method::object).collect();
    let mut text: Vec<String> = found.iter().map(method::text).collect();
    if let Some(own) = own {
        objects[0]["fields"] = own.fields();
        objects[0]["portal"] = own.portal().into();
        text.push(own.text());
    }
    let report = if objects.len() == 1 {
        objects.remove(0)
    } else {
        json!(objects)
    };
    session.printer.report(&report, text.join("\n"))?;
    Ok(Exit::Done)
}

/// The portal's own fields of the rows of a list method, if they can be had: the documentation is
/// shown without them too.
async fn own_fields(name: &str, api: Api, session: &Session) -> Option<entity::Shown> {
    let Ok(Word::Entity(entity)) = Word::read(name, api) else {
        return None;
    };
    let is_list = entity.documented.as_ref()?.list.is_some();
    // Without a type there are no fields to ask for.
    if !is_list || entity.is_items() || entity.fields_method().is_none() || !is_connected(session) {
        return None;
    }
    match entity::ask(&entity, session).await {
        Ok(shown) => Some(shown),
        Err(error) => {
            let why = crate::failure::from_any(&error, session.connected());
            session
                .printer
                .warning(format!("the portal's own fields are not shown: {why}"));
            None
        }
    }
}

fn offline(entity: &Entity, session: &Session) -> Result<Exit> {
    let Some(documented) = &entity.documented else {
        return Err(no_method(&entity.method, None).into());
    };
    session
        .printer
        .report(&method::object(documented), method::text(documented))?;
    Ok(Exit::Done)
}

/// Whether a portal is chosen. A broken configuration counts: it is told when it is used.
fn is_connected(session: &Session) -> bool {
    let chosen = Files::locate(session.global.config.as_deref())
        .and_then(|files| connection::said(&session.global, &files));
    chosen.map_or(true, |said| said.choose().is_ok() || session.global.demo)
}

fn no_method(name: &str, wanted: Option<Version>) -> Failure {
    let version = wanted
        .map(|version| format!(" in {version}"))
        .unwrap_or_default();
    let failure = Failure::usage(format!("the documentation has no method {name}{version}"));
    if let Some(other) = catalogue::find_method(name, None) {
        return Failure::usage(format!("{name} exists in {} only", other.version))
            .hint(format!("b24 describe {name}"));
    }
    match closest(name, catalogue::method_names()) {
        Some(close) => failure.hint(format!("did you mean {close}?")),
        None => failure.hint("b24 call METHOD asks the portal itself"),
    }
}

/// The nearest word of all sorts.
fn unknown(word: &str, failure: Failure) -> Failure {
    let events: Vec<String> = catalogue::event_names().collect();
    let close = closest(word, events.iter().map(String::as_str));
    match close.filter(|_| word.to_lowercase().starts_with("on")) {
        Some(event) => Failure::usage(format!("the documentation has no event {word}"))
            .hint(format!("did you mean {event}?")),
        None => failure,
    }
}
